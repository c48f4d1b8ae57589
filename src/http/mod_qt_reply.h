/* Every answer that is no stream: the envelope, and the one table from status to HTTP code and errorCode. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_REPLY_H
#define MOD_QT_REPLY_H

#include "base/qt_buf.h"
#include "http/mod_qt_ask.h"

/* Each of these answers the request and returns what the handler is to return. */

/* Success; `result` is finished JSON, absent: null. */
int mod_qt_reply(mod_qt_ask *ask, int http, qt_str result);
/* The table's answer to a status that is not APR_SUCCESS; ask->why is its text when set. QT_E_STAY_AWAY has no body. */
int mod_qt_fail(mod_qt_ask *ask, apr_status_t status);
/* mod_qt_fail with a text. */
int mod_qt_fail_why(mod_qt_ask *ask, apr_status_t status, const char *why);
/* No body at all: 204. */
/* 307 to where `Location` says, which the caller has set; kept by nobody. */
int mod_qt_reply_elsewhere(mod_qt_ask *ask);
int mod_qt_reply_nothing(mod_qt_ask *ask);
/* The value of Allow, for 405 and OPTIONS. */
void mod_qt_reply_allow(request_rec *r, unsigned methods);

/* Whether the table says: not now, but later (429, 503 with Retry-After). */
int mod_qt_reply_is_overload(apr_status_t status);
/* "errorCode" that the table has for a status (parts of a 207 tell it too), and the text. */
int mod_qt_reply_code(apr_status_t status);

/* Hook insert_error_filter: errors that httpd makes itself for our Locations (401, 403, 413, ...) get the envelope too. */
void mod_qt_reply_insert_error(request_rec *r);
/* Filter for it. */
void mod_qt_reply_register(apr_pool_t *p);

#endif
