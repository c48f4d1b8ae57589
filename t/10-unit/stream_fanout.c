/* The fan-out in a child: who is told what, in which order, and how often. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_test.h"

static void beginnings(const mod_qt_transport *transport)
{
    qt_cursor known = { .given = 1, .epoch = EPOCH, .seq = 99 }, garbled = { .given = 1 };
    stream *s;

    note("how streams begin: %s", transport->name);
    begin();
    s = arrive(come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1 }));
    settle();
    heard_is(s, "id: e-100\nevent: synchronizing\ndata: NULL\n\n", "SP-7: a first connection begins with its place");
    s = arrive(come((wish){ .transport = transport, .kind = QT_K_FEED, .groups = 1 }));
    settle();
    heard_is(s, "id: e-100\nevent: synchronizing\ndata: NULL\n\n", "so does the feed");
    s = arrive(come((wish){ .transport = transport, .kind = QT_K_NOTICES, .groups = 3 }));
    settle();
    heard_is(s, "", "a mailbox begins with what is in it");
    publish(0, QT_STR_NONE, "one");
    s = arrive(come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1, .since = known }));
    zone_log[99] = (message){ .group = 0, .data = QT_STR_LIT("zero") };
    settle();
    heard_is(s, "id: e-100\ndata: zero\n\nid: e-101\ndata: one\n\n", "who comes back is given what he missed");
    s = arrive(come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1, .since = garbled, .foreign = 1 }));
    zone_kept[0] = 100;
    settle();
    heard_is(s, "id: e-0\nevent: gap\ndata: {\"reason\":\"unknown-id\"}\n\nid: e-101\ndata: one\n\n",
             "SP-43: a foreign id is told, and that what is gone is gone needs no second word");
    end();
}

static void join_and_live(const mod_qt_transport *transport)
{
    stream *s;

    note("between joining and the pump: %s", transport->name);
    begin();
    s = come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1 });
    publish(0, QT_STR_NONE, "early");
    settle(); /* collected while nobody has a seat */
    arrive(s);
    publish(0, QT_STR_NONE, "late");
    settle();
    heard_is(s, "id: e-100\nevent: synchronizing\ndata: NULL\n\nid: e-101\ndata: early\n\nid: e-102\ndata: late\n\n", "nothing is missed");
    publish(0, QT_STR_NONE, "live");
    publish(1, QT_STR_NONE, "not his");
    settle();
    heard_is(s, "id: e-103\ndata: live\n\n", "nor repeated");
    end();
}

static void forms_and_filters(void)
{
    stream *plain, *envelope, *feed, *a, *b;

    note("forms and filters");
    begin();
    plain = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1 });
    envelope = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1, .envelope = 1 });
    feed = open_stream((wish){ .kind = QT_K_FEED, .groups = 2 });
    a = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1, .key = QT_STR_LIT("a") });
    b = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1, .key = QT_STR_LIT("b") });
    publish(0, QT_STR_LIT("a"), "1");
    publish(1, QT_STR_NONE, "bob\nconnected");
    zone_log[101].type = QT_STR_LIT("user");
    settle();
    heard_is(plain, "id: e-101\ndata: 1\n\n", "data as it is");
    heard_is(envelope, "id: e-101\ndata: {\"topic\":\"t\",\"key\":\"a\",\"type\":\"message\",\"data\":1}\n\n", "data in its envelope");
    heard_is(feed, "id: e-102\nevent: user\ndata: {\"userId\":\"bob\",\"status\":\"connected\"}\n\n", "the feed's objects");
    heard_is(a, "id: e-101\ndata: 1\n\n", "his key");
    heard_is(b, "", "not another's");
    publish(0, QT_STR_NONE, "2");
    settle();
    heard_is(b, "id: e-103\ndata: 2\n\n", "no key is for everybody");
    end();
}

static void silence(void)
{
    stream *b;
    apr_uint64_t epoch;

    note("checkpoints");
    begin();
    b = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1, .key = QT_STR_LIT("b") });
    is_int(mod_qt_fanout_checkpoint(&b->base, &epoch), 0, "nothing happened: no id");
    publish(0, QT_STR_LIT("a"), "1");
    publish(0, QT_STR_LIT("a"), "2");
    look();
    collect(1);
    is_int(mod_qt_fanout_checkpoint(&b->base, &epoch), 0, "the zone has more: not yet");
    collect(1);
    is_int(mod_qt_fanout_checkpoint(&b->base, &epoch), 102, "what was not for him he has seen");
    is_int(epoch, EPOCH, "in this epoch");
    is_int(mod_qt_fanout_checkpoint(&b->base, &epoch), 0, "told once");
    publish(0, QT_STR_LIT("b"), "3");
    settle();
    is_int(mod_qt_fanout_checkpoint(&b->base, &epoch), 0, "an event of his own has its id");
    b = open_stream((wish){ .transport = &blocking, .kind = QT_K_EVENTS, .groups = 1, .key = QT_STR_LIT("b") });
    publish(0, QT_STR_LIT("a"), "4");
    settle();
    mod_qt_fanout_nudge(&b->base);
    settle();
    heard_is(b, ":\nid: e-104\n\n", "a blocking stream is sent it when it asks");
    mod_qt_fanout_nudge(&b->base);
    settle();
    heard_is(b, "", "once");
    end();
}

static void keepalives(void)
{
    qt_buf text;

    qt_buf_init(&text, pool);
    mod_qt_event_keepalive(&text, MOD_QT_KA_COMMENT, EPOCH, 7);
    is_mem(text.p, text.n, ":\nid: e-7\n\n", 11, "a comment with an id dispatches nothing");
    text.n = 0;
    mod_qt_event_keepalive(&text, MOD_QT_KA_NONE, EPOCH, 7);
    is_int(text.n, 0, "none is none");
    mod_qt_event_keepalive(&text, MOD_QT_KA_COMMENT, EPOCH, 0);
    is_mem(text.p, text.n, ": \n\n", 4, "without an id a comment");
}

static void slow_clients(const mod_qt_transport *transport)
{
    stream *s, *other;

    note("clients that do not read: %s", transport->name);
    begin();
    s = open_stream((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1 });
    other = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1 });
    s->takes = 1;
    publish(0, QT_STR_NONE, "1");
    publish(0, QT_STR_NONE, "2");
    publish(0, QT_STR_NONE, "3");
    settle();
    heard_is(s, "id: e-101\ndata: 1\n\n", "clogged after the first");
    heard_is(other, "id: e-101\ndata: 1\n\nid: e-102\ndata: 2\n\nid: e-103\ndata: 3\n\n", "others are not");
    flow(s, 1);
    settle();
    heard_is(s, "id: e-102\ndata: 2\n\n", "it goes on, and clogs in the middle of a batch");
    flow(s, -1);
    publish(0, QT_STR_NONE, "4");
    settle();
    heard_is(s, "id: e-103\ndata: 3\n\nid: e-104\ndata: 4\n\n", "and goes on where it was");
    publish(0, QT_STR_NONE, "5");
    settle();
    heard_is(s, "id: e-105\ndata: 5\n\n", "live again");
    end();
}

/* Its ring has run over it. */
static void fell_behind(const mod_qt_transport *transport, int skip)
{
    stream *s;

    note("clients that fell behind: %s, %s", transport->name, skip ? "skip" : "close");
    begin();
    s = open_stream((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1, .skip = skip ? 1 : 0 });
    s->takes = 1;
    publish(0, QT_STR_NONE, "1");
    publish(0, QT_STR_NONE, "2");
    publish(0, QT_STR_NONE, "3");
    zone_kept[0] = 102;
    settle();
    s->heard.n = 0;
    flow(s, -1);
    settle();
    heard_is(s, skip ? "id: e-101\nevent: gap\ndata: {\"reason\":\"slow\"}\n\nid: e-103\ndata: 3\n\n" : "", "what is gone is told, or ends it");
    is_int(s->ended, !skip, "as its Location wants it");
    is_int(closed_slowly, !skip, "and the log says so");
    end();
}

/* What it was told of may be missing up to then, and no further. */
static void fell_behind_again(void)
{
    stream *s;

    note("a second gap");
    begin();
    s = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1, .skip = 1 });
    s->takes = 1;
    publish(0, QT_STR_NONE, "1");
    publish(0, QT_STR_NONE, "2");
    publish(0, QT_STR_NONE, "3");
    zone_kept[0] = 102;
    settle();
    s->heard.n = 0;
    flow(s, 1);
    settle();
    heard_is(s, "id: e-101\nevent: gap\ndata: {\"reason\":\"slow\"}\n\n", "it takes the word of the gap, and no more");
    publish(0, QT_STR_NONE, "4");
    publish(0, QT_STR_NONE, "5");
    zone_kept[0] = 104;
    flow(s, 1);
    settle();
    heard_is(s, "id: e-103\nevent: gap\ndata: {\"reason\":\"slow\"}\n\n", "what went since then is another gap");
    flow(s, -1);
    publish(0, QT_STR_NONE, "6");
    settle();
    heard_is(s, "id: e-105\ndata: 5\n\nid: e-106\ndata: 6\n\n", "what is left is given");
    end();
}

static void lost(void)
{
    stream *s;
    qt_event event = { .kind = QT_EV_LOST, .group = number_of(0) };

    note("the child did not collect in time");
    begin();
    s = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 3, .skip = 1 });
    publish(0, QT_STR_NONE, "gone");
    publish(0, QT_STR_NONE, "left");
    publish(1, QT_STR_NONE, "other");
    zone_kept[0] = 101;
    look();
    zone_collected = 101;
    mod_qt_fanout_tell(fanout, &event, EPOCH, scratch);
    settle();
    heard_is(s, "id: e-100\nevent: gap\ndata: {\"reason\":\"slow\"}\n\nid: e-102\ndata: left\n\nid: e-103\ndata: other\n\n",
             "what is gone is told, the rest given once and in order");
    end();
}

static void gone_streams(const mod_qt_transport *transport)
{
    stream *s, *stays;

    note("streams that end: %s", transport->name);
    begin();
    stays = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 3 });
    leave(come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 3 }));
    s = open_stream((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 7 });
    leave(s);
    mod_qt_fanout_leave(&s->base);
    publish(0, QT_STR_NONE, "1");
    publish(2, QT_STR_NONE, "2");
    collect(LOG_MAX); /* before word of it is heard */
    settle();
    heard_is(s, "", "nothing is written to it");
    heard_is(stays, "id: e-101\ndata: 1\n\n", "others are told");
    s = open_stream((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1 });
    s->takes = 1;
    publish(0, QT_STR_NONE, "3");
    settle();
    leave(s); /* clogged */
    s = come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1 });
    arrive(s);
    look();
    leave(s); /* in line */
    s = arrive(come((wish){ .transport = transport, .kind = QT_K_EVENTS, .groups = 1 }));
    s->base.number = 9999999;
    s->base.subscriber->number = 9999999;
    all_streams[--nstreams] = NULL; /* the zone knows it no more */
    settle();
    ok(s->ended, "a stream that the zone does not know is ended");
    if (!s->gone) {
        leave(s);
    }
    end();
}

/* Writing to one may end it, in the middle of its group. */
static void lose_on_write(mod_qt_stream *base, const mod_qt_frame *frame)
{
    fake_write(base, frame);
    fake_end(base);
}

static void lost_while_told(void)
{
    static const mod_qt_transport brittle = { .name = "brittle", .write = lose_on_write, .end = fake_end, .adopt = fake_adopt };
    stream *s[4];

    note("clients that are gone when they are written to");
    begin();
    for (int i = 0; i < 4; i++) {
        s[i] = open_stream((wish){ .kind = QT_K_EVENTS, .groups = 1 });
    }
    s[1]->base.transport = s[3]->base.transport = &brittle;
    publish(0, QT_STR_NONE, "1");
    publish(0, QT_STR_NONE, "2");
    settle();
    heard_is(s[0], "id: e-101\ndata: 1\n\nid: e-102\ndata: 2\n\n", "the others go on");
    heard_is(s[1], "id: e-101\ndata: 1\n\n", "it does not");
    heard_is(s[2], "id: e-101\ndata: 1\n\nid: e-102\ndata: 2\n\n", "the others go on");
    leave(s[0]);
    s[2]->base.transport = &brittle;
    publish(0, QT_STR_NONE, "3");
    settle();
    ok(s[2]->gone, "the last of a group takes the group along");
    end();
}

/* ---- acknowledgements ---- */

static apr_uint64_t acked(const stream *s, unsigned *n)
{
    qt_call *call = apr_pcalloc(scratch, sizeof(*call));
    apr_uint64_t seq = 0;

    *n = 0;
    while (mod_qt_fanout_acks(fanout, now, call, scratch)) {
        for (apr_uint32_t i = 0; i < call->nacks; i++) {
            if (qt_str_eq(call->acks[i].who, qt_str_of(s->name))) {
                seq = call->acks[i].seq;
            }
        }
        *n += call->nacks;
        call = apr_pcalloc(scratch, sizeof(*call));
    }
    return seq;
}

static void acknowledgements(const mod_qt_transport *transport)
{
    stream *s;
    unsigned n;

    note("acknowledgements: %s", transport->name);
    begin();
    s = open_stream((wish){ .transport = transport, .kind = QT_K_NOTICES, .groups = 3 });
    publish(1, QT_STR_NONE, "to all");
    settle();
    is_int(mod_qt_fanout_due(fanout), QT_NEVER, "a broadcast is not acknowledged");
    publish(0, QT_STR_NONE, "to him");
    settle();
    is_int(mod_qt_fanout_due(fanout), now + GRACE, "a message of his own will be, after the grace");
    acked(s, &n);
    is_int(n, 0, "not before");
    now += GRACE - 1;
    publish(0, QT_STR_NONE, "another");
    settle();
    acked(s, &n);
    is_int(n, 0, "not before");
    now += 1;
    settle();
    is_int(acked(s, &n), 102, "the first is acknowledged, the second is too young");
    now += GRACE;
    settle();
    is_int(acked(s, &n), 103, "then it is, too");
    is_int(mod_qt_fanout_due(fanout), QT_NEVER, "and nothing is left to acknowledge");
    s->takes = 1;
    publish(0, QT_STR_NONE, "clogged");
    settle();
    now += 2 * GRACE;
    settle();
    acked(s, &n);
    is_int(n, 0, "a client that does not read acknowledges nothing");
    flow(s, -1);
    settle();
    now += 2 * GRACE;
    is_int(acked(s, &n), 104, "before it does");
    publish(0, QT_STR_NONE, "broken");
    settle();
    leave(s);
    settle();
    now += 2 * GRACE;
    settle();
    acked(s, &n);
    is_int(n, 0, "a stream that broke acknowledges nothing");
    groups_named = 0;
    s = come((wish){ .transport = transport, .kind = QT_K_NOTICES, .groups = 3 });
    publish(0, QT_STR_NONE, "waiting");
    collect(LOG_MAX);
    arrive(s);
    settle();
    now += GRACE;
    is_int(acked(s, &n), 106, "what it caught up with is acknowledged");
    end();
}

int main(void)
{
    static const mod_qt_transport *const both[] = { &owned, &blocking };

    apr_initialize();
    is_int(sizeof(mod_qt_subscriber) + sizeof(mod_qt_seat) <= 120, 1, "a stream with one topic takes little (%d bytes)",
           (int)(sizeof(mod_qt_subscriber) + sizeof(mod_qt_seat)));
    for (int i = 0; i < 2; i++) {
        beginnings(both[i]);
        join_and_live(both[i]);
        slow_clients(both[i]);
        fell_behind(both[i], 1);
        fell_behind(both[i], 0);
        gone_streams(both[i]);
        acknowledgements(both[i]);
    }
    forms_and_filters();
    silence();
    fell_behind_again();
    lost();
    lost_while_told();
    apr_pool_create(&pool, NULL);
    keepalives();
    return done_testing();
}
