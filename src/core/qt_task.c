/* Tasks. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_task.h"
#include "core/qt_feed.h"
#include "core/qt_operator.h"
#include "core/qt_set.h"
#include "core/qt_text.h"

#include <stdlib.h>

/* How long the host may think before an assigning task goes back on offer by itself (its child may have died). */
#define QT_HOST_LIMIT (120 * QT_SECOND)

/* No step leads to delayed, so its number, 0, stands for "not allowed". */
static const unsigned char after[QT_STATES][QT_STEPS] = {
    [QT_DELAYED] = { [QT_S_DUE] = QT_WAITING, [QT_S_EXPIRE] = QT_EXPIRED, [QT_S_WITHDRAW] = QT_WITHDRAWN },
    [QT_WAITING] = { [QT_S_OFFER] = QT_OFFERED, [QT_S_GRANT] = QT_ASSIGNED, [QT_S_ASK] = QT_ASSIGNING, [QT_S_EXPIRE] = QT_EXPIRED,
                     [QT_S_WITHDRAW] = QT_WITHDRAWN },
    [QT_OFFERED] = { [QT_S_GRANT] = QT_ASSIGNED, [QT_S_ASK] = QT_ASSIGNING, [QT_S_BACK] = QT_WAITING, [QT_S_BURY] = QT_DEAD,
                     [QT_S_WITHDRAW] = QT_WITHDRAWN },
    [QT_ASSIGNING] = { [QT_S_GRANT] = QT_ASSIGNED, [QT_S_SILENT] = QT_OFFERED, [QT_S_TAKEN] = QT_WITHDRAWN, [QT_S_BACK] = QT_WAITING,
                       [QT_S_BURY] = QT_DEAD, [QT_S_WITHDRAW] = QT_WITHDRAWN },
    [QT_ASSIGNED] = { [QT_S_BACK] = QT_WAITING, [QT_S_COMPLETE] = QT_DONE, [QT_S_WITHDRAW] = QT_WITHDRAWN },
    [QT_EXPIRED] = { [QT_S_WITHDRAW] = QT_WITHDRAWN },
    [QT_DEAD] = { [QT_S_WITHDRAW] = QT_WITHDRAWN, [QT_S_REQUEUE] = QT_WAITING },
};

qt_state qt_task_after(qt_state state, qt_step step)
{
    return after[state][step] ? (qt_state)after[state][step] : QT_STATES;
}

qt_task *qt_task_find(qt_zone *z, qt_str id)
{
    return qt_zone_find(z, &z->tasks, id);
}

qt_operator *qt_task_for_one(qt_zone *z, const qt_task *task)
{
    return task->addressed || task->wanted ? QT_AT(z, qt_operator, task->prefer) : NULL;
}

/* ---- where tasks of a state stand ---- */

static int is_held(qt_state state)
{
    return state == QT_OFFERED || state == QT_ASSIGNING || state == QT_ASSIGNED;
}

static int is_offer(qt_state state)
{
    return state == QT_OFFERED || state == QT_ASSIGNING;
}

qt_time qt_task_time(const qt_task *task)
{
    switch ((qt_state)task->state) {
    case QT_DELAYED:
        return qt_earlier(task->delay_until, task->ttl_until);
    case QT_WAITING:
        return qt_earlier(task->wanted && !task->addressed ? task->prefer_until : 0, task->ttl_until);
    case QT_OFFERED:
        return task->deadline;
    case QT_ASSIGNING:
        return task->host_until;
    default:
        return 0;
    }
}

static void stand_in_line(qt_zone *z, qt_task *task)
{
    qt_operator *one = qt_task_for_one(z, task);
    qt_tree *tree = one ? &one->mine : &QT_REC(z, qt_set, task->set)->ready;

    qt_tree_insert(QT_B(z), tree, &task->order, -(apr_int64_t)task->priority, task->age);
}

void qt_task_requeue(qt_zone *z, qt_task *task)
{
    if (task->state == QT_WAITING) {
        qt_tree_remove(QT_B(z), &task->order);
        stand_in_line(z, task);
        qt_zone_due(z, &task->due, QT_DUE_TASK, qt_task_time(task));
    }
}

static void set_operator(qt_zone *z, qt_task *task, qt_operator *op)
{
    if (task->operator) {
        qt_operator_refer(z, QT_AT(z, qt_operator, task->operator), -1);
    }
    if (op) {
        qt_operator_refer(z, op, 1);
    }
    QT_PUT(z, task->operator, op ? QT_OF(z, op) : 0);
}

static void leave_state(qt_zone *z, qt_task *task)
{
    qt_state state = (qt_state)task->state;
    qt_operator *op = QT_AT(z, qt_operator, task->operator);

    qt_tree_remove(QT_B(z), &task->order);
    if (is_held(state)) {
        qt_list_remove(QT_B(z), &op->held, &task->line);
        QT_PUT(z, op->offers, op->offers - (is_offer(state) ? 1U : 0U));
    }
    else if (state > QT_ASSIGNED) {
        qt_list_remove(QT_B(z), &z->ended, &task->line);
    }
    QT_PUT(z, z->stats.tasks[state], z->stats.tasks[state] - 1);
}

static void drop_bars(qt_zone *z, qt_task *task)
{
    while (task->bars.first) {
        qt_bar_drop(z, QT_AROUND(qt_list_at(QT_B(z), task->bars.first), qt_bar, of_task));
    }
}

static void enter_state(qt_zone *z, qt_task *task, qt_operator *op)
{
    qt_state state = (qt_state)task->state;

    if (state == QT_WAITING) {
        set_operator(z, task, NULL);
        stand_in_line(z, task);
    }
    else if (is_held(state)) {
        op = op ? op : QT_AT(z, qt_operator, task->operator);
        set_operator(z, task, op);
        qt_list_append(QT_B(z), &op->held, &task->line);
        QT_PUT(z, op->offers, op->offers + (is_offer(state) ? 1U : 0U));
    }
    else if (state > QT_ASSIGNED) {
        drop_bars(z, task);
        qt_list_append(QT_B(z), &z->ended, &task->line);
    }
    QT_PUT(z, z->stats.tasks[state], z->stats.tasks[state] + 1);
    qt_zone_due(z, &task->due, QT_DUE_TASK, qt_task_time(task));
}

/* The counter that a step moves. */
static apr_uint64_t *counter(qt_zone *z, qt_step step)
{
    switch (step) {
    case QT_S_OFFER:
        return &z->stats.offered;
    case QT_S_GRANT:
        return &z->stats.assigned;
    case QT_S_BURY:
        return &z->stats.dead;
    case QT_S_COMPLETE:
        return &z->stats.completed;
    case QT_S_EXPIRE:
        return &z->stats.expired;
    case QT_S_TAKEN:
    case QT_S_WITHDRAW:
        return &z->stats.withdrawn;
    default:
        return NULL;
    }
}

void qt_task_step(qt_zone *z, qt_task *task, qt_step step, qt_operator *op, qt_time now)
{
    apr_uint64_t *count = counter(z, step);
    qt_state next = qt_task_after((qt_state)task->state, step);

    if (next == QT_STATES) {
        abort(); /* a defect: better one child less, and the verb undone, than a task in no state */
    }
    leave_state(z, task);
    QT_EDIT(z, task);
    task->state = (apr_byte_t)next;
    task->changed = now;
    task->unseen = 0;
    if (step == QT_S_OFFER || (op && step != QT_S_OFFER && !task->offer)) {
        QT_PUT(z, z->offers, z->offers + 1);
        task->offer = z->offers;
    }
    if (step == QT_S_OFFER) {
        task->attempt++;
        task->by_take = 0;
        task->extends = 0;
        task->deadline = now + (task->window ? task->window : op->rules.window);
    }
    if (step == QT_S_ASK) {
        task->host_until = now + QT_HOST_LIMIT;
    }
    if (task->state == QT_WAITING) {
        task->offer = 0;
    }
    enter_state(z, task, op);
    if (count) {
        QT_PUT(z, *count, *count + 1);
    }
    qt_feed_task(z, task, now);
}

/* ---- beginning and end ---- */

apr_status_t qt_task_relabel(qt_zone *z, qt_task *task, qt_str labels)
{
    qt_set *set = qt_set_get(z, labels), *old = QT_REC(z, qt_set, task->set);

    if (!set) {
        return QT_E_FULL;
    }
    qt_set_hold(z, set);
    if (task->state == QT_WAITING && old) {
        qt_tree_remove(QT_B(z), &task->order);
    }
    QT_PUT(z, task->set, QT_OF(z, set));
    if (old) {
        qt_task_requeue(z, task);
        qt_set_release(z, old);
    }
    return APR_SUCCESS;
}

void qt_task_prefer(qt_zone *z, qt_task *task, qt_operator *op, int addressed)
{
    qt_operator *old = QT_AT(z, qt_operator, task->prefer);

    QT_EDIT(z, task);
    task->prefer = op ? QT_OF(z, op) : 0;
    task->addressed = op && addressed;
    task->wanted = op && !addressed;
    if (op) {
        qt_operator_refer(z, op, 1);
    }
    qt_task_requeue(z, task);
    if (old) {
        qt_operator_refer(z, old, -1);
    }
}

static void fill(qt_zone *z, qt_task *task, const qt_spec *spec, qt_time now)
{
    task->age = ++z->ages;
    task->created = task->changed = now;
    task->priority = spec->priority;
    task->window = spec->window;
    task->max_offers = spec->max_offers;
    task->delay_until = spec->delay ? now + spec->delay : 0;
    task->ttl_until = spec->ttl ? now + spec->ttl : 0;
    task->prefer_until = spec->prefer_for ? now + spec->prefer_for : 0;
    task->state = spec->delay ? QT_DELAYED : QT_WAITING;
    memcpy(task->print, spec->print, sizeof(task->print));
}

/* What the task refers to: payload, set, operator. */
static apr_status_t furnish(qt_zone *z, qt_task *task, const qt_spec *spec)
{
    qt_str name = spec->operator_id.n ? spec->operator_id : spec->prefer;
    qt_operator *op = name.n ? qt_operator_get(z, name) : NULL;
    qt_set *set = qt_set_get(z, spec->labels);

    task->payload = qt_text_new(z, spec->payload);
    if (!set || (name.n && !op) || (spec->payload.n && !task->payload)) {
        return QT_E_FULL;
    }
    qt_set_hold(z, set);
    task->set = QT_OF(z, set);
    if (op) {
        qt_operator_refer(z, op, 1);
        task->prefer = QT_OF(z, op);
        task->addressed = spec->operator_id.n > 0;
        task->wanted = !task->addressed;
    }
    return APR_SUCCESS;
}

qt_task *qt_task_new(qt_zone *z, const qt_spec *spec, qt_time now)
{
    qt_task *task = qt_zone_new(z, &z->tasks, sizeof(*task), spec->id);

    if (!task) {
        return NULL;
    }
    QT_EDIT(z, &z->ages);
    fill(z, task, spec, now);
    if (furnish(z, task, spec) != APR_SUCCESS) {
        return NULL;
    }
    QT_EDIT(z, &z->stats.added);
    z->stats.added++;
    enter_state(z, task, NULL);
    qt_feed_task(z, task, now);
    return task;
}

void qt_task_forget(qt_zone *z, qt_task *task, qt_time now)
{
    qt_operator *had = QT_AT(z, qt_operator, task->operator), *wanted = QT_AT(z, qt_operator, task->prefer);

    leave_state(z, task);
    if (had) {
        set_operator(z, task, NULL);
    }
    if (wanted) {
        qt_operator_refer(z, wanted, -1);
    }
    if (had) {
        qt_operator_let_go(z, had, now);
    }
    if (wanted && wanted != had) {
        qt_operator_let_go(z, wanted, now);
    }
    qt_past_forget(z, task, now);
    qt_text_free(z, task->payload);
    qt_set_release(z, QT_REC(z, qt_set, task->set));
    qt_zone_drop(z, &z->tasks, task);
}
