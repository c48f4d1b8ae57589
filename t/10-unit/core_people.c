/* People in the core: who is there, who is sent away, their mailboxes, broadcasts, and the feed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "tap.h"
#include "talk_zone.h"

static listener l, m;

static void fresh(void)
{
    talk_open(QT_ZONE_MIN);
    mailbox = (qt_mailbox){ .most = 100, .age = 86400 * QT_SECOND };
}

static const char *status_of(const char *who)
{
    const qt_user_view *user = user_of(who);

    return user ? user->online ? "online" : "gone" : "unknown";
}

/* ---- presence ---- */

static void presence(void)
{
    qt_time came;

    note("presence");
    fresh();
    is_str(status_of("anna"), "unknown", "nobody has seen her (N8-10)");
    came = f.now;
    listen_to_notices(&l, "anna", NEW);
    is_str(status_of("anna"), "online", "a stream makes her online (NT-18)");
    is_int(user_of("anna")->since, came, "since it came");
    is_int(user_of("anna")->nstreams, 1, "with one stream");
    is_int(f.call.users->streams[0], l.stream, "which is this one (NT-4)");
    zone_pass(&f, QT_SECOND);
    listen_to_notices(&m, "anna", NEW);
    is_int(user_of("anna")->nstreams, 2, "a second device is one more stream (NT-15, N8-15)");
    is_int(f.call.users->since, came, "and changes nothing else");
    zone_leave(&f, l.stream);
    zone_leave(&f, m.stream);
    is_str(status_of("anna"), "online", "a connection that broke: within the grace she is still online");
    zone_pass(&f, f.rules.grace - 1);
    is_str(status_of("anna"), "online", "to its last moment");
    listen_to_notices(&l, "anna", NEW);
    zone_pass(&f, f.rules.grace * 2);
    is_str(status_of("anna"), "online", "who comes back is online, and no grace runs");
    is_int(user_of("anna")->since, came, "still since the first");
    zone_leave(&f, l.stream);
    zone_pass(&f, f.rules.grace);
    is_str(status_of("anna"), "gone", "after the grace she is gone");
    is_int(user_of("anna")->since, f.now, "since then");
    zone_pass(&f, QT_MEMORY);
    is_str(status_of("anna"), "unknown", "after an hour she is forgotten");
}

static void lists(void)
{
    note("lists");
    fresh();
    f.rules.grace = 0;
    listen_to_notices(&l, "anna", NEW);
    read_queue("q", "boris", 0, NEW);
    zone_join(&f, "carla", "");
    zone_leave(&f, l.stream);
    is_str(status_of("anna"), "gone", "without a grace she is gone at once");
    f.call = (qt_call){ .verb = QT_USERS, .limit = 10, .which = QT_AWAY_USERS | QT_ONLINE_USERS };
    talk_call();
    is_int(f.call.n, 3, "all who are known");
    f.call = (qt_call){ .verb = QT_USERS, .limit = 10, .which = QT_ONLINE_USERS };
    talk_call();
    is_int(f.call.n, 2, "or who is there, by whatever stream (NT-3)");
    is_int(f.zone->stats.online, 2, "counted, too");
}

/* ---- sent away ---- */

static apr_status_t may_join(const char *who, qt_kind kind)
{
    static const qt_str topic = QT_STR_LIT("a");

    f.call = (qt_call){ .verb = QT_JOIN, .who = qt_str_of(who), .kind = kind, .flag = 1, .topics = &topic, .ntopics = 1,
                        .queue = QT_STR_LIT("q"), .rules = &f.rules };
    return talk_call();
}

static int kinds_that_may(const char *who)
{
    int n = 0;

    for (int kind = 0; kind < QT_K_FEED; kind++) {
        n += may_join(who, (qt_kind)kind) == APR_SUCCESS;
    }
    return n;
}

static apr_status_t kick(const char *who, int ban)
{
    f.call = (qt_call){ .verb = QT_KICK, .who = qt_str_of(who), .flag = ban != 0 };
    return talk_call();
}

static void kick_with_ban(void)
{
    apr_uint64_t waits;

    note("kick");
    fresh();
    is_int(kick("anna", 1), QT_E_UNKNOWN, "who is not known can't be kicked");
    listen_to_notices(&l, "anna", NEW);
    waits = zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    is_str(zone_where(&f, "t1"), "offered anna", "anna has an offer");
    is_int(kick("anna", 1), APR_SUCCESS, "kicked for good (NT-20)");
    is_str(zone_where(&f, "t1"), "ready", "her offer passes on at once");
    is_int(count_words(child_hears(0), "end"), 2, "all her streams are ended");
    is_int(kinds_that_may("anna"), 0, "no stream of any kind is let in");
    is_int(kinds_that_may("boris"), QT_K_FEED, "of others all are");
    zone_leave(&f, l.stream);
    zone_leave(&f, waits);
    is_str(status_of("anna"), "gone", "without a grace");
    zone_pass(&f, QT_KICK_BAN - 1);
    is_int(kinds_that_may("anna"), 0, "for 30 seconds");
    zone_pass(&f, 1);
    is_int(kinds_that_may("anna"), QT_K_FEED, "and then she may come again");
}

static void kick_without_ban(void)
{
    note("kick, and come back");
    fresh();
    listen_to_notices(&l, "anna", NEW);
    kick("anna", 0);
    is_str(child_hears(0), "end", "the stream is ended");
    zone_leave(&f, l.stream);
    is_str(status_of("anna"), "online", "within the grace she is there");
    is_int(kinds_that_may("anna"), QT_K_FEED, "and may come back at once (NT-59)");
    zone_pass(&f, f.rules.grace);
    is_str(status_of("anna"), "gone", "else she is gone");
}

static void kick_at_the_end_of_memory(void)
{
    note("kicked when about to be forgotten");
    fresh();
    listen_to_notices(&l, "anna", NEW);
    zone_leave(&f, l.stream);
    zone_pass(&f, f.rules.grace);
    zone_pass(&f, QT_MEMORY - 10 * QT_SECOND);
    kick("anna", 1);
    f.now += 10 * QT_SECOND;
    zone_do(&f, QT_TICK, NULL, NULL);
    ok(f.call.next > f.now, "the next moment is not now: no tick after the other");
    is_int(kinds_that_may("anna"), 0, "she is remembered as long as she may not come");
    zone_pass(&f, 20 * QT_SECOND);
    is_str(status_of("anna"), "unknown", "and then forgotten");
}

/* ---- one device, and limits ---- */

static apr_status_t join_alone(qt_kind kind, apr_uint32_t most)
{
    static const qt_str topic = QT_STR_LIT("a");

    f.call = (qt_call){ .verb = QT_JOIN, .who = QT_STR_LIT("anna"), .kind = kind, .alone = 1, .topics = &topic, .ntopics = 1,
                        .max_streams_per_user = most, .queue = QT_STR_LIT("q"), .rules = &f.rules };
    return talk_call();
}

static void alone(void)
{
    note("one device");
    for (int kind = 0; kind < QT_K_FEED; kind++) {
        fresh();
        join_alone((qt_kind)kind, 0);
        join_alone((qt_kind)((kind + 1) % QT_K_FEED), 0);
        is_int(count_words(child_hears(0), "replaced"), 0, "%s: a stream of another kind replaces none", qt_kind_names[kind]);
        join_alone((qt_kind)kind, 0);
        is_str(child_hears(0), "replaced", "a newer one of its kind replaces it (NT-15)");
        join_alone((qt_kind)kind, 0);
        is_str(child_hears(0), "replaced", "once each");
        is_int(user_of("anna")->nstreams, 4, "its child lets it go");
    }
}

static void limits(void)
{
    note("limits");
    fresh();
    is_int(join_alone(QT_K_EVENTS, 2), APR_SUCCESS, "one");
    is_int(join_alone(QT_K_READER, 2), APR_SUCCESS, "two");
    is_int(join_alone(QT_K_NOTICES, 2), QT_E_LIMIT, "streams of all kinds count for a user's limit (SP-49)");
    f.call.max_streams = 2;
    f.call.max_streams_per_user = 0;
    is_int(talk_call(), QT_E_CROWDED, "and for the zone's");
    is_int(user_of("anna")->nstreams, 2, "and who is refused has left nothing");
}

/* ---- mailboxes ---- */

static void mail_stored(void)
{
    note("mailboxes");
    fresh();
    is_int(notify("anna", "1"), 1, "to somebody whom nobody has seen (N8-12, NT-17)");
    ok(!f.call.delivered && f.call.stored, "stored, not delivered");
    notify("anna", "2");
    listen_to_notices(&l, "anna", NEW);
    is_str(hears(&l), "mail=1 mail=2", "the mailbox comes first, in order (N8-13)");
    notify("anna", "3");
    ok(f.call.delivered && f.call.stored && f.call.listeners == 1, "to somebody who is there: both");
    is_str(child_hears(0), "mail=3", "and it comes live");
    listen_to_notices(&m, "boris", NEW);
    is_str(hears(&m), "", "nobody else reads it (N8-19)");
    is_int(mail_of("anna"), 3, "what was told is kept until it was read");
    zone_leave(&f, l.stream);
    listen_to_notices(&l, "anna", NEW);
    is_str(hears(&l), "mail=1 mail=2 mail=3", "a stream that broke too early is told again");
    zone_leave(&f, l.stream);
    listen_to_notices(&l, "anna", SINCE(2));
    is_int(mail_of("anna"), 1, "a Last-Event-ID that comes back says what was read");
    is_str(hears(&l), "mail=3", "and the rest comes");
    zone_leave(&f, l.stream);
    listen_to_notices(&l, "anna", (qt_cursor){ .given = 1, .epoch = 99, .seq = 3 });
    is_int(mail_of("anna"), 1, "one of another life says nothing");
    is_str(hears(&l), "mail=3", "and it comes again");
}

static void mail_read(void)
{
    apr_uint64_t two;

    note("read and acknowledged");
    fresh();
    notify("anna", "1");
    two = notify("anna", "2");
    notify("anna", "3");
    f.call = (qt_call){ .verb = QT_READ, .who = QT_STR_LIT("anna"), .seq = two };
    is_int(talk_call(), APR_SUCCESS, "read one (NT-10)");
    is_int(talk_call(), APR_SUCCESS, "once more: no error");
    f.call = (qt_call){ .verb = QT_READ, .who = QT_STR_LIT("boris"), .seq = 1 };
    is_int(talk_call(), APR_SUCCESS, "another's: no error, and nothing happens");
    listen_to_notices(&l, "anna", NEW);
    is_str(hears(&l), "mail=1 mail=3", "it is gone");
    f.call = (qt_call){ .verb = QT_ACK, .acks = &(qt_ack){ .who = QT_STR_LIT("anna"), .seq = 1 }, .nacks = 1 };
    talk_call();
    is_int(mail_of("anna"), 1, "kept by a stream: read");
    notify("anna", "4");
    f.call = (qt_call){ .verb = QT_ACK, .acks = &(qt_ack){ .who = QT_STR_LIT("anna"), .seq = 4 }, .nacks = 1 };
    talk_call();
    is_str(child_hears(0), "mail=4", "what no stream was told yet is not taken for read");
    f.call = (qt_call){ .verb = QT_READ, .who = QT_STR_LIT("anna"), .seq = notify("anna", "5") };
    talk_call();
    is_str(child_hears(0), "", "read elsewhere before it was told: it is not told, and nothing is lost");
    is_str(hears(&l), "mail=4", "indeed nothing");
}

static void mail_limits(void)
{
    note("a full mailbox");
    fresh();
    mailbox.most = 2;
    for (int i = 0; i < 4; i++) {
        notify("anna", "x");
    }
    listen_to_notices(&l, "anna", NEW);
    is_int(mail_of("anna"), 2, "the oldest go");
    is_str(hears(&l), "lost mail=x mail=x", "and she is told so");
    zone_leave(&f, l.stream);
    listen_to_notices(&l, "anna", NEW);
    is_str(hears(&l), "mail=x mail=x", "once");
    zone_leave(&f, l.stream);
    mailbox.age = 10 * QT_SECOND;
    notify("anna", "y");
    zone_pass(&f, 11 * QT_SECOND);
    listen_to_notices(&l, "anna", NEW);
    is_int(mail_of("anna"), 0, "what is too old goes, too");
    is_str(hears(&l), "lost", "and she is told so, though nothing is left");
    zone_leave(&f, l.stream);
    f.call = (qt_call){ .verb = QT_READ, .who = QT_STR_LIT("anna"), .seq = notify("anna", "z") };
    talk_call();
    zone_pass(&f, f.rules.grace);
    is_int(f.zone->topics.count, 0, "and then it is forgotten");
    notify("anna", "y");
    zone_pass(&f, 21 * QT_SECOND);
    is_int(f.zone->topics.count, 0, "so it is when she does not come for long");
}

static void no_mailbox(void)
{
    note("no mailbox");
    fresh();
    mailbox.most = 0;
    ok(notify("anna", "1") == 1 && !f.call.stored && !f.call.delivered, "away: neither stored nor delivered, but with an id");
    listen_to_notices(&l, "anna", NEW);
    is_str(hears(&l), "", "it is not there");
    ok(notify("anna", "2") && !f.call.stored && f.call.delivered, "there: delivered");
    is_str(child_hears(0), "mail=2", "and told");
    is_int(mail_of("anna"), 0, "and not kept");
    listen_to_notices(&m, "anna", NEW);
    is_str(hears(&m), "", "a second device has lost nothing that was promised");
    notify("anna", "3");
    is_str(child_hears(0), "mail=3", "and both go on");
}

/* ---- broadcasts ---- */

static void broadcast(void)
{
    apr_uint64_t known;

    note("broadcasts");
    fresh();
    ok(notify(NULL, "0") && !f.call.delivered && !f.call.stored, "to nobody");
    listen_to_notices(&l, "anna", NEW);
    listen_to_notices(&m, "boris", NEW);
    is_str(hears(&l), "", "who comes later does not hear it");
    known = notify(NULL, "1");
    ok(f.call.delivered && f.call.listeners == 2, "to all who are there (NT-6)");
    is_str(child_hears(0), "all=1", "one event for all streams of a child, by one id (NT-8)");
    zone_leave(&f, l.stream);
    notify(NULL, "2");
    is_str(child_hears(0), "all=2", "told to who is there");
    zone_pass(&f, QT_SECOND);
    listen_to_notices(&l, "anna", SINCE(known));
    is_str(hears(&l), "all=2", "who comes back within the grace is told, too");
    zone_leave(&f, l.stream);
    listen_to_notices(&l, "anna", NEW);
    is_str(hears(&l), "", "who comes without an id is new");
    zone_leave(&f, l.stream);
    known = notify(NULL, "3");
    zone_pass(&f, 10 * QT_SECOND);
    listen_to_notices(&l, "anna", SINCE(known - 1));
    is_str(hears(&l), "", "after the grace it is not kept for her, and no gap");
}

static void broadcast_to_nobody_just_now(void)
{
    apr_uint64_t known;

    note("a broadcast while all are away for a moment");
    fresh();
    listen_to_notices(&l, "anna", NEW);
    known = notify(NULL, "1");
    child_hears(0);
    zone_leave(&f, l.stream);
    notify(NULL, "2");
    ok(!f.call.delivered, "nobody listens");
    listen_to_notices(&l, "anna", SINCE(known));
    is_str(hears(&l), "all=2", "who comes back within the grace is told");
}

static void broadcast_without_grace(void)
{
    note("a broadcast where there is no grace");
    fresh();
    f.rules.grace = 0;
    listen_to_notices(&l, "anna", NEW);
    notify(NULL, "1");
    zone_pass(&f, 1000);
    is_str(child_hears(0), "all=1", "who is there is told, though a tick came between");
}

/* ---- the feed ---- */

static void feed(void)
{
    static listener f1, f2;
    apr_uint64_t anna, known;

    note("the feed");
    fresh();
    listen_to_notices(&m, "early", NEW);
    is_int(f.zone->topics.count, 2, "nothing is written while nobody listens");
    listen_to_feed(&f1, NEW);
    is_str(hears(&f1), "", "it begins with what comes");
    listen_to_notices(&l, "boris", NEW);
    is_str(child_hears(0), "feed:user=boris\nconnected", "a user comes (NT-18)");
    anna = zone_join(&f, "anna", "");
    is_str(child_hears(0), "feed:user=anna\nconnected feed:operator=anna\nfree", "an operator comes");
    zone_add(&f, "t1");
    is_str(hears(&f1), "feed:user=boris\nconnected feed:user=anna\nconnected feed:operator=anna\nfree feed:task=t1\nready\n\n"
           " feed:task=t1\noffered\nanna\n feed:operator=anna\nselects", "a task is offered");
    child_hears(0);
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    is_str(child_hears(0), "closed feed:task=t1\nassigned\nanna\nassigned feed:operator=anna\nbusy", "and assigned");
    zone_do(&f, QT_COMPLETE, "anna", "t1");
    is_str(child_hears(0), "feed:task=t1\ndone\nanna\ncompleted feed:operator=anna\nfree", "and done");
    zone_leave(&f, anna);
    zone_leave(&f, l.stream);
    zone_pass(&f, f.rules.grace);
    known = f.zone->seq;
    is_int(count_words(child_hears(0), "feed:user=boris\ndisconnected"), 1, "who does not come back is gone");
    zone_leave(&f, f1.stream);
    zone_pass(&f, 200 * QT_SECOND);
    zone_add(&f, "t2");
    listen_to_feed(&f2, SINCE(known));
    is_str(hears(&f2), "feed:task=t2\nready\n\n", "who comes back within five minutes has no hole, and is no news himself");
    zone_leave(&f, f2.stream);
    known = f.zone->seq;
    zone_pass(&f, 700 * QT_SECOND);
    zone_add(&f, "t3");
    listen_to_feed(&f2, SINCE(known));
    is_str(hears(&f2), "lost", "later he is told of the gap");
}

static void feed_in_a_full_zone(void)
{
    static listener f1;
    static char text[3000];
    int n = 0;

    note("the feed of a full zone");
    fresh();
    listen_to_feed(&f1, NEW);
    hears(&f1);
    zone_join(&f, "anna", "");
    memset(text, 'x', sizeof(text) - 1);
    unchecked = 1;
    while (n < 100000) {
        char name[16];

        snprintf(name, sizeof(name), "m%d", n++);
        if (!notify(name, n < 180 ? text : "y")) {
            break;
        }
    }
    unchecked = 0;
    for (n = 0; n < 20000; n++) {
        char name[16];

        snprintf(name, sizeof(name), "u%d", n);
        if (!listen_to_notices(&l, name, NEW)) {
            break;
        }
    }
    ok(n < 20000 && l.status == QT_E_FULL, "the last one did not find room");
    zone_do(&f, QT_PAUSE, "anna", NULL);
    is_int(count_words(child_hears(0), "lost"), 1, "who listens is told of what there was no room for");
    ok(strncmp(hears(&f1), "lost", 4) == 0, "and finds a gap");
}

int main(void)
{
    apr_initialize();
    presence();
    lists();
    kick_with_ban();
    kick_without_ban();
    kick_at_the_end_of_memory();
    alone();
    limits();
    mail_stored();
    mail_read();
    mail_limits();
    no_mailbox();
    broadcast();
    broadcast_to_nobody_just_now();
    broadcast_without_grace();
    feed();
    feed_in_a_full_zone();
    return done_testing();
}
