/* The pump's turns. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_pump.h"

#include <apr_atomic.h>
#include <apr_portable.h>
#include <apr_thread_proc.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_fanout.h"
#include "stream/mod_qt_registry.h"

/* Sockets told of in one turn: the others come in the next. */
#define EVENTS_PER_TURN 1024
/* Verbs of one kind for one zone in a turn, so that no zone keeps the others waiting. */
#define ROUNDS_PER_TURN 64
/* Longest sleep: nothing depends on it. */
#define SLEEP_MAX (3600 * QT_SECOND)
/* After a verb failed (the store's lock is broken) the zone is left in peace for so long. */
#define FAILED_PAUSE (QT_SECOND / 10)
/* How long streams may take to end when the process ends. */
#define STOP_MAX (2 * QT_SECOND)
/* While draining, streams are ended so often. */
#define SWEEP_STEP (QT_SECOND / 50)
/* Bytes that its allocator keeps from turn to turn. */
#define SCRATCH_KEPT (1024 * 1024)

typedef struct zone {
    qt_zone_ref *ref;
    mod_qt_fanout *fanout;
    qt_time pause_until; /* 0: none */
    unsigned wanted : 1; /* there may be something to collect */
    unsigned failed : 1; /* the last verb did, and the log says so */
} zone;

struct mod_qt_pump {
    mod_qt_child *child;
    apr_thread_t *thread;
    apr_pool_t *pool;    /* its own, of its own allocator: pchild is not for threads */
    apr_pool_t *scratch;
    apr_pool_t *batch;   /* for one verb and what is made of it, where there may be many in a turn */
    apr_pollset_t *pollset;
    apr_socket_t *any;   /* names the descriptor that is being added or removed */
    mod_qt_timers timers;
    zone *zones;
    unsigned nzones;
    apr_uint32_t owned;  /* streams adopted and not forgotten */
    qt_time now;
    apr_uint64_t turn;
    int rang;            /* the bell did, in the last sleep */
    int swept;           /* how the streams are being ended: 0 not, 1 gracefully, 2 fast */
    qt_time drain_time, drain_began;
    unsigned sweep_at;   /* slots before it were told */
    int sweep_over;      /* all were */
    qt_time give_up;     /* QT_NEVER, or when it stops, whatever is left */
    /* -- set by other threads, then the bell is rung -- */
    volatile apr_uint32_t drain; /* as `swept`, wanted */
    volatile apr_uint32_t stop;
};

/* ---- for transports ---- */

qt_time mod_qt_pump_now(const mod_qt_pump *pump)
{
    return pump->now;
}

apr_uint64_t mod_qt_pump_turn(const mod_qt_pump *pump)
{
    return pump->turn;
}

apr_pool_t *mod_qt_pump_scratch(const mod_qt_pump *pump)
{
    return pump->scratch;
}

apr_thread_t *mod_qt_pump_thread(const mod_qt_pump *pump)
{
    return pump->thread;
}

int mod_qt_pump_draining(const mod_qt_pump *pump)
{
    return pump->swept > 0;
}

int mod_qt_pump_fast(const mod_qt_pump *pump)
{
    return pump->swept > 1;
}

apr_status_t mod_qt_pump_watch(mod_qt_stream *stream, apr_int16_t events)
{
    apr_pollset_t *pollset = stream->child->pump->pollset;
    apr_status_t rv = APR_SUCCESS;

    if (stream->pfd.reqevents == events) {
        return APR_SUCCESS;
    }
    if (stream->pfd.reqevents) {
        apr_pollset_remove(pollset, &stream->pfd);
    }
    stream->pfd.reqevents = events;
    if (events) {
        stream->pfd.desc_type = APR_POLL_SOCKET;
        stream->pfd.client_data = stream;
        rv = apr_pollset_add(pollset, &stream->pfd);
        if (rv != APR_SUCCESS) {
            stream->pfd.reqevents = 0;
        }
    }
    return rv;
}

/* What epoll keeps of a socket is its descriptor, taken when it is added or removed: one object serves all. */
int mod_qt_pump_takes_fds(const mod_qt_pump *pump)
{
    return strcmp(apr_pollset_method_name(pump->pollset), "epoll") == 0;
}

apr_status_t mod_qt_pump_watch_fd(mod_qt_stream *stream, int fd, apr_int16_t events)
{
    mod_qt_pump *pump = stream->child->pump;

    apr_os_sock_put(&pump->any, &fd, pump->pool);
    stream->pfd.desc.s = pump->any;
    return mod_qt_pump_watch(stream, events);
}

void mod_qt_pump_timer(mod_qt_stream *stream, qt_time interval)
{
    mod_qt_timer_start(&stream->child->pump->timers, &stream->timer, interval, stream->child->pump->now);
}

void mod_qt_pump_forget(mod_qt_stream *stream)
{
    mod_qt_pump_watch(stream, 0);
    mod_qt_timer_stop(&stream->timer);
    mod_qt_timer_stop(&stream->life_timer);
    stream->child->pump->owned--;
}

/* ---- the zones ---- */

static void write_event(mod_qt_pump *pump, mod_qt_stream *stream, const qt_event *event, apr_uint64_t epoch)
{
    qt_buf text;
    mod_qt_frame frame;

    mod_qt_frame_begin(&text, pump->scratch);
    if (event->kind == QT_EV_END) {
        mod_qt_event_replaced(&text);
    }
    else {
        mod_qt_event_frame(&text, event, epoch, qt_store_now()); /* no older than it, or more seconds would be left than there are */
    }
    frame = mod_qt_frame_end(&text);
    stream->transport->write(stream, &frame);
}

/* To the stream that it names. */
static void deliver(mod_qt_pump *pump, const qt_event *event, apr_uint64_t epoch)
{
    mod_qt_stream *stream = mod_qt_registry_pin(pump->child->registry, event->cookie);

    if (!stream) {
        return;
    }
    if (event->kind != QT_EV_END || event->reason == QT_R_REPLACED) {
        write_event(pump, stream, event, epoch);
    }
    if (event->kind == QT_EV_END) {
        stream->transport->end(stream);
    }
    mod_qt_registry_unpin(stream);
}

/* A verb of the pump's own; a failure is told once and gives the zone a rest. */
static apr_status_t ask(mod_qt_pump *pump, zone *z, qt_call *call, apr_pool_t *pool)
{
    apr_status_t rv = qt_store_call(z->ref, call, pool);
    int failed = rv != APR_SUCCESS && rv != QT_E_UNKNOWN; /* that is an answer */

    if (failed && !z->failed) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, pump->child->server, QTLOGNO(00203) "zone %s: can't be asked", qt_zone_name(z->ref));
    }
    z->failed = failed ? 1 : 0;
    z->pause_until = failed ? pump->now + FAILED_PAUSE : 0;
    return rv;
}

static void tick(mod_qt_pump *pump, zone *z)
{
    int rounds = ROUNDS_PER_TURN;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && qt_store_due(z->ref) <= pump->now && rounds-- > 0) {
        qt_call *call = apr_pcalloc(pump->scratch, sizeof(*call));

        call->verb = QT_TICK;
        rv = ask(pump, z, call, pump->scratch);
    }
}

/* What more there is after the last round stays wanted. */
static void collect(mod_qt_pump *pump, zone *z)
{
    int rounds = ROUNDS_PER_TURN;

    while (z->wanted && rounds-- > 0) {
        qt_call *call = apr_pcalloc(pump->scratch, sizeof(*call));
        apr_uint32_t i;

        call->verb = QT_COLLECT;
        call->child = qt_store_child(pump->child->store);
        if (ask(pump, z, call, pump->scratch) != APR_SUCCESS) {
            return;
        }
        for (i = 0; i < call->n; i++) {
            if (call->events[i].group) {
                mod_qt_fanout_tell(z->fanout, &call->events[i], call->epoch, pump->scratch);
            }
            else {
                deliver(pump, &call->events[i], call->epoch);
            }
        }
        z->wanted = call->more;
        if (!call->more) {
            mod_qt_fanout_told(z->fanout);
        }
    }
}

/* Streams that are behind, in turn; those that are left come in the next. */
static void catch_up(mod_qt_pump *pump, zone *z)
{
    int rounds = ROUNDS_PER_TURN;
    apr_status_t rv = APR_SUCCESS;

    while (rounds-- > 0 && (rv == APR_SUCCESS || rv == QT_E_UNKNOWN)) {
        qt_call *call;

        apr_pool_clear(pump->batch);
        call = apr_pcalloc(pump->batch, sizeof(*call));
        if (!mod_qt_fanout_ask(z->fanout, call)) {
            break;
        }
        rv = ask(pump, z, call, pump->batch);
        mod_qt_fanout_answer(z->fanout, call, rv, pump->batch);
    }
}

/* What mailboxes may forget. What fails is given again, and then acknowledged. */
static void acknowledge(mod_qt_pump *pump, zone *z)
{
    int rounds = ROUNDS_PER_TURN;
    qt_call *call;

    do {
        call = apr_pcalloc(pump->scratch, sizeof(*call));
    } while (rounds-- > 0 && mod_qt_fanout_acks(z->fanout, pump->now, call, pump->scratch) &&
             ask(pump, z, call, pump->scratch) == APR_SUCCESS);
}

static void visit_zones(mod_qt_pump *pump)
{
    unsigned i;

    for (i = 0; i < pump->nzones; i++) {
        zone *z = &pump->zones[i];

        z->wanted |= pump->rang && mod_qt_registry_count(pump->child->registry, i);
        mod_qt_fanout_look(z->fanout, pump->now, pump->rang, pump->scratch);
        if (z->pause_until > pump->now) {
            continue;
        }
        z->pause_until = 0;
        tick(pump, z);
        if (!z->pause_until) {
            collect(pump, z);
        }
        if (!z->pause_until && mod_qt_fanout_due(z->fanout) <= pump->now) {
            catch_up(pump, z);
            acknowledge(pump, z);
        }
    }
}

/* ---- the streams ---- */

static void adopt_arrivals(mod_qt_pump *pump)
{
    mod_qt_stream *stream = mod_qt_registry_arrivals(pump->child->registry);

    while (stream) {
        mod_qt_stream *next = stream->next;

        pump->owned++;
        stream->life_timer.kind = MOD_QT_TIMER_LIFE;
        if (stream->conf.life) {
            mod_qt_timer_start(&pump->timers, &stream->life_timer, stream->conf.life, pump->now);
        }
        stream->transport->adopt(stream);
        stream = next;
    }
}

/* Slots whose streams are to be ended by now: their share of all is that of the drain time which has passed. */
static unsigned sweep_until(const mod_qt_pump *pump)
{
    unsigned slots = mod_qt_registry_slots(pump->child->registry);
    qt_time passed = pump->now - pump->drain_began;

    if (pump->swept > 1 || passed >= pump->drain_time) {
        return slots;
    }
    return (unsigned)((apr_uint64_t)slots * (apr_uint64_t)passed / (apr_uint64_t)pump->drain_time);
}

/* Nobody gets in any more, so that one walk finds all. */
static void sweep(mod_qt_pump *pump)
{
    int wanted = (int)apr_atomic_read32(&pump->drain), end = 0;
    unsigned until;

    if (wanted > pump->swept) {
        pump->drain_began = pump->swept ? pump->drain_began : pump->now;
        pump->swept = wanted;
        pump->sweep_at = 0;
        pump->sweep_over = 0;
        mod_qt_registry_drain(pump->child->registry);
    }
    if (!pump->swept || pump->sweep_over) {
        return;
    }
    for (until = sweep_until(pump); pump->sweep_at < until; pump->sweep_at++) {
        mod_qt_stream *stream = mod_qt_registry_pin_at(pump->child->registry, pump->sweep_at, &end);

        if (stream) {
            stream->transport->end(stream);
            mod_qt_registry_unpin(stream);
        }
    }
    pump->sweep_over = pump->sweep_at >= mod_qt_registry_slots(pump->child->registry);
}

static void run_timers(mod_qt_pump *pump)
{
    mod_qt_timer *timer;

    while ((timer = mod_qt_timers_pop(&pump->timers, pump->now)) != NULL) {
        if (timer->kind == MOD_QT_TIMER_LIFE) {
            mod_qt_stream *stream = (mod_qt_stream *)((char *)timer - offsetof(mod_qt_stream, life_timer));

            stream->transport->end(stream);
        }
        else {
            mod_qt_stream *stream = (mod_qt_stream *)((char *)timer - offsetof(mod_qt_stream, timer));

            stream->transport->due(stream);
        }
    }
}

/* ---- a turn ---- */

static qt_time zone_due(const zone *z)
{
    qt_time own = mod_qt_fanout_due(z->fanout), due = qt_store_due(z->ref);

    if (z->pause_until) {
        return z->pause_until;
    }
    return z->wanted ? 0 : own < due ? own : due;
}

static qt_time next_due(const mod_qt_pump *pump)
{
    qt_time due = mod_qt_timers_next(&pump->timers);
    unsigned i;

    if (pump->swept && !pump->sweep_over) {
        due = due < pump->now + SWEEP_STEP ? due : pump->now + SWEEP_STEP;
    }
    if (pump->give_up != QT_NEVER) {
        return pump->owned && due > pump->now ? (due < pump->give_up ? due : pump->give_up) : 0;
    }
    for (i = 0; i < pump->nzones; i++) {
        qt_time at = zone_due(&pump->zones[i]);

        due = at < due ? at : due;
    }
    return due;
}

/* Rounded up to the milliseconds that a poll knows, so that it does not spin through the last of them. */
static apr_interval_time_t time_to_sleep(const mod_qt_pump *pump)
{
    qt_time due = next_due(pump), now = qt_store_now(), left;

    if (due <= now) {
        return 0;
    }
    left = due - now < SLEEP_MAX ? due - now : SLEEP_MAX;
    return (left + 999) / 1000 * 1000;
}

static void sleep_and_look(mod_qt_pump *pump)
{
    const apr_pollfd_t *ready;
    apr_int32_t n = 0;
    apr_status_t rv = apr_pollset_poll(pump->pollset, time_to_sleep(pump), &n, &ready);

    pump->now = qt_store_now();
    if (rv != APR_SUCCESS) {
        if (!APR_STATUS_IS_TIMEUP(rv) && !APR_STATUS_IS_EINTR(rv)) {
            ap_log_error(APLOG_MARK, APLOG_ERR, rv, pump->child->server, QTLOGNO(00204) "pump: can't poll");
            apr_sleep(FAILED_PAUSE);
        }
        return;
    }
    for (; n > 0; n--, ready++) {
        mod_qt_stream *stream = ready->client_data;

        if (stream) {
            stream->transport->ready(stream, ready->rtnevents);
        }
        else {
            qt_store_bell_clear(pump->child->store);
            pump->rang = 1;
        }
    }
}

/* What was set before the bell was rung is seen in the turn after it was cleared: nothing is slept through. */
static void take_turn(mod_qt_pump *pump)
{
    apr_pool_clear(pump->scratch);
    pump->turn++;
    adopt_arrivals(pump);
    sweep(pump);
    if (pump->give_up == QT_NEVER) {
        if (pump->rang) {
            qt_store_bury(pump->child->store, pump->scratch);
        }
        visit_zones(pump);
    }
    run_timers(pump);
    pump->rang = 0;
    sleep_and_look(pump);
}

/* What has not ended in time: nobody else looks at these streams any more. */
static void kill_all(mod_qt_pump *pump)
{
    int end = 0;
    unsigned i;

    for (i = 0; !end; i++) {
        mod_qt_stream *stream = mod_qt_registry_pin_at(pump->child->registry, i, &end);

        if (stream) {
            const mod_qt_transport *transport = stream->transport;

            mod_qt_registry_unpin(stream);
            if (transport->kill) {
                transport->kill(stream);
            }
        }
    }
}

static void *APR_THREAD_FUNC pump_main(apr_thread_t *thread, void *data)
{
    mod_qt_pump *pump = data;

    (void)thread;
    pump->now = qt_store_now();
    while (pump->give_up == QT_NEVER || (pump->owned && pump->now < pump->give_up)) {
        if (pump->give_up == QT_NEVER && apr_atomic_read32(&pump->stop) && (pump->sweep_over || !pump->owned)) {
            pump->give_up = pump->now + STOP_MAX;
        }
        take_turn(pump);
    }
    kill_all(pump);
    return NULL;
}

/* ---- start and stop ---- */

void mod_qt_pump_drain(mod_qt_pump *pump, int fast)
{
    if (fast || !apr_atomic_read32(&pump->drain)) {
        apr_atomic_set32(&pump->drain, fast ? 2 : 1);
    }
    qt_store_bell_force(pump->child->store);
}

static apr_status_t join(void *data)
{
    mod_qt_pump *pump = data;
    apr_status_t ended;

    apr_atomic_set32(&pump->stop, 1);
    mod_qt_pump_drain(pump, !apr_atomic_read32(&pump->drain)); /* a graceful drain goes on to its end */
    apr_thread_join(&ended, pump->thread);
    return APR_SUCCESS;
}

static apr_status_t make_pools(mod_qt_pump *pump, apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_status_t rv = apr_allocator_create(&allocator);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_max_free_set(allocator, SCRATCH_KEPT);
    rv = apr_pool_create_ex(&pump->pool, pchild, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, pump->pool);
    apr_pool_tag(pump->pool, "queuetasks_pump");
    rv = apr_pool_create(&pump->scratch, pump->pool);
    return rv == APR_SUCCESS ? apr_pool_create(&pump->batch, pump->pool) : rv;
}

static apr_status_t make_pollset(mod_qt_pump *pump)
{
    apr_pollfd_t *bell = apr_pcalloc(pump->pool, sizeof(*bell));
    apr_os_file_t fd = qt_store_bell_fd(pump->child->store);
    apr_status_t rv = apr_pollset_create(&pump->pollset, EVENTS_PER_TURN, pump->pool, APR_POLLSET_NOCOPY);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_os_file_put(&bell->desc.f, &fd, APR_FOPEN_READ, pump->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    bell->desc_type = APR_POLL_FILE;
    bell->reqevents = APR_POLLIN;
    return apr_pollset_add(pump->pollset, bell);
}

static void find_zones(mod_qt_pump *pump)
{
    unsigned i;

    while (qt_store_zone(pump->child->store, pump->nzones)) {
        pump->nzones++;
    }
    pump->zones = apr_pcalloc(pump->pool, (pump->nzones + 1) * sizeof(*pump->zones));
    pump->child->fanouts = apr_pcalloc(pump->pool, (pump->nzones + 1) * sizeof(mod_qt_fanout *));
    for (i = 0; i < pump->nzones; i++) {
        pump->zones[i].ref = qt_store_zone(pump->child->store, i);
        pump->zones[i].fanout = pump->child->fanouts[i] = mod_qt_fanout_create(pump->child, pump->pool);
    }
}

/* The thread takes no signal: a handler of the MPM that ends the process would wait for this very thread. */
static apr_status_t start_thread(mod_qt_pump *pump, apr_pool_t *pchild)
{
    sigset_t all, before;
    apr_status_t rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = ap_thread_create(&pump->thread, NULL, pump_main, pump, pchild);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

apr_status_t mod_qt_pump_start(mod_qt_child *child, qt_time drain_time, apr_pool_t *pchild)
{
    mod_qt_pump *pump = apr_pcalloc(pchild, sizeof(*pump));
    apr_status_t rv;

    pump->child = child;
    pump->drain_time = drain_time;
    pump->give_up = QT_NEVER;
    pump->rang = 1;
    child->pump = pump;
    rv = make_pools(pump, pchild);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    mod_qt_timers_init(&pump->timers, pump->pool);
    find_zones(pump);
    rv = make_pollset(pump);
    if (rv == APR_SUCCESS) {
        rv = start_thread(pump, pchild);
    }
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pchild, pump, join);
    }
    return rv;
}
