/* Views. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_view.h"
#include "core/qt_operator.h"
#include "core/qt_piece.h"
#include "core/qt_set.h"
#include "core/qt_task.h"
#include "core/qt_text.h"
#include "core/qt_topic.h"

const char *const qt_state_names[QT_STATES] = {
    "delayed", "ready", "offered", "assigning", "assigned", "done", "expired", "withdrawn", "dead"
};
const char *const qt_op_status_names[QT_OP_STATUSES] = { "free", "selects", "busy", "paused", "away" };
const char *const qt_why_names[QT_WHYS] = { "offered", "preferred", "addressed", "taken" };
const char *const qt_outcome_names[QT_OUTCOMES] = {
    "open", "assigned", "completed", "rejected", "timeout", "lost", "released", "refused", "withdrawn"
};
const char *const qt_kind_names[QT_KINDS] = { "wait-sse", "events", "notifications", "queue", "feed" };
const char *const qt_reason_names[QT_REASONS] = { "assigned", "rejected", "expired", "withdrawn", "replaced" };

void *qt_lay(qt_out *out, apr_size_t n)
{
    apr_size_t padded = (n + 7) & ~(apr_size_t)7;
    void *p = out->p + out->len;

    if (padded < n || out->cap - out->len < padded) {
        out->need = (out->cap + padded) * 2;
        return NULL;
    }
    out->len += padded;
    return p;
}

int qt_lay_str(qt_out *out, qt_str from, qt_str *to)
{
    char *p = qt_lay(out, from.n);

    if (!p) {
        return 0;
    }
    if (from.n) {
        memcpy(p, from.p, from.n);
    }
    *to = (qt_str){ p, from.n };
    return 1;
}

static int lay_id(qt_zone *z, qt_out *out, qt_ref record, qt_str *to)
{
    return !record || qt_lay_str(out, qt_id(QT_PTR(QT_B(z), char, record)), to);
}

int qt_lay_text(qt_zone *z, qt_out *out, qt_ref text, qt_str *to)
{
    apr_size_t n = qt_text_size(z, text);
    char *p = qt_lay(out, n);

    if (!p) {
        return 0;
    }
    qt_text_copy(z, text, p);
    *to = (qt_str){ n ? p : NULL, n };
    return 1;
}

static int lay_history(qt_zone *z, qt_out *out, const qt_task *task, qt_task_view *view)
{
    qt_past *past = qt_lay(out, task->npast * sizeof(*past));
    apr_uint32_t n = 0;

    if (!past) {
        return 0;
    }
    for (const qt_past_chunk *c = QT_AT(z, qt_past_chunk, task->past); c; c = QT_AT(z, qt_past_chunk, c->next)) {
        for (apr_uint32_t i = 0; i < c->n; i++, n++) {
            past[n] = (qt_past){ .at = c->entries[i].at, .why = c->entries[i].why, .outcome = c->entries[i].outcome };
            if (!lay_id(z, out, c->entries[i].operator, &past[n].operator_id)) {
                return 0;
            }
        }
    }
    view->history = past;
    view->nhistory = n;
    return 1;
}

int qt_lay_task(qt_zone *z, qt_out *out, const qt_task *task, qt_detail detail, qt_task_view *view)
{
    const qt_set *set = QT_REC(z, qt_set, task->set);

    *view = (qt_task_view){
        .state = (qt_state)task->state, .priority = task->priority, .attempt = task->attempt, .offer = task->offer,
        .created = task->created, .changed = task->changed, .delay_until = task->delay_until, .ttl_until = task->ttl_until,
        .expires = task->state == QT_OFFERED ? task->deadline : 0, .assigned = task->addressed
    };
    if (!qt_lay_str(out, qt_id(task), &view->id) || !lay_id(z, out, task->operator, &view->operator_id)) {
        return 0;
    }
    if (!lay_id(z, out, task->prefer, &view->prefer) || !qt_lay_str(out, qt_id(set), &view->labels)) {
        return 0;
    }
    if (detail >= QT_WITH_PAYLOAD && !qt_lay_text(z, out, task->payload, &view->payload)) {
        return 0;
    }
    return detail < QT_WITH_HISTORY || lay_history(z, out, task, view);
}

apr_status_t qt_lay_one(qt_zone *z, qt_call *call, const qt_task *task, qt_detail detail)
{
    call->tasks = qt_lay(&call->out, sizeof(*call->tasks));
    call->n = 1;
    return call->tasks && qt_lay_task(z, &call->out, task, detail, call->tasks) ? APR_SUCCESS : QT_E_SPACE;
}

int qt_lay_message(qt_zone *z, qt_call *call, const qt_stream *stream, const qt_message *message)
{
    const qt_topic *topic = QT_REC(z, qt_topic, message->topic);
    qt_event *event = &call->events[call->n];
    apr_size_t n = qt_message_size(z, message);
    char *data = qt_lay(&call->out, n);

    *event = (qt_event){ .kind = QT_EV_MESSAGE, .group = stream ? 0 : topic->serial, .seq = message->seq };
    if (stream) {
        event->cookie = stream->cookie;
        event->stream = stream->serial;
    }
    if (!data || !qt_lay_str(&call->out, qt_id(topic), &event->topic) || !qt_lay_str(&call->out, qt_message_key(message), &event->key) ||
        !qt_lay_str(&call->out, qt_message_type(message), &event->type)) {
        return 0;
    }
    qt_message_copy(z, message, data);
    event->data = (qt_str){ data, n };
    call->n++;
    return 1;
}

int qt_lay_operator(qt_zone *z, qt_out *out, const qt_operator *op, qt_operator_view *view)
{
    qt_str *tasks = qt_lay(out, op->held.count * sizeof(*tasks));
    apr_uint32_t i = 0;

    *view = (qt_operator_view){ .since = op->since, .status = qt_operator_status(op), .tasks = tasks, .ntasks = op->held.count };
    if (!tasks || !qt_lay_str(out, qt_id(op), &view->id) || !qt_lay_str(out, qt_set_labels(z, op), &view->labels)) {
        return 0;
    }
    QT_EACH(QT_B(z), n, next, &op->held) {
        if (!qt_lay_str(out, qt_id(QT_AROUND(n, qt_task, line)), &tasks[i++])) {
            return 0;
        }
    }
    return 1;
}
