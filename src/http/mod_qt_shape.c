/* Writes tasks, operators and figures as JSON. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_shape.h"
#include "http/mod_qt_message.h"
#include "stream/mod_qt_view.h"
#include "wire/qt_json.h"
#include "wire/qt_labels.h"

void mod_qt_shape_moment(qt_buf *buf, qt_time moment)
{
    if (!moment) {
        qt_buf_adds(buf, "null");
        return;
    }
    qt_buf_addc(buf, '"');
    mod_qt_view_moment(buf, moment);
    qt_buf_addc(buf, '"');
}

static void put_moment(qt_json_out *out, const char *name, qt_time moment)
{
    qt_json_name(out, name);
    mod_qt_shape_moment(out->buf, moment);
}

/* Ids are never empty: an empty one is none. */
static void put_id(qt_json_out *out, const char *name, qt_str id)
{
    qt_json_put_str(out, name, id.n ? id : QT_STR_NONE);
}

static void put_labels(qt_json_out *out, qt_str labels)
{
    qt_json_out list;

    qt_json_name(out, "labels");
    list = qt_json_open(out->buf, '[');
    for (qt_str label = qt_labels_next(&labels); label.n; label = qt_labels_next(&labels)) {
        qt_json_put_str(&list, NULL, label);
    }
    qt_json_close(&list);
}

void mod_qt_shape_outcome(qt_buf *buf, const qt_task_view *task)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "taskId", task->id);
    qt_json_put_str(&out, "state", qt_str_of(qt_state_names[task->state]));
    qt_json_close(&out);
}

static void put_history(qt_json_out *out, const qt_task_view *task)
{
    qt_json_out list;

    qt_json_name(out, "history");
    list = qt_json_open(out->buf, '[');
    for (apr_uint32_t i = 0; i < task->nhistory; i++) {
        const qt_past *past = &task->history[i];
        qt_json_out entry;

        qt_json_name(&list, NULL);
        entry = qt_json_open(out->buf, '{');
        qt_json_put_str(&entry, "operatorId", past->operator_id);
        qt_json_put_str(&entry, "why", qt_str_of(qt_why_names[past->why]));
        put_moment(&entry, "at", past->at);
        qt_json_put_str(&entry, "outcome", qt_str_of(qt_outcome_names[past->outcome]));
        qt_json_close(&entry);
    }
    qt_json_close(&list);
}

static qt_json_out open_task(qt_buf *buf, const qt_task_view *task)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "taskId", task->id);
    qt_json_put_str(&out, "state", qt_str_of(qt_state_names[task->state]));
    put_id(&out, "operatorId", task->operator_id);
    qt_json_put_int(&out, "priority", task->priority);
    qt_json_put_int(&out, "attempt", task->attempt);
    put_moment(&out, "created", task->created);
    put_moment(&out, "changed", task->changed);
    put_moment(&out, "delayUntil", task->state == QT_DELAYED ? task->delay_until : 0);
    put_moment(&out, "ttlUntil", task->ttl_until);
    put_moment(&out, "expiresAt", task->state == QT_OFFERED ? task->expires : 0);
    put_id(&out, "prefer", task->prefer);
    put_labels(&out, task->labels);
    return out;
}

void mod_qt_shape_listed(qt_buf *buf, const qt_task_view *task)
{
    qt_json_out out = open_task(buf, task);

    qt_json_close(&out);
}

void mod_qt_shape_task(qt_buf *buf, const qt_task_view *task)
{
    qt_json_out out = open_task(buf, task);

    qt_json_put_raw(&out, "payload", task->payload.n ? task->payload : QT_STR_LIT("null"));
    put_history(&out, task);
    qt_json_close(&out);
}

void mod_qt_shape_operator(qt_buf *buf, const qt_operator_view *op)
{
    qt_json_out out = qt_json_open(buf, '{');
    qt_json_out list;

    qt_json_put_str(&out, "operatorId", op->id);
    put_moment(&out, "time", op->since);
    qt_json_put_str(&out, "status", qt_str_of(qt_op_status_names[op->status]));
    put_labels(&out, op->labels);
    qt_json_name(&out, "tasks");
    list = qt_json_open(buf, '[');
    for (apr_uint32_t i = 0; i < op->ntasks; i++) {
        qt_json_put_str(&list, NULL, op->tasks[i]);
    }
    qt_json_close(&list);
    qt_json_close(&out);
}

void mod_qt_shape_user(qt_buf *buf, const qt_user_view *user)
{
    qt_json_out out = qt_json_open(buf, '{');
    qt_json_out list;

    qt_json_put_str(&out, "userId", user->id);
    qt_json_put_str(&out, "status", user->online ? QT_STR_LIT("connected") : QT_STR_LIT("disconnected"));
    qt_json_name(&out, "streams");
    list = qt_json_open(buf, '[');
    for (apr_uint32_t i = 0; i < user->nstreams; i++) {
        qt_json_put_int(&list, NULL, (apr_int64_t)user->streams[i]);
    }
    qt_json_close(&list);
    put_moment(&out, "since", user->since);
    qt_json_close(&out);
}

void mod_qt_shape_topic(qt_buf *buf, const qt_topic_view *topic, apr_uint64_t epoch)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "topic", topic->name);
    qt_json_put_int(&out, "messages", topic->messages);
    qt_json_put_int(&out, "listeners", topic->listeners);
    mod_qt_message_id(&out, "lastId", epoch, topic->seq);
    qt_json_close(&out);
}

void mod_qt_shape_queue(qt_buf *buf, const qt_queue_view *queue)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "queueId", queue->name);
    qt_json_put_int(&out, "messages", queue->messages);
    qt_json_put_int(&out, "inFlight", queue->in_flight);
    qt_json_put_int(&out, "readers", queue->readers);
    qt_json_put_bool(&out, "closed", queue->closed);
    qt_json_close(&out);
}

static void put_counts(qt_json_out *out, const char *name, const char *const *names, const apr_uint64_t *counts, int n)
{
    qt_json_out list;

    qt_json_name(out, name);
    list = qt_json_open(out->buf, '{');
    for (int i = 0; i < n; i++) {
        qt_json_put_int(&list, names[i], (apr_int64_t)counts[i]);
    }
    qt_json_close(&list);
}

/* What has happened since the zone was made: X(member of qt_stats, name). */
#define TOTALS(X)                                                                                                             \
    X(added, "added") X(offered, "offered") X(assigned, "assigned") X(rejected, "rejected") X(timed_out, "timedOut")          \
    X(lost, "lost") X(completed, "completed") X(released, "released") X(expired, "expired") X(withdrawn, "withdrawn")         \
    X(dead, "dead") X(published, "published") X(merged, "merged") X(notified, "notified") X(pushed, "pushed") X(read, "read") \
    X(rollbacks, "rollbacks")

/* What is there of messages: the same. */
#define MESSAGES(X)                                                                                                           \
    X(topics, "topics") X(messages, "messages") X(users, "users") X(online, "online") X(queues, "queues") X(queued, "queued")

static void put_totals(qt_json_out *out, const qt_stats *stats)
{
    qt_json_out list;

    qt_json_name(out, "totals");
    list = qt_json_open(out->buf, '{');
#define TOTAL(member, name) qt_json_put_int(&list, name, (apr_int64_t)stats->member);
    TOTALS(TOTAL)
#undef TOTAL
    qt_json_close(&list);
}

void mod_qt_shape_stats(qt_buf *buf, const char *zone, const qt_stats *stats)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "zone", qt_str_of(zone));
    qt_json_put_bool(&out, "paused", stats->paused);
    put_counts(&out, "tasks", qt_state_names, stats->tasks, QT_STATES);
    put_counts(&out, "operators", qt_op_status_names, stats->operators, QT_OP_STATUSES);
    qt_json_put_int(&out, "streams", (apr_int64_t)stats->streams);
#define FIGURE(member, name) qt_json_put_int(&out, name, (apr_int64_t)stats->member);
    MESSAGES(FIGURE)
#undef FIGURE
    put_totals(&out, stats);
    qt_json_put_int(&out, "bytes", (apr_int64_t)stats->bytes);
    qt_json_put_int(&out, "bytesUsed", (apr_int64_t)stats->bytes_used);
    qt_json_close(&out);
}
