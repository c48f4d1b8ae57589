/* The invariants of users, streams, topics and queues: the other half of qt_check.c. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_check.h"
#include "core/qt_core.h"
#include "core/qt_queue.h"
#include "core/qt_text.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"

/* What the walk has found in use, and in line for a time. */
typedef struct qt_sum {
    apr_uint64_t bytes, due, messages, queued, outlets;
} qt_sum;

static apr_uint32_t count_pieces(qt_zone *z, qt_sum *sum, qt_ref pieces)
{
    apr_uint32_t n = 0;

    for (; pieces; pieces = QT_REC(z, qt_piece, pieces)->next, n++) {
        const qt_piece *piece = QT_REC(z, qt_piece, pieces);

        sum->bytes += qt_cell_size(sizeof(*piece) + piece->nname + piece->ntext);
    }
    return n;
}

/* ---- users and their streams ---- */

static const char *check_stream(qt_zone *z, qt_sum *sum, const qt_stream *stream)
{
    CHECK(!qt_stream_wants(z, stream) || stream->marked, "a stream that has something to hear is not in line");
    CHECK((stream->kind == QT_K_WAIT) == (stream->operator != 0), "a stream waits for nobody's tasks");
    CHECK((stream->kind == QT_K_READER) == (stream->reader != 0), "a stream reads without a reader");
    sum->bytes += qt_record_cell(stream, sizeof(*stream));
    if (stream->outlets) {
        sum->bytes += qt_cell_size(stream->noutlets * sizeof(qt_ref));
        sum->outlets += stream->noutlets;
    }
    return NULL;
}

static const char *check_user(qt_zone *z, qt_sum *sum, const qt_user *user, apr_uint32_t *streams)
{
    const char *why = qt_list_check(QT_B(z), &user->streams);

    CHECK(!why, why);
    CHECK(user->online || !user->streams.count, "a user with a stream is not there");
    CHECK(!user->online || user->streams.count || user->due.tree, "a user is there for ever");
    CHECK(!user->due.tree || !user->streams.count, "a user with a stream has a grace");
    for (const qt_node *n = qt_list_at(QT_B(z), user->streams.first); n && !why; n = qt_list_at(QT_B(z), n->next)) {
        const qt_stream *stream = QT_AROUND(n, qt_stream, of_user);

        CHECK(stream->user == QT_OF(z, user), "a stream is another user's");
        why = check_stream(z, sum, stream);
    }
    *streams += user->streams.count;
    sum->due += user->due.tree != 0;
    sum->bytes += qt_record_cell(user, sizeof(*user));
    return why;
}

static const char *check_users(qt_zone *z, qt_sum *sum)
{
    const char *why = qt_list_check(QT_B(z), &z->gone);
    apr_uint32_t streams = 0, online = 0;

    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->users, e)) != NULL;) {
        why = check_user(z, sum, (const qt_user *)e, &streams);
        online += ((const qt_user *)e)->online;
    }
    CHECK(!why, why);
    CHECK(streams == z->streams.count, "there are streams of nobody");
    CHECK(online == z->stats.online && z->gone.count == z->users.count - online, "users are miscounted");
    return NULL;
}

/* ---- topics ---- */

static const char *check_message(qt_zone *z, qt_sum *sum, const qt_topic *topic, const qt_message *message)
{
    CHECK(message->topic == QT_OF(z, topic), "a message stands in another topic");
    CHECK(message->newest == (qt_zone_find(z, &z->latest, qt_id(message)) == (const void *)message), "the newest of a key is another one");
    sum->bytes += qt_cell_size(sizeof(*message) + qt_id(message).n + message->ntype);
    sum->bytes += qt_text_cells(z, message->text);
    count_pieces(z, sum, message->pieces);
    sum->messages++;
    return NULL;
}

static const char *check_ring(qt_zone *z, qt_sum *sum, const qt_topic *topic)
{
    const char *why = qt_list_check(QT_B(z), &topic->ring);
    apr_uint64_t before = 0;

    for (const qt_message *at = qt_message_at(z, topic->ring.first); !why && at; at = qt_message_at(z, at->line.next)) {
        CHECK(at->seq > before, "messages are out of order");
        before = at->seq;
        why = check_message(z, sum, topic, at);
    }
    return why;
}

static const char *check_outlets(qt_zone *z, qt_sum *sum, const qt_topic *topic)
{
    const char *why = qt_list_check(QT_B(z), &topic->outlets);
    apr_uint32_t streams = 0;

    CHECK(!why, why);
    for (const qt_node *n = qt_list_at(QT_B(z), topic->outlets.first); n; n = qt_list_at(QT_B(z), n->next)) {
        const qt_outlet *outlet = QT_AROUND(n, qt_outlet, of_topic);
        const qt_message *next = QT_AT(z, qt_message, outlet->next);

        CHECK((next || outlet->lost) == (outlet->telling.tree != 0), "a child has something to hear and is not in line, or it has not");
        CHECK(!next || next->topic == QT_OF(z, topic), "a child is told another topic's message");
        CHECK(!next || outlet->lost || outlet->telling.key == (apr_int64_t)next->seq, "a child stands wrong in line");
        CHECK(outlet->streams, "nobody listens to an outlet");
        streams += outlet->streams;
        sum->bytes += qt_cell_size(sizeof(*outlet));
    }
    CHECK(streams == topic->listeners, "listeners are miscounted");
    sum->outlets -= streams;
    return NULL;
}

static const char *check_topics(qt_zone *z, qt_sum *sum)
{
    const char *why = NULL;

    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->topics, e)) != NULL;) {
        const qt_topic *topic = (const qt_topic *)e;

        why = check_ring(z, sum, topic);
        why = why ? why : check_outlets(z, sum, topic);
        CHECK(topic->ring.count || topic->outlets.count || topic->merges || (topic->owed && topic->due.tree),
              "a topic of which nothing is left is still there");
        CHECK(!topic->ring.count || topic->due.tree, "a message lives for ever");
        sum->due += topic->due.tree != 0;
        sum->bytes += qt_record_cell(topic, sizeof(*topic));
    }
    CHECK(!why, why);
    CHECK(sum->outlets == 0, "streams listen to more or less than there is");
    CHECK(sum->messages == z->log.count + z->mails, "messages are miscounted");
    return qt_list_check(QT_B(z), &z->log);
}

static const char *check_pendings(qt_zone *z, qt_sum *sum)
{
    for (qt_entry *e = NULL; (e = qt_table_next(QT_B(z), &z->pendings, e)) != NULL;) {
        const qt_pending *pending = (const qt_pending *)e;

        CHECK(pending->due.tree, "what is to be merged waits for ever");
        CHECK(count_pieces(z, sum, pending->pieces) == pending->npieces, "pieces are miscounted");
        sum->bytes += qt_text_cells(z, pending->text);
        sum->bytes += qt_record_cell(pending, sizeof(*pending));
        sum->due++;
    }
    for (qt_entry *e = NULL; (e = qt_table_next(QT_B(z), &z->receipts, e)) != NULL;) {
        sum->bytes += qt_record_cell(e, sizeof(qt_receipt));
    }
    CHECK(z->receipts.count == z->receipts_line.count, "receipts are miscounted");
    return qt_list_check(QT_B(z), &z->receipts_line);
}

/* ---- queues ---- */

/* What is in flight stands in the order in which it was told, which is another when some of it has come back once. */
static const char *check_parcels(qt_zone *z, qt_sum *sum, const qt_list *line, int ready)
{
    const char *why = qt_list_check(QT_B(z), line);
    apr_uint64_t before = 0;

    for (const qt_node *n = qt_list_at(QT_B(z), line->first); !why && n; n = qt_list_at(QT_B(z), n->next)) {
        const qt_parcel *parcel = QT_AROUND(n, qt_parcel, line);

        CHECK(parcel->seq > before || !ready, "a queue is out of order");
        before = parcel->seq;
        sum->bytes += qt_cell_size(sizeof(*parcel));
        sum->queued++;
        sum->bytes += qt_text_cells(z, parcel->text);
    }
    return why;
}

static const char *check_readers(qt_zone *z, qt_sum *sum, const qt_queue *queue, const qt_list *readers, int able)
{
    const char *why = qt_list_check(QT_B(z), readers);

    for (const qt_node *n = qt_list_at(QT_B(z), readers->first); !why && n; n = qt_list_at(QT_B(z), n->next)) {
        const qt_reader *reader = QT_AROUND(n, qt_reader, of_queue);

        CHECK(reader->queue == QT_OF(z, queue) && reader->able == able, "a reader stands wrong");
        CHECK(reader->stream || reader->due.tree, "what a reader had is lost for ever");
        CHECK(reader->untold <= reader->flight.count, "a reader's untold messages are miscounted");
        sum->due += reader->due.tree != 0;
        sum->bytes += qt_cell_size(sizeof(*reader) + reader->nwho);
        why = check_parcels(z, sum, &reader->flight, 0);
    }
    return why;
}

static const char *check_queues(qt_zone *z, qt_sum *sum)
{
    const char *why = NULL;

    for (qt_entry *e = NULL; !why && (e = qt_table_next(QT_B(z), &z->queues, e)) != NULL;) {
        const qt_queue *queue = (const qt_queue *)e;

        why = check_parcels(z, sum, &queue->ready, 1);
        why = why ? why : check_readers(z, sum, queue, &queue->readers, 1);
        why = why ? why : check_readers(z, sum, queue, &queue->others, 0);
        CHECK(queue->due.tree, "a queue lives for ever");
        CHECK(!queue->ready.count || !queue->readers.count || queue->due.key < queue->until, "a message waits beside an able reader");
        CHECK(queue->closed || queue->ready.count || queue->readers.count || queue->others.count, "an empty queue is still there");
        sum->due++;
        sum->bytes += qt_record_cell(queue, sizeof(*queue));
    }
    CHECK(!why, why);
    CHECK(sum->queued == z->stats.queued, "messages of queues are miscounted");
    return NULL;
}

/* ---- children ---- */

static const char *check_children(qt_zone *z)
{
    const char *why = NULL;

    for (unsigned i = 0; i < QT_CHILDREN_MAX && !why; i++) {
        why = qt_list_check(QT_B(z), &z->children[i].dirty);
        why = why ? why : qt_list_check(QT_B(z), &z->children[i].outlets);
        why = why ? why : qt_tree_check(QT_B(z), &z->children[i].telling);
    }
    return why;
}

const char *qt_check_talk(qt_zone *z, apr_uint64_t *bytes, apr_uint64_t *due)
{
    qt_sum sum = { .bytes = 0 };
    const char *why = check_users(z, &sum);

    why = why ? why : check_topics(z, &sum);
    why = why ? why : check_pendings(z, &sum);
    why = why ? why : check_queues(z, &sum);
    why = why ? why : check_children(z);
    *bytes += sum.bytes;
    *due += sum.due;
    return why;
}
