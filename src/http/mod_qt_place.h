/* Where a request stands: whether a Location of ours serves it, and where its own path ends. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_PLACE_H
#define MOD_QT_PLACE_H

#include <httpd.h>
#include "base/qt_base.h"

#define MOD_QT_HANDLER "queuetasks"

typedef struct mod_qt_place {
    int ours;        /* the last section that fits and sets a handler sets ours */
    apr_size_t base; /* bytes of r->uri that are the Location's own path, without a trailing slash; what follows is the route */
} mod_qt_place;

/*
 * Look through the server's Location sections, as httpd's own walk does. `base` is meaningful even when `ours` is 0: then it
 * belongs to the last fitting Location that holds a directive of ours (the handler may have been set by other means).
 */
void mod_qt_place_find(request_rec *r, mod_qt_place *place);

/* Hook pre_translate_name: a NUL in a path is a bad name (400) like any control character, while httpd by itself says 404. */
int mod_qt_place_refuse_nul(request_rec *r);

/* Hooks. Our Locations are no files: no path is built, no directory walked, no type guessed from an id that ends in ".gz". */
int mod_qt_place_translate(request_rec *r);
int mod_qt_place_storage(request_rec *r);
int mod_qt_place_type(request_rec *r);

#endif
