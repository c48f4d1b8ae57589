/* The door: from a request to its endpoint. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_HANDLER_H
#define MOD_QT_HANDLER_H

#include <httpd.h>
#include "store/qt_store.h"

/* Hook handler. */
int mod_qt_handler(request_rec *r);
/*
 * Whether the request, wherever it is on its way, asks one of our Locations for a caller's stream; *zone is the Location's. The
 * administrator's feed is none: a caller's ticket must not open it.
 */
int mod_qt_handler_streams(request_rec *r, qt_zone_ref **zone);

#endif
