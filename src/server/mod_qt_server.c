/* Opens the store and the zones before the fork, keeps them over graceful restarts, and tells them of children that come and go. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <ap_mpm.h>
#include <http_core.h>
#include <http_main.h>
#include <apr_strings.h>
#include <mpm_common.h>
#include <util_mutex.h>
#include "config/mod_qt_conf.h"
#include "config/mod_qt_log.h"
#include "ipc/qt_shield.h"
#include "server/mod_qt_server.h"
#include "stream/mod_qt_stream.h"

#define MUTEX_TYPE "queuetasks"
#define RETAINED_KEY "mod_queuetasks"

/*
 * What outlives a graceful restart, while the module's code and data do not. Its memory is httpd's; nothing in it points into the
 * module (store/qt_store.h).
 */
typedef struct retained {
    qt_store *store; /* NULL until it is made */
} retained;

static retained *retained_data(void)
{
    retained *data = ap_retained_data_get(RETAINED_KEY);

    return data ? data : ap_retained_data_create(RETAINED_KEY, sizeof(*data));
}

int mod_qt_server_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    apr_lockmech_e mech = APR_LOCK_DEFAULT;

    (void)plog;
    (void)ptemp;
#if APR_HAS_PROC_PTHREAD_SERIALIZE
    mech = APR_LOCK_PROC_PTHREAD;
#endif
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, mech, 0) == APR_SUCCESS ? OK : !OK;
}

/* ---- post_config, step by step ---- */

/* 1. The lock. A child may be killed while it holds it: only a mechanism that then gives it to the next will do. */
static apr_status_t step_mutex(server_rec *s, apr_pool_t *p, qt_store_setup *setup)
{
    apr_status_t status = ap_global_mutex_create(&setup->mutex, &setup->mutex_file, MUTEX_TYPE, NULL, s, p, 0);

    if (status == APR_SUCCESS && apr_global_mutex_mech(setup->mutex) == APR_LOCK_POSIXSEM) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, s, QTLOGNO(00001) "mutex %s: posixsem stays locked for ever when its owner is killed; "
                     "say \"Mutex pthread %s\" (or fcntl, flock, sysvsem)", MUTEX_TYPE, MUTEX_TYPE);
        return APR_ENOTIMPL;
    }
    return status;
}

/*
 * 2. How many children there can be: twice the limit, for those of an old generation may live on without a slot in httpd's scoreboard
 * while a new one starts, and a dead child's place is free only when another child has buried its streams.
 */
static unsigned step_children(server_rec *s)
{
    int limit = 0;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &limit);
    if (limit > QT_CHILDREN_MAX) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, QTLOGNO(00002) "server: ServerLimit is %d, but only %d children at a time can "
                     "serve tasks", limit, QT_CHILDREN_MAX);
    }
    limit = limit < 1 ? 8 : limit > QT_CHILDREN_MAX ? QT_CHILDREN_MAX : 2 * limit + 8;
    return limit > QT_CHILDREN_MAX ? QT_CHILDREN_MAX : (unsigned)limit;
}

/* 3. The store, once a life of the parent process. */
static apr_status_t step_store(server_rec *s, retained *data)
{
    apr_pool_t *p = s->process->pool;
    qt_store_setup setup = { 0 };
    apr_status_t status;

    if (data->store) {
        return APR_SUCCESS;
    }
    status = step_mutex(s, p, &setup);
    if (status == APR_SUCCESS) {
        setup.children = step_children(s);
        status = qt_store_create(&data->store, &setup, p);
    }
    if (status != APR_SUCCESS) {
        data->store = NULL;
        ap_log_error(APLOG_MARK, APLOG_EMERG, mod_qt_log_status(status), s, QTLOGNO(00003) "store: can't be made: %s",
                     mod_qt_log_text(status));
    }
    return status;
}

/* 4. The zone "default" is there wherever a server has Locations that could name none. */
static void step_default_zone(server_rec *s)
{
    const char *error = NULL;

    for (server_rec *at = s; at; at = at->next) {
        const mod_qt_conf *conf = ap_get_module_config(at->lookup_defaults, &queuetasks_module);

        if (!conf->zone) {
            mod_qt_zones_name(s->process, MOD_QT_ZONE_DEFAULT, 0, &error);
        }
    }
}

static apr_status_t open_zone(server_rec *s, qt_store *store, mod_qt_zone *zone)
{
    apr_size_t wanted = zone->size ? zone->size : MOD_QT_ZONE_SIZE;
    apr_size_t kept = wanted;
    apr_status_t status = qt_store_open(&zone->ref, store, zone->name, wanted, &kept);

    if (status != APR_SUCCESS) {
        zone->ref = NULL;
        ap_log_error(APLOG_MARK, APLOG_EMERG, mod_qt_log_status(status), s, QTLOGNO(00004) "zone %s: can't be opened with %"
                     APR_SIZE_T_FMT " bytes: %s", zone->name, wanted, mod_qt_log_text(status));
    }
    else if (kept != wanted) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, QTLOGNO(00005) "zone %s: keeps its %" APR_SIZE_T_FMT " bytes; for %" APR_SIZE_T_FMT
                     " stop httpd and start it again", zone->name, kept, wanted);
    }
    return status;
}

/* 5. Every zone that the configuration names. Zones that it names no more stay as they are. */
static apr_status_t step_zones(server_rec *s, qt_store *store)
{
    const apr_array_header_t *zones = mod_qt_zones_all(s->process);
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; zones && i < zones->nelts && status == APR_SUCCESS; i++) {
        status = open_zone(s, store, APR_ARRAY_IDX(zones, i, mod_qt_zone *));
    }
    return status;
}

int mod_qt_server_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    retained *data;
    apr_status_t status;

    (void)plog;
    (void)ptemp;
    /* The first pass only tries the configuration; its process pool is the same, but nothing is to be made yet. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    data = retained_data();
    status = step_store(s, data);
    if (status == APR_SUCCESS) {
        step_default_zone(s);
        status = step_zones(s, data->store);
    }
    if (status == APR_SUCCESS) {
        status = mod_qt_stream_post_config(pconf);
    }
    return status == APR_SUCCESS ? OK : !OK;
}

/* ---- children ---- */

/* Without worker threads the handler of a signal ends the process on top of whatever it interrupts. */
static void step_shield(void)
{
    int threaded = AP_MPMQ_NOT_SUPPORTED;

    if (ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded) == APR_SUCCESS && threaded == AP_MPMQ_NOT_SUPPORTED) {
        qt_shield_use();
    }
}

void mod_qt_server_child_init(apr_pool_t *pchild, server_rec *s)
{
    retained *data = ap_retained_data_get(RETAINED_KEY);
    apr_status_t status;

    if (!data || !data->store) {
        return;
    }
    step_shield();
    status = qt_store_child_init(data->store, pchild);
    if (status == APR_SUCCESS) {
        mod_qt_stream_limits limits = {
            .blocking = (apr_uint32_t)mod_qt_conf_noted(s->process, MOD_QT_BLOCKING, 0),
            .drain = mod_qt_conf_noted(s->process, MOD_QT_DRAIN, MOD_QT_DRAIN_TIME)
        };

        status = mod_qt_stream_child_init(data->store, s, pchild, &limits);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, mod_qt_log_status(status), s, QTLOGNO(00006) "child %" APR_PID_T_FMT ": can't serve tasks: %s",
                     getpid(), mod_qt_log_text(status));
    }
}

void mod_qt_server_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    mod_qt_stream_child_stopping(graceful);
}

void mod_qt_server_child_status(server_rec *s, pid_t pid, ap_generation_t generation, int slot, mpm_child_status state)
{
    retained *data = ap_retained_data_get(RETAINED_KEY);

    (void)s;
    (void)generation;
    (void)slot;
    if (state == MPM_CHILD_EXITED && data && data->store) {
        qt_store_child_ended(data->store, (apr_int32_t)pid);
        mod_qt_stream_child_ended((apr_int32_t)pid);
    }
}
