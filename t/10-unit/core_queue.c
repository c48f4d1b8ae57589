/* The rules of the operators' queue: order, labels, capacity, preference, address, turn once, pauses, exits, streams. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "tap.h"
#include "zone.h"

static zone_fixture f;

static void fresh(void)
{
    if (f.zone) {
        zone_close(&f);
    }
    zone_open(&f, QT_ZONE_MIN);
}

static void add_labelled(const char *task, const char *labels)
{
    qt_spec spec = { .id = qt_str_of(task), .labels = qt_str_of(labels) };

    zone_add_spec(&f, &spec);
}

static void add_for(const char *task, const char *op, int addressed, qt_time prefer_for)
{
    qt_spec spec = { .id = qt_str_of(task), .prefer_for = prefer_for };

    *(addressed ? &spec.operator_id : &spec.prefer) = qt_str_of(op);
    zone_add_spec(&f, &spec);
}

static void test_order_of_joining(void)
{
    apr_uint64_t boris;

    fresh();
    boris = zone_join(&f, "boris", "");
    zone_join(&f, "anna", "");
    zone_join(&f, "boris", "");
    is_str(zone_queue(&f), "boris:free anna:free", "one entry an operator, in order of joining (QT-33)");
    zone_leave(&f, boris);
    is_str(zone_queue(&f), "boris:free anna:free", "another tab keeps him there (QT-38)");
    zone_add(&f, "t1");
    zone_add(&f, "t2");
    is_str(zone_where(&f, "t1"), "offered boris", "the first free one");
    is_str(zone_where(&f, "t2"), "offered anna", "then the next: two tasks at once never meet in one (QT-52)");
}

static void test_grace_keeps_the_place(void)
{
    apr_uint64_t boris;

    fresh();
    boris = zone_join(&f, "boris", "");
    zone_join(&f, "anna", "");
    zone_leave(&f, boris);
    is_str(zone_queue(&f), "boris:away anna:free", "away, but in his place (QT-47)");
    zone_add(&f, "t1");
    is_str(zone_where(&f, "t1"), "offered anna", "and offered nothing");
    zone_join(&f, "boris", "");
    is_str(zone_queue(&f), "boris:free anna:selects", "back in his place");
    f.rules.grace = 0;
    zone_leave(&f, zone_join(&f, "carla", ""));
    is_str(zone_queue(&f), "boris:free anna:selects", "no grace: gone at once (QT-38)");
}

static void test_priority_then_age(void)
{
    qt_spec urgent = { .id = QT_STR_LIT("urgent"), .priority = 5 };

    fresh();
    zone_add(&f, "old");
    zone_add(&f, "young");
    zone_add_spec(&f, &urgent);
    zone_join(&f, "anna", "");
    is_str(zone_where(&f, "urgent"), "offered anna", "priority first");
    zone_do(&f, QT_REJECT, "anna", "urgent");
    is_str(zone_where(&f, "old"), "offered anna", "then age");
    zone_join(&f, "boris", "");
    is_str(zone_where(&f, "urgent"), "offered boris", "a refused task keeps its rank");
}

static void test_labels(void)
{
    fresh();
    add_labelled("german", "de");
    add_labelled("both", "de\nen");
    zone_join(&f, "anna", "en");
    is_str(zone_where(&f, "german"), "ready", "labels: it fits nobody yet (QT-27)");
    zone_add(&f, "plain");
    is_str(zone_where(&f, "plain"), "offered anna", "a task without labels fits everybody");
    zone_join(&f, "boris", "de\nen\nfr");
    is_str(zone_where(&f, "german"), "offered boris", "the oldest that fits");
    zone_do(&f, QT_ASSIGN, "boris", "german");
    zone_do(&f, QT_COMPLETE, "boris", "german");
    is_str(zone_where(&f, "both"), "offered boris", "all labels of the task must be his");
    zone_do(&f, QT_REJECT, "boris", "both");
    zone_do(&f, QT_ASSIGN, "anna", "plain");
    zone_do(&f, QT_COMPLETE, "anna", "plain");
    zone_join(&f, "anna", "de\nen");
    is_str(zone_where(&f, "both"), "offered anna", "labels are those of his latest stream");
    fresh();
    zone_join(&f, "anna", "en");
    zone_join(&f, "boris", "de");
    add_labelled("both", "de\nen");
    is_str(zone_where(&f, "both"), "ready", "one label each is not enough");
    zone_join(&f, "carla", "at\nde");
    is_str(zone_where(&f, "both"), "ready", "nor another two");
}

static void test_capacity(void)
{
    fresh();
    f.rules.capacity = 3;
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_add(&f, "t2");
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    zone_add(&f, "t3");
    zone_add(&f, "t4");
    is_str(zone_where(&f, "t3"), "offered anna", "open offers and assigned tasks up to his capacity");
    is_str(zone_where(&f, "t4"), "ready", "and no more");
    zone_do(&f, QT_COMPLETE, "anna", "t1");
    is_str(zone_where(&f, "t4"), "offered anna", "complete makes room for one");
}

static void test_wrap_up(void)
{
    fresh();
    f.rules.wrap_up = 10 * QT_SECOND;
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_add(&f, "t2");
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    zone_do(&f, QT_COMPLETE, "anna", "t1");
    is_str(zone_where(&f, "t2"), "ready", "a pause after complete");
    zone_pass(&f, 10 * QT_SECOND);
    is_str(zone_where(&f, "t2"), "offered anna", "then he is free again");
}

static void test_addressed(void)
{
    apr_uint64_t anna;

    fresh();
    zone_join(&f, "boris", "");
    add_for("t1", "anna", 1, 0);
    is_str(zone_where(&f, "t1"), "ready", "pre-assigned: kept for him while he is away (QT-44, A-7)");
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "task!t1", "told as assigned when he comes (QT-18, QT-31)");
    is_str(zone_where(&f, "t1"), "assigned anna", "and counts from then");
    is_int(zone_do(&f, QT_ASSIGN, "anna", "t1"), QT_E_NOT_OFFERED, "there is nothing to decide (QT-3)");
    add_for("t2", "anna", 1, 0);
    is_str(zone_told(&f, anna), "task!t2", "told at once, beyond his capacity");
    zone_pass(&f, 10 * QT_SECOND);
    zone_leave(&f, anna);
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "", "what he has seen for long is not told again");
    add_for("t3", "anna", 1, 0);
    zone_told(&f, anna);
    zone_leave(&f, anna);
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "task!t3", "what was written to a stream that broke at once is");
}

static void test_preferred(void)
{
    fresh();
    zone_join(&f, "boris", "");
    add_for("t1", "anna", 0, 10 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "ready", "waits for the preferred one");
    zone_pass(&f, 10 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "offered boris", "for preferFor, then anyone that fits");
    add_for("t2", "anna", 0, 0);
    zone_pass(&f, 30 * QT_SECOND);
    zone_join(&f, "carla", "");
    is_str(zone_where(&f, "t2"), "ready", "without preferFor for ever");
    zone_join(&f, "anna", "");
    is_str(zone_where(&f, "t2"), "offered anna", "he comes");
    zone_do(&f, QT_REJECT, "anna", "t2");
    is_str(zone_where(&f, "t2"), "offered carla", "his refusal uses the preference up");
}

static void test_take(void)
{
    fresh();
    is_int(zone_do(&f, QT_TAKE, "anna", NULL), APR_SUCCESS, "take-free");
    is_int((int)f.call.n, 0, "nothing there (QT-1)");
    zone_add(&f, "t1");
    add_for("t2", "anna", 1, 0);
    zone_do(&f, QT_TAKE, "anna", NULL);
    is_str(zone_where(&f, "t2"), "assigned anna", "take-free returns what is his already first");
    zone_do(&f, QT_TAKE, "anna", NULL);
    is_int((int)f.call.n, 0, "nothing at capacity");
    zone_do(&f, QT_COMPLETE, "anna", "t2");
    zone_do(&f, QT_TAKE, "anna", NULL);
    is_str(zone_where(&f, "t1"), "assigned anna", "found and assigned in one step (QT-1)");
    zone_do(&f, QT_COMPLETE, "anna", "t1");
    zone_join(&f, "anna", "");
    zone_do(&f, QT_PAUSE, "anna", NULL);
    zone_add(&f, "t3");
    zone_do(&f, QT_TAKE, "anna", NULL);
    is_int((int)f.call.n, 0, "nothing for one who waits (QT-41)");
}

static void test_take_never_what_is_on_offer(void)
{
    fresh();
    zone_join(&f, "boris", "");
    zone_add(&f, "t1");
    zone_do(&f, QT_TAKE, "anna", NULL);
    is_int((int)f.call.n, 0, "what is on offer to another can't be taken (QT-42)");
}

static void test_pause_and_ready(void)
{
    fresh();
    is_int(zone_do(&f, QT_PAUSE, "anna", NULL), QT_E_UNKNOWN, "pause: he has no place");
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_do(&f, QT_PAUSE, "anna", NULL);
    is_str(zone_where(&f, "t1"), "offered anna", "a pause leaves an open offer standing");
    zone_do(&f, QT_REJECT, "anna", "t1");
    zone_add(&f, "t2");
    is_str(zone_queue(&f), "anna:paused", "paused");
    is_str(zone_where(&f, "t2"), "ready", "and offered nothing");
    zone_do(&f, QT_READY, "anna", NULL);
    is_str(zone_where(&f, "t2"), "offered anna", "ready: the oldest that fits comes at once");
}

static void test_pause_on_timeout(void)
{
    fresh();
    f.rules.pause_on_timeout = 1;
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_pass(&f, 40 * QT_SECOND);
    is_str(zone_queue(&f), "anna:paused", "OnTimeout pause: who slept is paused");
    is_str(zone_where(&f, "t1"), "ready", "and his task waits");
}

static void test_zone_pause(void)
{
    fresh();
    f.call = (qt_call){ .verb = QT_SWITCH, .flag = 1 };
    zone_call(&f);
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    is_str(zone_where(&f, "t1"), "ready", "a paused zone offers nothing");
    zone_do(&f, QT_TAKE, "boris", NULL);
    is_int((int)f.call.n, 0, "and gives nothing");
    f.call = (qt_call){ .verb = QT_SWITCH };
    zone_call(&f);
    zone_pass(&f, 0);
    is_str(zone_where(&f, "t1"), "offered anna", "resumed, it does");
}

static void test_exit(void)
{
    apr_uint64_t anna, tab;

    fresh();
    anna = zone_join(&f, "anna", "");
    tab = zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_told(&f, anna);
    zone_join(&f, "boris", "");
    is_int(zone_do(&f, QT_EXIT, "anna", NULL), APR_SUCCESS, "exit (QT-5, QT-64)");
    is_str(zone_where(&f, "t1"), "offered boris", "the open offer is passed on at once");
    is_str(zone_queue(&f), "boris:selects", "he is out of the queue");
    is_str(zone_told(&f, tab), "end", "his streams end");
    is_int((int)zone_join(&f, "anna", ""), 0, "and may not come back");
    zone_leave(&f, anna);
    zone_leave(&f, tab);
    zone_pass(&f, QT_EXIT_BAN);
    ok(zone_join(&f, "anna", "") != 0, "for ten seconds");
}

static void test_fence(void)
{
    apr_uint64_t first;

    fresh();
    f.rules.cooldown = 0;
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    first = zone_get(&f, "t1")->offer;
    zone_pass(&f, 40 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "offered anna", "on offer again");
    f.call = (qt_call){ .verb = QT_ASSIGN, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .fenced = 1, .offer = first };
    is_int(zone_call(&f), QT_E_GONE, "a late click on the older offer is refused");
    first = zone_get(&f, "t1")->offer;
    f.call = (qt_call){ .verb = QT_ASSIGN, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .fenced = 1, .offer = first };
    is_int(zone_call(&f), APR_SUCCESS, "one on this offer is not");
    f.call.verb = QT_COMPLETE;
    is_int(zone_call(&f), APR_SUCCESS, "its token also fences complete");
}

static void test_extend(void)
{
    fresh();
    zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_pass(&f, 30 * QT_SECOND);
    is_int(zone_do(&f, QT_EXTEND, "anna", "t1"), APR_SUCCESS, "extend");
    is_int(zone_do(&f, QT_EXTEND, "anna", "t1"), QT_E_LIMIT, "only so often");
    zone_pass(&f, 40 * QT_SECOND - 1);
    is_str(zone_where(&f, "t1"), "offered anna", "one more window, from then");
    zone_pass(&f, 1);
    is_int((int)zone_get(&f, "t1")->attempt, 2, "and no more");
}

static void test_once(void)
{
    apr_uint64_t anna;

    fresh();
    f.rules.once = 1;
    anna = zone_join(&f, "anna", "");
    zone_join(&f, "boris", "");
    zone_add(&f, "t1");
    is_str(zone_told(&f, anna), "task:t1 end", "once: the stream ends after the task event (QT-16, QT-35)");
    zone_leave(&f, anna);
    zone_pass(&f, 20 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "offered anna", "he decides without a stream; no grace runs (QT-39)");
    is_str(zone_queue(&f), "anna:selects boris:free", "and keeps his place meanwhile (QT-35)");
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    is_str(zone_where(&f, "t1"), "done anna", "an assignment is the end of our part");
    is_str(zone_queue(&f), "boris:free", "he leaves the queue (QT-36)");
    anna = zone_join(&f, "anna", "");
    is_str(zone_queue(&f), "boris:free anna:free", "a new wait-sse joins at the tail");
}

static void test_once_refused(void)
{
    apr_uint64_t anna;

    fresh();
    f.rules.once = 1;
    anna = zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_told(&f, anna);
    zone_leave(&f, anna);
    zone_pass(&f, 10 * QT_SECOND);
    f.call = (qt_call){ .verb = QT_ASSIGN, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .flag = 1 };
    zone_call(&f);
    f.call = (qt_call){ .verb = QT_SETTLE, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .verdict = QT_HOST_TAKEN };
    zone_call(&f);
    is_str(zone_queue(&f), "anna:away", "once: refused by the host he keeps his place for the grace (QT-36)");
    zone_pass(&f, 5 * QT_SECOND);
    is_str(zone_queue(&f), "", "but is no ghost in the queue (QT-61)");
}

static void test_once_reconnect(void)
{
    apr_uint64_t anna;

    fresh();
    f.rules.once = 1;
    anna = zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    zone_told(&f, anna);
    zone_leave(&f, anna);
    anna = zone_join(&f, "anna", "");
    zone_add(&f, "t2");
    is_str(zone_told(&f, anna), "task:t1 end", "an EventSource that comes back while deciding sees the same offer (QT-53)");
    is_str(zone_where(&f, "t2"), "ready", "and no other");
    zone_leave(&f, anna);
    zone_pass(&f, 40 * QT_SECOND);
    is_str(zone_queue(&f), "", "the window lapsed and no stream is open: he is gone (QT-23)");
}

static void test_once_addressed(void)
{
    apr_uint64_t anna;

    fresh();
    f.rules.once = 1;
    add_for("t1", "anna", 1, 0);
    add_for("t2", "anna", 1, 0);
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "task!t1 end", "once: one pre-assigned task a stream");
    is_str(zone_where(&f, "t1"), "done anna", "told is done");
    zone_leave(&f, anna);
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "task!t2 end", "the next stream brings the next: none is lost (QT-52)");
}

static void test_streams_and_limits(void)
{
    qt_rules rules = { .window = QT_SECOND, .capacity = 1 };
    apr_uint64_t anna;

    fresh();
    f.call = (qt_call){ .verb = QT_JOIN, .who = QT_STR_LIT("anna"), .rules = &rules, .max_streams_per_user = 1 };
    is_int(zone_call(&f), APR_SUCCESS, "the first stream");
    anna = f.call.stream;
    is_int(zone_call(&f), QT_E_LIMIT, "streams of one user are limited");
    f.call = (qt_call){ .verb = QT_JOIN, .who = QT_STR_LIT("boris"), .rules = &rules, .max_streams = 1 };
    is_int(zone_call(&f), QT_E_CROWDED, "and so are all");
    zone_add(&f, "t1");
    is_str(zone_told(&f, anna), "", "a held stream is told nothing");
    f.call = (qt_call){ .verb = QT_HOLD, .stream = anna };
    zone_call(&f);
    is_str(zone_told(&f, anna), "task:t1", "and all of it when it goes on");
    f.call = (qt_call){ .verb = QT_ORPHANS, .child = 0 };
    zone_call(&f);
    is_int((int)f.zone->streams.count, 0, "a dead child's streams are given up (X-1)");
    is_str(zone_where(&f, "t1"), "ready", "with their offers");
    zone_leave(&f, anna);
}

static void test_wakes_the_right_child(void)
{
    apr_uint64_t stream;

    fresh();
    f.call = (qt_call){ .verb = QT_JOIN, .who = QT_STR_LIT("anna"), .rules = &f.rules, .child = 70 };
    zone_call(&f);
    stream = f.call.stream;
    f.call = (qt_call){ .verb = QT_HOLD, .stream = stream };
    zone_call(&f);
    zone_add(&f, "t1");
    ok(f.call.wake[1] == (apr_uint64_t)1 << 6 && !f.call.wake[0], "a verb says which child has something to collect (X-1)");
    f.call = (qt_call){ .verb = QT_COLLECT, .child = 69 };
    zone_call(&f);
    is_int((int)f.call.n, 0, "another child has nothing");
    f.call = (qt_call){ .verb = QT_COLLECT, .child = 70 };
    zone_call(&f);
    is_int((int)f.call.n, 1, "the right one has");
}

static void test_behind(void)
{
    apr_uint64_t anna, slow, skipper;

    fresh();
    f.rules.capacity = 100;
    anna = zone_join(&f, "anna", "");
    slow = zone_join(&f, "anna", "");
    zone_told(&f, anna);
    f.call = (qt_call){ .verb = QT_HOLD, .stream = slow, .flag = 1 };
    zone_call(&f);
    f.call = (qt_call){ .verb = QT_JOIN, .who = QT_STR_LIT("anna"), .rules = &f.rules, .skip = 1 };
    zone_call(&f);
    skipper = f.call.stream;
    f.call = (qt_call){ .verb = QT_HOLD, .stream = skipper };
    zone_call(&f);
    zone_told(&f, skipper);
    f.call = (qt_call){ .verb = QT_HOLD, .stream = skipper, .flag = 1 };
    zone_call(&f);
    for (int i = 0; i < 20; i++) {
        char task[8];

        snprintf(task, sizeof(task), "t%d", i);
        zone_add(&f, task);
        zone_told(&f, anna);
    }
    f.call = (qt_call){ .verb = QT_HOLD, .stream = slow };
    zone_call(&f);
    is_str(zone_told(&f, slow), "end", "a stream too far behind is ended, so that it comes back and sees what is open");
    for (int i = 0; i < 18; i++) {
        char task[8];

        snprintf(task, sizeof(task), "t%d", i);
        zone_do(&f, QT_WITHDRAW, NULL, task);
        zone_told(&f, anna);
    }
    f.call = (qt_call){ .verb = QT_HOLD, .stream = skipper };
    zone_call(&f);
    is_str(zone_told(&f, skipper), "gap task:t18 task:t19", "one that skips is told of the gap, and what is open");
    is_str(zone_told(&f, skipper), "", "once");
    zone_add(&f, "next");
    is_str(zone_told(&f, skipper), "task:next", "and goes on");
}

static apr_status_t ticket(qt_verb verb, const char *secret, const char *who, const char *labels)
{
    f.call = (qt_call){ .verb = verb, .ticket = qt_str_of(secret), .who = qt_str_of(who), .labels = qt_str_of(labels) };
    return zone_call(&f);
}

static void test_tickets(void)
{
    apr_status_t rv = APR_SUCCESS;
    char secret[16];
    int n = 0;

    fresh();
    is_int(ticket(QT_TICKET, "k1", "anna", "de\nfr"), APR_SUCCESS, "a ticket is given");
    is_int(ticket(QT_TICKET, "k1", "boris", ""), QT_E_CONFLICT, "the same secret is nobody else's");
    is_int(ticket(QT_REDEEM, "k2", "", ""), QT_E_NOBODY, "a ticket that is none");
    f.call = (qt_call){ .verb = QT_REDEEM, .ticket = QT_STR_LIT("k1"), .flag = 1 };
    is_int(zone_call(&f), APR_SUCCESS, "it may be looked at");
    is_int(ticket(QT_REDEEM, "k1", "", ""), APR_SUCCESS, "and used");
    ok(qt_str_eq(f.call.who, QT_STR_LIT("anna")) && qt_str_eq(f.call.labels, QT_STR_LIT("de\nfr")), "by its caller, with the labels");
    is_int(ticket(QT_REDEEM, "k1", "", ""), QT_E_NOBODY, "once");
    ticket(QT_TICKET, "k3", "anna", "");
    zone_pass(&f, QT_TICKET_LIFE - 1);
    f.call = (qt_call){ .verb = QT_REDEEM, .ticket = QT_STR_LIT("k3"), .flag = 1 };
    is_int(zone_call(&f), APR_SUCCESS, "for thirty seconds");
    ok(!f.call.labels.n, "a caller may have no labels");
    f.now += 1;
    is_int(ticket(QT_REDEEM, "k3", "", ""), QT_E_NOBODY, "no more, even before the tick comes");
    zone_pass(&f, 0);
    is_int((int)f.zone->tickets.count, 0, "which forgets it");
    for (; rv == APR_SUCCESS; n++) {
        snprintf(secret, sizeof(secret), "s%d", n);
        rv = ticket(QT_TICKET, secret, "mallory", "");
    }
    is_int(rv, QT_E_FULL, "there are only so many");
    ok(f.zone->arena.used < f.zone->block.size / 8, "and they leave most of the zone to others");
    zone_pass(&f, QT_TICKET_LIFE);
    is_int((int)f.zone->tickets.count, 0, "all are forgotten in time");
}

static void test_add_all_or_nothing(void)
{
    qt_spec specs[3] = { { .id = QT_STR_LIT("a") }, { .id = QT_STR_LIT("b") }, { .id = QT_STR_LIT("a"), .print = { 1 } } };
    static char big[200 * 1024];
    qt_spec spec = { .id = QT_STR_LIT("big"), .payload = { big, sizeof(big) } };
    unsigned n = 0;

    fresh();
    f.call = (qt_call){ .verb = QT_ADD, .specs = specs, .nspecs = 3 };
    is_int(zone_call(&f), QT_E_CONFLICT, "an array with a conflict");
    is_int((int)f.call.bad, 2, "names the culprit");
    is_str(zone_state(&f, "a"), "unknown", "and adds nothing");
    memset(big, 'x', sizeof(big));
    zone_join(&f, "anna", "");
    zone_add(&f, "first");
    while (zone_add_spec(&f, &spec) == APR_SUCCESS && n < 100) {
        static char ids[100][8];

        snprintf(ids[n], sizeof(ids[n]), "big%u", n);
        spec.id = qt_str_of(ids[n++]);
    }
    ok(n > 1 && n < 100, "a zone is full after %u payloads of 200 KB", n);
    is_int(zone_do(&f, QT_REJECT, "anna", "first"), APR_SUCCESS, "in a full zone reject works");
    is_str(zone_where(&f, "big"), "offered anna", "and offering");
    is_int(zone_do(&f, QT_ASSIGN, "anna", "big"), APR_SUCCESS, "assign works");
    is_int(zone_do(&f, QT_COMPLETE, "anna", "big"), APR_SUCCESS, "complete works");
    is_int(zone_do(&f, QT_WITHDRAW, NULL, "big0"), APR_SUCCESS, "withdraw works");
    is_int(zone_add_spec(&f, &spec), APR_SUCCESS, "ended tasks make room before anything is refused");
    is_str(zone_state(&f, "big"), "unknown", "the oldest goes first");
}

/* Leafs through the tasks of some states; the one that a page ended with goes before the next is asked for. How often each was seen. */
static void leaf(apr_uint32_t which, unsigned *seen)
{
    char last[QT_NAME_MAX + 1] = "";

    do {
        f.call = (qt_call){ .verb = QT_TASKS, .which = which, .limit = 7, .from = last[0] ? qt_str_of(last) : QT_STR_NONE };
        zone_call(&f);
        for (apr_uint32_t i = 0; i < f.call.n; i++) {
            char id[8] = "";

            memcpy(id, f.call.tasks[i].id.p, f.call.tasks[i].id.n);
            seen[strtoul(id + 1, NULL, 10)]++;
        }
        snprintf(last, sizeof(last), "%.*s", (int)f.call.last.n, f.call.last.p);
        if (!f.call.more) {
            return;
        }
        zone_do(&f, QT_WITHDRAW, NULL, last);
        qt_begin(QT_B(f.zone));
        qt_forget_ended(f.zone, f.now, 0);
        qt_end(QT_B(f.zone), APR_SUCCESS);
        is_str(zone_state(&f, last), "unknown", "the last one of a page is gone");
    } while (1);
}

static void test_list(void)
{
    unsigned seen[60] = { 0 }, once = 0, added = 0;

    fresh();
    for (int i = 0; i < 60; i++) {
        char id[8];

        snprintf(id, sizeof(id), "t%d", i);
        zone_add(&f, id);
    }
    leaf(1U << QT_WAITING, seen);
    for (int i = 0; i < 60; i++) {
        once += seen[i] == 1;
    }
    is_int((int)once, 60, "all the same every task is seen once");
    f.call = (qt_call){ .verb = QT_TASKS, .which = 1U << QT_DEAD, .limit = 7 };
    is_int(zone_call(&f), APR_SUCCESS, "nothing in that state");
    is_int((int)(f.call.n + f.call.more), 0, "is an empty list");
    for (int i = 0; i < 1100; i++) {
        char id[8];

        snprintf(id, sizeof(id), "u%d", i);
        added += zone_add(&f, id) == APR_SUCCESS;
    }
    is_int((int)added, 1100, "many tasks");
    f.call = (qt_call){ .verb = QT_TASKS, .which = 1U << QT_DEAD, .limit = 7 };
    zone_call(&f);
    ok(!f.call.n && f.call.more && f.call.last.n, "one verb looks at so many only, and says where to go on");
}

int main(void)
{
    apr_initialize();
    test_list();
    test_order_of_joining();
    test_grace_keeps_the_place();
    test_priority_then_age();
    test_labels();
    test_capacity();
    test_wrap_up();
    test_addressed();
    test_preferred();
    test_take();
    test_take_never_what_is_on_offer();
    test_pause_and_ready();
    test_pause_on_timeout();
    test_zone_pause();
    test_exit();
    test_fence();
    test_extend();
    test_once();
    test_once_refused();
    test_once_reconnect();
    test_once_addressed();
    test_streams_and_limits();
    test_wakes_the_right_child();
    test_behind();
    test_tickets();
    test_add_all_or_nothing();
    return done_testing();
}
