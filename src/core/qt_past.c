/* A task's history: who had it, how, when, and what became of it. Kept as far as there is room; the oldest goes first. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_operator.h"
#include "core/qt_task.h"

static void drop_oldest(qt_zone *z, qt_task *task, qt_time now)
{
    qt_past_chunk *chunk = QT_AT(z, qt_past_chunk, task->past);

    QT_EDIT(z, task);
    task->npast -= chunk->n;
    task->past = chunk->next;
    task->past_last = task->past ? task->past_last : 0;
    for (apr_uint32_t i = 0; i < chunk->n; i++) {
        qt_operator *op = QT_REC(z, qt_operator, chunk->entries[i].operator);

        qt_operator_refer(z, op, -1);
        qt_operator_let_go(z, op, now);
    }
    qt_zone_free(z, chunk);
}

void qt_past_forget(qt_zone *z, qt_task *task, qt_time now)
{
    while (task->past) {
        drop_oldest(z, task, now);
    }
}

static qt_past_chunk *chunk_with_room(qt_zone *z, qt_task *task, qt_time now)
{
    qt_past_chunk *last = QT_AT(z, qt_past_chunk, task->past_last), *chunk;

    if (last && last->n < QT_PAST_CHUNK) {
        return last;
    }
    if (task->npast >= QT_PAST_MAX) {
        drop_oldest(z, task, now);
        last = QT_AT(z, qt_past_chunk, task->past_last);
    }
    chunk = qt_zone_alloc(z, sizeof(*chunk), QT_URGENT);
    if (!chunk) {
        return NULL;
    }
    memset(chunk, 0, sizeof(*chunk));
    if (last) {
        QT_PUT(z, last->next, QT_OF(z, chunk));
    }
    else {
        QT_PUT(z, task->past, QT_OF(z, chunk));
    }
    QT_PUT(z, task->past_last, QT_OF(z, chunk));
    return chunk;
}

void qt_past_open(qt_zone *z, qt_task *task, qt_operator *op, qt_why why, qt_time now)
{
    qt_past_chunk *chunk = chunk_with_room(z, task, now);

    if (!chunk) {
        return;
    }
    QT_EDIT(z, chunk);
    chunk->entries[chunk->n++] = (struct qt_past_entry){ .at = now, .operator = QT_OF(z, op), .why = why, .outcome = QT_O_OPEN };
    QT_PUT(z, task->npast, task->npast + 1);
    qt_operator_refer(z, op, 1);
}

void qt_past_close(qt_zone *z, qt_task *task, qt_outcome outcome)
{
    qt_past_chunk *last = QT_AT(z, qt_past_chunk, task->past_last);

    if (last && last->n) {
        QT_PUT(z, last->entries[last->n - 1].outcome, (apr_uint16_t)outcome);
    }
}

qt_outcome qt_past_last(qt_zone *z, const qt_task *task)
{
    const qt_past_chunk *last = QT_AT(z, qt_past_chunk, task->past_last);

    return last && last->n ? (qt_outcome)last->entries[last->n - 1].outcome : QT_O_OPEN;
}
