/* Every invariant of a zone in one walk: for tests, fuzzers and GET stats?check. It changes nothing but operators' `counted`. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_check.h"
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_operator.h"
#include "core/qt_set.h"
#include "core/qt_text.h"

/* Each check returns NULL or what does not hold. `bytes` adds up the cells that were found in use. */
typedef struct qt_walk {
    qt_time now;
    apr_uint64_t bytes;
    apr_uint64_t due;
    apr_uint64_t states[QT_STATES];
} qt_walk;

static void count_ref(qt_zone *z, qt_ref op)
{
    if (op) {
        QT_AT(z, qt_operator, op)->counted++;
    }
}

/* ---- tasks ---- */

static const char *check_past(qt_zone *z, qt_walk *w, const qt_task *task)
{
    apr_uint32_t n = 0;
    qt_ref last = 0;

    for (qt_ref at = task->past; at; at = QT_REC(z, qt_past_chunk, at)->next) {
        const qt_past_chunk *chunk = QT_REC(z, qt_past_chunk, at);

        for (apr_uint32_t i = 0; i < chunk->n; i++) {
            count_ref(z, chunk->entries[i].operator);
        }
        w->bytes += qt_cell_size(sizeof(*chunk));
        n += chunk->n;
        last = at;
    }
    CHECK(n == task->npast && last == task->past_last, "a task's history is out of step");
    return NULL;
}

static const char *check_line(qt_zone *z, const qt_task *task)
{
    qt_operator *one = qt_task_for_one(z, task);
    const qt_tree *tree = one ? &one->mine : &QT_REC(z, qt_set, task->set)->ready;
    qt_state state = (qt_state)task->state;
    const qt_operator *op = QT_AT(z, qt_operator, task->operator);

    if (state == QT_WAITING) {
        CHECK(task->order.tree == QT_OF(z, tree), "a ready task stands in the wrong line");
        CHECK(task->order.key == -(apr_int64_t)task->priority && task->order.tie == task->age, "a ready task has the wrong place");
        CHECK(!op && !task->offer, "a ready task is still somebody's");
    }
    else {
        CHECK(!task->order.tree, "a task that is not ready stands in line");
    }
    CHECK(!(state >= QT_OFFERED && state <= QT_ASSIGNED) || (op && task->offer), "a held task has no operator or token");
    return NULL;
}

static const char *check_task(qt_zone *z, qt_walk *w, const qt_task *task)
{
    const char *why = check_line(z, task);
    qt_time when = qt_task_time(task);

    CHECK(task->state < QT_STATES, "a task has no state");
    w->bytes += qt_record_cell(task, sizeof(*task));
    count_ref(z, task->operator);
    count_ref(z, task->prefer);
    w->bytes += qt_text_cells(z, task->payload);
    w->states[task->state]++;
    w->due += when != 0;
    CHECK((when != 0) == (task->due.tree != 0) && (!when || task->due.key == when), "a task's time is not in line");
    CHECK(task->state <= QT_ASSIGNED || !task->bars.count, "an ended task has bars");
    for (const qt_node *n = qt_list_at(QT_B(z), task->bars.first); n; n = qt_list_at(QT_B(z), n->next)) {
        const qt_bar *bar = QT_AROUND(n, qt_bar, of_task);

        CHECK(bar->task == QT_OF(z, task) && (bar->due.tree != 0) == !bar->soft, "a bar is out of place");
        w->bytes += qt_cell_size(sizeof(*bar));
        w->due += bar->due.tree != 0;
    }
    return why ? why : check_past(z, w, task);
}

static const char *check_tasks(qt_zone *z, qt_walk *w)
{
    const char *why = NULL;
    apr_uint32_t n = 0;

    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->tasks, e)) != NULL; n++) {
        why = check_task(z, w, (const qt_task *)e);
    }
    CHECK(!why, why);
    CHECK(n == z->tasks.count, "the number of tasks is wrong");
    CHECK(memcmp(w->states, z->stats.tasks, sizeof(w->states)) == 0, "the counts by state are wrong");
    CHECK(z->ended.count == w->states[QT_DONE] + w->states[QT_EXPIRED] + w->states[QT_WITHDRAWN] + w->states[QT_DEAD],
          "the ended tasks are out of step");
    return qt_list_check(QT_B(z), &z->ended);
}

/* ---- operators ---- */

static const char *check_links(qt_zone *z, qt_walk *w, const qt_operator *op)
{
    CHECK(qt_list_check(QT_B(z), &op->links) == NULL, "an operator's links are broken");
    for (const qt_node *n = qt_list_at(QT_B(z), op->links.first); n; n = qt_list_at(QT_B(z), n->next)) {
        const qt_link *link = QT_AROUND(n, qt_link, of_operator);
        const qt_set *set = QT_REC(z, qt_set, link->set);

        CHECK(link->operator == QT_OF(z, op), "a link is another operator's");
        CHECK(qt_set_within(qt_id(set), qt_set_labels(z, op)), "an operator is in a set whose labels he lacks");
        CHECK((link->free.tree != 0) == op->free, "a link is free when its operator is not, or the other way round");
        CHECK(!op->free || (link->free.tree == QT_OF(z, &set->free) && link->free.tie == op->seat), "a free link stands wrong");
        w->bytes += qt_cell_size(sizeof(*link));
    }
    return NULL;
}

static const char *check_held(qt_zone *z, const qt_operator *op)
{
    apr_uint32_t offers = 0;

    CHECK(qt_list_check(QT_B(z), &op->held) == NULL, "an operator's tasks are broken");
    for (const qt_node *n = qt_list_at(QT_B(z), op->held.first); n; n = qt_list_at(QT_B(z), n->next)) {
        const qt_task *task = QT_AROUND(n, qt_task, line);

        CHECK(task->operator == QT_OF(z, op) && task->state >= QT_OFFERED && task->state <= QT_ASSIGNED, "a task is held by the wrong one");
        offers += task->state != QT_ASSIGNED;
    }
    CHECK(offers == op->offers, "an operator's open offers are miscounted");
    return NULL;
}

static const char *check_streams(qt_zone *z, const qt_operator *op)
{
    CHECK(qt_list_check(QT_B(z), &op->streams) == NULL, "an operator's streams are broken");
    for (const qt_node *n = qt_list_at(QT_B(z), op->streams.first); n; n = qt_list_at(QT_B(z), n->next)) {
        CHECK(QT_AROUND(n, qt_stream, of_operator)->operator == QT_OF(z, op), "a stream is another operator's");
    }
    return NULL;
}

static const char *check_operator(qt_zone *z, qt_walk *w, qt_operator *op)
{
    const char *why = check_links(z, w, op);
    int present = op->queued && op->streams.count && !op->paused;

    why = why ? why : check_held(z, op);
    why = why ? why : check_streams(z, op);
    why = why ? why : qt_tree_check(QT_B(z), &op->mine);
    why = why ? why : qt_list_check(QT_B(z), &op->bars);
    CHECK(!why, why);
    w->bytes += qt_record_cell(op, sizeof(*op));
    w->bytes += op->labels ? qt_cell_size(op->nlabels) : 0;
    w->due += op->due.tree != 0;
    CHECK(op->queued == (op->place.tree != 0), "a place in the queue is wrong");
    CHECK(!op->queued || op->streams.count || op->offers || op->grace_until, "a place in the queue is held by a ghost");
    CHECK(op->present == present, "an operator is counted present wrongly");
    CHECK(op->free == qt_operator_may_be_free(op), "an operator is free wrongly");
    CHECK(op->queued || op->refs || op->streams.count || op->held.count || op->mine.count || op->bars.count || op->due.tree,
          "an operator of whom nothing is left is still there");
    return NULL;
}

static const char *check_operators(qt_zone *z, qt_walk *w)
{
    const char *why = NULL;
    apr_uint32_t queued = 0;

    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->operators, e)) != NULL;) {
        qt_operator *op = (qt_operator *)e;

        why = check_operator(z, w, op);
        queued += op->queued;
    }
    CHECK(!why, why);
    CHECK(queued == z->queue.count, "the queue's length is wrong");
    return qt_tree_check(QT_B(z), &z->queue);
}

static const char *check_refs(qt_zone *z)
{
    for (qt_entry *e = NULL; (e = qt_table_next(QT_B(z), &z->operators, e)) != NULL;) {
        CHECK(((qt_operator *)e)->counted == ((qt_operator *)e)->refs, "an operator is mentioned more or less often than counted");
    }
    return NULL;
}

static const char *check_tickets(qt_zone *z, qt_walk *w)
{
    apr_uint32_t n = 0;

    for (qt_entry *e = NULL; (e = qt_table_next(QT_B(z), &z->tickets, e)) != NULL; n++) {
        const qt_ticket *ticket = (const qt_ticket *)e;

        CHECK(ticket->due.tree && ticket->nwho && ticket->nwho <= qt_text_size(z, ticket->text), "a ticket is nobody's, or for ever");
        w->bytes += qt_record_cell(ticket, sizeof(*ticket));
        w->bytes += qt_text_cells(z, ticket->text);
        w->due++;
    }
    CHECK(n == z->tickets.count, "the number of tickets is wrong");
    return NULL;
}

/* ---- sets and the rule of all rules ---- */

/* Whether some free operator of the set fits the task: then it should have been offered. */
static const char *check_waiting(qt_zone *z, qt_task *task)
{
    const qt_set *set = QT_REC(z, qt_set, task->set);

    for (qt_branch *at = qt_tree_first(QT_B(z), &set->free); at; at = qt_tree_next(QT_B(z), at)) {
        qt_operator *op = QT_REC(z, qt_operator, QT_AROUND(at, qt_link, free)->operator);

        CHECK(task->addressed || op->retry_at || !qt_match_fits(z, task, op),
              "a ready task and a free operator that fits it");
    }
    return NULL;
}

static const char *check_set(qt_zone *z, qt_walk *w, qt_set *set)
{
    const char *why = qt_tree_check(QT_B(z), &set->ready);
    apr_uint32_t present = 0;

    why = why ? why : qt_tree_check(QT_B(z), &set->free);
    why = why ? why : qt_list_check(QT_B(z), &set->links);
    why = why ? why : qt_list_check(QT_B(z), &set->wards);
    CHECK(!why, why);
    for (const qt_node *n = qt_list_at(QT_B(z), set->links.first); n; n = qt_list_at(QT_B(z), n->next)) {
        present += QT_REC(z, qt_operator, QT_AROUND(n, qt_link, of_set)->operator)->present;
    }
    CHECK(present == set->present, "a set counts its present operators wrongly");
    CHECK(set->tasks || set->wards.count || set->links.count || QT_OF(z, set) == z->everybody, "a set that nobody needs is still there");
    w->bytes += qt_record_cell(set, sizeof(*set));
    return NULL;
}

static const char *check_sets(qt_zone *z, qt_walk *w)
{
    const char *why = NULL;

    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->sets, e)) != NULL;) {
        why = check_set(z, w, (qt_set *)e);
    }
    if (why || z->paused || z->sweeping) {
        return why;
    }
    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->tasks, e)) != NULL;) {
        qt_task *task = (qt_task *)e;

        why = task->state == QT_WAITING && task->due.key <= w->now && task->due.tree ? NULL
            : task->state == QT_WAITING ? check_waiting(z, task) : NULL;
    }
    return why;
}

const char *qt_check(qt_zone *z, qt_time now)
{
    qt_walk w = { .now = now };
    const char *why;

    CHECK(z->block.magic == QT_MAGIC && z->block.undo.used == 0, "the block is not at rest");
    for (qt_entry *e = NULL; (e = qt_table_next(QT_B(z), &z->operators, e)) != NULL;) {
        ((qt_operator *)e)->counted = 0;
    }
    why = check_tasks(z, &w);
    why = why ? why : check_operators(z, &w);
    why = why ? why : check_refs(z);
    why = why ? why : check_tickets(z, &w);
    why = why ? why : check_sets(z, &w);
    why = why ? why : qt_check_talk(z, &w.bytes, &w.due);
    why = why ? why : qt_tree_check(QT_B(z), &z->due);
    why = why ? why : qt_arena_check(QT_B(z), &z->arena);
    CHECK(!why, why);
    CHECK(w.due == z->due.count, "times are in line that belong to nobody");
    CHECK(w.bytes == z->arena.used, "cells are in use that belong to nobody");
    return NULL;
}
