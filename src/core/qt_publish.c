/* Verbs of messages: to topics, to users, to everybody; and what has been read. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_page.h"
#include "core/qt_piece.h"
#include "core/qt_task.h"
#include "core/qt_text.h"
#include "core/qt_topic.h"
#include "core/qt_view.h"

/* The part of the zone that receipts may take, and the one that the messages of topics may. */
#define QT_RECEIPTS_PART 32
/* Receipts dropped in one verb. */
#define QT_RECEIPTS_BATCH 64
/* Broadcasts kept for those who are away for no longer than their grace, and for how long at least, so that those who are there
 * can be told. */
#define QT_BROADCASTS 1000
#define QT_BROADCAST_LEAST QT_SECOND

/* ---- what a topic has had ---- */

static void drop_receipt(qt_zone *z, qt_receipt *receipt)
{
    qt_list_remove(QT_B(z), &z->receipts_line, &receipt->line);
    qt_zone_drop(z, &z->receipts, receipt);
}

static qt_receipt *oldest_receipt(qt_zone *z)
{
    const qt_node *node = qt_list_at(QT_B(z), z->receipts_line.first);

    return node ? QT_AROUND(node, qt_receipt, line) : NULL;
}

int qt_receipts_forget(qt_zone *z, qt_time now, int only_old)
{
    qt_receipt *receipt;
    int n = 0;

    while ((receipt = oldest_receipt(z)) != NULL && n < QT_RECEIPTS_BATCH && qt_undo_room(QT_B(z)) &&
           (!only_old || receipt->at + QT_MEMORY <= now)) {
        drop_receipt(z, receipt);
        n++;
    }
    return n > 0;
}

qt_time qt_receipts_due(qt_zone *z)
{
    const qt_receipt *oldest = oldest_receipt(z);

    return oldest ? oldest->at + QT_MEMORY : 0;
}

/* The id of a receipt; `buffer` has QT_RECEIPT_MAX bytes. Absent: the name is too long to be one. */
#define QT_RECEIPT_MAX (2 * QT_NAME_MAX + 2)
static qt_str receipt_id(char *buffer, qt_str topic, char what, qt_str name)
{
    if (topic.n > QT_NAME_MAX || name.n > QT_NAME_MAX) {
        return QT_STR_NONE;
    }
    memcpy(buffer, topic.p, topic.n);
    buffer[topic.n] = '\n';
    buffer[topic.n + 1] = what;
    if (name.n) {
        memcpy(buffer + topic.n + 2, name.p, name.n);
    }
    return (qt_str){ buffer, topic.n + 2 + name.n };
}

static qt_receipt *find_receipt(qt_zone *z, qt_str topic, char what, qt_str name)
{
    char buffer[QT_RECEIPT_MAX];
    qt_str id = receipt_id(buffer, topic, what, name);

    return id.n ? qt_zone_find(z, &z->receipts, id) : NULL;
}

static apr_status_t give_receipt(qt_zone *z, qt_str topic, char what, qt_str name, apr_uint64_t number, qt_time now)
{
    char buffer[QT_RECEIPT_MAX];
    qt_str id = receipt_id(buffer, topic, what, name);
    qt_receipt *receipt = id.n ? qt_zone_find(z, &z->receipts, id) : NULL;

    if (receipt) {
        qt_list_remove(QT_B(z), &z->receipts_line, &receipt->line);
    }
    else {
        if ((z->receipts.count + 1) * (apr_uint64_t)sizeof(*receipt) > z->block.size / QT_RECEIPTS_PART) {
            drop_receipt(z, oldest_receipt(z));
        }
        receipt = id.n ? qt_zone_new(z, &z->receipts, sizeof(*receipt), id) : NULL;
    }
    if (!receipt) {
        return id.n ? QT_E_FULL : QT_E_MALFORMED;
    }
    QT_EDIT(z, receipt);
    receipt->at = now;
    receipt->number = number;
    qt_list_append(QT_B(z), &z->receipts_line, &receipt->line);
    return APR_SUCCESS;
}

/* ---- topics ---- */

static apr_status_t post(qt_zone *z, qt_topic *topic, qt_time now, qt_call *call)
{
    qt_draft draft = { .key = call->key, .type = call->type, .text = qt_text_new(z, call->data) };
    const qt_message *message = draft.text || !call->data.n ? qt_topic_post(z, topic, &draft, now) : NULL;

    call->seq = message ? message->seq : 0;
    qt_topic_trim(z, topic, now);
    return message ? APR_SUCCESS : QT_E_FULL;
}

/* Whether there is nothing to be done: published before, or overtaken by a newer version. */
static int is_old_news(qt_zone *z, qt_call *call, qt_str topic)
{
    const qt_receipt *receipt = call->message_id.n ? find_receipt(z, topic, 'm', call->message_id) : NULL;

    if (receipt) {
        call->repeated = 1;
        call->seq = receipt->number;
        return 1;
    }
    receipt = call->versioned ? find_receipt(z, topic, 'v', call->key) : NULL;
    call->stale = receipt && call->version < receipt->number;
    return call->stale;
}

static apr_status_t note_receipts(qt_zone *z, qt_time now, const qt_call *call, qt_str topic)
{
    apr_status_t rv = APR_SUCCESS;

    if (call->message_id.n) {
        rv = give_receipt(z, topic, 'm', call->message_id, call->seq, now);
    }
    if (rv == APR_SUCCESS && call->versioned) {
        rv = give_receipt(z, topic, 'v', call->key, call->version, now);
    }
    return rv;
}

apr_status_t qt_do_publish(qt_zone *z, qt_time now, qt_call *call)
{
    qt_topic *topic;
    apr_status_t rv;

    call->epoch = z->epoch;
    call->seq = 0;
    call->repeated = call->stale = 0;
    topic = qt_topic_find(z, call->topics[0]);
    call->listeners = topic ? topic->listeners : 0;
    if (is_old_news(z, call, call->topics[0])) {
        return APR_SUCCESS;
    }
    topic = topic ? topic : qt_topic_get(z, call->topics[0]);
    if (!topic) {
        return QT_E_FULL;
    }
    QT_PUT(z, topic->rules, *call->topic_rules);
    rv = call->topic_rules->coalesce ? qt_pending_put(z, topic, call, now) : post(z, topic, now, call);
    if (rv == APR_SUCCESS) {
        rv = note_receipts(z, now, call, call->topics[0]);
    }
    QT_EDIT(z, &z->stats);
    z->stats.published++;
    z->stats.merged += call->topic_rules->coalesce != 0;
    qt_topic_let_go(z, topic);
    return rv;
}

/* ---- users ---- */

/* Into a topic that nobody can name. */
static apr_status_t post_hidden(qt_zone *z, qt_topic *topic, const qt_topic_rules *rules, qt_time now, qt_call *call)
{
    apr_status_t rv;

    QT_PUT(z, topic->rules, *rules);
    rv = post(z, topic, now, call);
    qt_topic_let_go(z, topic);
    return rv;
}

/* Nobody hears it, and it is not kept; it has had its number all the same. */
static apr_status_t to_nobody(qt_zone *z, qt_call *call)
{
    QT_PUT(z, z->seq, z->seq + 1);
    call->seq = z->seq;
    return APR_SUCCESS;
}

static apr_status_t notify_one(qt_zone *z, qt_time now, qt_call *call)
{
    qt_topic_rules rules = { .age = call->mailbox->age, .retain = call->mailbox->most,
                             .delivery = call->mailbox->most ? QT_DELIVER_ALL : QT_DELIVER_NONE };
    char name[QT_NAME_MAX + 1];
    qt_str hidden = qt_topic_hidden(name, QT_NAME_MAIL, call->who);
    qt_topic *topic = qt_topic_find(z, hidden);

    call->listeners = topic ? topic->listeners : 0;
    call->delivered = call->listeners > 0;
    call->stored = call->mailbox->most > 0;
    if (!call->delivered && !call->stored) {
        return to_nobody(z, call);
    }
    topic = topic ? topic : qt_topic_get(z, hidden);
    return topic ? post_hidden(z, topic, &rules, now, call) : QT_E_FULL;
}

/* Whoever is within his grace may come back for it, though nobody listens just now. */
static apr_status_t notify_all(qt_zone *z, qt_time now, qt_call *call)
{
    qt_topic_rules rules = { .age = call->grace > QT_BROADCAST_LEAST ? call->grace : QT_BROADCAST_LEAST, .retain = QT_BROADCASTS,
                             .delivery = QT_DELIVER_ALL };
    char name[QT_NAME_MAX + 1];
    qt_str hidden = qt_topic_hidden(name, QT_NAME_ALL, QT_STR_NONE);
    qt_topic *topic = z->stats.online ? qt_topic_get(z, hidden) : qt_topic_find(z, hidden);

    call->listeners = topic ? topic->listeners : 0;
    call->delivered = call->listeners > 0;
    call->stored = 0;
    if (!topic) {
        return z->stats.online ? QT_E_FULL : to_nobody(z, call);
    }
    return post_hidden(z, topic, &rules, now, call);
}

apr_status_t qt_do_notify(qt_zone *z, qt_time now, qt_call *call)
{
    call->epoch = z->epoch;
    QT_PUT(z, z->stats.notified, z->stats.notified + 1);
    return call->who.n ? notify_one(z, now, call) : notify_all(z, now, call);
}

static qt_topic *mail_of(qt_zone *z, qt_str who)
{
    char name[QT_NAME_MAX + 1];

    return qt_topic_find(z, qt_topic_hidden(name, QT_NAME_MAIL, who));
}

apr_status_t qt_do_read(qt_zone *z, qt_time now, qt_call *call)
{
    int foreign = call->since.given && call->since.epoch != z->epoch;
    qt_topic *mail = foreign ? NULL : mail_of(z, call->who);
    qt_message *at = mail ? qt_message_at(z, mail->ring.last) : NULL;

    (void)now;
    while (at && at->seq > call->seq) {
        at = qt_message_at(z, at->line.prev);
    }
    if (at && at->seq == call->seq) {
        qt_message_drop(z, at, 0);
        QT_PUT(z, z->stats.read, z->stats.read + 1);
        qt_topic_let_go(z, mail);
    }
    return APR_SUCCESS;
}

void qt_mail_read(qt_zone *z, qt_str who, apr_uint64_t seq)
{
    qt_topic *mail = mail_of(z, who);
    qt_message *oldest;

    while (mail && (oldest = qt_message_at(z, mail->ring.first)) != NULL && oldest->seq <= seq &&
           qt_topic_told(z, mail, oldest->seq) && qt_undo_room(QT_B(z))) {
        qt_message_drop(z, oldest, 0);
        QT_PUT(z, z->stats.read, z->stats.read + 1);
    }
    if (mail) {
        qt_topic_let_go(z, mail);
    }
}

apr_status_t qt_do_ack(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    for (apr_uint32_t i = 0; i < call->nacks && qt_undo_room(QT_B(z)); i++) {
        qt_mail_read(z, call->acks[i].who, call->acks[i].seq);
    }
    return APR_SUCCESS;
}

/* ---- looking ---- */

static int lay_topic(qt_zone *z, qt_call *call, const void *record)
{
    const qt_topic *topic = record;
    qt_topic_view *view = &call->topic_views[call->n];
    const qt_message *last = qt_message_at(z, topic->ring.last);

    if ((unsigned char)qt_id(topic).p[0] <= QT_NAME_FEED) {
        return 1;
    }
    *view = (qt_topic_view){ .messages = topic->ring.count, .listeners = topic->listeners, .seq = last ? last->seq : 0 };
    call->n++;
    return qt_lay_str(&call->out, qt_id(topic), &view->name);
}

apr_status_t qt_do_topics(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    call->epoch = z->epoch;
    call->topic_views = qt_page_lay(call, sizeof(*call->topic_views));
    return call->topic_views ? qt_page_of(z, call, &z->topics, lay_topic) : QT_E_SPACE;
}
