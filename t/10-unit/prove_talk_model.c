/* Delivery as a whole, at random: listeners, mailboxes and queues against a model of what must arrive. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "model_listen.h"

/* `prove_talk_model STEPS SEED` replays a run. A run has rounds, each in a zone of its own: in a generous one there is room for all and
 * nothing may be missing; in a tight one a gap must be told where something is. */
#define ROUND 50000
#define QUEUES 3
#define READERS 10
#define LOANS 4

/* ---- queues ---- */

typedef struct reader {
    apr_uint64_t stream;
    unsigned queue, child;
    lately told;            /* not final yet */
    apr_uint64_t highest;   /* of what was told for the first time on this stream */
    int knows;
    apr_uint64_t since;     /* the last that its client has */
} reader;

typedef struct loan {
    apr_uint64_t stream;
    qt_time until;          /* it is its own, read or not; then its child is taken for dead */
    unsigned queue, n;
    apr_uint64_t seq[QT_DRAIN_MAX * 4];
} loan;

static reader readers[READERS];
static loan loans[LOANS];
static apr_uint64_t broken[QUEUES]; /* the last number when a reader of the queue broke off: what he had comes late to others */
static unsigned long told_again;

static int is_there(apr_uint64_t stream)
{
    for (reader *r = readers; r < readers + READERS; r++) {
        if (stream && r->stream == stream) {
            return 1;
        }
    }
    for (loan *l = loans; l < loans + LOANS; l++) {
        if (stream && l->stream == stream && l->until > f.now) {
            return 1;
        }
    }
    return 0;
}

static void finish(apr_uint64_t seq)
{
    log_of[seq].final = 1;
    log_of[seq].stream = 0;
}

/* What a stream was told long enough ago is its own. */
static void prune(reader *r)
{
    unsigned n = 0;

    while (n < r->told.n && r->told.at[n] <= f.now - GRACE) {
        finish(r->told.seq[n++]);
    }
    memmove(r->told.seq, r->told.seq + n, (r->told.n - n) * sizeof(r->told.seq[0]));
    memmove(r->told.at, r->told.at + n, (r->told.n - n) * sizeof(r->told.at[0]));
    r->told.n -= n;
}

/* `who` is given it, on `stream`. */
static void take(apr_uint64_t seq, unsigned queue, unsigned who, apr_uint64_t stream, qt_str data)
{
    sent *s = &log_of[seq];

    should(s->to == TO_QUEUE && s->which == queue, "a message of another queue", seq);
    should(!s->final, "a message that had been read", seq);
    should(!s->stream || s->stream == stream || !is_there(s->stream), "a message that another reader has", seq);
    should(s->until <= f.now || s->holder == who, "a message that somebody may still come back for", seq);
    should(qt_str_eq(data, number_text(seq)), "another text of a queue", seq);
    told_again += s->holder != 0;
    s->holder = (unsigned short)who;
    s->stream = stream;
    s->until = 0;
}

static void tell_reader(apr_uint64_t stream, const qt_event *event)
{
    for (reader *r = readers; r < readers + READERS; r++) {
        if (r->stream != stream || event->kind != QT_EV_MESSAGE) {
            continue;
        }
        prune(r);
        if (!log_of[event->seq].holder) {
            should(event->seq > r->highest || event->seq <= broken[r->queue], "a queue out of order", event->seq);
            r->highest = event->seq > r->highest ? event->seq : r->highest;
        }
        take(event->seq, r->queue, 1 + (unsigned)(r - readers), stream, event->data);
        should(r->told.n < LATELY, "the model is too small", 0);
        note_told(&r->told, event->seq);
    }
}

static void reader_comes(reader *r)
{
    qt_cursor since = { .given = r->knows != 0, .epoch = f.zone->epoch, .seq = r->since };

    r->child = rnd(CHILDREN);
    if (rnd(6) == 0) {
        r->queue = rnd(QUEUES);
        r->knows = 0;
        since.given = 0;
    }
    f.call = (qt_call){ .verb = QT_JOIN, .kind = QT_K_READER, .who = name_of('r', (unsigned)(r - readers)), .grace = GRACE,
                        .queue = name_of('q', r->queue), .child = r->child, .since = since };
    if (!should(ask() == APR_SUCCESS || !generous, "a reader that could not join", 0) || !f.call.stream) {
        return;
    }
    r->stream = f.call.stream;
    r->highest = 0;
    for (unsigned i = 0; since.given && i < r->told.n; i++) {
        sent *s = &log_of[r->told.seq[i]];

        if (s->holder == 1 + (r - readers)) {
            s->until > f.now ? finish(r->told.seq[i]) : (void)(s->perhaps = 1);
        }
        if (r->told.seq[i] == since.seq) {
            break;
        }
    }
    r->told.n = 0;
    r->knows = 0;
}

/* Its stream breaks; its client has the first so many. */
static void reader_goes(reader *r, int over_already)
{
    unsigned has;

    prune(r);
    if (!over_already) {
        f.call = (qt_call){ .verb = QT_LEAVE, .stream = r->stream };
        should(ask() == APR_SUCCESS, "a reader's leave that failed", r->stream);
    }
    r->stream = 0;
    broken[r->queue] = f.zone->seq;
    for (unsigned i = 0; i < r->told.n; i++) {
        log_of[r->told.seq[i]].until = f.now + GRACE;
        log_of[r->told.seq[i]].stream = 0;
    }
    has = rnd(r->told.n + 1);
    r->knows = has > 0;
    r->since = has ? r->told.seq[has - 1] : 0;
}

static void hold_or_not(reader *r)
{
    f.call = (qt_call){ .verb = QT_HOLD, .stream = r->stream, .flag = rnd(3) == 0 };
    should(!r->stream || ask() == APR_SUCCESS, "a hold that failed", r->stream);
}

static void push_some(void)
{
    unsigned queue = rnd(QUEUES), n = 1 + rnd(3);
    qt_str texts[3];

    for (unsigned i = 0; i < n; i++) {
        texts[i] = number_text(f.zone->seq + 1 + i);
    }
    f.call = (qt_call){ .verb = QT_PUSH, .queue = name_of('q', queue), .texts = texts, .ntexts = n };
    if (should(ask() == APR_SUCCESS || !generous, "a push that failed", 0) && f.call.n == n && f.zone->seq == f.call.seqs[n - 1]) {
        for (unsigned i = 0; i < n; i++) {
            log_of[f.call.seqs[i]] = (sent){ .to = TO_QUEUE, .which = (unsigned char)queue };
        }
    }
}

static void drain(loan *l, unsigned who)
{
    apr_uint64_t last = 0;

    f.call = (qt_call){ .verb = QT_DRAIN, .queue = name_of('q', l->queue), .who = name_of('d', who), .grace = GRACE };
    if (!should(ask() == APR_SUCCESS || !generous, "a poll that failed", 0) || !f.call.stream) {
        return;
    }
    l->stream = f.call.stream;
    l->until = f.now + GRACE;
    for (l->n = 0; l->n < f.call.n; l->n++) {
        const qt_event *event = &f.call.events[l->n];

        should(event->seq > last, "a poll out of order", event->seq);
        last = event->seq;
        take(event->seq, l->queue, 100 + who, l->stream, event->data);
        l->seq[l->n] = event->seq;
    }
}

/* It was written, was not, or its child died and nobody says. */
static void end_loan(loan *l, int how)
{
    how = l->until > f.now ? how : 2;
    for (unsigned i = 0; i < l->n; i++) {
        if (how == 1) {
            finish(l->seq[i]);
        }
        log_of[l->seq[i]].stream = 0;
        log_of[l->seq[i]].until = 0;
    }
    if (how < 2) {
        f.call = (qt_call){ .verb = QT_DRAINED, .queue = name_of('q', l->queue), .stream = l->stream, .flag = how == 1 };
        should(ask() == APR_SUCCESS, "the end of a poll that failed", l->stream);
    }
    *l = (loan){ .stream = 0 };
}

static void poll(loan *l)
{
    if (l->stream) {
        end_loan(l, (int)rnd(3));
        return;
    }
    l->queue = rnd(QUEUES);
    drain(l, (unsigned)(l - loans));
}

/* All that was not read comes out, once. */
static void check_queues(void)
{
    static loan l;

    for (reader *r = readers; r < readers + READERS; r++) {
        if (r->stream) {
            reader_goes(r, 0);
        }
    }
    for (unsigned i = 0; i < LOANS; i++) {
        end_loan(&loans[i], loans[i].stream ? 0 : 2);
    }
    f.now += 2 * GRACE;
    f.call = (qt_call){ .verb = QT_TICK };
    while (ask() == APR_SUCCESS && f.call.next <= f.now) {
        f.call = (qt_call){ .verb = QT_TICK };
    }
    for (l.queue = 0; l.queue < QUEUES; l.queue++) {
        do {
            l.n = 0;
            drain(&l, 50);
            for (unsigned i = 0; i < l.n; i++) {
                finish(l.seq[i]);
            }
            f.call = (qt_call){ .verb = QT_DRAINED, .queue = name_of('q', l.queue), .stream = l.stream, .flag = 1 };
            should(ask() == APR_SUCCESS, "the end of the last poll", 0);
        } while (l.n);
    }
    l.stream = 0;
    for (apr_uint64_t seq = 1; seq <= f.zone->seq; seq++) {
        should(log_of[seq].to != TO_QUEUE || log_of[seq].final || log_of[seq].perhaps, "a message of a queue that nobody has read", seq);
    }
    should(f.zone->stats.queued == 0, "a message of a queue that is left", 0);
}

/* ---- a round ---- */

static void child_dies(unsigned child)
{
    do {
        f.call = (qt_call){ .verb = QT_ORPHANS, .child = child };
        should(ask() == APR_SUCCESS, "a child's end that failed", child);
    } while (f.call.more);
    for (listener *l = listeners; l < listeners + LISTENERS; l++) {
        if (l->stream && l->child == child) {
            l->stream = 0;
            lose_some(l);
        }
    }
    for (reader *r = readers; r < readers + READERS; r++) {
        if (r->stream && r->child == child) {
            reader_goes(r, 1);
        }
    }
    collected[child] = heard[child] = 0;
}

static void listener_acts(void)
{
    listener *l = &listeners[rnd(LISTENERS)];

    if (!l->stream) {
        come(l);
    }
    else if (rnd(12) == 0) {
        go(l);
    }
    else if (l->clogged && rnd(3)) {
        l->clogged = 0;
    }
    else if (l->behind && !l->clogged) {
        catch_up_once(l);
    }
    else if (l->user >= 0 && rnd(2)) {
        rnd(3) ? acknowledge(l) : read_one(l);
    }
    else {
        checkpoint(l);
    }
}

static void reader_acts(void)
{
    reader *r = &readers[rnd(READERS)];

    if (!r->stream) {
        reader_comes(r);
        return;
    }
    prune(r);
    if (rnd(10) == 0) {
        reader_goes(r, 0);
    }
    else {
        hold_or_not(r);
    }
}

static void time_passes(void)
{
    f.now += rnd(20) ? rnd(100000) : rnd(2000000);
    if (rnd(4)) {
        f.call = (qt_call){ .verb = QT_TICK };
        should(ask() == APR_SUCCESS, "a tick that failed", 0);
    }
}

static void act(void)
{
    unsigned what = rnd(1000);

    if (what < 230) {
        publish_one();
    }
    else if (what < 270) {
        notify_one_or_all();
    }
    else if (what < 310) {
        push_some();
    }
    else if (what < 330) {
        poll(&loans[rnd(LOANS)]);
    }
    else if (what < 410) {
        reader_acts();
    }
    else if (what < 600) {
        collect_once(rnd(CHILDREN));
    }
    else if (what < 601) {
        child_dies(rnd(CHILDREN));
    }
    else if (what < 700) {
        time_passes();
    }
    else {
        listener_acts();
    }
}

static void begin(unsigned long round)
{
    generous = round % 2 == 0;
    zone_open(&f, generous ? 16 * QT_ZONE_MIN : QT_ZONE_MIN);
    memset(log_of, 0, sizeof(log_of));
    memset(latest, 0, sizeof(latest));
    memset(user_gap, 0, sizeof(user_gap));
    memset(listeners, 0, sizeof(listeners));
    memset(readers, 0, sizeof(readers));
    memset(loans, 0, sizeof(loans));
    memset(broken, 0, sizeof(broken));
    memset(collected, 0, sizeof(collected));
    memset(heard, 0, sizeof(heard));
    for (int i = 0; i < LISTENERS; i++) {
        listeners[i].user = i < SUBSCRIBERS ? -1 : (i - SUBSCRIBERS) % USERS;
    }
    for (int t = 0; t < TOPICS; t++) {
        topic_rules[t] = (qt_topic_rules){ .age = (generous ? 100000 : 1 + rnd(30)) * QT_SECOND, .retain = generous ? 20000 : rnd(12),
                                           .delivery = t == 4 ? QT_DELIVER_LAST : t == 5 ? QT_DELIVER_NONE : QT_DELIVER_ALL };
    }
    box = (qt_mailbox){ .most = generous ? 10000 : 1 + rnd(4), .age = 1000000 * QT_SECOND };
}

/* Steps that were taken. */
static unsigned long play(unsigned long steps)
{
    unsigned long i;

    for (i = 0; i < steps && !wrong && f.zone->seq + 8 < SENT_MAX; i++) {
        act();
        if (i % 1000 == 999) {
            const char *why = qt_check(f.zone, f.now);

            should(!why, why, 0);
        }
        if (i % 10000 == 9999) {
            settle_listeners();
        }
    }
    settle_listeners();
    check_mail();
    check_queues();
    zone_close(&f);
    return i;
}

int main(int argc, char **argv)
{
    unsigned long steps = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, done = 0;
    apr_uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (apr_uint64_t)time(NULL);

    apr_initialize();
    qt_prove_cells = 0;
    note("%lu steps, seed %" APR_UINT64_T_FMT, steps, seed);
    for (unsigned long round = 0; done < steps && !wrong; round++) {
        state = (seed * 1000 + round) * 2654435769u + 88172645463325252u;
        begin(round);
        done += play(steps - done < ROUND ? steps - done : ROUND);
    }
    ok(!wrong, "%lu steps: every listener had what its filter admits once, in order, without a hole, or was told of a gap; mail and queues "
       "were read (SP-40..44, NT-70, RK-6, RK-26): %s, number %" APR_UINT64_T_FMT ", step %lu", steps, wrong ? wrong : "held", wrong_seq, done);
    ok(events_told > steps / 2 && resumes > steps / 1000 && gaps && told_again, "the run was no quiet one");
    note("events %lu, resumes %lu, gaps %lu, told again by queues %lu", events_told, resumes, gaps, told_again);
    return done_testing();
}
