/* Topics in the core: the sequence, what is kept for whom, and that nothing stays behind. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "tap.h"
#include "talk_zone.h"

static listener l, m;

#define MEMBER(nm, n) { .name = QT_STR_LIT("\"" nm "\""), .whole = (n) }
#define TEXT(nm, t) { .name = QT_STR_LIT("\"" nm "\""), .text = QT_STR_LIT("\"" t "\"") }
#define ELEMENT(t) { .text = QT_STR_LIT(t) }

static void fresh(void)
{
    talk_open(QT_ZONE_MIN);
    rules_of_topics = (qt_topic_rules){ .age = 3600 * QT_SECOND, .retain = 100, .delivery = QT_DELIVER_ALL };
}

/* ---- the sequence ---- */

static void one_sequence(void)
{
    apr_uint64_t first;

    note("one sequence");
    fresh();
    first = publish("a", NULL, "1");
    is_int(first, 1, "ids begin with 1 (SP-8)");
    is_int(publish("b", NULL, "2"), 2, "topics share one sequence");
    is_int(publish("a", "k", "3"), 3, "whatever the key");
    is_int(notify("anna", "4"), 4, "with mailboxes");
    is_int(notify(NULL, "5"), 5, "with broadcasts, heard by nobody, too");
    is_int(push("q", "6"), 6, "and with queues");
    is_int(f.call.epoch, f.zone->epoch, "each with the epoch of the zone (SP-42)");
    listen_to_topics(&l, "a", NULL, NEW);
    is_int(l.seen, 6, "who is new stands at the last id (SP-7)");
    is_str(hears(&l), "", "and is resent nothing");
}

static void replay_all(void)
{
    note("replay");
    fresh();
    publish("a", "k", "1");
    publish("a", "j", "2");
    publish("a", "k", "3");
    listen_to_topics(&l, "a", NULL, SINCE(1));
    is_int(l.foreign, 0, "an id of this zone is known");
    is_str(hears(&l), "a/j=2 a/k=3", "all: everything after his id (SP-9, SP-10)");
    is_int(l.seen, 3, "and then he stands at the last");
    is_str(hears(&l), "", "no repeat");
    rules_of_topics.delivery = QT_DELIVER_LAST;
    publish("a", "k", "4");
    publish("a", NULL, "5");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    is_str(hears(&l), "a/j=2 a/k=4 a=5", "last: the last of each key (SP-41), of no key too");
    rules_of_topics.delivery = QT_DELIVER_NONE;
    publish("a", "k", "6");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    is_str(hears(&l), "", "none: nothing");
    is_int(l.seen, 6, "and he stands at the last");
}

static void ids_from_elsewhere(void)
{
    note("foreign ids");
    fresh();
    publish("a", NULL, "1");
    listen_to_topics(&l, "a", NULL, (qt_cursor){ .given = 1, .epoch = 999, .seq = 1 });
    ok(l.foreign, "another epoch is foreign (SP-42)");
    is_str(hears(&l), "a=1", "and means behind");
    listen_to_topics(&l, "a", NULL, (qt_cursor){ .given = 1 });
    ok(l.foreign, "so is a garbled id (SP-43)");
    is_str(hears(&l), "a=1", "also behind");
    listen_to_topics(&l, "a", NULL, SINCE(55));
    ok(l.foreign, "and a number that is yet to come");
    is_str(hears(&l), "a=1", "behind as well");
}

static void filter(void)
{
    note("filter keys");
    fresh();
    publish("a", "mine", "1");
    publish("a", "foreign", "2");
    publish("a", NULL, "3");
    publish("a", "mine too", "4");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    l.keys[0] = QT_STR_LIT("mine");
    l.nkeys = 1;
    is_str(hears(&l), "a/mine=1 a=3", "a resend is filtered (SP-40), an event without a key is for everybody");
    l.seen = 0;
    l.keys[1] = QT_STR_LIT("mine too");
    l.nkeys = 2;
    is_str(hears(&l), "a/mine=1 a=3 a/mine too=4", "keys may be several");
    publish("a", "foreign", "5");
    publish("a", "mine", "6");
    is_str(hears(&l), "a/mine=6", "what came while he was here is filtered as well");
    l.keys[0] = QT_STR_LIT("min");
    l.nkeys = 1;
    l.seen = 0;
    is_str(hears(&l), "a=3", "a key is compared as a whole");
}

static void several_topics(void)
{
    note("several topics on one stream");
    fresh();
    publish("b", NULL, "1");
    publish("a", NULL, "2");
    publish("c", NULL, "3");
    publish("b", NULL, "4");
    publish("a", NULL, "5");
    listen_to_topics(&l, "a", "b", SINCE(0));
    is_int(f.call.n, 2, "a group for each topic");
    ok(f.call.groups[0] != f.call.groups[1], "of its own");
    is_str(hears(&l), "b=1 a=2 b=4 a=5", "in the order of the sequence, and no other topic");
    publish("b", NULL, "6");
    publish("a", NULL, "7");
    is_str(child_hears(0), "b=6 a=7", "live too");
    fresh();
    publish("a", NULL, "1");
    listen_to_topics(&l, "a", "a", SINCE(0));
    is_str(hears(&l), "a=1", "a topic that is named twice is heard once");
}

static void many_batches(void)
{
    words want = { .n = 0 };
    char word[32];

    note("a long catch-up");
    fresh();
    rules_of_topics.retain = 1000;
    for (int i = 0; i < 300; i++) {
        snprintf(word, sizeof(word), "%d", i);
        publish(i % 2 ? "a" : "b", NULL, word);
        snprintf(word, sizeof(word), "%s=%d", i % 2 ? "a" : "b", i);
        words_add(&want, word, strlen(word));
    }
    listen_to_topics(&l, "a", "b", SINCE(0));
    is_str(hears(&l), want.text, "300 events come in order, a batch at a time");
}

/* ---- what is kept ---- */

static void retain(void)
{
    note("retention");
    fresh();
    rules_of_topics.retain = 2;
    for (int i = 1; i <= 4; i++) {
        publish("a", NULL, "x");
    }
    is_int(f.zone->log.count, 2, "as many as retain says are kept");
    listen_to_topics(&l, "a", NULL, SINCE(2));
    is_str(hears(&l), "a=x a=x", "no gap for who has what is gone");
    listen_to_topics(&l, "a", NULL, SINCE(1));
    is_str(hears(&l), "lost a=x a=x", "a gap for who has not");
    rules_of_topics.age = 10 * QT_SECOND;
    publish("b", NULL, "old");
    zone_pass(&f, 9 * QT_SECOND);
    publish("b", NULL, "new");
    listen_to_topics(&l, "b", NULL, SINCE(4));
    is_str(hears(&l), "b=old b=new", "not too old yet");
    zone_pass(&f, 2 * QT_SECOND);
    listen_to_topics(&l, "b", NULL, SINCE(4));
    is_str(hears(&l), "lost b=new", "too old: a gap, and what is left");
    listen_to_topics(&l, "b", NULL, NEW);
    is_str(hears(&l), "", "who is new has missed nothing");
}

static void superseded(void)
{
    note("what counts as lost");
    fresh();
    rules_of_topics = (qt_topic_rules){ .age = 3600 * QT_SECOND, .retain = 2, .delivery = QT_DELIVER_LAST };
    for (int i = 1; i <= 9; i++) {
        publish("a", i % 2 ? "k" : "j", "x");
    }
    publish("a", "j", "y");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    is_str(hears(&l), "a/k=x a/j=y", "last: superseded ones that are gone leave no gap");
    publish("a", "i", "z");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    is_str(hears(&l), "lost a/j=y a/i=z", "the last one of a key that is gone does");
    fresh();
    rules_of_topics = (qt_topic_rules){ .age = 3600 * QT_SECOND, .retain = 1, .delivery = QT_DELIVER_NONE };
    publish("a", NULL, "1");
    publish("a", NULL, "2");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    is_str(hears(&l), "", "none: nothing is owed to who was away");
}

static void floor_of_owed(void)
{
    note("a topic that is forgotten");
    fresh();
    rules_of_topics.age = QT_SECOND;
    publish("a", NULL, "1");
    publish("b", NULL, "2");
    zone_pass(&f, 2 * QT_SECOND);
    is_int(f.zone->topics.count, 0, "of which nothing is left");
    listen_to_topics(&l, "a", NULL, SINCE(0));
    is_str(hears(&l), "lost", "what it owed is not forgotten");
    listen_to_topics(&m, "a", NULL, SINCE(2));
    is_str(hears(&m), "", "who has all that was owed has no gap");
    rules_of_topics.age = 3600 * QT_SECOND;
    publish("a", NULL, "3");
    is_str(hears(&m), "a=3", "and goes on");
}

/* ---- once, and versions ---- */

static apr_status_t publish_as(const char *key, const char *id, int versioned, apr_uint64_t version)
{
    static const qt_str topic = QT_STR_LIT("a");

    f.call = (qt_call){ .verb = QT_PUBLISH, .topics = &topic, .ntopics = 1, .key = qt_str_of(key), .data = QT_STR_LIT("x"),
                        .message_id = qt_str_of(id), .versioned = versioned != 0, .version = version, .topic_rules = &rules_of_topics };
    return talk_call();
}

static void once(void)
{
    static const qt_str other = QT_STR_LIT("b");

    note("messageId");
    fresh();
    publish_as(NULL, "m1", 0, 0);
    is_int(f.call.repeated, 0, "the first is none");
    publish_as(NULL, "m1", 0, 0);
    ok(f.call.repeated, "the same id again is a repeat");
    is_int(f.call.seq, 1, "and has the number of the first");
    is_int(f.zone->log.count, 1, "and is not published");
    f.call = (qt_call){ .verb = QT_PUBLISH, .topics = &other, .ntopics = 1, .data = QT_STR_LIT("x"), .message_id = QT_STR_LIT("m1"),
                        .topic_rules = &rules_of_topics };
    talk_call();
    is_int(f.call.repeated, 0, "another topic has ids of its own");
    zone_pass(&f, QT_MEMORY + QT_SECOND);
    publish_as(NULL, "m1", 0, 0);
    is_int(f.call.repeated, 0, "after an hour it is forgotten");
    rules_of_topics.coalesce = QT_SECOND;
    publish_as(NULL, "m2", 0, 0);
    publish_as(NULL, "m2", 0, 0);
    ok(f.call.repeated, "what waits to be merged is published once, too");
    is_int(f.call.seq, 0, "and has no number");
}

static void versions(void)
{
    note("version");
    fresh();
    publish_as("k", NULL, 1, 5);
    is_int(f.call.stale, 0, "the first version");
    publish_as("k", NULL, 1, 4);
    ok(f.call.stale, "an older one is stale");
    is_int(f.call.seq, 0, "and goes to nobody");
    publish_as("k", NULL, 1, 5);
    is_int(f.call.stale, 0, "the same is none");
    publish_as("j", NULL, 1, 1);
    is_int(f.call.stale, 0, "another key has versions of its own");
    publish_as(NULL, NULL, 1, 1);
    is_int(f.call.stale, 0, "and so has none");
    publish_as("k", NULL, 0, 0);
    is_int(f.call.stale, 0, "unversioned always wins");
    publish_as("k", NULL, 1, 3);
    ok(f.call.stale, "and changes no version");
    rules_of_topics.coalesce = QT_SECOND;
    publish_as("k", NULL, 1, 9);
    publish_as("k", NULL, 1, 8);
    ok(f.call.stale, "what waits to be merged has a version, too");
}

/* ---- children ---- */

static int listen_in(listener *who, apr_uint32_t child, const char *name)
{
    static const qt_str topic = QT_STR_LIT("a");

    *who = (listener){ .nkeys = 0 };
    return listen_call(who, (qt_call){ .who = qt_str_of(name), .kind = QT_K_EVENTS, .topics = &topic, .ntopics = 1, .child = child });
}

static void two_children(void)
{
    note("children");
    fresh();
    listen_in(&l, 1, "u");
    listen_in(&m, 2, "v");
    listen_in(&m, 2, "w");
    publish("a", NULL, "1");
    is_int(f.call.listeners, 3, "streams are counted");
    ok((f.call.wake[0] & 7) == 6, "children that listen are woken, others not");
    is_str(child_hears(1), "a=1", "each child is told");
    is_str(child_hears(2), "a=1", "once, however many of its streams listen");
    is_str(child_hears(1), "", "and not again");
    is_str(child_hears(0), "", "who does not listen is not told");
}

static void slow_child(void)
{
    char word[16];

    note("a child that sleeps");
    fresh();
    rules_of_topics.retain = 1;
    listen_in(&l, 1, "u");
    listen_in(&m, 2, "v");
    for (int i = 0; i < 200; i++) {
        snprintf(word, sizeof(word), "%d", i);
        publish("a", NULL, word);
        if (strcmp(child_hears(1) + 2, word) != 0) {
            break;
        }
    }
    is_str(word, "199", "a slow child does not hold back others (SP-44)");
    is_int(f.zone->log.count, 200, "what it was not told is kept for it");
    is_int(count_words(child_hears(2), "lost"), 0, "and it hears all of it, late");
    is_int(f.zone->log.count, 1, "then the rules count");
    unchecked = 1;
    for (int i = 0; i < 1100; i++) {
        publish("a", NULL, "x");
    }
    unchecked = 0;
    child_hears(1);
    ok(f.zone->log.count <= 1026, "there is an end to that");
    ok(strncmp(child_hears(2), "lost a=x", 8) == 0, "then it is told that it lost some, and what is left");
    is_str(hears(&m), "lost a=x", "and its streams find the gap when they catch up");
}

static void lost_and_nothing_after(void)
{
    note("lost, and nothing follows");
    fresh();
    rules_of_topics.age = QT_SECOND;
    listen_in(&l, 1, "u");
    publish("a", NULL, "1");
    zone_pass(&f, 2 * QT_SECOND);
    is_str(child_hears(1), "lost", "a child that slept is told of the last message that it lost, at once");
    is_str(child_hears(1), "", "once");
    is_str(hears(&l), "lost", "and its streams find the gap");
    publish("a", NULL, "2");
    is_str(child_hears(1), "a=2", "and go on");
}

static void lost_in_its_place(void)
{
    static const qt_str both[] = { QT_STR_LIT("a"), QT_STR_LIT("b") };

    note("lost, in its place");
    fresh();
    rules_of_topics.age = QT_SECOND;
    listen_call(&l, (qt_call){ .who = QT_STR_LIT("u"), .kind = QT_K_EVENTS, .topics = both, .ntopics = 2 });
    publish("a", NULL, "1");
    zone_pass(&f, 2 * QT_SECOND);
    publish("b", NULL, "2");
    publish("a", NULL, "3");
    is_str(child_hears(0), "lost b=2 a=3", "a loss is told before what came later, of whatever topic: after that nobody would find it");
}

static void leaving(void)
{
    note("leaving");
    fresh();
    rules_of_topics.retain = 0;
    listen_in(&l, 1, "u");
    publish("a", NULL, "1");
    zone_leave(&f, l.stream);
    is_int(f.zone->topics.count, 0, "who leaves takes along what was kept for him alone");
    for (apr_uint32_t i = 0; i < 40; i++) {
        char name[8];

        snprintf(name, sizeof(name), "u%u", i);
        listen_in(&l, 3, name);
    }
    publish("a", NULL, "2");
    f.call = (qt_call){ .verb = QT_ORPHANS, .child = 3 };
    talk_call();
    ok(f.call.more, "the streams of a dead child go in parts");
    f.call = (qt_call){ .verb = QT_ORPHANS, .child = 3 };
    talk_call();
    is_int(f.call.more, 0, "until all are gone");
    is_int(f.zone->topics.count, 0, "and nothing waits for it");
    is_int(zone_do(&f, QT_CATCH_UP, NULL, NULL), QT_E_UNKNOWN, "a stream that is none has missed nothing");
}

/* ---- sizes ---- */

static void large(void)
{
    static char text[65536];

    note("large messages");
    fresh();
    for (apr_size_t i = 0; i < sizeof(text); i++) {
        text[i] = "0123456789abcdef\r\n\0\xd0\xbf"[i % 21];
    }
    listen_in(&l, 0, "u");
    publish_text("a", NULL, (qt_str){ text, sizeof(text) });
    f.call = (qt_call){ .verb = QT_COLLECT };
    talk_call();
    is_mem(f.call.events[0].data.p, f.call.events[0].data.n, text, sizeof(text), "64 KiB of anything come as they were");
    f.call = (qt_call){ .verb = QT_CATCH_UP, .stream = l.stream };
    talk_call();
    is_mem(f.call.events[0].data.p, f.call.events[0].data.n, text, sizeof(text), "and again");
}

/* 256 topics on a stream of the smallest zone: every verb of it fits. */
static void most_topics(void)
{
    static char names[QT_TOPICS_MAX][16];
    qt_call join = { .who = QT_STR_LIT("u"), .kind = QT_K_EVENTS, .topics = l.topics, .ntopics = QT_TOPICS_MAX };

    note("as many topics as may be");
    fresh();
    rules_of_topics.retain = 0;
    for (int i = 0; i < QT_TOPICS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "topic/%d", i);
        l.topics[i] = qt_str_of(names[i]);
    }
    ok(listen_call(&l, join), "a stream of 256 new topics in the smallest zone");
    ok(listen_call(&m, join), "and one more");
    for (int i = 0; i < 2 * QT_TOPICS_MAX; i++) {
        publish(names[i % QT_TOPICS_MAX], NULL, "x");
    }
    zone_leave(&f, m.stream);
    zone_leave(&f, l.stream);
    zone_pass(&f, 2 * 3600 * QT_SECOND);
    is_int(f.zone->topics.count, 0, "and their end, with messages on the way");
}

static void most_children(void)
{
    note("as many children as may be, all asleep");
    fresh();
    rules_of_topics.retain = 0;
    for (apr_uint32_t i = 0; i < QT_CHILDREN_MAX; i++) {
        char name[8];

        snprintf(name, sizeof(name), "u%u", i);
        listen_in(&l, i, name);
    }
    unchecked = 1;
    for (int i = 0; i < 1040; i++) {
        publish("a", NULL, "x");
    }
    unchecked = 0;
    ok(f.zone->log.count <= 1025, "one message pushes out another under all of them");
    zone_pass(&f, 2 * 3600 * QT_SECOND);
    is_int(f.zone->log.count, 0, "and age takes them all");
}

/* ---- a full zone ---- */

static int fill_with_mail(int n)
{
    int i;

    unchecked = 1;
    for (i = 0; i < n; i++) {
        char who[16];

        snprintf(who, sizeof(who), "m%d", i);
        if (!notify(who, "kept")) {
            break;
        }
    }
    unchecked = 0;
    return i;
}

/* Until not even those who have mail can get more. */
static void fill_to_the_brim(void)
{
    fill_with_mail(100000);
    fill_with_mail(100000);
}

static void full_zone(void)
{
    static char text[3000];
    int mails;
    apr_uint64_t lowest;
    apr_status_t rv = APR_SUCCESS;

    note("a full zone");
    fresh();
    memset(text, 'x', sizeof(text));
    rules_of_topics.retain = 100000;
    zone_join(&f, "op", "");
    zone_add(&f, "t1");
    push("q", "kept");
    mails = fill_with_mail(50);
    for (int i = 0; i < 400 && rv == APR_SUCCESS; i++) {
        rv = publish_text("a", NULL, (qt_str){ text, sizeof(text) });
    }
    is_int(rv, APR_SUCCESS, "publishing goes on: the oldest messages of topics make room");
    ok(f.zone->log.count < 450, "some are gone");
    lowest = f.zone->seq;
    listen_to_topics(&l, "a", NULL, SINCE(lowest - 1));
    is_str(strncmp(hears(&l), "a=xxx", 5) ? "something else" : "the newest", "the newest", "the newest are there");
    listen_to_topics(&m, "a", NULL, SINCE(60));
    ok(strncmp(hears(&m), "lost a=xxx", 10) == 0, "and who missed the others is told of the gap");
    listen_to_notices(&l, "m0", NEW);
    is_str(hears(&l), "mail=kept", "a mailbox is not touched");
    listen_to_notices(&l, "m49", NEW);
    is_str(hears(&l), "mail=kept", "nor another");
    is_int(mails, 50, "as there were");
    is_int(f.zone->stats.queued, 1, "nor a queue");
    is_int(zone_do(&f, QT_ASSIGN, "op", "t1"), APR_SUCCESS, "assign works in a full zone");
    is_int(zone_do(&f, QT_COMPLETE, "op", "t1"), APR_SUCCESS, "and complete");
}

static void full_of_mail(void)
{
    static char text[2000];
    int n = 0;
    apr_status_t rv;

    note("a zone full of mail");
    fresh();
    memset(text, 'x', sizeof(text));
    rules_of_topics.retain = 100000;
    n = fill_with_mail(1100);
    is_int(n, 1100, "many mailboxes, older than what topics have");
    for (int i = 0; i < 400; i++) {
        publish_text("a", NULL, (qt_str){ text, sizeof(text) });
    }
    rv = zone_add(&f, "t1");
    is_int(rv, APR_SUCCESS, "topics make room all the same");
    is_int(publish_text("a", NULL, (qt_str){ text, sizeof(text) }), APR_SUCCESS, "for topics, too");
    fill_with_mail(100000);
    is_int(notify("x", "y"), 0, "at last it is full");
    is_int(publish_text("a", NULL, (qt_str){ text, sizeof(text) }), QT_E_FULL, "and publishing says so");
}

static void full_while_merging(void)
{
    static char text[3000];

    note("a merge that comes due in a full zone");
    fresh();
    memset(text, 'x', sizeof(text));
    listen_in(&l, 0, "u");
    rules_of_topics.coalesce = QT_SECOND;
    publish("a", NULL, "merged");
    rules_of_topics = (qt_topic_rules){ .age = 3600 * QT_SECOND, .retain = 100000, .delivery = QT_DELIVER_ALL };
    while (publish_text("b", NULL, (qt_str){ text, sizeof(text) }) == APR_SUCCESS && f.zone->log.count < 100) {
    }
    fill_to_the_brim();
    zone_pass(&f, 5 * QT_SECOND);
    is_str(child_hears(0), "", "waits for room");
    is_int(f.zone->pendings.count, 1, "and is not lost");
    for (int i = 0; i < 2000; i++) {
        char who[16];

        snprintf(who, sizeof(who), "m%d", i);
        f.call = (qt_call){ .verb = QT_ACK, .acks = &(qt_ack){ .who = qt_str_of(who), .seq = f.zone->seq }, .nacks = 1 };
        talk_call();
    }
    zone_pass(&f, 5 * QT_SECOND);
    is_str(child_hears(0), "a=merged", "it comes when there is some");
}

/* ---- nothing stays ---- */

static void everything_once(void)
{
    static const qt_item parts[] = { MEMBER("a", 1), TEXT("b", "t") };
    static const qt_item elements[] = { ELEMENT("1"), ELEMENT("2") };

    for (int i = 0; i < 20; i++) {
        char name[16];

        snprintf(name, sizeof(name), "n%d", i);
        rules_of_topics.coalesce = 0;
        publish(name, i % 3 ? "k" : NULL, "data");
        publish_as(name, name, 1, 3);
        rules_of_topics.coalesce = QT_SECOND;
        rules_of_topics.merge = (qt_merge)(i % 4);
        publish_items(name, "merge", rules_of_topics.merge == QT_MERGE_UNION ? elements : parts, 2);
        notify(name, "mail");
        notify(NULL, "to all");
        push(name, "first");
        push(name, "second");
        listen_to_notices(&l, name, NEW);
        read_queue(name, name, 0, NEW);
        child_hears(0);
        f.call = (qt_call){ .verb = QT_DRAIN, .who = QT_STR_LIT("drain"), .queue = qt_str_of(name), .grace = QT_SECOND };
        talk_call();
        if (i % 2) {
            f.call = (qt_call){ .verb = QT_CLOSE, .queue = qt_str_of(name) };
            talk_call();
        }
    }
}

static void nothing_stays(void)
{
    apr_uint64_t before;

    note("at last");
    fresh();
    before = f.zone->arena.used;
    listen_to_feed(&l, NEW);
    listen_to_topics(&m, "n1", "n2", NEW);
    everything_once();
    ok(f.zone->arena.used > before + 10000, "much is there");
    is_int(bytes_at_last(), before, "and nothing is left of topics, users, queues, merges, receipts and the feed");
    is_int(f.zone->users.count + f.zone->topics.count + f.zone->latest.count + f.zone->pendings.count + f.zone->receipts.count +
           f.zone->queues.count + f.zone->streams.count, 0, "no record either");
    is_int(qt_next_due(f.zone), QT_NEVER, "and nothing is to be done");
}

static void pages(void)
{
    char after[QT_NAME_MAX + 1] = "";
    int n = 0;

    note("looking");
    fresh();
    publish("a", NULL, "1");
    publish("b", NULL, "2");
    publish("c", NULL, "3");
    notify("anna", "4");
    for (int page = 0; page < 5; page++) {
        qt_str from = qt_str_of(after);

        f.call = (qt_call){ .verb = QT_TOPICS, .from = page ? from : QT_STR_NONE, .limit = 2 };
        talk_call();
        for (apr_uint32_t i = 0; i < f.call.n; i++, n++) {
            memcpy(after, f.call.topic_views[i].name.p, f.call.topic_views[i].name.n);
            is_int(f.call.topic_views[i].messages, 1, "a topic with its message");
        }
        if (!f.call.more) {
            break;
        }
    }
    is_int(n, 3, "all topics, page by page, mailboxes left out");
}

int main(void)
{
    apr_initialize();
    one_sequence();
    replay_all();
    ids_from_elsewhere();
    filter();
    several_topics();
    many_batches();
    retain();
    superseded();
    floor_of_owed();
    once();
    versions();
    two_children();
    slow_child();
    lost_and_nothing_after();
    lost_in_its_place();
    leaving();
    large();
    most_topics();
    most_children();
    full_zone();
    full_of_mail();
    full_while_merging();
    nothing_stays();
    pages();
    return done_testing();
}
