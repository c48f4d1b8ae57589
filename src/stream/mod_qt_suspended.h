/* The suspended transport's ear at the MPM. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_SUSPENDED_H
#define MOD_QT_SUSPENDED_H

#include <httpd.h>

/* Whether r's connection can be suspended: the primary one of an asynchronous MPM, and r is what the MPM itself runs. */
int mod_qt_suspended_can(request_rec *r);
/* Register the suspend_connection hook, in which a stream changes hands. */
void mod_qt_suspended_register(void);

#endif
