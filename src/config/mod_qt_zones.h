/* The zones that a configuration names: collected while it is read, opened in post_config, looked at by requests. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_ZONES_H
#define MOD_QT_ZONES_H

#include <httpd.h>
#include "store/qt_store.h"

/* The zone of a Location that names none. */
#define MOD_QT_ZONE_DEFAULT "default"
/* Bytes of a zone whose size nobody gives, and the least and the most that may be given. */
#define MOD_QT_ZONE_SIZE ((apr_size_t)64 << 20)
#define MOD_QT_ZONE_SIZE_MIN ((apr_int64_t)1 << 20)
#define MOD_QT_ZONE_SIZE_MAX ((apr_int64_t)32 << 30)

typedef struct mod_qt_zone {
    const char *name;
    apr_size_t size;   /* 0: not given */
    qt_zone_ref *ref;  /* NULL until post_config has opened it */
} mod_qt_zone;

/*
 * The zone of that name in the configuration being read, made when it is new. A size of 0 is "not given"; *error is set, and
 * NULL returned, when another size was given before. The table lives in pconf and goes with it.
 */
mod_qt_zone *mod_qt_zones_name(process_rec *process, const char *name, apr_size_t size, const char **error);
/* The zone of that name, or NULL when the configuration does not name it. */
mod_qt_zone *mod_qt_zones_find(process_rec *process, const char *name);
/* Elements are mod_qt_zone *, in the order in which they were named; NULL when there are none. */
const apr_array_header_t *mod_qt_zones_all(process_rec *process);

#endif
