/* The table of zones that the configuration names. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_strings.h>
#include "config/mod_qt_zones.h"

#define ZONES_KEY "mod_queuetasks/zones"

static apr_array_header_t *table_of(process_rec *process)
{
    void *table = NULL;

    apr_pool_userdata_get(&table, ZONES_KEY, process->pconf);
    return table;
}

static apr_array_header_t *table_made(process_rec *process)
{
    apr_array_header_t *table = table_of(process);

    if (!table) {
        table = apr_array_make(process->pconf, 4, sizeof(mod_qt_zone *));
        apr_pool_userdata_set(table, ZONES_KEY, NULL, process->pconf);
    }
    return table;
}

static mod_qt_zone *zone_known(const apr_array_header_t *table, const char *name)
{
    for (int i = 0; i < table->nelts; i++) {
        mod_qt_zone *zone = APR_ARRAY_IDX(table, i, mod_qt_zone *);

        if (strcmp(zone->name, name) == 0) {
            return zone;
        }
    }
    return NULL;
}

mod_qt_zone *mod_qt_zones_name(process_rec *process, const char *name, apr_size_t size, const char **error)
{
    apr_array_header_t *table = table_made(process);
    mod_qt_zone *zone = zone_known(table, name);

    if (!zone) {
        zone = apr_pcalloc(process->pconf, sizeof(*zone));
        zone->name = apr_pstrdup(process->pconf, name);
        APR_ARRAY_PUSH(table, mod_qt_zone *) = zone;
    }
    if (size && zone->size && zone->size != size) {
        *error = apr_psprintf(process->pconf, "the zone \"%s\" was given %" APR_SIZE_T_FMT " bytes elsewhere and %" APR_SIZE_T_FMT
                              " bytes here; give its size once", name, zone->size, size);
        return NULL;
    }
    if (size) {
        zone->size = size;
    }
    return zone;
}

mod_qt_zone *mod_qt_zones_find(process_rec *process, const char *name)
{
    const apr_array_header_t *table = table_of(process);

    return table ? zone_known(table, name) : NULL;
}

const apr_array_header_t *mod_qt_zones_all(process_rec *process)
{
    return table_of(process);
}
