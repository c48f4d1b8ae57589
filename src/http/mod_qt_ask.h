/* One request on its way through an endpoint: what the handler has found out about it. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_ASK_H
#define MOD_QT_ASK_H

#include <httpd.h>
#include "config/mod_qt_conf.h"
#include "wire/qt_query.h"
#include "wire/qt_route.h"

typedef struct mod_qt_ask {
    request_rec *r;
    const mod_qt_conf *conf;
    qt_zone_ref *zone;
    const char *base;   /* the Location's own path, percent-decoded, without a trailing slash */
    qt_match match;     /* the route; its values are checked as names */
    qt_query *query;
    qt_str who, labels; /* the caller, where the route needs to know him; labels are canonical */
    qt_str ticket;      /* by which he came; absent: by himself */
    const char *why;    /* what to tell the caller in place of the status's own text; NULL: that text */
    int rc;             /* not 0: httpd's own verdict on this request (a body that could not be read), to be returned as it is */
} mod_qt_ask;

#endif
