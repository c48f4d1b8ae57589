/* Verbs of operators: taking, deciding, working, resting. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_set.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

/* Least rest of a task from one whom the host does not want to have it: it is not asked again and again (QT-66). */
#define QT_HOST_REST (10 * QT_SECOND)

/* ---- helpers ---- */

/* The caller's task in a state where `step` is allowed and his offer holds; else why not. */
static apr_status_t his_task(qt_zone *z, qt_time now, const qt_call *call, qt_state state, qt_task **task, qt_operator **op)
{
    apr_status_t no = call->fenced ? QT_E_GONE : QT_E_NOT_OFFERED;

    *task = qt_task_find(z, call->task);
    *op = qt_operator_find(z, call->who);
    if (!*task || !*op || (*task)->operator != QT_OF(z, *op) || (*task)->state != state) {
        return no;
    }
    if (call->fenced && (*task)->offer != call->offer) {
        return no;
    }
    return state == QT_OFFERED && (*task)->deadline <= now ? no : APR_SUCCESS;
}

/* Where an operator stands after his offer ended: at the tail, or, turn once and no stream, out of the queue. */
static void stand_again(qt_zone *z, qt_operator *op, qt_time now)
{
    if (op->queued && op->rules.once && !op->streams.count) {
        qt_operator_leave_queue(z, op, now);
        qt_match_left(z, op, now);
    }
    else if (op->queued) {
        qt_operator_to_tail(z, op, now);
    }
    else {
        qt_operator_refresh(z, op, now);
    }
}

/* He has something to do, or nothing any more: match him, or forget him. */
static void go_on(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_match_operator(z, op, now);
    qt_operator_let_go(z, op, now);
}

/* ---- taking and deciding ---- */

static int may_take(const qt_zone *z, const qt_operator *op)
{
    return !op->streams.count && !op->paused && !z->paused && op->held.count < op->rules.capacity;
}

apr_status_t qt_do_take(qt_zone *z, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_get(z, call->who);
    apr_status_t rv = op ? qt_operator_meet(z, op, call->rules, call->labels, now) : QT_E_FULL;
    qt_task *task;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    task = may_take(z, op) ? qt_match_best(z, op) : NULL;
    if (!task) {
        go_on(z, op, now);
        return APR_SUCCESS;
    }
    rv = qt_lay_one(z, call, task, QT_WITH_PAYLOAD);
    if (call->flag && !task->addressed) {
        qt_past_open(z, task, op, QT_BY_TAKE, now);
        qt_task_step(z, task, QT_S_ASK, op, now);
        task->by_take = 1;
    }
    else {
        qt_match_grant(z, task, op, task->addressed ? QT_BY_ADDRESS : QT_BY_TAKE, now);
        if (task->unseen) {
            QT_EDIT(z, task);
            task->unseen = 0; /* the answer tells it */
        }
    }
    call->tasks->state = (qt_state)task->state;
    call->tasks->offer = task->offer;
    qt_operator_refresh(z, op, now);
    qt_match_operator(z, op, now);
    return rv;
}

/* It is his from now on. */
static void assign(qt_zone *z, qt_task *task, qt_operator *op, qt_time now)
{
    qt_match_grant(z, task, op, QT_BY_OFFER, now);
    if (op->rules.once && op->queued) {
        qt_operator_leave_queue(z, op, now);
        qt_match_left(z, op, now);
    }
    else {
        stand_again(z, op, now);
    }
    go_on(z, op, now);
}

apr_status_t qt_do_assign(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task;
    qt_operator *op;
    apr_status_t rv = his_task(z, now, call, QT_OFFERED, &task, &op);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (call->flag) {
        rv = qt_lay_one(z, call, task, QT_WITH_PAYLOAD);
        qt_task_step(z, task, QT_S_ASK, op, now);
        return rv;
    }
    assign(z, task, op, now);
    return APR_SUCCESS;
}

/* The host said no: it is somebody else's (dropped, QT-36), or just not his. He keeps his place. */
static void refuse(qt_zone *z, qt_task *task, qt_operator *op, qt_verdict verdict, qt_time now)
{
    if (verdict == QT_HOST_TAKEN) {
        qt_past_close(z, task, QT_O_REFUSED);
        qt_operator_note(z, op, task, QT_EV_CLOSED, QT_R_WITHDRAWN);
        qt_task_step(z, task, QT_S_TAKEN, NULL, now);
    }
    else {
        qt_bar_add(z, task, op, now + (op->rules.cooldown > QT_HOST_REST ? op->rules.cooldown : QT_HOST_REST));
        qt_match_back(z, task, QT_O_REFUSED, QT_R_WITHDRAWN, now);
    }
    qt_operator_refresh(z, op, now);
    qt_match_task(z, task, now);
    go_on(z, op, now);
}

void qt_unask(qt_zone *z, qt_task *task, qt_time now)
{
    qt_operator *op = QT_AT(z, qt_operator, task->operator);

    if (!task->by_take && op->queued) {
        qt_task_step(z, task, QT_S_SILENT, NULL, now);
        return;
    }
    if (task->by_take) {
        qt_past_close(z, task, QT_O_REFUSED);
        qt_task_step(z, task, QT_S_BACK, NULL, now); /* it was never on offer: its preference and count of offers stand */
    }
    else {
        qt_match_back(z, task, QT_O_LOST, QT_R_EXPIRED, now);
        QT_PUT(z, z->stats.lost, z->stats.lost + 1);
    }
    qt_operator_refresh(z, op, now);
    qt_match_task(z, task, now);
    go_on(z, op, now);
}

apr_status_t qt_do_settle(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task;
    qt_operator *op;
    apr_status_t rv = his_task(z, now, call, QT_ASSIGNING, &task, &op);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (call->verdict == QT_HOST_YES) {
        assign(z, task, op, now);
    }
    else if (call->verdict == QT_HOST_SILENT) {
        qt_unask(z, task, now);
    }
    else {
        refuse(z, task, op, call->verdict, now);
    }
    return APR_SUCCESS;
}

apr_status_t qt_do_reject(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task;
    qt_operator *op;
    apr_status_t rv = his_task(z, now, call, QT_OFFERED, &task, &op);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (op->rules.cooldown) {
        qt_bar_add(z, task, op, now + op->rules.cooldown);
    }
    qt_match_back(z, task, QT_O_REJECTED, QT_R_REJECTED, now);
    QT_PUT(z, z->stats.rejected, z->stats.rejected + 1);
    stand_again(z, op, now);
    qt_match_task(z, task, now);
    go_on(z, op, now);
    return APR_SUCCESS;
}

/* ---- working ---- */

apr_status_t qt_do_complete(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task;
    qt_operator *op;
    apr_status_t rv = his_task(z, now, call, QT_ASSIGNED, &task, &op);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    qt_past_close(z, task, QT_O_COMPLETED);
    qt_task_step(z, task, QT_S_COMPLETE, NULL, now);
    if (op->rules.wrap_up) {
        QT_PUT(z, op->wrap_until, now + op->rules.wrap_up);
    }
    stand_again(z, op, now);
    go_on(z, op, now);
    return APR_SUCCESS;
}

apr_status_t qt_do_extend(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task;
    qt_operator *op;
    apr_status_t rv = his_task(z, now, call, QT_OFFERED, &task, &op);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (task->extends >= op->rules.max_extends) {
        return QT_E_LIMIT;
    }
    QT_EDIT(z, task);
    task->extends++;
    task->deadline = now + (task->window ? task->window : op->rules.window);
    qt_zone_due(z, &task->due, QT_DUE_TASK, task->deadline);
    return qt_lay_one(z, call, task, QT_BRIEF);
}

/* Whom a released task is for now. */
static apr_status_t redirect(qt_zone *z, qt_time now, const qt_call *call, qt_task *task)
{
    qt_operator *old = QT_AT(z, qt_operator, task->prefer);
    qt_operator *to = call->operator_id.n ? qt_operator_get(z, call->operator_id) : NULL;

    if (call->operator_id.n && !to) {
        return QT_E_FULL;
    }
    qt_task_prefer(z, task, to, 1);
    if (old && old != to) {
        qt_operator_let_go(z, old, now);
    }
    return call->relabel ? qt_task_relabel(z, task, call->labels) : APR_SUCCESS;
}

apr_status_t qt_do_release(qt_zone *z, qt_time now, qt_call *call)
{
    qt_task *task;
    qt_operator *op;
    apr_status_t rv = his_task(z, now, call, QT_ASSIGNED, &task, &op);

    if (rv != APR_SUCCESS || (rv = redirect(z, now, call, task)) != APR_SUCCESS) {
        return rv;
    }
    qt_past_close(z, task, QT_O_RELEASED);
    qt_task_step(z, task, QT_S_BACK, NULL, now);
    QT_PUT(z, z->stats.released, z->stats.released + 1);
    qt_bar_add(z, task, op, QT_NEVER);
    stand_again(z, op, now);
    qt_match_task(z, task, now);
    go_on(z, op, now);
    return APR_SUCCESS;
}

/* ---- resting ---- */

apr_status_t qt_do_pause(qt_zone *z, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_find(z, call->who);

    if (!op || !op->queued) {
        return QT_E_UNKNOWN;
    }
    qt_operator_edit(z, op);
    op->paused = 1;
    qt_operator_refresh(z, op, now);
    qt_match_left(z, op, now);
    return APR_SUCCESS;
}

apr_status_t qt_do_ready(qt_zone *z, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_find(z, call->who);

    if (!op || !op->queued) {
        return QT_E_UNKNOWN;
    }
    qt_operator_edit(z, op);
    op->paused = 0;
    op->wrap_until = 0;
    qt_operator_refresh(z, op, now);
    qt_match_operator(z, op, now);
    return APR_SUCCESS;
}

apr_status_t qt_do_exit(qt_zone *z, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_get(z, call->who);

    if (!op) {
        return QT_E_FULL;
    }
    QT_PUT(z, op->ban_until, now + QT_EXIT_BAN);
    if (op->queued) {
        qt_pass_on(z, op, now);
    }
    QT_EACH(QT_B(z), n, next, &op->streams) {
        qt_stream_end(z, QT_AROUND(n, qt_stream, of_operator), 0);
    }
    qt_operator_refresh(z, op, now);
    return APR_SUCCESS;
}

/* ---- looking ---- */

apr_status_t qt_do_operators(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    call->operators = qt_lay(&call->out, z->queue.count * sizeof(*call->operators));
    call->n = 0;
    if (!call->operators) {
        return QT_E_SPACE;
    }
    for (qt_branch *at = qt_tree_first(QT_B(z), &z->queue); at; at = qt_tree_next(QT_B(z), at)) {
        qt_operator_view *view = &call->operators[call->n++];

        if (!qt_lay_operator(z, &call->out, QT_AROUND(at, qt_operator, place), view)) {
            return QT_E_SPACE;
        }
    }
    return APR_SUCCESS;
}

apr_status_t qt_do_mine(qt_zone *z, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_find(z, call->who);

    (void)now;
    call->n = 0;
    if (!op) {
        return APR_SUCCESS;
    }
    call->tasks = qt_lay(&call->out, op->held.count * sizeof(*call->tasks));
    if (!call->tasks) {
        return QT_E_SPACE;
    }
    QT_EACH(QT_B(z), n, next, &op->held) {
        if (!qt_lay_task(z, &call->out, QT_AROUND(n, qt_task, line), QT_WITH_PAYLOAD, &call->tasks[call->n++])) {
            return QT_E_SPACE;
        }
    }
    return APR_SUCCESS;
}
