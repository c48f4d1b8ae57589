/* The suspended transport's ear at the MPM. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_SUSPENDED_H
#define MOD_QT_SUSPENDED_H

#include "stream/mod_qt_transport.h"

/* Can: the primary connection of an asynchronous MPM, and r is what the MPM itself runs. */
extern const mod_qt_transport mod_qt_suspended;
/* How it greets: httpd's chain, but never waiting for the client. */
apr_status_t mod_qt_suspended_greet(mod_qt_stream *stream, const char *p, apr_size_t n);
/* Register the suspend_connection hook, in which a stream changes hands. */
void mod_qt_suspended_register(void);

#endif
