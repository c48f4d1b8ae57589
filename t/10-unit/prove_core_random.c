/* Drives the verbs at random with a virtual clock: every invariant after each step, and the undo log at any touch of a verb. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <setjmp.h>
#include "tap.h"
#include "zone.h"

/* Steps and seed: `prove_core_random STEPS SEED` replays a run. */
static unsigned long steps = 1000000;
static apr_uint64_t seed;

static apr_uint64_t state;

static apr_uint32_t rnd(apr_uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (apr_uint32_t)((state >> 16) % n);
}

#define PEOPLE 7
#define TASKS 24
#define STREAMS 24
#define CHILDREN 3

static zone_fixture f;
static apr_uint64_t streams[STREAMS];
static apr_uint64_t tokens[TASKS];
static char out[1 << 18];
static char before[QT_ZONE_MIN];

static qt_str name(const char *kind, apr_uint32_t i)
{
    static char text[16][32];
    static int at;

    at = (at + 1) % 16;
    snprintf(text[at], sizeof(text[at]), "%s%u", kind, i);
    return qt_str_of(text[at]);
}

static apr_uint32_t number_of(qt_str id)
{
    apr_uint32_t n = 0;

    for (apr_size_t i = 1; i < id.n; i++) {
        n = n * 10 + (apr_uint32_t)(id.p[i] - '0');
    }
    return n;
}

static qt_str some_labels(void)
{
    static const char *const lists[] = { "", "", "de", "en", "de\nen", "de\nen\nvip", "en\nvip" };

    return qt_str_of(lists[rnd(7)]);
}

static qt_rules some_rules(void)
{
    return (qt_rules){
        .window = QT_SECOND * (1 + rnd(40)), .grace = QT_SECOND * rnd(6), .cooldown = QT_SECOND * rnd(20),
        .wrap_up = rnd(4) ? 0 : QT_SECOND * 3, .capacity = 1 + rnd(3), .max_offers = rnd(5) ? 0 : 3, .max_extends = 1,
        .once = rnd(8) == 0, .pause_on_timeout = rnd(8) == 0
    };
}

static void some_spec(qt_spec *spec)
{
    static char payload[9000];

    memset(payload, 'x', sizeof(payload));
    *spec = (qt_spec){ .id = name("t", rnd(TASKS)), .labels = some_labels() };
    spec->priority = (apr_int32_t)rnd(3) - 1;
    spec->delay = rnd(5) ? 0 : QT_SECOND * rnd(30);
    spec->ttl = rnd(3) ? 0 : QT_SECOND * (1 + rnd(100));
    spec->window = rnd(4) ? 0 : QT_SECOND * (1 + rnd(10));
    spec->max_offers = rnd(6) ? 0 : 2;
    if (rnd(5) == 0) {
        spec->operator_id = name("o", rnd(PEOPLE));
    }
    else if (rnd(5) == 0) {
        spec->prefer = name("o", rnd(PEOPLE));
        spec->prefer_for = rnd(2) ? QT_SECOND * (1 + rnd(20)) : 0;
    }
    spec->payload = (qt_str){ payload, rnd(3) ? rnd(40) : rnd(sizeof(payload)) };
    spec->print[0] = (unsigned char)rnd(2);
}

/* Let the call mean a task and the operator who has it, so that decisions hit more often than chance allows. */
static void aim(qt_call *call)
{
    qt_operator *op = qt_zone_find(f.zone, &f.zone->operators, name("o", rnd(PEOPLE)));

    if (op && op->held.first) {
        const qt_task *task = QT_AROUND(qt_list_at(QT_B(f.zone), rnd(2) ? op->held.first : op->held.last), qt_task, line);

        call->who = name("o", number_of(qt_id(op)));
        call->task = name("t", number_of(qt_id(task)));
        call->offer = rnd(10) ? task->offer : 1;
    }
}

#include "talk.h"

static apr_uint64_t loans[4];

/* Fill a call with a verb and arguments that make sense often enough. */
static void some_call(qt_call *call, qt_rules *rules, qt_spec *specs, talk *t)
{
    static const qt_verb verbs[] = {
        QT_JOIN, QT_JOIN, QT_JOIN, QT_LEAVE, QT_LEAVE, QT_HOLD, QT_HOLD, QT_HOLD, QT_TAKE, QT_TAKE,
        QT_ASSIGN, QT_ASSIGN, QT_ASSIGN, QT_ASSIGN,
        QT_SETTLE, QT_SETTLE, QT_REJECT, QT_REJECT, QT_REJECT, QT_COMPLETE, QT_COMPLETE, QT_COMPLETE, QT_EXTEND, QT_RELEASE, QT_RELEASE,
        QT_PAUSE, QT_READY, QT_READY, QT_TICKET, QT_TICKET, QT_REDEEM,
        QT_EXIT, QT_OPERATORS, QT_MINE, QT_ADD, QT_ADD, QT_ADD, QT_ADD, QT_ADD, QT_ADD, QT_GET, QT_WITHDRAW,
        QT_REQUEUE, QT_REQUEUE, QT_SWITCH, QT_STATS, QT_TICK, QT_TICK, QT_TICK, QT_TICK, QT_COLLECT, QT_COLLECT, QT_COLLECT, QT_ORPHANS
    };
    apr_uint32_t task = rnd(TASKS);

    *rules = some_rules();
    *call = (qt_call){ .verb = verbs[rnd(sizeof(verbs) / sizeof(verbs[0]))], .rules = rules, .specs = specs };
    call->who = name("o", rnd(PEOPLE));
    call->task = name("t", task);
    call->labels = some_labels();
    call->relabel = rnd(3) == 0;
    call->fenced = rnd(3) == 0;
    call->offer = rnd(2) ? tokens[task] : rnd(3);
    call->flag = rnd(3) == 0;
    call->verdict = (qt_verdict)rnd(4);
    call->skip = rnd(2);
    call->ticket = name("k", rnd(PEOPLE));
    call->child = rnd(CHILDREN);
    call->cookie = rnd(1000);
    call->stream = streams[rnd(STREAMS)];
    call->max_streams_per_user = 4;
    call->max_streams = STREAMS;
    call->grace = rules->grace;
    if (rnd(2)) {
        talk_call(call, t, f.zone->seq);
        call->stream = call->verb == QT_DRAINED ? loans[rnd(4)] : call->stream;
        return;
    }
    if (rnd(3)) {
        aim(call);
    }
    if (call->verb == QT_RELEASE && rnd(3) == 0) {
        call->operator_id = name("o", rnd(PEOPLE));
    }
    if (call->verb == QT_SWITCH) {
        call->flag = rnd(4) == 0;
    }
    call->nspecs = call->verb == QT_ADD ? 1 + rnd(3) : 0;
    for (apr_uint32_t i = 0; i < call->nspecs; i++) {
        some_spec(&specs[i]);
    }
}

/* What the caller learns. */
static void learn(const qt_call *call)
{
    if (call->verb == QT_JOIN) {
        streams[rnd(STREAMS)] = call->stream;
    }
    if (call->verb == QT_DRAIN) {
        loans[rnd(4)] = call->stream;
    }
    if (call->verb == QT_COLLECT) {
        for (apr_uint32_t i = 0; i < call->n; i++) {
            if (call->events[i].kind == QT_EV_TASK) {
                tokens[number_of(call->events[i].task.id)] = call->events[i].task.offer;
            }
        }
    }
}

/* ---- the proof of the undo log ---- */

static jmp_buf stop;
static unsigned touches_left;

static void stop_there(void)
{
    if (--touches_left == 0) {
        longjmp(stop, 1);
    }
}

/* The block but for its scratch: what a verb that never happened must leave as it was. */
static int same_as_before(void)
{
    qt_zone *z = f.zone;
    const char *now = (const char *)z;
    apr_size_t log_from = z->block.undo.at, log_to = log_from + z->block.undo.cap;
    apr_size_t head = offsetof(qt_zone, arena);

    return memcmp(now + head, before + head, log_from - head) == 0 && memcmp(now + log_to, before + log_to, QT_ZONE_MIN - log_to) == 0;
}

/* Run the verb up to a random touch, let the next owner of the lock roll back, and compare. */
static int survives_a_stop(const qt_call *call)
{
    qt_call copy = *call;
    static char spare[sizeof(out)];
    volatile int stopped = 1; /* read after a longjmp */

    memcpy(before, f.zone, QT_ZONE_MIN);
    copy.out = (qt_out){ .p = spare, .cap = sizeof(spare) };
    touches_left = 1 + rnd(rnd(2) ? 20 : 300);
    qt_prove_touch = stop_there;
    if (setjmp(stop) == 0) {
        qt_core_call(f.zone, f.now, &copy);
        stopped = 0;
    }
    qt_prove_touch = NULL;
    if (!stopped) {
        memcpy(f.zone, before, QT_ZONE_MIN);
        return 1;
    }
    qt_begin(QT_B(f.zone));
    qt_end(QT_B(f.zone), APR_SUCCESS);
    return qt_prove_cells ? same_as_before() : qt_check(f.zone, f.now) == NULL;
}

/* A verb that fails must have changed nothing, too. */
static int step(unsigned long i, const char **why)
{
    qt_rules rules;
    qt_spec specs[3];
    qt_call call;
    talk t;
    apr_status_t rv;

    if (rnd(3) == 0) {
        f.now += rnd(400) == 0 ? QT_MEMORY : rnd(4) ? rnd(1000) : (qt_time)rnd(5000000);
    }
    some_call(&call, &rules, specs, &t);
    call.out = (qt_out){ .p = out, .cap = sizeof(out) };
    if (i % 16 == 0 && !survives_a_stop(&call)) {
        *why = "a stopped verb left its mark";
        return 0;
    }
    if (i % 16 == 8) {
        memcpy(before, f.zone, QT_ZONE_MIN);
    }
    rv = qt_core_call(f.zone, f.now, &call);
    if (rv == APR_SUCCESS) {
        learn(&call);
    }
    else if (i % 16 == 8 && rv != QT_E_FULL && qt_prove_cells && !same_as_before()) {
        *why = "a verb that failed left its mark";
        return 0;
    }
    *why = qt_check(f.zone, f.now);
    if (*why) {
        note("step %lu verb %d status %d seed %" APR_UINT64_T_FMT, i, call.verb, rv, seed);
    }
    return *why == NULL;
}

int main(int argc, char **argv)
{
    const char *why = NULL;
    unsigned long i;
    qt_stats *s;

    steps = argc > 1 ? strtoul(argv[1], NULL, 10) : steps;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (apr_uint64_t)time(NULL);
    state = seed * 2654435769u + 88172645463325252u;
    apr_initialize();
    zone_open(&f, QT_ZONE_MIN);
    note("%lu steps, seed %" APR_UINT64_T_FMT, steps, seed);
    for (i = 0; i < steps && step(i, &why); i++) {
        qt_prove_cells = i < steps / 2; /* the second half as in production: fresh cells are not saved */
    }
    ok(i == steps, "every invariant after each of %lu steps; every 16th verb, stopped at a touch, rolls back to the byte (QT-50..63): %s",
       steps, why ? why : "held");
    s = &f.zone->stats;
    ok(s->added > steps / 300 && s->offered && s->assigned && s->rejected && s->timed_out && s->lost && s->completed && s->released
       && s->expired && s->withdrawn && s->dead, "the run went through every arrow of a task's life");
    ok(s->published && s->merged && s->notified && s->pushed && s->read, "and through topics, mailboxes and queues");
    note("published %d merged %d notified %d pushed %d read %d; there now: topics %d messages %d users %d queues %d queued %d",
         (int)s->published, (int)s->merged, (int)s->notified, (int)s->pushed, (int)s->read, (int)f.zone->topics.count,
         (int)f.zone->log.count, (int)f.zone->users.count, (int)f.zone->queues.count, (int)s->queued);
    note("added %d offered %d assigned %d rejected %d timed out %d lost %d completed %d released %d expired %d withdrawn %d dead %d",
         (int)s->added, (int)s->offered, (int)s->assigned, (int)s->rejected, (int)s->timed_out, (int)s->lost, (int)s->completed,
         (int)s->released, (int)s->expired, (int)s->withdrawn, (int)s->dead);
    return done_testing();
}
