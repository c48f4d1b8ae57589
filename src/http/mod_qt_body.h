/* Request bodies: read whole, within a limit, and of a type that is understood. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_BODY_H
#define MOD_QT_BODY_H

#include <jansson.h>
#include "http/mod_qt_ask.h"

/* What Content-Type says. Parameters other than charset=utf-8 (or us-ascii) make it OTHER; "application/...+json" is JSON. */
typedef enum mod_qt_media { MOD_QT_MEDIA_NONE, MOD_QT_MEDIA_JSON, MOD_QT_MEDIA_NDJSON, MOD_QT_MEDIA_OTHER } mod_qt_media;

mod_qt_media mod_qt_body_media(const request_rec *r);

/*
 * The body, at most QueueTasksMaxBody bytes; absent when it is empty. A Content-Length that says more is refused before a byte
 * is read. QT_E_TOO_LARGE, QT_E_MALFORMED; what httpd itself has a verdict on (time-out, broken chunks) is left in ask->rc.
 */
apr_status_t mod_qt_body_read(mod_qt_ask *ask, qt_str *body);
/* The body as JSON; *root is NULL when there is none. It must be said to be JSON, or nothing. QT_E_MEDIA, QT_E_MALFORMED (ask->why). */
apr_status_t mod_qt_body_json(mod_qt_ask *ask, json_t **root);

#endif
