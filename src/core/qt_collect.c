/* The verbs of being told: what the streams of one child have not heard yet, and what one of them has missed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_queue.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

/* Events of one verb, but for a stream that alone has more. */
#define QT_COLLECT_BATCH 64

/* Lays one event for the stream; 0 when it does not fit. */
static int lay_event(qt_zone *z, qt_call *call, const qt_stream *stream, qt_event_kind kind, const qt_task *task, qt_reason reason)
{
    qt_event *event = &call->events[call->n];

    *event = (qt_event){ .cookie = stream->cookie, .stream = stream->serial, .kind = kind, .reason = reason };
    if (task && !qt_lay_task(z, &call->out, task, kind == QT_EV_TASK ? QT_WITH_PAYLOAD : QT_BRIEF, &event->task)) {
        return 0;
    }
    call->n++;
    return 1;
}

/* Nothing more comes to this stream. */
static int lay_end(qt_zone *z, qt_call *call, qt_stream *stream)
{
    QT_EDIT(z, stream);
    stream->ended = 1;
    return lay_event(z, call, stream, QT_EV_END, NULL, stream->replaced ? QT_R_REPLACED : QT_R_ASSIGNED);
}

/* ---- operators ---- */

static int lay_task(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream, qt_task *task)
{
    const qt_operator *op = QT_REC(z, qt_operator, stream->operator);
    int laid = lay_event(z, call, stream, QT_EV_TASK, task, QT_R_ASSIGNED);

    if (task->unseen) {
        QT_EDIT(z, task);
        task->unseen = 0;
        if (op->rules.once) {
            qt_task_step(z, task, QT_S_COMPLETE, NULL, now); /* told: the end of our part */
        }
    }
    return laid;
}

/* A stream that is new here, or has missed too much: what is open now. */
static int lay_open(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream, const qt_operator *op)
{
    QT_EACH(QT_B(z), n, next, &op->held) {
        qt_task *task = QT_AROUND(n, qt_task, line);

        if ((task->state == QT_OFFERED || task->unseen) && !lay_task(z, now, call, stream, task)) {
            return 0;
        }
    }
    return 1;
}

/* The task of a note, when the note still holds. */
static qt_task *task_of(qt_zone *z, const qt_operator *op, const qt_note *note)
{
    qt_task *task = QT_REC(z, qt_task, note->task);

    if (!qt_table_has(QT_B(z), &z->tasks, task) || task->age != note->age) {
        return NULL; /* forgotten since, its cell perhaps in other use */
    }
    if (note->kind == QT_EV_TASK) {
        int his = task->operator == QT_OF(z, op) && task->offer == note->offer;

        return his && (task->state == QT_OFFERED || task->addressed) ? task : NULL;
    }
    return task;
}

static int lay_notes(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream, const qt_operator *op)
{
    if (op->logged - stream->cursor > QT_LOG && stream->skip) {
        return lay_event(z, call, stream, QT_EV_GAP, NULL, QT_R_ASSIGNED) && lay_open(z, now, call, stream, op);
    }
    if (op->logged - stream->cursor > QT_LOG) {
        return lay_end(z, call, stream); /* too far behind: it comes back and is told what is open */
    }
    for (apr_uint64_t at = stream->cursor; at != op->logged; at++) {
        const qt_note *note = &op->log[at % QT_LOG];
        qt_task *task = task_of(z, op, note);

        if (!task) {
            continue;
        }
        if (note->kind == QT_EV_TASK ? !lay_task(z, now, call, stream, task)
                                     : !lay_event(z, call, stream, QT_EV_CLOSED, task, (qt_reason)note->reason)) {
            return 0;
        }
    }
    return 1;
}

/* Turn once: the first task event is the last event. */
static int end_after_task(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream, qt_operator *op, apr_uint32_t from)
{
    for (apr_uint32_t i = from; i < call->n; i++) {
        if (call->events[i].kind == QT_EV_TASK) {
            call->n = i + 1;
            qt_operator_edit(z, op);
            op->spent = 1;
            if (op->offers) {
                qt_operator_refresh(z, op, now);
            }
            else {
                qt_operator_leave_queue(z, op, now);
                qt_match_left(z, op, now);
            }
            return lay_end(z, call, stream);
        }
    }
    return 1;
}

static int tell_operator(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream)
{
    qt_operator *op = QT_REC(z, qt_operator, stream->operator);
    apr_uint32_t from = call->n;
    int fits = stream->fresh ? lay_open(z, now, call, stream, op) : lay_notes(z, now, call, stream, op);

    if (!fits || (op->rules.once && !stream->ended && !end_after_task(z, now, call, stream, op, from))) {
        return 0;
    }
    QT_EDIT(z, stream);
    stream->fresh = 0;
    stream->cursor = op->logged;
    return 1;
}

/* ---- readers ---- */

static int lay_parcel(qt_zone *z, qt_call *call, const qt_stream *stream, const qt_parcel *parcel)
{
    qt_event *event = &call->events[call->n];

    *event = (qt_event){ .cookie = stream->cookie, .stream = stream->serial, .kind = QT_EV_MESSAGE, .seq = parcel->seq };
    if (!qt_lay_text(z, &call->out, parcel->text, &event->data)) {
        return 0;
    }
    call->n++;
    return 1;
}

static int tell_reader(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream, apr_uint32_t room)
{
    qt_reader *reader = QT_REC(z, qt_reader, stream->reader);
    qt_parcel *parcel = qt_reader_untold(z, reader);

    for (; parcel && room > 2; room--) {
        qt_ref next = parcel->line.next;

        if (!lay_parcel(z, call, stream, parcel)) {
            return 0;
        }
        qt_reader_told(z, reader, parcel, now);
        parcel = next ? QT_AROUND(qt_list_at(QT_B(z), next), qt_parcel, line) : NULL;
    }
    if (reader->untold || !qt_queue_is_over(QT_REC(z, qt_queue, reader->queue))) {
        return 1;
    }
    return lay_event(z, call, stream, QT_EV_TERMINATE, NULL, QT_R_ASSIGNED) && lay_end(z, call, stream);
}

/* ---- streams by themselves ---- */

static int tell(qt_zone *z, qt_time now, qt_call *call, qt_stream *stream, apr_uint32_t room)
{
    if (stream->end) {
        return lay_end(z, call, stream);
    }
    return stream->kind == QT_K_WAIT ? tell_operator(z, now, call, stream) : tell_reader(z, now, call, stream, room);
}

/* Most events that telling this stream must have room for. */
static apr_uint32_t most_events(qt_zone *z, const qt_stream *stream)
{
    const qt_operator *op;
    apr_uint64_t notes;

    if (stream->kind != QT_K_WAIT) {
        return 3;
    }
    op = QT_REC(z, qt_operator, stream->operator);
    notes = op->logged - stream->cursor;
    return (stream->fresh || notes > QT_LOG ? op->held.count : (apr_uint32_t)notes) + 2;
}

static int lay_events(qt_call *call, apr_uint32_t room)
{
    call->events = qt_lay(&call->out, room * sizeof(*call->events));
    return call->events != NULL;
}

/* Streams that are told something of their own. *room: events that fit; the verb's answer is begun here. */
static apr_status_t collect_streams(qt_zone *z, qt_time now, qt_call *call, apr_uint32_t *room)
{
    qt_list *dirty = &z->children[call->child].dirty;

    while (dirty->first && qt_undo_room(QT_B(z))) {
        qt_stream *stream = QT_AROUND(qt_list_at(QT_B(z), dirty->first), qt_stream, dirty);
        apr_uint32_t want = most_events(z, stream);

        if (!call->events) {
            *room = want > *room ? want : *room;
            if (!lay_events(call, *room)) {
                return QT_E_SPACE;
            }
        }
        if (*room - call->n < want) {
            break;
        }
        if (!tell(z, now, call, stream, *room - call->n)) {
            return QT_E_SPACE;
        }
        QT_EDIT(z, stream);
        stream->marked = 0;
        qt_list_remove(QT_B(z), dirty, &stream->dirty);
        qt_stream_mark(z, stream); /* when not all of it fitted */
    }
    return APR_SUCCESS;
}

/* ---- topics ---- */

/* What is told by the topic's group is told once for all streams of the child, in the order of the sequence over all topics. What does
 * not fit any more comes with the next verb, but for a message that alone is too large. */
static apr_status_t collect_topics(qt_zone *z, qt_time now, qt_call *call, apr_uint32_t room)
{
    qt_tree *telling = &z->children[call->child].telling;
    qt_branch *first;

    if (telling->first && !call->events && !lay_events(call, room)) {
        return QT_E_SPACE;
    }
    while ((first = qt_tree_first(QT_B(z), telling)) != NULL && call->n < room && qt_undo_room(QT_B(z))) {
        qt_outlet *outlet = QT_AROUND(first, qt_outlet, telling);
        qt_topic *topic = QT_REC(z, qt_topic, outlet->topic);

        if (outlet->lost) {
            call->events[call->n++] = (qt_event){ .kind = QT_EV_LOST, .group = topic->serial };
            qt_outlet_told_loss(z, outlet);
            continue;
        }
        if (!qt_lay_message(z, call, NULL, QT_REC(z, qt_message, outlet->next))) {
            return call->n ? APR_SUCCESS : QT_E_SPACE;
        }
        qt_outlet_advance(z, outlet);
        qt_topic_trim(z, topic, now);
    }
    return APR_SUCCESS;
}

apr_status_t qt_do_collect(qt_zone *z, qt_time now, qt_call *call)
{
    const qt_child *child = &z->children[call->child];
    apr_uint32_t room = QT_COLLECT_BATCH;
    apr_status_t rv;

    call->epoch = z->epoch;
    rv = collect_streams(z, now, call, &room);
    if (rv == APR_SUCCESS) {
        rv = collect_topics(z, now, call, room);
    }
    call->more = child->dirty.first || child->telling.first;
    return rv;
}
