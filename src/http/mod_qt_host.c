/* Runs the hooks of other modules, and serves them our functions. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_main.h>
#include <apr_strings.h>
#include "http/mod_qt_host.h"
#include "mod_queuetasks.h"
#include "wire/qt_json.h"
#include "wire/qt_spec.h"

APR_IMPLEMENT_OPTIONAL_HOOK_RUN_ALL(queuetasks, AP, int, queuetasks_can_wait, (request_rec *r, const char *operator_id), (r, operator_id),
                                    OK, DECLINED)
APR_IMPLEMENT_OPTIONAL_HOOK_RUN_ALL(queuetasks, AP, int, queuetasks_try_assign,
                                    (request_rec *r, const char *operator_id, const char *task_id, const char *payload, const char **text),
                                    (r, operator_id, task_id, payload, text), OK, DECLINED)

static const char *text_of(apr_pool_t *p, qt_str text)
{
    return text.p ? apr_pstrmemdup(p, text.p, text.n) : NULL;
}

int mod_qt_host_lets_wait(const mod_qt_ask *ask)
{
    return queuetasks_run_queuetasks_can_wait(ask->r, text_of(ask->r->pool, ask->who)) == OK;
}

int mod_qt_host_has_word(void)
{
    const apr_array_header_t *hooks = apr_optional_hook_get("queuetasks_try_assign");

    return hooks && hooks->nelts > 0;
}

qt_verdict mod_qt_host_try_assign(const mod_qt_ask *ask, qt_str task, qt_str payload, const char **text)
{
    apr_pool_t *p = ask->r->pool;

    *text = NULL;
    switch (queuetasks_run_queuetasks_try_assign(ask->r, text_of(p, ask->who), text_of(p, task), text_of(p, payload), text)) {
    case OK:
        return QT_HOST_YES;
    case QUEUETASKS_TAKEN:
        return QT_HOST_TAKEN;
    case QUEUETASKS_NOT_HIM:
        return QT_HOST_NOT_HIM;
    default:
        return QT_HOST_SILENT;
    }
}

/* ---- our functions ---- */

static qt_zone_ref *zone_by_name(const char *name)
{
    const mod_qt_zone *zone = mod_qt_zones_find(ap_server_conf->process, name ? name : MOD_QT_ZONE_DEFAULT);

    return zone ? zone->ref : NULL;
}

/* Our statuses are our own; other modules know APR's. */
static apr_status_t public_status(apr_status_t status)
{
    static const struct {
        apr_status_t ours, theirs;
    } table[] = {
        { QT_E_MALFORMED, APR_EINVAL }, { QT_E_TOO_LARGE, APR_EINVAL }, { QT_E_CONFLICT, APR_EEXIST }, { QT_E_FULL, APR_ENOSPC },
        { QT_E_UNKNOWN, APR_NOTFOUND }, { QT_E_GONE, APR_NOTFOUND },
    };

    for (apr_size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        if (table[i].ours == status) {
            return table[i].theirs;
        }
    }
    return status;
}

static apr_status_t spec_read(qt_spec *spec, const char *task, apr_pool_t *pool, const char **why)
{
    json_t *root;
    apr_status_t status = qt_json_parse(&root, qt_str_of(task), why);

    qt_json_own(root, pool);
    if (status == APR_SUCCESS) {
        status = qt_spec_from_json(spec, root, strlen(task), pool, why);
    }
    if (status == APR_SUCCESS && !spec->id.p) {
        *why = "taskId is missing";
        status = QT_E_MALFORMED;
    }
    return status;
}

static apr_status_t queuetasks_add(const char *zone, const char *task, apr_pool_t *pool, const char **why)
{
    qt_zone_ref *ref = zone_by_name(zone);
    qt_spec spec;
    qt_call call = { .verb = QT_ADD, .specs = &spec, .nspecs = 1 };
    apr_status_t status;

    *why = NULL;
    if (!ref) {
        return APR_NOTFOUND;
    }
    status = spec_read(&spec, task, pool, why);
    return public_status(status == APR_SUCCESS ? qt_store_call(ref, &call, pool) : status);
}

static apr_status_t queuetasks_withdraw(const char *zone, const char *task_id, apr_pool_t *pool)
{
    qt_zone_ref *ref = zone_by_name(zone);
    qt_call call = { .verb = QT_WITHDRAW, .task = qt_str_of(task_id) };
    apr_status_t status = ref ? qt_store_call(ref, &call, pool) : QT_E_UNKNOWN;

    return status == QT_E_CONFLICT ? APR_NOTFOUND : public_status(status);
}

void mod_qt_host_register(apr_pool_t *p)
{
    (void)p;
    APR_REGISTER_OPTIONAL_FN(queuetasks_add);
    APR_REGISTER_OPTIONAL_FN(queuetasks_withdraw);
}
