/* The blocking transport: where a connection can't be suspended, the request's own thread waits for frames and writes them. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <ap_mpm.h>
#include <apr_poll.h>
#include <scoreboard.h>
#include <stdlib.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_fanout.h"
#include "stream/mod_qt_pump.h"
#include "stream/mod_qt_quota.h"
#include "stream/mod_qt_registry.h"

/* Frames waiting for the client beyond this many bytes clog the stream: the zone holds what else there is. */
#define QUEUE_MAX 65536
/* How often the thread looks for what nobody tells it: a client that left, an MPM that stops. */
#define LOOK_EVERY (QT_SECOND / 4)

typedef struct frame frame;
struct frame {
    frame *next;
    apr_size_t n;
    char p[];
};

typedef enum hold { FREE, ASKED /* the pump is telling the zone */, HELD } hold;

typedef struct blocking {
    mod_qt_stream base;
    /* -- guarded by the registry's mutex -- */
    frame *first, **end;
    apr_size_t bytes; /* in the queue */
    hold hold;
    /* -- constant -- */
    apr_pollset_t *wake; /* of nothing: woken by who puts something into the queue, it waits by the monotonic clock (QT-63) */
    /* -- the thread's -- */
    apr_pool_t *pool;    /* where `wake` lives */
    apr_pool_t *scratch; /* cleared each round */
    qt_time written;     /* when something was, last */
    qt_time ends;        /* QT_NEVER, or when its life is over */
    apr_size_t heard;
    unsigned admitted : 1;
    unsigned gone : 1;   /* the client is */
} blocking;

static blocking *of(mod_qt_stream *stream)
{
    return (blocking *)stream;
}

/* ---- the pump's thread ---- */

/* 1: the queue has become full by it. */
static int put(blocking *b, frame *added)
{
    int full;

    mod_qt_registry_lock(b->base.child->registry);
    *b->end = added;
    b->end = &added->next;
    b->bytes += added->n;
    full = b->bytes > QUEUE_MAX && b->hold == FREE;
    if (full) {
        b->hold = ASKED;
    }
    apr_pollset_wakeup(b->wake);
    mod_qt_registry_unlock(b->base.child->registry);
    return full;
}

static void blocking_write(mod_qt_stream *stream, const mod_qt_frame *what)
{
    blocking *b = of(stream);
    frame *added = ap_malloc(sizeof(*added) + what->text.n);

    added->next = NULL;
    added->n = what->text.n;
    memcpy(added->p, what->text.p, what->text.n);
    if (put(b, added)) {
        mod_qt_transport_hold(stream, 1, mod_qt_pump_scratch(stream->child->pump));
        mod_qt_registry_lock(stream->child->registry);
        b->hold = HELD;
        apr_pollset_wakeup(b->wake);
        mod_qt_registry_unlock(stream->child->registry);
    }
}

static void blocking_end(mod_qt_stream *stream)
{
    mod_qt_registry_lock(stream->child->registry);
    stream->end_asked = 1;
    if (of(stream)->wake) {
        apr_pollset_wakeup(of(stream)->wake);
    }
    mod_qt_registry_unlock(stream->child->registry);
}

/* ---- the handler's thread: it never leaves `carry` without giving the slot back ---- */

/*
 * Not in r->pool: a prefork child that is told to die destroys it from a signal handler, on top of the thread that waits for
 * `wake`.
 */
static apr_status_t make_wake(blocking *b)
{
    apr_pollset_t *wake = NULL;
    apr_status_t rv = apr_pool_create(&b->pool, NULL);

    if (rv == APR_SUCCESS) {
        rv = apr_pool_create(&b->scratch, b->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_pollset_create_ex(&wake, 1, b->pool, APR_POLLSET_WAKEABLE, APR_POLLSET_POLL);
    }
    mod_qt_registry_lock(b->base.child->registry);
    b->end = &b->first;
    b->wake = wake;
    mod_qt_registry_unlock(b->base.child->registry);
    return rv;
}

static int blocking_can(const mod_qt_child *child, request_rec *r, const mod_qt_stream_conf *conf)
{
    (void)child;
    (void)r;
    (void)conf;
    return 1;
}

static apr_status_t blocking_admit(mod_qt_stream *stream)
{
    if (!mod_qt_quota_take(stream->child->quota)) {
        return QT_E_CROWDED;
    }
    of(stream)->admitted = 1;
    of(stream)->written = qt_store_now();
    return make_wake(of(stream));
}

static void free_frames(frame *first)
{
    while (first) {
        frame *next = first->next;

        free(first);
        first = next;
    }
}

static void blocking_dismiss(mod_qt_stream *stream)
{
    blocking *b = of(stream);

    free_frames(b->first);
    if (b->pool) {
        apr_pool_destroy(b->pool);
    }
    if (b->admitted) {
        mod_qt_quota_give(stream->child->quota);
    }
}

/* A prefork child is not told of a restart before its request is over: it sees by the scoreboard that its generation is. */
static int mpm_stops(void)
{
    int state, generation;

    if (ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING) {
        return 1;
    }
    return ap_exists_scoreboard_image() && ap_mpm_query(AP_MPMQ_GENERATION, &generation) == APR_SUCCESS &&
           generation != ap_get_scoreboard_global()->running_generation;
}

/* A secondary connection has no socket of its own; HTTP/2 sets `aborted` when its stream was reset. */
static int client_gone(blocking *b)
{
    conn_rec *c = b->base.c;

    return c->aborted || (!c->master && !mod_qt_transport_listen(mod_qt_transport_fd(c), &b->heard));
}

static void pass(blocking *b, const char *p, apr_size_t n)
{
    b->gone = b->gone || mod_qt_transport_pass(&b->base, b->base.r->output_filters, (qt_str){ p, n }) != APR_SUCCESS;
    b->written = qt_store_now();
}

static qt_time keepalive_due(const blocking *b)
{
    return b->base.conf.keepalive_form == MOD_QT_KA_NONE ? QT_NEVER : b->written + b->base.conf.keepalive;
}

static void keep_alive(blocking *b)
{
    qt_buf words;

    if (qt_store_now() < keepalive_due(b)) {
        return;
    }
    qt_buf_init(&words, b->scratch);
    mod_qt_event_keepalive(&words, b->base.conf.keepalive_form, 0, 0);
    pass(b, words.p, words.n);
    mod_qt_fanout_nudge(&b->base);
}

static apr_interval_time_t time_to_wait(const blocking *b)
{
    qt_time due = keepalive_due(b) < b->ends ? keepalive_due(b) : b->ends;
    qt_time left = due - qt_store_now();

    return left < 1 ? 1 : left < LOOK_EVERY ? left : LOOK_EVERY;
}

/* A wake-up that came before is not slept through: it stays until a poll has seen it. */
static void wait_for_something(blocking *b)
{
    const apr_pollfd_t *none;
    apr_int32_t n;
    int nothing;

    mod_qt_registry_lock(b->base.child->registry);
    nothing = !b->first && !b->base.end_asked && b->hold != HELD;
    mod_qt_registry_unlock(b->base.child->registry);
    if (nothing) {
        apr_pollset_poll(b->wake, time_to_wait(b), &n, &none);
    }
}

/* What the queue holds, after a wait if need be; *over: nothing more will come. *release: the zone may go on. */
static frame *take(blocking *b, int *over, int *release)
{
    mod_qt_registry *registry = b->base.child->registry;
    frame *taken;

    wait_for_something(b);
    mod_qt_registry_lock(registry);
    taken = b->first;
    b->first = NULL;
    b->end = &b->first;
    b->bytes = 0;
    *over = b->base.end_asked;
    *release = !taken && b->hold == HELD;
    if (*release) {
        b->hold = FREE;
    }
    mod_qt_registry_unlock(registry);
    return taken;
}

/* One round; 0: it was the last. */
static int turn(blocking *b)
{
    int over, release;
    frame *taken, *at;

    apr_pool_clear(b->scratch);
    taken = take(b, &over, &release);
    for (at = taken; at && !b->gone; at = at->next) {
        pass(b, at->p, at->n);
    }
    free_frames(taken);
    if (b->gone || over || qt_store_now() >= b->ends) {
        return 0;
    }
    if (release) {
        mod_qt_transport_hold(&b->base, 0, b->scratch);
    }
    if (!taken && (mpm_stops() || client_gone(b))) {
        return 0;
    }
    keep_alive(b);
    return !b->gone;
}

static apr_status_t blocking_greet(mod_qt_stream *stream, const char *p, apr_size_t n)
{
    pass(of(stream), p, n);
    return of(stream)->gone ? APR_ECONNABORTED : APR_SUCCESS;
}

static int blocking_carry(mod_qt_stream *stream)
{
    blocking *b = of(stream);

    b->ends = stream->conf.life ? qt_store_now() + stream->conf.life : QT_NEVER;
    mod_qt_registry_set_life(stream, MOD_QT_LIVE);
    if (mod_qt_transport_hold(stream, 0, b->scratch) == APR_SUCCESS) {
        while (turn(b)) {
        }
    }
    mod_qt_registry_set_life(stream, MOD_QT_ENDING);
    mod_qt_transport_leave(stream, b->scratch);
    mod_qt_registry_release(stream);
    return OK;
}

const mod_qt_transport mod_qt_blocking = {
    .name = "blocking",
    .size = sizeof(blocking),
    .can = blocking_can,
    .admit = blocking_admit,
    .greet = blocking_greet,
    .carry = blocking_carry,
    .dismiss = blocking_dismiss,
    .write = blocking_write,
    .end = blocking_end,
};
