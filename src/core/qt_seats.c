/* Verbs of streams: coming, going, and being told. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_view.h"

/* Streams of a dead child that one verb gives up. */
#define QT_ORPHANS_BATCH 32

static qt_stream *find_stream(qt_zone *z, apr_uint64_t serial)
{
    return qt_zone_find(z, &z->streams, (qt_str){ (const char *)&serial, sizeof(serial) });
}

/* ---- coming ---- */

static qt_stream *new_stream(qt_zone *z, qt_operator *op, const qt_call *call)
{
    apr_uint64_t serial = z->serials + 1;
    qt_stream *stream = qt_zone_new(z, &z->streams, sizeof(*stream), (qt_str){ (const char *)&serial, sizeof(serial) });

    if (!stream) {
        return NULL;
    }
    QT_PUT(z, z->serials, serial);
    stream->serial = serial;
    stream->cookie = call->cookie;
    stream->child = call->child;
    stream->operator = QT_OF(z, op);
    stream->held = stream->fresh = 1;
    stream->skip = call->skip;
    qt_list_append(QT_B(z), &op->streams, &stream->of_operator);
    qt_list_append(QT_B(z), &z->children[call->child].streams, &stream->of_child);
    return stream;
}

static apr_status_t may_join(const qt_zone *z, const qt_operator *op, qt_time now, const qt_call *call)
{
    if (op && op->ban_until > now) {
        return QT_E_STAY_AWAY;
    }
    if (call->max_streams && z->streams.count >= call->max_streams) {
        return QT_E_CROWDED;
    }
    if (op && call->max_streams_per_user && op->streams.count >= call->max_streams_per_user) {
        return QT_E_LIMIT;
    }
    return call->child < QT_CHILDREN_MAX ? APR_SUCCESS : APR_EINVAL;
}

apr_status_t qt_do_join(qt_zone *z, qt_time now, qt_call *call)
{
    qt_operator *op = qt_operator_find(z, call->who);
    apr_status_t rv = may_join(z, op, now, call);
    qt_stream *stream;

    if (rv != APR_SUCCESS || call->flag) {
        return rv;
    }
    op = qt_operator_get(z, call->who);
    rv = op ? qt_operator_meet(z, op, call->rules, call->labels, now) : QT_E_FULL;
    stream = rv == APR_SUCCESS ? new_stream(z, op, call) : NULL;
    if (!stream) {
        return QT_E_FULL;
    }
    QT_EDIT(z, op);
    op->grace_until = 0;
    op->spent = 0;
    op->served = op->offers > 0;
    if (!op->queued) {
        qt_operator_to_tail(z, op, now);
    }
    qt_match_tell(z, op, now);
    qt_match_operator(z, op, now);
    call->stream = stream->serial;
    return APR_SUCCESS;
}

/* ---- going ---- */

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

void qt_stream_over(qt_zone *z, qt_stream *stream, qt_time now)
{
    qt_operator *op = QT_REC(z, qt_operator, stream->operator);

    qt_stream_drop(z, stream);
    if (op->streams.count == 0) {
        last_stream_over(z, op, now);
    }
}

apr_status_t qt_do_leave(qt_zone *z, qt_time now, qt_call *call)
{
    qt_stream *stream = find_stream(z, call->stream);

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
    qt_stream *stream = find_stream(z, call->stream);

    (void)now;
    if (stream) {
        QT_EDIT(z, stream);
        stream->held = call->flag;
        qt_stream_mark(z, stream);
    }
    return APR_SUCCESS;
}
