/* Verbs of producers: adding tasks, looking at one, taking it away or back. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_view.h"

static apr_status_t add_one(qt_zone *z, qt_time now, const qt_spec *spec, qt_task **task, int *fresh)
{
    *fresh = 0;
    *task = qt_task_find(z, spec->id);
    if (*task) {
        return memcmp((*task)->print, spec->print, sizeof(spec->print)) == 0 ? APR_SUCCESS : QT_E_CONFLICT;
    }
    *task = qt_undo_room(QT_B(z)) ? qt_task_new(z, spec, now) : NULL;
    if (!*task) {
        return QT_E_FULL;
    }
    *fresh = 1;
    qt_match_task(z, *task, now);
    return APR_SUCCESS;
}

apr_status_t qt_do_add(qt_zone *z, qt_time now, qt_call *call)
{
    if (call->nspecs > QT_ADD_MAX) {
        return QT_E_TOO_LARGE;
    }
    call->tasks = qt_lay(&call->out, call->nspecs * sizeof(*call->tasks));
    call->n = 0;
    if (!call->tasks) {
        return QT_E_SPACE;
    }
    for (call->bad = 0; call->bad < call->nspecs; call->bad++) {
        qt_task *task;
        int fresh;
        apr_status_t rv = add_one(z, now, &call->specs[call->bad], &task, &fresh);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (!qt_lay_task(z, &call->out, task, QT_BRIEF, &call->tasks[call->n])) {
            return QT_E_SPACE;
        }
        call->tasks[call->n++].fresh = fresh != 0;
    }
    return APR_SUCCESS;
}

apr_status_t qt_do_get(qt_zone *z, qt_time now, qt_call *call)
{
    const qt_task *task = qt_task_find(z, call->task);

    (void)now;
    return task ? qt_lay_one(z, call, task, QT_WITH_HISTORY) : QT_E_UNKNOWN;
}

/* Whoever had it is told, and free again. */
static void take_from(qt_zone *z, qt_task *task, qt_time now)
{
    qt_operator *op = QT_AT(z, qt_operator, task->operator);
    int worked = task->state == QT_ASSIGNED;

    qt_past_close(z, task, QT_O_WITHDRAWN);
    qt_operator_note(z, op, task, QT_EV_CLOSED, QT_R_WITHDRAWN);
    qt_task_step(z, task, QT_S_WITHDRAW, NULL, now);
    if (worked && op->queued) {
        qt_operator_to_tail(z, op, now);
    }
    qt_operator_refresh(z, op, now);
    qt_match_operator(z, op, now);
}

apr_status_t qt_do_withdraw(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task = qt_task_find(z, call->task);

    if (!task) {
        return QT_E_UNKNOWN;
    }
    if (task->state == QT_DONE) {
        return QT_E_CONFLICT;
    }
    if (task->state == QT_OFFERED || task->state == QT_ASSIGNING || task->state == QT_ASSIGNED) {
        take_from(z, task, now);
    }
    else if (task->state != QT_WITHDRAWN) {
        qt_task_step(z, task, QT_S_WITHDRAW, NULL, now);
    }
    return qt_lay_one(z, call, task, QT_WITH_HISTORY);
}

apr_status_t qt_do_requeue(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task = qt_task_find(z, call->task);

    if (!task) {
        return QT_E_UNKNOWN;
    }
    if (task->state != QT_DEAD) {
        return QT_E_CONFLICT;
    }
    qt_task_step(z, task, QT_S_REQUEUE, NULL, now);
    QT_EDIT(z, task);
    task->attempt = 0;
    qt_match_task(z, task, now);
    return qt_lay_one(z, call, task, QT_WITH_HISTORY);
}
