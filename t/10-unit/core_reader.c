/* Queues in the core: who is given what, what comes back, and how a queue ends. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "tap.h"
#include "talk_zone.h"

static void fresh(void)
{
    talk_open(QT_ZONE_MIN);
}

/* "1" to that number, one after the other. */
static void push_numbers(const char *queue, int from, int to)
{
    for (int i = from; i <= to; i++) {
        char word[16];

        snprintf(word, sizeof(word), "%d", i);
        push(queue, word);
    }
}

static const char *numbers(int from, int to)
{
    static char text[8192];
    apr_size_t n = 0;

    text[0] = 0;
    for (int i = from; i <= to; i++) {
        n += (apr_size_t)snprintf(text + n, sizeof(text) - n, "%s%d", i > from ? " " : "", i);
    }
    return text;
}

static apr_status_t hold(apr_uint64_t stream, int held)
{
    f.call = (qt_call){ .verb = QT_HOLD, .stream = stream, .flag = held != 0 };
    return talk_call();
}

static apr_status_t close_queue(const char *queue)
{
    f.call = (qt_call){ .verb = QT_CLOSE, .queue = qt_str_of(queue) };
    return talk_call();
}

static const qt_queue_view *queue_of(const char *queue)
{
    f.call = (qt_call){ .verb = QT_QUEUES, .limit = 10 };
    talk_call();
    for (apr_uint32_t i = 0; i < f.call.n; i++) {
        if (qt_str_eq(f.call.queues[i].name, qt_str_of(queue))) {
            return &f.call.queues[i];
        }
    }
    return NULL;
}

static apr_uint64_t loan;

static const char *drain(const char *queue, const char *who, qt_cursor since)
{
    static words w;

    w.n = 0;
    w.text[0] = 0;
    f.call = (qt_call){ .verb = QT_DRAIN, .queue = qt_str_of(queue), .who = qt_str_of(who), .grace = f.rules.grace, .since = since };
    if (talk_call() != APR_SUCCESS) {
        return f.call.out.need ? "too large for the buffer" : "failed";
    }
    loan = f.call.stream;
    for (apr_uint32_t i = 0; i < f.call.n; i++) {
        words_event(&w, &f.call.events[i]);
    }
    return w.text;
}

static void drained(const char *queue, int read)
{
    f.call = (qt_call){ .verb = QT_DRAINED, .queue = qt_str_of(queue), .stream = loan, .flag = read != 0 };
    talk_call();
}

/* ---- giving ---- */

static void first_in_first_out(void)
{
    note("first in, first out");
    fresh();
    push_numbers("q", 1, 3);
    is_int(queue_of("q")->messages, 3, "messages wait for a reader");
    read_queue("q", "anna", 0, NEW);
    is_str(child_hears(0), "1 2 3", "he is given them in order (RK-6)");
    push_numbers("q", 4, 5);
    is_str(child_hears(0), "4 5", "and what comes later at once");
    is_int(queue_of("q")->in_flight, 5, "until the grace has passed they are in flight");
    is_int(f.call.queues->readers, 1, "with the reader");
    zone_pass(&f, f.rules.grace);
    is_int(queue_of("q")->in_flight, 0, "then they have been read");
    is_int(f.zone->stats.read, 5, "all of them");
}

static void competing(void)
{
    apr_uint64_t anna;

    note("competing readers");
    fresh();
    anna = read_queue("q", "anna", 1, NEW);
    read_queue("q", "boris", 2, NEW);
    push_numbers("q", 1, 5);
    is_str(child_hears(1), "1 3 5", "each message goes to one reader");
    is_str(child_hears(2), "2 4", "in turn");
    hold(anna, 1);
    push_numbers("q", 6, 8);
    is_str(child_hears(1), "", "who is held gets nothing");
    is_str(child_hears(2), "6 7 8", "the other does");
    hold(anna, 0);
    push_numbers("q", 9, 10);
    is_str(child_hears(1), "10", "and then it goes on in turn");
    is_str(child_hears(2), "9", "whoever waits longest first");
    push_numbers("other", 1, 1);
    is_str(child_hears(2), "", "another queue is another queue");
}

static void all_or_nothing(void)
{
    static qt_str texts[QT_ADD_MAX + 1];
    static char large[8000];

    note("many at once");
    fresh();
    for (int i = 0; i <= QT_ADD_MAX; i++) {
        texts[i] = (qt_str){ large, 1 };
    }
    memset(large, 'x', sizeof(large));
    is_int(push_many("q", texts, QT_ADD_MAX + 1), QT_E_TOO_LARGE, "there is an end to how many");
    is_int(push_many("q", texts, 600), APR_SUCCESS, "600 at once, in the smallest zone (RK-2)");
    is_int(f.call.n, 600, "an id each");
    is_int(f.call.seqs[599] - f.call.seqs[0], 599, "one after the other");
    for (int i = 0; i < 200; i++) {
        texts[i] = (qt_str){ large, sizeof(large) };
    }
    is_int(push_many("p", texts, 200), QT_E_FULL, "more than there is room for");
    ok(!queue_of("p"), "leaves nothing behind: all or nothing");
    is_int(f.zone->stats.queued, 600, "and the others are there");
    is_int(push_many("q", texts, 0), APR_SUCCESS, "none is no error");
}

/* ---- breaking off ---- */

static void comes_back(void)
{
    apr_uint64_t stream, two;

    note("who comes back");
    fresh();
    stream = read_queue("q", "anna", 0, NEW);
    push_numbers("q", 1, 3);
    two = f.zone->seq - 1;
    child_hears(0);
    zone_leave(&f, stream);
    push_numbers("q", 4, 4);
    is_str(drain("q", "boris", NEW), "4", "within the grace nobody else gets what she had");
    drained("q", 1);
    stream = read_queue("q", "anna", 0, NEW);
    is_str(child_hears(0), "1 2 3", "she is given it again, in order (RK-26)");
    zone_leave(&f, stream);
    stream = read_queue("q", "anna", 0, SINCE(two));
    is_str(child_hears(0), "3", "or what came after the last that she has");
    zone_leave(&f, stream);
    read_queue("q", "anna", 0, (qt_cursor){ .given = 1, .epoch = 99, .seq = two + 1 });
    is_str(child_hears(0), "3", "an id of another life counts for nothing");
    zone_pass(&f, f.rules.grace);
    is_int(f.zone->stats.read, 4, "and once she has kept it, it has been read");
}

static void others_after_the_grace(void)
{
    apr_uint64_t anna, boris;

    note("who does not come back");
    fresh();
    anna = read_queue("q", "anna", 1, NEW);
    boris = read_queue("q", "boris", 2, NEW);
    push_numbers("q", 1, 6);
    child_hears(1);
    child_hears(2);
    hold(boris, 1);
    push_numbers("q", 7, 7);
    zone_leave(&f, anna);
    push_numbers("q", 8, 9);
    zone_pass(&f, f.rules.grace - 1);
    is_str(drain("q", "carla", NEW), "8 9", "not before the grace is over");
    drained("q", 0);
    zone_pass(&f, 1);
    is_int(queue_of("q")->messages, 6, "then what she had is back");
    hold(boris, 0);
    is_str(child_hears(2), "1 3 5 7 8 9", "at the head, in its order");
    f.rules.grace = 0;
    anna = read_queue("p", "anna", 1, NEW);
    push_numbers("p", 1, 2);
    child_hears(1);
    zone_pass(&f, 1);
    push_numbers("p", 3, 3);
    zone_leave(&f, anna);
    is_str(drain("p", "boris", NEW), "3", "without a grace what was told is read, and what was not is back at once");
}

static void two_broken(void)
{
    apr_uint64_t one, two;

    note("two streams of one user break");
    fresh();
    one = read_queue("q", "anna", 0, NEW);
    two = read_queue("q", "anna", 1, NEW);
    push_numbers("q", 1, 6);
    child_hears(0);
    child_hears(1);
    zone_leave(&f, two);
    zone_leave(&f, one);
    read_queue("q", "anna", 2, NEW);
    is_str(child_hears(2), "1 2 3 4 5 6", "one that comes has what both had, in order");
}

static void many_come_back(void)
{
    static char want[4096];
    apr_uint64_t anna;

    note("many come back");
    fresh();
    anna = read_queue("q", "anna", 0, NEW);
    push_numbers("q", 1, 200);
    child_hears(0);
    read_queue("q", "boris", 1, NEW);
    zone_leave(&f, anna);
    zone_pass(&f, f.rules.grace);
    is_str(child_hears(1), numbers(1, 200), "200 of them, in order, to one who waits");
    fresh();
    push_numbers("q", 1, 200);
    is_str(drain("q", "anna", NEW), numbers(1, 200), "or on loan");
    read_queue("q", "boris", 1, NEW);
    push_numbers("q", 201, 202);
    drained("q", 0);
    zone_pass(&f, 1);
    snprintf(want, sizeof(want), "201 202 %s", numbers(1, 200));
    is_str(child_hears(1), want, "what was there, and what came back, in order");
}

static void replaced_at_the_end(void)
{
    apr_uint64_t old;

    note("replaced when all is given");
    fresh();
    old = read_queue("q", "anna", 0, NEW);
    push_numbers("q", 1, 2);
    hold(old, 0);
    child_hears(0);
    push_numbers("q", 3, 3);
    f.call = (qt_call){ .verb = QT_KICK, .who = QT_STR_LIT("anna") };
    talk_call();
    close_queue("q");
    is_str(child_hears(0), "end", "she is sent away, the queue is closed");
    zone_leave(&f, old);
    read_queue("q", "anna", 0, NEW);
    is_str(child_hears(0), "1 2 3 terminate end", "what was on the way to her is not taken for read");
}

/* ---- closing ---- */

static void closing(void)
{
    apr_uint64_t anna;

    note("closing");
    fresh();
    push_numbers("q", 1, 2);
    is_int(close_queue("q"), APR_SUCCESS, "closed with messages in it (RK-3)");
    is_int(close_queue("q"), APR_SUCCESS, "once more: no error");
    is_int(push("q", "3"), 0, "nothing more comes");
    is_int(push_many("q", (qt_str[]){ QT_STR_LIT("3") }, 1), QT_E_CONFLICT, "CONFLICT (RK-15)");
    anna = read_queue("q", "anna", 0, NEW);
    is_str(child_hears(0), "1 2 terminate end", "the terminator comes last, and then the end (RK-11)");
    zone_leave(&f, anna);
    anna = read_queue("q", "boris", 0, NEW);
    is_str(child_hears(0), "terminate end", "a later reader is told the same");
    zone_leave(&f, anna);
    is_str(drain("q", "boris", NEW), "terminate", "so is a poll");
    drained("q", 1);
    zone_pass(&f, QT_CLOSED_LIFE - QT_SECOND);
    is_str(drain("q", "carla", NEW), "terminate", "for an hour");
    drained("q", 1);
    zone_pass(&f, 2 * QT_SECOND);
    ok(!queue_of("q"), "then it is forgotten");
    ok(push("q", "again") != 0, "and its id is free");
    is_str(drain("q", "boris", NEW), "again", "for another queue");
}

static void closing_a_long_one(void)
{
    static char want[4096];
    words told = { .n = 0 };

    note("closing with many messages in it");
    fresh();
    unchecked = 1;
    push_numbers("q", 1, 300);
    unchecked = 0;
    close_queue("q");
    is_str(drain("q", "boris", NEW), numbers(1, QT_DRAIN_MAX), "a poll that does not take all has no terminator");
    drained("q", 0);
    read_queue("q", "anna", 0, NEW);
    for (int i = 0; i < 10; i++) {
        const char *text = child_hears(0);

        if (*text) {
            words_add(&told, text, strlen(text));
        }
        zone_pass(&f, 1);
    }
    snprintf(want, sizeof(want), "%s terminate end", numbers(1, 300));
    is_str(told.text, want, "a reader has the terminator after the last of them");
}

static void closing_an_empty_one(void)
{
    apr_uint64_t anna, boris;

    note("closing what never had a message");
    fresh();
    is_int(close_queue("q"), APR_SUCCESS, "a queue that was not there");
    read_queue("q", "anna", 0, NEW);
    is_str(child_hears(0), "terminate end", "tells its end (RK-20)");
    fresh();
    anna = read_queue("q", "anna", 1, NEW);
    boris = read_queue("q", "boris", 2, NEW);
    hold(boris, 1);
    close_queue("q");
    is_str(child_hears(1), "terminate end", "to whoever waits");
    is_str(child_hears(2), "", "but who is held");
    hold(boris, 0);
    is_str(child_hears(2), "terminate end", "later");
    zone_leave(&f, anna);
    zone_leave(&f, boris);
    push("p", "---terminate---");
    read_queue("p", "anna", 1, NEW);
    is_str(child_hears(1), "---terminate---", "a message is no terminator, whatever it says (RK-27)");
}

static void comes_back_after_the_close(void)
{
    apr_uint64_t anna;

    note("a break before the end");
    fresh();
    anna = read_queue("q", "anna", 0, NEW);
    push_numbers("q", 1, 2);
    child_hears(0);
    zone_leave(&f, anna);
    close_queue("q");
    zone_pass(&f, f.rules.grace);
    read_queue("q", "boris", 1, NEW);
    is_str(child_hears(1), "1 2 terminate end", "what came back comes before the terminator");
}

/* ---- polls ---- */

static void polls(void)
{
    note("polls");
    fresh();
    is_str(drain("q", "anna", NEW), "", "an unknown queue is empty (RK-10)");
    ok(!queue_of("q"), "and is not made by that");
    push_numbers("q", 1, 3);
    is_str(drain("q", "anna", NEW), "1 2 3", "all that is there (RK-8)");
    is_str(drain("q", "boris", NEW), "", "once (RK-6)");
    drained("q", 1);
    is_int(f.zone->stats.queued, 3, "another's word changes nothing");
    zone_pass(&f, f.rules.grace);
    is_str(drain("q", "anna", NEW), "1 2 3", "whose child died is given it again after the grace");
    drained("q", 0);
    is_str(drain("q", "boris", NEW), "1 2 3", "what could not be written is back at once");
    drained("q", 1);
    ok(!queue_of("q"), "what was written is gone, and so is the queue");
    drained("q", 1);
    push_numbers("q", 1, 2);
    close_queue("q");
    is_str(drain("q", "anna", NEW), "1 2 terminate", "the terminator comes last in a poll, too");
    drained("q", 0);
    is_str(drain("q", "anna", NEW), "1 2 terminate", "and again, when it was not written");
    drained("q", 1);
    is_str(drain("q", "anna", NEW), "terminate", "and alone");
}

static void long_poll(void)
{
    note("a long queue");
    fresh();
    unchecked = 1;
    push_numbers("q", 1, 600);
    unchecked = 0;
    is_str(drain("q", "anna", NEW), numbers(1, QT_DRAIN_MAX), "as many as one poll takes");
    ok(f.call.more, "and there are more");
    drained("q", 1);
    is_str(drain("q", "anna", NEW), numbers(QT_DRAIN_MAX + 1, 2 * QT_DRAIN_MAX), "next");
    drained("q", 0);
    is_str(drain("q", "anna", NEW), numbers(QT_DRAIN_MAX + 1, 2 * QT_DRAIN_MAX), "again, in order");
    drained("q", 1);
    close_queue("q");
    is_int(count_words(drain("q", "anna", NEW), "terminate"), 1, "and the rest");
}

static void poll_takes_over(void)
{
    apr_uint64_t stream;

    note("a stream broke, and he polls");
    fresh();
    stream = read_queue("q", "anna", 0, NEW);
    push_numbers("q", 1, 3);
    child_hears(0);
    zone_leave(&f, stream);
    push_numbers("q", 4, 4);
    is_str(drain("q", "anna", SINCE(f.zone->seq - 3)), "2 3 4", "what is his comes first");
    drained("q", 1);
    is_int(f.zone->stats.queued, 0, "all has been read");
}

/* ---- being forgotten ---- */

static void forgotten(void)
{
    apr_uint64_t before;

    note("queues that nobody reads");
    fresh();
    before = f.zone->arena.used;
    push_numbers("q", 1, 300);
    zone_pass(&f, QT_QUEUE_LIFE - QT_SECOND);
    is_int(queue_of("q")->messages, 300, "are kept for a day");
    push_numbers("q", 301, 301);
    zone_pass(&f, QT_QUEUE_LIFE - QT_SECOND);
    is_int(queue_of("q")->messages, 301, "from the last that touched it");
    zone_pass(&f, 2 * QT_MEMORY);
    ok(!queue_of("q"), "and forgotten then (RK-25)");
    is_int(f.zone->stats.queued, 0, "with all they had");
    is_int(f.zone->arena.used, before, "to the byte");
    read_queue("q", "anna", 0, NEW);
    zone_pass(&f, 3 * QT_QUEUE_LIFE);
    push("q", "1");
    is_str(child_hears(0), "1", "one that somebody waits at is not");
    is_int(bytes_at_last(), before, "and at last nothing is left");
}

/* Messages of falling size, until not one byte more finds room. */
static int fill(const char *queue)
{
    static char text[1000];
    int n = 0;

    memset(text, 'x', sizeof(text));
    unchecked = 1;
    for (apr_size_t size = sizeof(text); size > 0; size /= 2) {
        while (push_many(queue, &(qt_str){ text, size }, 1) == APR_SUCCESS) {
            n++;
        }
    }
    unchecked = 0;
    return n;
}

/* Takes what is left of cells as large as a reader's; nothing can be checked from now on. */
static void waste(void)
{
    unchecked = 1;
    qt_begin(QT_B(f.zone));
    while (qt_zone_alloc(f.zone, sizeof(qt_reader) + 4, QT_NORMAL)) {
    }
    qt_end(QT_B(f.zone), APR_SUCCESS);
}

static void full(void)
{
    int n;

    note("a zone full of queues");
    fresh();
    zone_join(&f, "op", "");
    zone_add(&f, "t1");
    n = fill("q");
    is_int(push_many("q", &QT_STR_LIT("x"), 1), QT_E_FULL, "is full, and drops nothing");
    is_int(f.zone->stats.queued, n, "of what was taken");
    is_int(zone_do(&f, QT_ASSIGN, "op", "t1"), APR_SUCCESS, "assign works");
    is_int(zone_do(&f, QT_COMPLETE, "op", "t1"), APR_SUCCESS, "complete works");
    fresh();
    fill("q");
    waste();
    is_int(strncmp(drain("q", "anna", NEW), "xxx", 3), 0, "it can be read");
    drained("q", 1);
    is_int(push_many("q", &QT_STR_LIT("x"), 1), APR_SUCCESS, "which makes room");
    unchecked = 0;
}

int main(void)
{
    apr_initialize();
    first_in_first_out();
    competing();
    all_or_nothing();
    comes_back();
    others_after_the_grace();
    two_broken();
    many_come_back();
    replaced_at_the_end();
    closing();
    closing_a_long_one();
    closing_an_empty_one();
    comes_back_after_the_close();
    polls();
    long_poll();
    poll_takes_over();
    forgotten();
    full();
    return done_testing();
}
