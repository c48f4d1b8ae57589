/* Our part of httpd's status page. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_STATUS_H
#define MOD_QT_STATUS_H

#include <httpd.h>

/* mod_status's hook, where that module is there. */
void mod_qt_status_register(void);

#endif
