/* Section "admin": the zone as a whole. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "http/mod_qt_shape.h"

static apr_status_t run(mod_qt_ask *ask, qt_call *call)
{
    return qt_store_call(ask->zone, call, ask->r->pool);
}

/* Figures; with ?check every invariant of the zone is looked at first, and a broken one is the answer: 500 and its name. */
int mod_qt_do_stats(mod_qt_ask *ask)
{
    qt_call check = { .verb = QT_CHECK }, call = { .verb = QT_STATS };
    apr_status_t status = APR_SUCCESS;
    qt_buf buf;

    if (qt_query_get(ask->query, "check").p) {
        status = run(ask, &check);
        ask->why = check.why;
    }
    if (status == APR_SUCCESS) {
        status = run(ask, &call);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    mod_qt_shape_stats(&buf, qt_zone_name(ask->zone), call.stats);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

static int switch_zone(mod_qt_ask *ask, int pause)
{
    qt_call call = { .verb = QT_SWITCH };
    apr_status_t status;

    call.flag = pause & 1;
    status = run(ask, &call);
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    return mod_qt_reply(ask, HTTP_OK, pause ? QT_STR_LIT("{\"paused\":true}") : QT_STR_LIT("{\"paused\":false}"));
}

int mod_qt_do_pause_zone(mod_qt_ask *ask)
{
    return switch_zone(ask, 1);
}

int mod_qt_do_resume_zone(mod_qt_ask *ask)
{
    return switch_zone(ask, 0);
}

int mod_qt_do_requeue_task(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_REQUEUE, .task = ask->match.value[0] };
    apr_status_t status = run(ask, &call);
    qt_buf buf;

    if (status == QT_E_CONFLICT) {
        ask->why = "the task is not dead";
    }
    if (status == QT_E_UNKNOWN) {
        ask->why = "there is no such task";
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    mod_qt_shape_outcome(&buf, &call.tasks[0]);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}
