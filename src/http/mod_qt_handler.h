/* The door: from a request to its endpoint. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_HANDLER_H
#define MOD_QT_HANDLER_H

#include <httpd.h>

/* Hook handler. */
int mod_qt_handler(request_rec *r);

#endif
