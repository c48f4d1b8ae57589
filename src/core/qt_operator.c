/* Operators. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_operator.h"
#include "core/qt_feed.h"
#include "core/qt_set.h"
#include "core/qt_user.h"

qt_operator *qt_operator_find(qt_zone *z, qt_str id)
{
    return qt_zone_find(z, &z->operators, id);
}

qt_operator *qt_operator_get(qt_zone *z, qt_str id)
{
    qt_operator *op = qt_operator_find(z, id);
    int known = op != NULL;

    op = op ? op : qt_zone_new(z, &z->operators, sizeof(*op), id);
    if (op && !known) {
        op->fed = QT_AWAY;
    }
    return op;
}

apr_status_t qt_operator_meet(qt_zone *z, qt_operator *op, const qt_rules *rules, qt_str labels, qt_time now)
{
    int changed = op->links.count && !qt_str_eq(labels, qt_set_labels(z, op));
    apr_status_t rv = qt_set_enrol(z, op, labels);

    if (changed && z->soft_bars) {
        qt_zone_sweep(z); /* he left sets in which a releaser may be the last now */
    }
    QT_PUT(z, op->rules, *rules);
    if (rv == APR_SUCCESS) {
        qt_operator_refresh(z, op, now);
    }
    return rv;
}

void qt_operator_refer(qt_zone *z, qt_operator *op, int by)
{
    QT_PUT(z, op->refs, op->refs + (apr_uint32_t)by);
}

void qt_operator_let_go(qt_zone *z, qt_operator *op, qt_time now)
{
    if (op->queued || op->refs || op->streams.count || op->held.count || op->mine.count || op->bars.count || op->ban_until > now) {
        return;
    }
    qt_set_strike(z, op);
    qt_zone_due(z, &op->due, QT_DUE_OPERATOR, 0);
    qt_zone_drop(z, &z->operators, op);
}

/* ---- place ---- */

void qt_operator_to_tail(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_tree_remove(QT_B(z), &op->place);
    qt_operator_edit(z, op);
    if (!op->queued) {
        op->paused = op->spent = 0;
        op->queued = 1;
    }
    QT_PUT(z, z->seats, z->seats + 1);
    op->seat = z->seats;
    op->since = now;
    qt_tree_insert(QT_B(z), &z->queue, &op->place, 0, op->seat);
    qt_operator_refresh(z, op, now);
}

void qt_operator_leave_queue(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_tree_remove(QT_B(z), &op->place);
    qt_operator_edit(z, op);
    op->queued = op->spent = 0;
    op->grace_until = 0;
    qt_operator_refresh(z, op, now);
}

/* ---- free or not ---- */

int qt_operator_may_be_free(const qt_operator *op)
{
    if (op->rules.once && op->served) {
        return 0;
    }
    return op->present && !op->wrap_until && op->held.count < op->rules.capacity && op->bars.count < QT_BARS_MAX;
}

static void count_present(qt_zone *z, qt_operator *op, int present)
{
    QT_EACH(QT_B(z), n, next, &op->links) {
        qt_set *set = QT_REC(z, qt_set, QT_AROUND(n, qt_link, of_operator)->set);

        QT_PUT(z, set->present, set->present + (present ? 1U : -1U));
    }
    qt_operator_edit(z, op);
    op->present = present != 0;
}

/* Whether his links stand as they should already: the first one tells, it is everybody's. */
static int stands(qt_zone *z, const qt_operator *op, int is_free)
{
    const qt_node *first = qt_list_at(QT_B(z), op->links.first);

    return op->free == is_free && (!is_free || (first && QT_AROUND(first, qt_link, of_operator)->free.tie == op->seat));
}

/* Stand in the free trees of all his sets at his present seat, or in none. */
static void stand_free(qt_zone *z, qt_operator *op, int is_free)
{
    if (stands(z, op, is_free)) {
        return;
    }
    QT_EACH(QT_B(z), n, next, &op->links) {
        qt_link *link = QT_AROUND(n, qt_link, of_operator);

        if (link->free.tree && (!is_free || link->free.tie != op->seat)) {
            qt_tree_remove(QT_B(z), &link->free);
        }
        if (is_free && !link->free.tree) {
            qt_tree_insert(QT_B(z), &QT_REC(z, qt_set, link->set)->free, &link->free, 0, op->seat);
        }
    }
    qt_operator_edit(z, op);
    op->free = is_free != 0;
}

static void schedule(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_time when = op->retry_at;

    when = qt_earlier(when, op->grace_until);
    when = qt_earlier(when, op->wrap_until);
    when = qt_earlier(when, op->ban_until > now ? op->ban_until : 0);
    qt_zone_due(z, &op->due, QT_DUE_OPERATOR, when);
}

/* Turn once: he left to think, and the offer went in some way. He may come back to his place, but is no ghost in the queue (QT-61). */
static void start_grace(qt_zone *z, qt_operator *op, qt_time now)
{
    if (op->queued && !op->streams.count && !op->offers && !op->grace_until) {
        qt_operator_edit(z, op);
        op->spent = 0;
        op->grace_until = now + op->rules.grace;
    }
}

/* Who has no place is told as away. */
static void feed(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_op_status status = op->queued ? qt_operator_status(op) : QT_AWAY;

    if (status != (qt_op_status)op->fed) {
        qt_operator_edit(z, op);
        op->fed = (unsigned)status & 7;
        qt_feed_operator(z, op, status, now);
    }
}

void qt_operator_refresh(qt_zone *z, qt_operator *op, qt_time now)
{
    int present = op->queued && op->streams.count && !op->paused;

    start_grace(z, op, now);
    if (present != op->present) {
        count_present(z, op, present);
    }
    stand_free(z, op, qt_operator_may_be_free(op));
    schedule(z, op, now);
    feed(z, op, now);
}

qt_op_status qt_operator_status(const qt_operator *op)
{
    if (op->offers) {
        return QT_SELECTS;
    }
    if (!op->streams.count) {
        return QT_AWAY;
    }
    if (op->paused) {
        return QT_PAUSED;
    }
    return op->held.count >= op->rules.capacity || op->wrap_until ? QT_BUSY : QT_FREE;
}

/* ---- what his streams are told ---- */

void qt_operator_note(qt_zone *z, qt_operator *op, const qt_task *task, qt_event_kind kind, qt_reason reason)
{
    qt_note *note = &op->log[op->logged % QT_LOG];

    QT_PUT(z, op->logged, op->logged + 1);
    QT_EDIT(z, note);
    *note = (qt_note){
        .age = task->age, .offer = task->offer, .task = QT_OF(z, task), .kind = (apr_uint16_t)kind, .reason = (apr_uint16_t)reason
    };
    QT_EACH(QT_B(z), n, next, &op->streams) {
        qt_stream_mark(z, QT_AROUND(n, qt_stream, of_operator));
    }
}

/* ---- bars ---- */

qt_bar *qt_bar_find(qt_zone *z, const qt_task *task, const qt_operator *op)
{
    int by_task = task->bars.count < op->bars.count;
    qt_ref t = QT_OF(z, task), o = QT_OF(z, op);

    QT_EACH(QT_B(z), n, next, by_task ? &task->bars : &op->bars) {
        qt_bar *bar = by_task ? QT_AROUND(n, qt_bar, of_task) : QT_AROUND(n, qt_bar, of_operator);

        if (bar->task == t && bar->operator == o) {
            return bar;
        }
    }
    return NULL;
}

void qt_bar_add(qt_zone *z, qt_task *task, qt_operator *op, qt_time until)
{
    qt_bar *bar = qt_bar_find(z, task, op);

    if (bar) {
        qt_bar_drop(z, bar);
    }
    bar = qt_zone_alloc(z, sizeof(*bar), QT_URGENT);
    if (!bar) {
        return;
    }
    *bar = (qt_bar){ .task = QT_OF(z, task), .operator = QT_OF(z, op), .soft = until == QT_NEVER };
    qt_list_append(QT_B(z), &task->bars, &bar->of_task);
    qt_list_append(QT_B(z), &op->bars, &bar->of_operator);
    qt_zone_due(z, &bar->due, QT_DUE_BAR, bar->soft ? 0 : until);
    QT_PUT(z, z->soft_bars, z->soft_bars + bar->soft);
}

void qt_bar_drop(qt_zone *z, qt_bar *bar)
{
    qt_zone_due(z, &bar->due, QT_DUE_BAR, 0);
    QT_PUT(z, z->soft_bars, z->soft_bars - bar->soft);
    qt_list_remove(QT_B(z), &QT_REC(z, qt_task, bar->task)->bars, &bar->of_task);
    qt_list_remove(QT_B(z), &QT_REC(z, qt_operator, bar->operator)->bars, &bar->of_operator);
    qt_zone_free(z, bar);
}
