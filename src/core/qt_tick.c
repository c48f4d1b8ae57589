/* The one owner of time: does what is due. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_piece.h"
#include "core/qt_queue.h"
#include "core/qt_set.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"

/* Things done in one verb; what is left follows at once in the next. */
#define QT_TICK_BATCH 64

qt_time qt_next_due(qt_zone *z)
{
    const qt_branch *first = qt_tree_first(QT_B(z), &z->due);
    const qt_node *oldest = qt_list_at(QT_B(z), z->ended.first);
    qt_time when = first ? first->key : 0;

    if (z->sweeping) {
        return 0;
    }
    when = qt_earlier(when, oldest ? QT_AROUND(oldest, qt_task, line)->changed + QT_MEMORY : 0);
    when = qt_earlier(when, qt_users_due(z));
    when = qt_earlier(when, qt_receipts_due(z));
    return when ? when : QT_NEVER;
}

/* ---- tasks ---- */

static void lapse(qt_zone *z, qt_task *task, qt_time now)
{
    qt_operator *op = QT_AT(z, qt_operator, task->operator);

    qt_match_back(z, task, QT_O_TIMEOUT, QT_R_EXPIRED, now);
    qt_operator_edit(z, op);
    op->paused = op->paused || (op->queued && op->rules.pause_on_timeout);
    QT_PUT(z, z->stats.timed_out, z->stats.timed_out + 1);
    if (op->queued && op->rules.once && !op->streams.count) {
        qt_operator_leave_queue(z, op, now);
    }
    else if (op->queued) {
        qt_operator_to_tail(z, op, now);
    }
    qt_operator_refresh(z, op, now);
    qt_match_left(z, op, now);
    qt_match_task(z, task, now);
    qt_match_operator(z, op, now);
    qt_operator_let_go(z, op, now);
}

/* A ready or delayed one: its time is over, its delay is, or its preferred operator's right is. */
static void ripen(qt_zone *z, qt_task *task, qt_time now)
{
    if (task->ttl_until && task->ttl_until <= now) {
        qt_task_step(z, task, QT_S_EXPIRE, NULL, now);
        return;
    }
    if (task->state == QT_DELAYED) {
        qt_task_step(z, task, QT_S_DUE, NULL, now);
    }
    if (task->wanted && task->prefer_until && task->prefer_until <= now) {
        qt_operator *op = QT_AT(z, qt_operator, task->prefer);

        qt_task_prefer(z, task, NULL, 0);
        qt_operator_let_go(z, op, now);
    }
    qt_match_task(z, task, now);
}

static void task_due(qt_zone *z, qt_task *task, qt_time now)
{
    if (task->state == QT_OFFERED) {
        lapse(z, task, now);
    }
    else if (task->state == QT_ASSIGNING) {
        qt_unask(z, task, now);
    }
    else {
        ripen(z, task, now);
    }
}

/* ---- operators and bars ---- */

static int grace_is_over(const qt_operator *op, qt_time now)
{
    return op->grace_until && op->grace_until <= now && !op->streams.count;
}

static void operator_due(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_operator_edit(z, op);
    op->retry_at = 0;
    op->wrap_until = op->wrap_until <= now ? 0 : op->wrap_until;
    if (grace_is_over(op, now)) {
        op->grace_until = 0;
        /* Turn once: he has left to think; his offer stands until it lapses or he decides, and so does his place. */
        if (op->queued && !(op->spent && op->offers)) {
            qt_pass_on(z, op, now);
        }
    }
    qt_operator_refresh(z, op, now);
    qt_match_tell(z, op, now);
    qt_match_operator(z, op, now);
    qt_operator_let_go(z, op, now);
}

static void bar_due(qt_zone *z, qt_bar *bar, qt_time now)
{
    qt_task *task = QT_REC(z, qt_task, bar->task);
    qt_operator *op = QT_REC(z, qt_operator, bar->operator);

    qt_bar_drop(z, bar);
    qt_operator_refresh(z, op, now);
    qt_match_task(z, task, now);
    qt_match_operator(z, op, now);
    qt_operator_let_go(z, op, now);
}

/* ---- talk ---- */

static void user_due(qt_zone *z, qt_user *user, qt_time now)
{
    qt_zone_due(z, &user->due, QT_DUE_USER, 0);
    if (!user->streams.count) {
        qt_user_gone(z, user, now);
    }
}

static void topic_due(qt_zone *z, qt_topic *topic, qt_time now)
{
    qt_zone_due(z, &topic->due, QT_DUE_TOPIC, 0);
    qt_topic_trim(z, topic, now);
    qt_topic_let_go(z, topic);
}

static void do_first(qt_zone *z, qt_branch *first, qt_time now)
{
    switch ((qt_due_kind)(first->tie & ((1 << QT_DUE_BITS) - 1))) {
    case QT_DUE_TASK:
        task_due(z, QT_AROUND(first, qt_task, due), now);
        break;
    case QT_DUE_OPERATOR:
        operator_due(z, QT_AROUND(first, qt_operator, due), now);
        break;
    case QT_DUE_TICKET:
        qt_ticket_drop(z, QT_AROUND(first, qt_ticket, due));
        break;
    case QT_DUE_USER:
        user_due(z, QT_AROUND(first, qt_user, due), now);
        break;
    case QT_DUE_TOPIC:
        topic_due(z, QT_AROUND(first, qt_topic, due), now);
        break;
    case QT_DUE_MERGE:
        qt_pending_due(z, QT_AROUND(first, qt_pending, due), now);
        break;
    case QT_DUE_QUEUE:
        qt_queue_due(z, QT_AROUND(first, qt_queue, due), now);
        break;
    case QT_DUE_READER:
        qt_reader_due(z, QT_AROUND(first, qt_reader, due), now);
        break;
    default:
        bar_due(z, QT_AROUND(first, qt_bar, due), now);
        break;
    }
}

/* ---- the zone ---- */

/* Everybody in the queue is matched, some in each verb. */
static void sweep(qt_zone *z, qt_time now)
{
    qt_branch *at = qt_tree_after(QT_B(z), &z->queue, 0, z->sweep_seat);
    int n = 0;

    QT_EDIT(z, &z->sweep_seat);
    for (; at && n < QT_TICK_BATCH && qt_undo_room(QT_B(z)); at = qt_tree_next(QT_B(z), at), n++) {
        z->sweep_seat = at->tie;
        qt_match_operator(z, QT_AROUND(at, qt_operator, place), now);
    }
    if (!at) {
        QT_PUT(z, z->sweeping, 0);
    }
}

int qt_forget_ended(qt_zone *z, qt_time now, int only_old)
{
    qt_node *node;
    int n = 0;

    while ((node = qt_list_at(QT_B(z), z->ended.first)) != NULL && n < QT_TICK_BATCH && qt_undo_room(QT_B(z))) {
        qt_task *task = QT_AROUND(node, qt_task, line);

        if (only_old && task->changed + QT_MEMORY > now) {
            break;
        }
        qt_task_forget(z, task, now);
        n++;
    }
    if (!only_old && n == 0) {
        return qt_set_drop_idle(z);
    }
    return n > 0;
}

apr_status_t qt_do_tick(qt_zone *z, qt_time now, qt_call *call)
{
    qt_branch *first;
    int n = 0;

    (void)call;
    if (z->sweeping) {
        sweep(z, now);
    }
    while (n++ < QT_TICK_BATCH && qt_undo_room(QT_B(z)) && (first = qt_tree_first(QT_B(z), &z->due)) != NULL && first->key <= now) {
        do_first(z, first, now);
    }
    qt_forget_ended(z, now, 1);
    qt_users_forget(z, now, 1);
    qt_receipts_forget(z, now, 1);
    return APR_SUCCESS;
}

apr_status_t qt_do_switch(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    if (z->paused == call->flag) {
        return APR_SUCCESS;
    }
    QT_PUT(z, z->paused, call->flag);
    if (!z->paused) {
        qt_zone_sweep(z);
    }
    return APR_SUCCESS;
}
