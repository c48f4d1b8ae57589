/* The verb of a stream that is behind: what it has missed of its topics, in the order of the sequence. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

/* Events of one verb, and bytes after which no more are added to it. */
#define QT_CATCH_UP_BATCH 128
#define QT_CATCH_UP_BYTES (256 * 1024)
/* Messages looked at in one verb, told or not. */
#define QT_CATCH_UP_LOOKS 1024

/* Where the stream stands in each of its topics: the next message to look at, or NULL. */
typedef struct qt_reach {
    qt_message *at[QT_TOPICS_MAX];
    unsigned n;
} qt_reach;

static qt_topic *topic_of(qt_zone *z, const qt_stream *stream, unsigned i)
{
    return QT_REC(z, qt_topic, QT_REC(z, qt_outlet, QT_REC(z, qt_ref, stream->outlets)[i])->topic);
}

/* From the end of the ring that is nearer, by the sequence: most are near the end, and who comes from afar begins at the front. */
static qt_message *first_after(qt_zone *z, const qt_topic *topic, apr_uint64_t seq)
{
    qt_message *at = qt_message_at(z, topic->ring.first), *last = qt_message_at(z, topic->ring.last), *found = NULL;

    if (!last || last->seq <= seq) {
        return NULL;
    }
    if (seq <= at->seq || seq - at->seq < last->seq - seq) {
        while (at->seq <= seq) {
            at = qt_message_at(z, at->line.next);
        }
        return at;
    }
    for (at = last; at && at->seq > seq; at = qt_message_at(z, at->line.prev)) {
        found = at;
    }
    return found;
}

/* Something is gone that its rules owed to who came back, or that the stream should have been told while it was here. */
static int has_lost(const qt_topic *topic, const qt_call *call)
{
    apr_uint64_t here = call->after > call->until ? call->after : call->until;
    int missed_away = call->after < call->until && topic->owed > call->after && qt_id(topic).p[0] != QT_NAME_ALL;

    return missed_away || topic->dropped > here;
}

static int lost_some(qt_zone *z, const qt_stream *stream, const qt_call *call)
{
    for (unsigned i = 0; i < stream->noutlets; i++) {
        if (has_lost(topic_of(z, stream, i), call)) {
            return 1;
        }
    }
    return 0;
}

static int has_key(const qt_call *call, qt_str key)
{
    if (!call->nkeys || !key.n) {
        return 1;
    }
    for (apr_uint32_t i = 0; i < call->nkeys; i++) {
        if (qt_str_eq(call->keys[i], key)) {
            return 1;
        }
    }
    return 0;
}

/* Whether the stream is to have it: what came while it was away by the topic's rules. */
static int is_due(const qt_topic *topic, const qt_message *message, const qt_call *call)
{
    if (!has_key(call, qt_message_key(message))) {
        return 0;
    }
    if (message->seq > call->until) {
        return 1;
    }
    if (qt_id(topic).p[0] == QT_NAME_ALL) {
        return call->flag;
    }
    return topic->rules.delivery == QT_DELIVER_ALL || (topic->rules.delivery == QT_DELIVER_LAST && message->newest);
}

/* The topic whose next message comes first; -1: there is none. */
static int foremost(const qt_reach *reach)
{
    int best = -1;

    for (unsigned i = 0; i < reach->n; i++) {
        if (reach->at[i] && (best < 0 || reach->at[i]->seq < reach->at[best]->seq)) {
            best = (int)i;
        }
    }
    return best;
}

/* Goes through what is left, as far as one verb may. A topic that was named twice comes by twice. */
static apr_status_t walk(qt_zone *z, qt_call *call, const qt_stream *stream, qt_reach *reach)
{
    int i, looks = 0;

    while ((i = foremost(reach)) >= 0) {
        qt_message *message = reach->at[i];

        if (call->n == QT_CATCH_UP_BATCH || call->out.len > QT_CATCH_UP_BYTES || looks++ == QT_CATCH_UP_LOOKS) {
            call->more = 1;
            return APR_SUCCESS;
        }
        if (message->seq > call->after && is_due(topic_of(z, stream, (unsigned)i), message, call) &&
            !qt_lay_message(z, call, stream, message)) {
            return QT_E_SPACE;
        }
        call->after = message->seq;
        reach->at[i] = qt_message_at(z, message->line.next);
    }
    call->after = z->seq;
    return APR_SUCCESS;
}

/* A mailbox that overflowed: its owner has been told so, once for all. */
static void settle_loss(qt_zone *z, const qt_stream *stream)
{
    qt_topic *mail = topic_of(z, stream, 0);

    if (stream->kind == QT_K_NOTICES && mail->owed) {
        QT_PUT(z, mail->owed, 0);
    }
}

apr_status_t qt_do_catch_up(qt_zone *z, qt_time now, qt_call *call)
{
    const qt_stream *stream = qt_stream_find(z, call->stream);
    apr_uint64_t after = call->after;
    apr_status_t rv;
    qt_reach reach;

    (void)now;
    if (!stream || !stream->outlets) {
        return QT_E_UNKNOWN;
    }
    call->epoch = z->epoch;
    call->seq = z->seq;
    call->lost = !call->skip && lost_some(z, stream, call);
    if (call->lost) {
        return APR_SUCCESS;
    }
    call->events = qt_lay(&call->out, QT_CATCH_UP_BATCH * sizeof(*call->events));
    if (!call->events) {
        return QT_E_SPACE;
    }
    reach.n = stream->noutlets;
    for (unsigned i = 0; i < reach.n; i++) {
        reach.at[i] = first_after(z, topic_of(z, stream, i), after);
    }
    if (call->skip) {
        settle_loss(z, stream);
    }
    rv = walk(z, call, stream, &reach);
    call->after = rv == APR_SUCCESS ? call->after : after;
    return rv;
}
