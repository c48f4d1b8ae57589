/* Topics. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_topic.h"
#include "core/qt_piece.h"
#include "core/qt_task.h"
#include "core/qt_text.h"

/* Messages beyond what the rules keep that wait for a child to be told: a child that sleeps longer misses some. */
#define QT_BACKLOG 1024
/* Messages dropped for room in one verb. */
#define QT_ROOM_BATCH 64

/* What a topic's rules are before it was published to. */
static const qt_topic_rules unknown = { .age = QT_MEMORY };

qt_topic *qt_topic_find(qt_zone *z, qt_str name)
{
    return qt_zone_find(z, &z->topics, name);
}

static int is_mail(const qt_topic *topic)
{
    return qt_id(topic).p[0] == QT_NAME_MAIL;
}

/* What a mailbox has lost is remembered for its owner beyond what is left in it. */
static int owes_mail(const qt_topic *topic)
{
    return is_mail(topic) && topic->owed;
}

qt_topic *qt_topic_get(qt_zone *z, qt_str name)
{
    qt_topic *topic = qt_topic_find(z, name);

    if (topic) {
        return topic;
    }
    topic = qt_zone_new(z, &z->topics, sizeof(*topic), name);
    if (topic) {
        QT_PUT(z, z->serials, z->serials + 1);
        topic->serial = z->serials;
        topic->rules = unknown;
        topic->owed = topic->dropped = is_mail(topic) ? 0 : z->owed;
    }
    return topic;
}

qt_str qt_topic_hidden(char *buffer, char prefix, qt_str who)
{
    apr_size_t n = who.n < QT_NAME_MAX ? who.n : QT_NAME_MAX;

    buffer[0] = prefix;
    if (n) {
        memcpy(buffer + 1, who.p, n);
    }
    return (qt_str){ buffer, n + 1 };
}

void qt_topic_let_go(qt_zone *z, qt_topic *topic)
{
    if (topic->ring.count || topic->outlets.count || topic->merges || owes_mail(topic)) {
        return;
    }
    if (topic->owed > z->owed && !is_mail(topic)) {
        QT_PUT(z, z->owed, topic->owed);
    }
    qt_zone_due(z, &topic->due, QT_DUE_TOPIC, 0);
    qt_zone_drop(z, &z->topics, topic);
}

/* ---- outlets ---- */

/* It stands in its child's line by what comes next. */
static void stand(qt_zone *z, qt_outlet *outlet, apr_uint64_t seq)
{
    const qt_topic *topic = QT_REC(z, qt_topic, outlet->topic);

    qt_tree_remove(QT_B(z), &outlet->telling);
    if (seq) {
        qt_tree_insert(QT_B(z), &z->children[outlet->child].telling, &outlet->telling, (apr_int64_t)seq, topic->serial);
    }
}

/* A loss that is to be told keeps its place: whoever was told a later message of another topic would not find it any more. */
static void set_next(qt_zone *z, qt_outlet *outlet, const qt_message *next)
{
    QT_PUT(z, outlet->next, next ? QT_OF(z, next) : 0);
    if (!outlet->lost) {
        stand(z, outlet, next ? next->seq : 0);
    }
}

void qt_outlet_advance(qt_zone *z, qt_outlet *outlet)
{
    set_next(z, outlet, qt_message_at(z, QT_REC(z, qt_message, outlet->next)->line.next));
}

void qt_outlet_told_loss(qt_zone *z, qt_outlet *outlet)
{
    QT_EDIT(z, outlet);
    outlet->lost = 0;
    set_next(z, outlet, QT_AT(z, qt_message, outlet->next));
}

static qt_outlet *find_outlet(qt_zone *z, const qt_topic *topic, apr_uint32_t child)
{
    QT_EACH(QT_B(z), n, next, &topic->outlets) {
        qt_outlet *outlet = QT_AROUND(n, qt_outlet, of_topic);

        if (outlet->child == child) {
            return outlet;
        }
    }
    return NULL;
}

static qt_outlet *get_outlet(qt_zone *z, qt_topic *topic, apr_uint32_t child)
{
    qt_outlet *outlet = find_outlet(z, topic, child);

    if (outlet) {
        return outlet;
    }
    outlet = qt_zone_alloc(z, sizeof(*outlet), QT_NORMAL);
    if (outlet) {
        *outlet = (qt_outlet){ .topic = QT_OF(z, topic), .child = child };
        qt_list_append(QT_B(z), &topic->outlets, &outlet->of_topic);
        qt_list_append(QT_B(z), &z->children[child].outlets, &outlet->of_child);
    }
    return outlet;
}

apr_status_t qt_outlet_join(qt_zone *z, qt_topic *topic, qt_stream *stream)
{
    qt_outlet *outlet = get_outlet(z, topic, stream->child);

    if (!outlet) {
        return QT_E_FULL;
    }
    QT_PUT(z, outlet->streams, outlet->streams + 1);
    QT_PUT(z, topic->listeners, topic->listeners + 1);
    QT_REC(z, qt_ref, stream->outlets)[stream->noutlets++] = QT_OF(z, outlet);
    return APR_SUCCESS;
}

static void leave_one(qt_zone *z, qt_outlet *outlet, qt_time now)
{
    qt_topic *topic = QT_REC(z, qt_topic, outlet->topic);

    QT_PUT(z, topic->listeners, topic->listeners - 1);
    QT_PUT(z, outlet->streams, outlet->streams - 1);
    if (outlet->streams == 0) {
        qt_tree_remove(QT_B(z), &outlet->telling);
        qt_list_remove(QT_B(z), &topic->outlets, &outlet->of_topic);
        qt_list_remove(QT_B(z), &z->children[outlet->child].outlets, &outlet->of_child);
        qt_zone_free(z, outlet);
        qt_topic_trim(z, topic, now);
        qt_topic_let_go(z, topic);
    }
}

void qt_outlets_leave(qt_zone *z, qt_stream *stream, qt_time now)
{
    if (!stream->outlets) {
        return;
    }
    for (unsigned i = 0; i < stream->noutlets; i++) {
        leave_one(z, QT_REC(z, qt_outlet, QT_REC(z, qt_ref, stream->outlets)[i]), now);
    }
    qt_zone_free(z, QT_REC(z, qt_ref, stream->outlets));
    QT_EDIT(z, stream);
    stream->outlets = 0;
    stream->noutlets = 0;
}

int qt_topic_told(qt_zone *z, const qt_topic *topic, apr_uint64_t seq)
{
    QT_EACH(QT_B(z), n, following, &topic->outlets) {
        const qt_message *next = QT_AT(z, qt_message, QT_AROUND(n, qt_outlet, of_topic)->next);

        if (next && next->seq <= seq) {
            return 0;
        }
    }
    return 1;
}

/* ---- messages that go ---- */

/* Whether who comes back would have been given it. */
static int is_owed(const qt_topic *topic, const qt_message *message)
{
    return topic->rules.delivery == QT_DELIVER_ALL || (topic->rules.delivery == QT_DELIVER_LAST && message->newest);
}

static void note_loss(qt_zone *z, qt_topic *topic, const qt_message *message)
{
    QT_EDIT(z, topic);
    topic->dropped = message->seq > topic->dropped ? message->seq : topic->dropped;
    if (is_owed(topic, message) && message->seq > topic->owed) {
        topic->owed = message->seq;
        topic->owed_until = message->at + 2 * topic->rules.age;
    }
}

/* Children that have not been told it go on with the one after it. */
static void pass_over(qt_zone *z, const qt_topic *topic, const qt_message *message, int lost)
{
    QT_EACH(QT_B(z), n, next, &topic->outlets) {
        qt_outlet *outlet = QT_AROUND(n, qt_outlet, of_topic);

        if (outlet->next == QT_OF(z, message)) {
            QT_EDIT(z, outlet);
            outlet->lost |= lost != 0;
            qt_outlet_advance(z, outlet);
            qt_zone_wake(z, outlet->child);
        }
    }
}

void qt_topic_miss(qt_zone *z, qt_topic *topic)
{
    QT_PUT(z, z->seq, z->seq + 1);
    QT_EDIT(z, topic);
    topic->owed = topic->dropped = z->seq;
    QT_EACH(QT_B(z), n, next, &topic->outlets) {
        qt_outlet *outlet = QT_AROUND(n, qt_outlet, of_topic);

        if (!outlet->next && !outlet->lost) {
            stand(z, outlet, z->seq);
        }
        QT_EDIT(z, outlet);
        outlet->lost = 1;
        qt_zone_wake(z, outlet->child);
    }
}

/* Mail makes no room for others, so it stands in no line for that. */
static void count_in(qt_zone *z, const qt_topic *topic, qt_message *message)
{
    if (is_mail(topic)) {
        QT_PUT(z, z->mails, z->mails + 1);
    }
    else {
        qt_list_append(QT_B(z), &z->log, &message->log);
    }
}

static void count_out(qt_zone *z, const qt_topic *topic, qt_message *message)
{
    if (is_mail(topic)) {
        QT_PUT(z, z->mails, z->mails - 1);
    }
    else {
        qt_list_remove(QT_B(z), &z->log, &message->log);
    }
}

void qt_message_drop(qt_zone *z, qt_message *message, int lost)
{
    qt_topic *topic = QT_REC(z, qt_topic, message->topic);

    if (lost) {
        note_loss(z, topic, message);
    }
    pass_over(z, topic, message, lost);
    if (message->newest) {
        qt_table_drop(QT_B(z), &z->latest, message);
    }
    qt_list_remove(QT_B(z), &topic->ring, &message->line);
    count_out(z, topic, message);
    qt_text_free(z, message->text);
    qt_pieces_free(z, message->pieces);
    qt_zone_free(z, message);
}

/* The end of its oldest message, which may be late: a time that comes too early is only looked at again. */
static void schedule(qt_zone *z, qt_topic *topic)
{
    const qt_message *oldest = qt_message_at(z, topic->ring.first);
    qt_time when = oldest ? oldest->at + topic->rules.age : owes_mail(topic) ? topic->owed_until : 0;

    if (!topic->due.tree || !when || topic->due.key > when) {
        qt_zone_due(z, &topic->due, QT_DUE_TOPIC, when);
    }
}

static int may_go(qt_zone *z, const qt_topic *topic, const qt_message *message, qt_time now)
{
    apr_uint64_t most = (apr_uint64_t)topic->rules.retain + QT_BACKLOG;

    if (message->at + topic->rules.age <= now || topic->ring.count > most) {
        return 1;
    }
    return topic->ring.count > topic->rules.retain && qt_topic_told(z, topic, message->seq);
}

void qt_topic_trim(qt_zone *z, qt_topic *topic, qt_time now)
{
    qt_message *oldest;

    while ((oldest = qt_message_at(z, topic->ring.first)) != NULL && qt_undo_room(QT_B(z)) && may_go(z, topic, oldest, now)) {
        qt_message_drop(z, oldest, 1);
    }
    if (owes_mail(topic) && topic->owed_until <= now) {
        QT_PUT(z, topic->owed, 0);
    }
    schedule(z, topic);
}

int qt_topics_make_room(qt_zone *z)
{
    int n = 0;

    for (; z->log.first && n < QT_ROOM_BATCH && qt_undo_room(QT_B(z)); n++) {
        qt_message *message = QT_AROUND(qt_list_at(QT_B(z), z->log.first), qt_message, log);
        qt_topic *topic = QT_REC(z, qt_topic, message->topic);

        qt_message_drop(z, message, 1);
        qt_topic_let_go(z, topic);
    }
    return n > 0;
}

/* ---- messages that come ---- */

/* The record, in zone.latest in place of the one that was the newest of its key; that one is given, or NULL. */
static qt_message *make_message(qt_zone *z, const qt_topic *topic, const qt_draft *draft, qt_message **before)
{
    char name[QT_SERIAL + QT_NAME_MAX];
    qt_str id = { name, QT_SERIAL + draft->key.n };
    qt_message *message;

    if (draft->key.n > QT_NAME_MAX) {
        return NULL;
    }
    memcpy(name, &topic->serial, QT_SERIAL);
    if (draft->key.n) {
        memcpy(name + QT_SERIAL, draft->key.p, draft->key.n);
    }
    message = qt_zone_alloc(z, sizeof(*message) + id.n + draft->type.n, QT_NORMAL);
    if (!message) {
        return NULL;
    }
    *before = qt_zone_find(z, &z->latest, id);
    if (*before) {
        QT_EDIT(z, *before);
        (*before)->newest = 0;
        qt_table_drop(QT_B(z), &z->latest, *before);
    }
    memset(message, 0, sizeof(*message));
    qt_table_add(QT_B(z), &z->latest, message, sizeof(*message), qt_table_hash(z->seed, id), id);
    if (draft->type.n) {
        memcpy((char *)(message + 1) + id.n, draft->type.p, draft->type.n);
    }
    message->newest = 1;
    message->ntype = (apr_uint16_t)draft->type.n;
    return message;
}

static void announce(qt_zone *z, const qt_topic *topic, const qt_message *message)
{
    QT_EACH(QT_B(z), n, next, &topic->outlets) {
        qt_outlet *outlet = QT_AROUND(n, qt_outlet, of_topic);

        if (!outlet->next) {
            set_next(z, outlet, message);
        }
        qt_zone_wake(z, outlet->child);
    }
}

/* Where only the last of each key counts, the one that has been overtaken goes first. */
static void drop_overtaken(qt_zone *z, qt_topic *topic, qt_message *before)
{
    if (before && topic->rules.delivery == QT_DELIVER_LAST && topic->ring.count > topic->rules.retain &&
        qt_topic_told(z, topic, before->seq)) {
        qt_message_drop(z, before, 1);
    }
}

qt_message *qt_topic_post(qt_zone *z, qt_topic *topic, const qt_draft *draft, qt_time now)
{
    qt_message *before, *message = make_message(z, topic, draft, &before);

    if (!message) {
        return NULL;
    }
    QT_PUT(z, z->seq, z->seq + 1);
    message->seq = z->seq;
    message->at = now;
    message->topic = QT_OF(z, topic);
    message->text = draft->text;
    message->pieces = draft->pieces;
    message->count = draft->count;
    message->merge = (apr_byte_t)draft->merge;
    message->merged = draft->merged;
    qt_list_append(QT_B(z), &topic->ring, &message->line);
    count_in(z, topic, message);
    announce(z, topic, message);
    drop_overtaken(z, topic, before);
    return message;
}
