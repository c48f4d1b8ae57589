/* Verbs of streams: coming and going. What differs by kind is a table. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_feed.h"
#include "core/qt_match.h"
#include "core/qt_queue.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

/* Streams of a dead child that one verb gives up. */
#define QT_ORPHANS_BATCH 32

typedef struct qt_seat {
    /* The new stream, otherwise complete, takes its place. */
    apr_status_t (*come)(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call);
    /* Its place is given up; afterwards its record goes. */
    void (*go)(qt_zone *z, qt_stream *stream, qt_time now);
} qt_seat;

/* ---- operators ---- */

static apr_status_t wait_come(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_get(z, call->who);
    apr_status_t rv = op ? qt_operator_meet(z, op, call->rules, call->labels, now) : QT_E_FULL;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    stream->operator = QT_OF(z, op);
    stream->held = stream->fresh = 1;
    qt_list_append(QT_B(z), &op->streams, &stream->of_operator);
    qt_operator_edit(z, op);
    op->grace_until = 0;
    op->spent = 0;
    op->served = op->offers > 0;
    if (!op->queued) {
        qt_operator_to_tail(z, op, now);
    }
    qt_match_tell(z, op, now);
    qt_match_operator(z, op, now);
    return APR_SUCCESS;
}

static void give_back_offers(qt_zone *z, qt_operator *op, qt_time now)
{
    QT_EACH(QT_B(z), n, next, &op->held) {
        qt_task *task = QT_AROUND(n, qt_task, line);

        if (task->state == QT_OFFERED) {
            qt_match_back(z, task, QT_O_LOST, QT_R_EXPIRED, now);
            QT_EDIT(z, &z->stats.lost);
            z->stats.lost++;
            qt_match_task(z, task, now);
        }
    }
}

void qt_pass_on(qt_zone *z, qt_operator *op, qt_time now)
{
    qt_operator_leave_queue(z, op, now);
    give_back_offers(z, op, now);
    qt_operator_refresh(z, op, now);
    qt_match_left(z, op, now);
}

/* Addressed tasks that were told so shortly before the last stream broke that nobody may have seen them: told again. */
static void doubt_last_told(qt_zone *z, qt_operator *op, qt_time now)
{
    QT_EACH(QT_B(z), n, next, &op->held) {
        qt_task *task = QT_AROUND(n, qt_task, line);

        if (task->addressed && task->state == QT_ASSIGNED && task->changed + op->rules.grace > now) {
            QT_EDIT(z, task);
            task->unseen = 1;
        }
    }
}

static void last_stream_over(qt_zone *z, qt_operator *op, qt_time now)
{
    doubt_last_told(z, op, now);
    if (!op->queued) {
        qt_operator_let_go(z, op, now);
        return;
    }
    if (op->rules.grace == 0 && !op->spent) {
        qt_pass_on(z, op, now);
        qt_operator_let_go(z, op, now);
        return;
    }
    QT_PUT(z, op->grace_until, now + op->rules.grace);
    qt_operator_refresh(z, op, now);
    qt_match_left(z, op, now);
}

static void wait_go(qt_zone *z, qt_stream *stream, qt_time now)
{
    qt_operator *op = QT_REC(z, qt_operator, stream->operator);

    qt_list_remove(QT_B(z), &op->streams, &stream->of_operator);
    if (op->streams.count == 0) {
        last_stream_over(z, op, now);
    }
}

/* ---- listeners ---- */

static int is_known(const qt_zone *z, const qt_cursor *since)
{
    return since->given && since->epoch == z->epoch && since->seq <= z->seq;
}

/* Listens to the topics, whose groups are the answer; the call's `after` is `first` unless the client has said where it is. */
static apr_status_t listen_to(qt_zone *z, qt_stream *stream, qt_call *call, const qt_str *names, apr_uint32_t n, apr_uint64_t first)
{
    apr_uint64_t *groups = qt_lay(&call->out, n * sizeof(*groups));
    qt_ref *outlets = qt_zone_alloc(z, n * sizeof(*outlets), QT_NORMAL);
    apr_status_t rv = !groups ? QT_E_SPACE : outlets ? APR_SUCCESS : QT_E_FULL;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    stream->outlets = QT_OF(z, outlets);
    for (apr_uint32_t i = 0; rv == APR_SUCCESS && i < n; i++) {
        qt_topic *topic = qt_undo_room(QT_B(z)) ? qt_topic_get(z, names[i]) : NULL;

        rv = topic ? qt_outlet_join(z, topic, stream) : QT_E_FULL;
        groups[i] = topic ? topic->serial : 0;
    }
    call->groups = groups;
    call->n = n;
    call->foreign = call->since.given && !is_known(z, &call->since);
    call->after = is_known(z, &call->since) ? call->since.seq : call->since.given ? 0 : first;
    return rv;
}

static apr_status_t events_come(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call)
{
    (void)now;
    if (call->ntopics == 0 || call->ntopics > QT_TOPICS_MAX) {
        return QT_E_MALFORMED;
    }
    return listen_to(z, stream, call, call->topics, call->ntopics, z->seq);
}

/* What he says that he has is read (api.md, section 6). */
static apr_status_t notices_come(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call)
{
    char own[QT_NAME_MAX + 1], all[QT_NAME_MAX + 1];
    const qt_str names[] = { qt_topic_hidden(own, QT_NAME_MAIL, call->who), qt_topic_hidden(all, QT_NAME_ALL, QT_STR_NONE) };

    (void)now;
    if (is_known(z, &call->since)) {
        qt_mail_read(z, call->who, call->since.seq);
    }
    return listen_to(z, stream, call, names, 2, 0);
}

static apr_status_t feed_come(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call)
{
    char name[QT_NAME_MAX + 1];
    const qt_str names[] = { qt_topic_hidden(name, QT_NAME_FEED, QT_STR_NONE) };
    apr_status_t rv = qt_feed_begin(z, call->since.given, now);

    return rv == APR_SUCCESS ? listen_to(z, stream, call, names, 1, z->seq) : rv;
}

static void listener_go(qt_zone *z, qt_stream *stream, qt_time now)
{
    qt_outlets_leave(z, stream, now);
}

static void feed_go(qt_zone *z, qt_stream *stream, qt_time now)
{
    char name[QT_NAME_MAX + 1];
    const qt_topic *feed;

    qt_outlets_leave(z, stream, now);
    feed = qt_topic_find(z, qt_topic_hidden(name, QT_NAME_FEED, QT_STR_NONE));
    if (!feed || !feed->listeners) {
        qt_feed_until(z, now + QT_FEED_KEPT);
    }
}

static const qt_seat seats[QT_KINDS] = {
    [QT_K_WAIT] = { wait_come, wait_go },
    [QT_K_EVENTS] = { events_come, listener_go },
    [QT_K_NOTICES] = { notices_come, listener_go },
    [QT_K_READER] = { qt_reader_come, qt_reader_go },
    [QT_K_FEED] = { feed_come, feed_go },
};

/* ---- coming ---- */

/* Who watches the zone is nobody in it: all feeds are one user, whom nobody can name. */
static qt_str user_of(const qt_call *call)
{
    static const char watcher = QT_NAME_FEED;

    return call->kind == QT_K_FEED ? (qt_str){ &watcher, 1 } : call->who;
}

static apr_status_t may_join(qt_zone *z, qt_time now, const qt_call *call)
{
    const qt_user *user = qt_user_find(z, user_of(call));
    const qt_operator *op = call->kind == QT_K_WAIT ? qt_operator_find(z, call->who) : NULL;

    if ((op && op->ban_until > now) || (user && user->ban_until > now)) {
        return QT_E_STAY_AWAY;
    }
    if (call->max_streams && z->streams.count >= call->max_streams) {
        return QT_E_CROWDED;
    }
    if (user && call->max_streams_per_user && call->kind != QT_K_FEED && user->streams.count >= call->max_streams_per_user) {
        return QT_E_LIMIT;
    }
    return call->child < QT_CHILDREN_MAX && call->kind < QT_KINDS ? APR_SUCCESS : APR_EINVAL;
}

/* One device: the newest stream of a kind takes the place of the others (NT-15). */
static void replace_others(qt_zone *z, const qt_user *user, const qt_stream *newest)
{
    QT_EACH(QT_B(z), n, next, &user->streams) {
        qt_stream *stream = QT_AROUND(n, qt_stream, of_user);

        if (stream != newest && stream->kind == newest->kind && !stream->end) {
            qt_stream_end(z, stream, 1);
        }
    }
}

apr_status_t qt_do_join(qt_zone *z, qt_time now, qt_call *call)
{
    apr_status_t rv = may_join(z, now, call);
    qt_user *user;
    qt_stream *stream;

    if (rv != APR_SUCCESS || call->flag) {
        return rv;
    }
    user = qt_user_came(z, user_of(call), call->grace, now);
    stream = user ? qt_stream_new(z, user, call) : NULL;
    if (!stream) {
        return QT_E_FULL;
    }
    call->epoch = z->epoch;
    call->seq = z->seq;
    call->stream = stream->serial;
    if (call->alone) {
        replace_others(z, user, stream);
    }
    return seats[call->kind].come(z, stream, now, call);
}

/* ---- going ---- */

void qt_stream_over(qt_zone *z, qt_stream *stream, qt_time now)
{
    qt_user *user = QT_REC(z, qt_user, stream->user);

    seats[stream->kind].go(z, stream, now);
    qt_stream_drop(z, stream);
    qt_user_left(z, user, now);
}

apr_status_t qt_do_leave(qt_zone *z, qt_time now, qt_call *call)
{
    qt_stream *stream = qt_stream_find(z, call->stream);

    if (stream) {
        qt_stream_over(z, stream, now);
    }
    return APR_SUCCESS;
}

apr_status_t qt_do_orphans(qt_zone *z, qt_time now, qt_call *call)
{
    qt_child *child;
    int n = 0;

    if (call->child >= QT_CHILDREN_MAX) {
        return APR_EINVAL;
    }
    child = &z->children[call->child];
    while (child->streams.first && n++ < QT_ORPHANS_BATCH && qt_undo_room(QT_B(z))) {
        qt_stream_over(z, QT_AROUND(qt_list_at(QT_B(z), child->streams.first), qt_stream, of_child), now);
    }
    call->more = child->streams.first != 0;
    return APR_SUCCESS;
}

apr_status_t qt_do_hold(qt_zone *z, qt_time now, qt_call *call)
{
    qt_stream *stream = qt_stream_find(z, call->stream);

    if (stream && (stream->kind == QT_K_WAIT || stream->kind == QT_K_READER)) {
        QT_EDIT(z, stream);
        stream->held = call->flag;
        if (stream->kind == QT_K_READER) {
            qt_reader_hold(z, QT_REC(z, qt_reader, stream->reader), stream->held, now);
        }
        qt_stream_mark(z, stream);
    }
    return APR_SUCCESS;
}
