/* Pages of other origins: who may call (cross-site check) and who may read the answer (CORS). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_ORIGIN_H
#define MOD_QT_ORIGIN_H

#include "http/mod_qt_ask.h"

/*
 * Whether this request, which changes something, may come from where it comes from: no page at all, a page of our own origin,
 * or one of QueueTasksAllowOrigin. `*` lets in foreign pages only without credentials (no Cookie, no Authorization).
 */
int mod_qt_origin_may_change(const request_rec *r, const mod_qt_conf *conf);

/* Hook post_perdir_config: the CORS headers of our Locations, on every answer, httpd's own errors included. */
int mod_qt_origin_headers(request_rec *r);
/* Hook access_checker_ex: a preflight carries no credentials and is let through to be answered; it tells and changes nothing. */
int mod_qt_origin_preflight(request_rec *r);
/* Answer OPTIONS for a path with these methods: 204, Allow, and for a preflight of an allowed origin what it may send. */
int mod_qt_origin_options(mod_qt_ask *ask);

#endif
