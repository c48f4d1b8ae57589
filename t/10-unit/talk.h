/* Calls of the talking half at random, for the randomised driver: topics, people, queues. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_TALK_H
#define TEST_TALK_H

#include "core/qt_call.h"

/* What one call needs to live as long as it. */
typedef struct talk {
    qt_str topics[3], keys[2], texts[4];
    qt_topic_rules rules;
    qt_item items[3];
    qt_mailbox mailbox;
    qt_ack acks[2];
} talk;

static const qt_verb talk_verbs[] = { QT_JOIN,     QT_JOIN,    QT_JOIN,   QT_JOIN,   QT_PUBLISH, QT_PUBLISH, QT_PUBLISH, QT_PUBLISH,
                                      QT_PUBLISH,  QT_PUBLISH, QT_NOTIFY, QT_NOTIFY, QT_NOTIFY,  QT_READ,    QT_ACK,     QT_CATCH_UP,
                                      QT_CATCH_UP, QT_PUSH,    QT_PUSH,   QT_PUSH,   QT_PUSH,    QT_CLOSE,   QT_DRAIN,   QT_DRAIN,
                                      QT_DRAINED,  QT_USERS,   QT_USER,   QT_KICK,   QT_TOPICS,  QT_QUEUES,  QT_COLLECT, QT_COLLECT,
                                      QT_COLLECT,  QT_COLLECT, QT_TICK,   QT_TICK,   QT_LEAVE,   QT_LEAVE,   QT_HOLD,    QT_HOLD,
                                      QT_TASKS };

static void talk_rules(talk *t)
{
    t->rules = (qt_topic_rules){
        .age = QT_SECOND * (1 + rnd(60)), .retain = rnd(5), .coalesce = rnd(4) ? 0 : QT_SECOND * (1 + rnd(3)),
        .delivery = (qt_delivery)rnd(3), .merge = (qt_merge)rnd(4)
    };
}

static qt_str talk_text(void)
{
    static char text[9000];

    memset(text, 'y', sizeof(text));
    return (qt_str){ text, rnd(4) ? rnd(60) : rnd(sizeof(text)) };
}

static void talk_items(talk *t, qt_call *call)
{
    static const char *const names[] = { "\"a\"", "\"b\"", "\"c\"" };
    int bare = t->rules.merge == QT_MERGE_UNION || rnd(3) == 0;

    call->items = t->items;
    call->nitems = 1 + rnd(3);
    for (unsigned i = 0; i < call->nitems; i++) {
        t->items[i] = (qt_item){
            .name = bare ? QT_STR_NONE : qt_str_of(names[i]), .whole = (apr_int64_t)rnd(10) - 5, .real = 0.5, .fraction = rnd(4) == 0
        };
        if (t->rules.merge == QT_MERGE_UNION || rnd(6) == 0) {
            t->items[i].text = qt_str_of(names[rnd(3)]);
        }
    }
}

/* `stream` and `seq` are such as the caller knows some of. */
static void talk_call(qt_call *call, talk *t, apr_uint64_t seq)
{
    static const char *const topics[] = { "a", "b", "c/1", "c/2" };
    static const char *const keys[] = { "", "", "k1", "k2", "k3" };
    static const char *const queues[] = { "q1", "q2", "q3" };

    call->verb = talk_verbs[rnd(sizeof(talk_verbs) / sizeof(talk_verbs[0]))];
    call->kind = (qt_kind)rnd(QT_KINDS);
    call->alone = rnd(8) == 0;
    call->versioned = rnd(4) == 0;
    call->version = rnd(6);
    call->grace = QT_SECOND * rnd(6);
    for (unsigned i = 0; i < 3; i++) {
        t->topics[i] = qt_str_of(topics[(i + rnd(2)) % 4]);
    }
    call->topics = t->topics;
    call->ntopics = 1 + rnd(3);
    t->keys[0] = qt_str_of(keys[2 + rnd(3)]);
    call->keys = t->keys;
    call->nkeys = rnd(2);
    call->key = qt_str_of(keys[rnd(5)]);
    call->queue = qt_str_of(queues[rnd(3)]);
    for (unsigned i = 0; i < 4; i++) {
        t->texts[i] = talk_text();
    }
    call->texts = t->texts;
    call->ntexts = 1 + rnd(4);
    call->data = talk_text();
    call->type = qt_str_of(rnd(2) ? "T" : "");
    call->message_id = rnd(5) ? QT_STR_NONE : name("m", rnd(4));
    talk_rules(t);
    call->topic_rules = &t->rules;
    talk_items(t, call);
    t->mailbox = (qt_mailbox){ .most = rnd(4), .age = QT_SECOND * (1 + rnd(100)) };
    call->mailbox = &t->mailbox;
    if (call->verb == QT_NOTIFY && rnd(4) == 0) {
        call->who = QT_STR_NONE;
    }
    t->acks[0] = (qt_ack){ .who = name("o", rnd(PEOPLE)), .seq = seq };
    t->acks[1] = (qt_ack){ .who = name("o", rnd(PEOPLE)), .seq = seq / 2 };
    call->acks = t->acks;
    call->nacks = 2;
    call->seq = seq - rnd(3);
    call->until = seq;
    call->after = seq > 10 ? seq - rnd(10) : 0;
    call->since = (qt_cursor){ .given = rnd(2), .epoch = rnd(4) ? f.zone->epoch : 7, .seq = call->after };
    call->limit = 1 + rnd(3);
    call->which = rnd(1U << QT_STATES);
    call->from = rnd(2) ? call->who : QT_STR_NONE;
    if (call->verb == QT_KICK && rnd(3)) {
        call->verb = QT_USERS;
    }
}

#endif
