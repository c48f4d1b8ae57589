/* Matching. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_match.h"
#include "core/qt_set.h"

/* Offers to one operator in one verb; he may have room for more (capacity), which then follow at once in another verb. */
#define QT_MATCH_BATCH 16

/* ---- who fits ---- */

/* Present operators with the task's labels from whom it does not rest, but for `op`. */
static int fits_another(qt_zone *z, const qt_task *task, const qt_operator *op)
{
    apr_uint32_t others = QT_REC(z, qt_set, task->set)->present - (op->present ? 1U : 0U);

    QT_EACH(QT_B(z), n, next, &task->bars) {
        qt_bar *bar = QT_AROUND(n, qt_bar, of_task);
        qt_operator *barred = QT_REC(z, qt_operator, bar->operator);

        if (!bar->soft && barred != op && barred->present && qt_set_within(qt_id(QT_REC(z, qt_set, task->set)), qt_set_labels(z, barred))) {
            others--;
        }
    }
    return others > 0;
}

static int rests(qt_zone *z, const qt_task *task, const qt_operator *op)
{
    qt_bar *bar = task->bars.count && op->bars.count ? qt_bar_find(z, task, op) : NULL;

    return bar && (!bar->soft || fits_another(z, task, op));
}

int qt_match_fits(qt_zone *z, qt_task *task, qt_operator *op)
{
    qt_operator *one = qt_task_for_one(z, task);

    if (one && one != op) {
        return 0;
    }
    return qt_set_within(qt_id(QT_REC(z, qt_set, task->set)), qt_set_labels(z, op)) && !rests(z, task, op);
}

/* ---- giving ---- */

static void mark_served(qt_zone *z, qt_operator *op)
{
    qt_operator_edit(z, op);
    op->served = 1;
}

static void offer(qt_zone *z, qt_task *task, qt_operator *op, qt_time now)
{
    qt_task_step(z, task, QT_S_OFFER, op, now);
    qt_past_open(z, task, op, task->wanted ? QT_BY_PREFERENCE : QT_BY_OFFER, now);
    qt_operator_note(z, op, task, QT_EV_TASK, QT_R_ASSIGNED);
    mark_served(z, op);
    qt_operator_refresh(z, op, now);
}

void qt_match_grant(qt_zone *z, qt_task *task, qt_operator *op, qt_why why, qt_time now)
{
    int decided = task->state == QT_OFFERED || task->state == QT_ASSIGNING;

    if (task->state == QT_WAITING) {
        qt_past_open(z, task, op, why, now);
    }
    qt_past_close(z, task, QT_O_ASSIGNED);
    qt_task_step(z, task, QT_S_GRANT, op, now);
    if (decided) {
        qt_operator_note(z, op, task, QT_EV_CLOSED, QT_R_ASSIGNED);
    }
    else if (why == QT_BY_ADDRESS) {
        QT_EDIT(z, task);
        task->unseen = 1;
        mark_served(z, op);
        qt_operator_note(z, op, task, QT_EV_TASK, QT_R_ASSIGNED);
    }
    if (op->rules.once && !task->unseen) {
        qt_task_step(z, task, QT_S_COMPLETE, NULL, now); /* one to be told first is completed by qt_do_collect */
    }
}

/* Turn once: one task a stream. */
static int may_be_told(const qt_operator *op)
{
    return op->queued && op->streams.count && !(op->rules.once && op->served);
}

void qt_match_tell(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_branch *at = qt_tree_first(QT_B(z), &op->mine), *next;

    for (; at && qt_undo_room(QT_B(z)) && may_be_told(op); at = next) {
        qt_task *task = QT_AROUND(at, qt_task, order);

        next = qt_tree_next(QT_B(z), at);
        if (task->addressed) {
            qt_match_grant(z, task, op, QT_BY_ADDRESS, now);
        }
    }
    if (at && may_be_told(op)) {
        QT_PUT(z, op->retry_at, now);
    }
    qt_operator_refresh(z, op, now);
}

void qt_match_back(qt_zone *z, qt_task *task, qt_outcome outcome, qt_reason reason, qt_time now)
{
    qt_operator *op = QT_AT(z, qt_operator, task->operator);
    apr_uint32_t most = task->max_offers ? task->max_offers : op->rules.max_offers;

    qt_past_close(z, task, outcome);
    qt_operator_note(z, op, task, QT_EV_CLOSED, reason);
    if (task->wanted) {
        qt_task_prefer(z, task, NULL, 0);
    }
    qt_task_step(z, task, most && task->attempt >= most ? QT_S_BURY : QT_S_BACK, NULL, now);
}

/* ---- seeking ---- */

void qt_match_task(qt_zone *z, qt_task *task, qt_time now)
{
    qt_operator *one = qt_task_for_one(z, task);
    qt_set *set = QT_REC(z, qt_set, task->set);

    if (task->state != QT_WAITING) {
        return;
    }
    if (task->ttl_until && task->ttl_until <= now) {
        qt_task_step(z, task, QT_S_EXPIRE, NULL, now); /* it ran out while it was on offer */
        return;
    }
    if (task->addressed) {
        if (may_be_told(one)) {
            qt_match_grant(z, task, one, QT_BY_ADDRESS, now);
            qt_operator_refresh(z, one, now);
        }
        return;
    }
    if (z->paused) {
        return;
    }
    if (one) {
        if (one->free && qt_match_fits(z, task, one)) {
            offer(z, task, one, now);
        }
        return;
    }
    for (qt_branch *at = qt_tree_first(QT_B(z), &set->free); at; at = qt_tree_next(QT_B(z), at)) {
        qt_operator *op = QT_REC(z, qt_operator, QT_AROUND(at, qt_link, free)->operator);

        if (!rests(z, task, op)) {
            offer(z, task, op, now);
            return;
        }
    }
}

/* The first of a line that does not rest from him: at most as many are skipped as he has bars. */
static qt_task *first_fitting(qt_zone *z, const qt_tree *line, qt_operator *op)
{
    for (qt_branch *at = qt_tree_first(QT_B(z), line); at; at = qt_tree_next(QT_B(z), at)) {
        qt_task *task = QT_AROUND(at, qt_task, order);

        if (task->addressed || (task->wanted ? qt_match_fits(z, task, op) : !rests(z, task, op))) {
            return task;
        }
    }
    return NULL;
}

static qt_task *better(qt_task *a, qt_task *b)
{
    if (!a || !b) {
        return a ? a : b;
    }
    if (a->addressed != b->addressed) {
        return a->addressed ? a : b;
    }
    return qt_branch_before(&a->order, &b->order) ? a : b;
}

qt_task *qt_match_best(qt_zone *z, qt_operator *op)
{
    qt_task *best = first_fitting(z, &op->mine, op);

    QT_EACH(QT_B(z), n, next, &op->links) {
        qt_set *set = QT_REC(z, qt_set, QT_AROUND(n, qt_link, of_operator)->set);

        best = better(best, first_fitting(z, &set->ready, op));
    }
    return best;
}

void qt_match_operator(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_task *task = NULL;
    int n = 0;

    if (z->paused) {
        return;
    }
    for (; op->free && n < QT_MATCH_BATCH && qt_undo_room(QT_B(z)) && (task = qt_match_best(z, op)) != NULL; n++) {
        if (task->addressed) {
            qt_match_tell(z, op, now);
        }
        else {
            offer(z, task, op, now);
        }
    }
    if (op->free && (task || !qt_undo_room(QT_B(z)))) { /* cut off, perhaps before it looked */
        QT_PUT(z, op->retry_at, now);
        qt_operator_refresh(z, op, now);
    }
}

/* Of the free ones of a set, those who have bars: one of them may be a releaser who is now the last. */
static void match_barred(qt_zone *z, const qt_set *set, qt_time now)
{
    qt_branch *at = qt_tree_first(QT_B(z), &set->free), *next;

    for (; at; at = next) {
        qt_operator *op = QT_REC(z, qt_operator, QT_AROUND(at, qt_link, free)->operator);

        next = qt_tree_next(QT_B(z), at);
        if (op->bars.count) {
            qt_match_operator(z, op, now);
        }
    }
}

void qt_match_left(qt_zone *z, qt_operator *op, qt_time now)
{
    if (!z->soft_bars) {
        return;
    }
    QT_EACH(QT_B(z), n, next, &op->links) {
        qt_set *set = QT_REC(z, qt_set, QT_AROUND(n, qt_link, of_operator)->set);

        if (set->ready.count) {
            match_barred(z, set, now);
        }
    }
}
