/* The suspended transport: no thread waits; the pump writes, without ever waiting for the client. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_suspended.h"

#include <ap_mpm.h>
#include <apr_atomic.h>
#include <http_config.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include <util_filter.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_filter.h"
#include "stream/mod_qt_pump.h"
#include "stream/mod_qt_registry.h"

/* From the hand-over to the first moment that a request may be finished: the MPM needs two stores to let go of the connection. */
#define SETTLE_PAUSE (QT_SECOND / 100)
/* How long a client that was told the end may take to close (as long as httpd's own short lingering close). */
#define LINGER_MAX (2 * QT_SECOND)
/* How long a clogged client may take to drain when the child is stopping. */
#define DRAIN_STOPPING (2 * QT_SECOND)

/* Where a frame goes in: at the top, or below filters that would let it pass as it is. */
typedef enum door { AT_REQUEST, AT_CONNECTION, AT_SOCKET } door;

/*
 * What comes next, for an adopted stream. Each goes down only.
 *   FLOWING   live; keep-alive timer, or clogged: no progress for `patience` ends it
 *   SETTLING  over; waits for the MPM to let go
 *   DRAINING  the request has ended, the client has not read it all
 *   LINGERING our side of the socket is shut; waits for the client's
 */
typedef enum phase { FOREIGN, FLOWING, SETTLING, DRAINING, LINGERING } phase;

typedef struct suspended {
    mod_qt_stream base;
    ap_filter_t *filter;
    phase phase;          /* the pump's alone: FOREIGN until it has adopted the stream */
    qt_time adopted;
    apr_uint64_t adopted_turn;
    qt_time patience;     /* the server's Timeout */
    apr_size_t heard;     /* bytes the client sent */
    door door;
    unsigned chunked : 1; /* the head said so */
    unsigned clogged : 1; /* the zone holds its events */
} suspended;

static suspended *of(mod_qt_stream *stream)
{
    return (suspended *)stream;
}

/* ---- the handler's thread ---- */

static int suspended_can(const mod_qt_child *child, request_rec *r, const mod_qt_stream_conf *conf)
{
    int async = 0;

    (void)child;
    (void)conf;
    if (r->main || r->prev || r->connection->master || !r->connection->cs || mod_qt_filter_has(r->output_filters, "rate_limit")) {
        return 0; /* it sleeps in the thread that writes, which the pump may not */
    }
    return ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async;
}

/* The first filter of somebody else's; the warning is given once in the life of a child. */
static void warn_of_keeper(request_rec *r)
{
    static volatile apr_uint32_t given;

    if (apr_atomic_inc32(&given) == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, QTLOGNO(00209) "stream: a filter of this response (%s is the first) keeps back what "
                      "is flushed: events will be late or never come; take it out for the streams", r->output_filters->frec->name);
    }
}

/*
 * Nothing that is freed from now on would be used again for hours: it goes back to the system. The rest of httpd's input buffer, 8 KB
 * for a few lines of request, hangs on an empty bucket until somebody looks for more input.
 */
static void keep_no_memory(mod_qt_stream *stream)
{
    ap_filter_t *core = stream->c->input_filters;

    while (core->next) {
        core = core->next;
    }
    ap_get_brigade(core, stream->bb, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
    apr_brigade_cleanup(stream->bb);
    apr_allocator_max_free_set(apr_pool_allocator_get(stream->c->pool), 1);
}

apr_status_t mod_qt_suspended_greet(mod_qt_stream *stream, const char *p, apr_size_t n)
{
    apr_status_t rv;

    if (stream->transport == &mod_qt_suspended) {
        keep_no_memory(stream);
    }
    mod_qt_filter_add(stream->r);
    rv = mod_qt_transport_pass(stream, stream->r->output_filters, (qt_str){ p, n });
    if (rv == APR_SUCCESS && !mod_qt_filter_flushed(mod_qt_filter_of(stream->c))) {
        warn_of_keeper(stream->r);
    }
    return rv;
}

/*
 * Who keeps back what is flushed has it from elsewhere (mod_ext_filter: a process), and waits for that in the thread that writes the
 * end, up to Timeout: not in the pump, where all streams would wait with it. Its thread may wait for the client, too.
 */
static int suspended_fits(mod_qt_stream *stream)
{
    ap_filter_t *filter = mod_qt_filter_of(stream->c);

    if (mod_qt_filter_flushed(filter) || stream->c->data_in_output_filters) {
        return 1;
    }
    ap_remove_output_filter(filter);
    return 0;
}

/* The request dies: as the pump wants it, or too early for the pump. */
static apr_status_t forget_request(void *data)
{
    mod_qt_stream *stream = data;
    apr_pool_t *scratch;

    stream->r = NULL;
    if (stream->life != MOD_QT_ARRIVING) {
        return APR_SUCCESS;
    }
    ap_set_module_config(stream->c->conn_config, &queuetasks_module, NULL);
    if (apr_pool_create(&scratch, NULL) == APR_SUCCESS) {
        mod_qt_transport_leave(stream, scratch);
        apr_pool_destroy(scratch);
    }
    mod_qt_registry_release(stream);
    return APR_SUCCESS;
}

/* Now that the head has gone through, the chain is the one that stays. */
static door find_door(const mod_qt_stream *stream, const ap_filter_t *ours)
{
    const ap_filter_t *connection = stream->c->output_filters;

    if (mod_qt_filter_skip_plain(stream->r->output_filters, connection) != connection) {
        return AT_REQUEST;
    }
    return mod_qt_filter_skip_plain(connection, ours) == ours ? AT_SOCKET : AT_CONNECTION;
}

static int suspended_carry(mod_qt_stream *stream)
{
    suspended *s = of(stream);

    s->filter = mod_qt_filter_of(stream->c);
    s->door = find_door(stream, s->filter);
    s->chunked = mod_qt_filter_has(stream->r->output_filters, "chunk");
    apr_pool_cleanup_register(stream->r->pool, stream, forget_request, apr_pool_cleanup_null);
    ap_set_module_config(stream->c->conn_config, &queuetasks_module, stream);
    return SUSPENDED;
}

/* The hand-over. This hook runs whenever any connection leaves its thread. */
static void hand_over(conn_rec *c, request_rec *r)
{
    mod_qt_stream *stream = ap_get_module_config(c->conn_config, &queuetasks_module);
    qt_store *store;

    (void)r;
    if (!stream || !c->cs || c->cs->state != CONN_STATE_SUSPENDED) {
        return;
    }
    ap_set_module_config(c->conn_config, &queuetasks_module, NULL);
    store = stream->child->store;
    mod_qt_registry_hand_over(stream);
    qt_store_bell_self(store);
}

void mod_qt_suspended_register(void)
{
    ap_hook_suspend_connection(hand_over, NULL, NULL, APR_HOOK_REALLY_LAST);
}

/* ---- the pump's thread ---- */

/* The way down. What frees the stream happens in `suspended_due`, when nobody has a pin. */
static void begin_end(mod_qt_stream *stream)
{
    if (of(stream)->phase != FLOWING) {
        return;
    }
    of(stream)->phase = SETTLING;
    mod_qt_registry_set_life(stream, MOD_QT_ENDING);
    mod_qt_pump_watch(stream, 0);
    mod_qt_pump_timer(stream, 0);
    mod_qt_transport_leave(stream, mod_qt_pump_scratch(stream->child->pump));
}

/* The client is gone, or as good as gone. */
static void lose(mod_qt_stream *stream)
{
    stream->c->aborted = 1;
    mod_qt_pump_watch(stream, 0);
    if (of(stream)->phase == FLOWING) {
        begin_end(stream);
    }
    else {
        mod_qt_pump_timer(stream, 0);
    }
}

static void unclog(mod_qt_stream *stream)
{
    of(stream)->clogged = 0;
    if (mod_qt_transport_hold(stream, 0, mod_qt_pump_scratch(stream->child->pump)) != APR_SUCCESS) {
        begin_end(stream);
    }
}

/* After something was written: wait for the next time, or for the client. */
static void after_write(mod_qt_stream *stream)
{
    int clogged = stream->c->data_in_output_filters;

    if (mod_qt_pump_watch(stream, clogged ? APR_POLLIN | APR_POLLOUT : APR_POLLIN) != APR_SUCCESS) {
        lose(stream);
        return;
    }
    if (!clogged) {
        mod_qt_transport_rest(stream);
        if (of(stream)->clogged) {
            unclog(stream);
        }
        return;
    }
    mod_qt_pump_timer(stream, of(stream)->patience);
    if (!of(stream)->clogged) {
        of(stream)->clogged = 1;
        mod_qt_transport_hold(stream, 1, mod_qt_pump_scratch(stream->child->pump));
    }
}

static apr_status_t pass_in(mod_qt_stream *stream, const mod_qt_frame *frame)
{
    suspended *s = of(stream);
    qt_str bytes = s->door != AT_REQUEST && s->chunked ? frame->chunk : frame->text;
    apr_status_t rv;

    if (s->door == AT_SOCKET) {
        rv = mod_qt_filter_send(s->filter, bytes.p, bytes.n);
    }
    else {
        rv = mod_qt_transport_pass(stream, s->door == AT_REQUEST ? stream->r->output_filters : stream->c->output_filters, bytes);
    }
    if (s->door != AT_REQUEST) {
        stream->r->bytes_sent += (apr_off_t)frame->text.n; /* which a filter above counts, for the access log */
    }
    return rv;
}

static void suspended_write(mod_qt_stream *stream, const mod_qt_frame *frame)
{
    if (of(stream)->phase != FLOWING) {
        return;
    }
    if (pass_in(stream, frame) != APR_SUCCESS) {
        lose(stream);
        return;
    }
    after_write(stream);
}

/* A stream that is still on its way here finds the mark when it arrives. */
static void suspended_end(mod_qt_stream *stream)
{
    suspended *s = of(stream);

    mod_qt_registry_ask_end(stream);
    begin_end(stream);
    if (s->phase >= DRAINING) {
        mod_qt_pump_timer(stream, mod_qt_pump_fast(stream->child->pump) ? 0 : DRAIN_STOPPING);
    }
}

static void suspended_adopt(mod_qt_stream *stream)
{
    suspended *s = of(stream);
    mod_qt_pump *pump = stream->child->pump;

    s->phase = FLOWING;
    s->adopted = mod_qt_pump_now(pump);
    s->adopted_turn = mod_qt_pump_turn(pump);
    s->patience = stream->r->server->timeout > 0 ? stream->r->server->timeout : DRAIN_STOPPING;
    s->clogged = 1; /* born held */
    stream->c->current_thread = mod_qt_pump_thread(pump);
    stream->pfd.desc.s = ap_get_conn_socket(stream->c);
    if (mod_qt_registry_end_asked(stream)) {
        begin_end(stream);
    }
    else {
        after_write(stream);
    }
}

/* ---- the end of a stream ---- */

static void destroy(mod_qt_stream *stream)
{
    apr_pool_t *pool = stream->c->pool;

    mod_qt_pump_forget(stream);
    apr_pool_destroy(pool);
    mod_qt_registry_release(stream);
}

/*
 * The MPM clears c->sbh and sets a flag of its own after the hook. Both stand side by side; once the first is seen, with
 * a turn and a pause passed since, the second has long been set.
 */
static int settled(mod_qt_stream *stream)
{
    suspended *s = of(stream);
    mod_qt_pump *pump = stream->child->pump;

    return !__atomic_load_n(&stream->c->sbh, __ATOMIC_ACQUIRE) && mod_qt_pump_turn(pump) > s->adopted_turn &&
           mod_qt_pump_now(pump) - s->adopted >= SETTLE_PAUSE;
}

/* Goodbye by the rules (TLS has a word for it). */
static void linger(mod_qt_stream *stream)
{
    if (ap_start_lingering_close(stream->c) || mod_qt_pump_fast(stream->child->pump) ||
        mod_qt_pump_watch(stream, APR_POLLIN) != APR_SUCCESS) {
        destroy(stream);
        return;
    }
    of(stream)->phase = LINGERING;
    mod_qt_pump_timer(stream, LINGER_MAX);
}

/* The last chunk, the access log line, and whatever else hangs on the request. */
static void finish_request(mod_qt_stream *stream)
{
    conn_rec *c = stream->c;

    ap_finalize_request_protocol(stream->r);
    ap_process_request_after_handler(stream->r);
    c->cs->state = CONN_STATE_SUSPENDED; /* what the MPM counts it as when its pool goes */
}

static void finish(mod_qt_stream *stream)
{
    conn_rec *c = stream->c;
    mod_qt_pump *pump = stream->child->pump;

    finish_request(stream);
    if (c->aborted || !c->data_in_output_filters || mod_qt_pump_fast(pump) ||
        mod_qt_pump_watch(stream, APR_POLLIN | APR_POLLOUT) != APR_SUCCESS) {
        linger(stream);
        return;
    }
    of(stream)->phase = DRAINING;
    mod_qt_pump_timer(stream, mod_qt_pump_draining(pump) ? DRAIN_STOPPING : of(stream)->patience);
}

/* Silence was long enough: a word, or, to a clogged client, an end. */
static void flow_due(mod_qt_stream *stream)
{
    if (of(stream)->clogged) {
        ap_log_cerror(APLOG_MARK, APLOG_INFO, 0, stream->c, QTLOGNO(00205) "stream: closed, since its client does not read");
        lose(stream);
    }
    else {
        mod_qt_transport_speak(stream);
    }
}

static void suspended_due(mod_qt_stream *stream)
{
    switch (of(stream)->phase) {
    case FOREIGN:
        break;
    case FLOWING:
        flow_due(stream);
        break;
    case SETTLING:
        if (settled(stream)) {
            finish(stream);
        }
        else {
            mod_qt_pump_timer(stream, SETTLE_PAUSE);
        }
        break;
    case DRAINING:
    case LINGERING:
        destroy(stream);
        break;
    }
}

/* The socket takes more. */
static void write_on(mod_qt_stream *stream)
{
    if (mod_qt_filter_push(of(stream)->filter) != APR_SUCCESS) {
        lose(stream);
    }
    else if (of(stream)->phase == FLOWING) {
        after_write(stream);
    }
    else if (!stream->c->data_in_output_filters) {
        linger(stream);
    }
}

static void suspended_ready(mod_qt_stream *stream, apr_int16_t events)
{
    int gone = events & (APR_POLLERR | APR_POLLHUP | APR_POLLNVAL);

    if (gone || ((events & APR_POLLIN) && !mod_qt_transport_listen(mod_qt_transport_fd(stream->c), &of(stream)->heard))) {
        lose(stream);
    }
    else if (events & APR_POLLOUT) {
        write_on(stream);
    }
}

static void suspended_kill(mod_qt_stream *stream)
{
    if (of(stream)->phase == FOREIGN) {
        return;
    }
    stream->c->aborted = 1;
    begin_end(stream);
    if (of(stream)->phase == SETTLING) {
        finish_request(stream);
    }
    destroy(stream);
}

const mod_qt_transport mod_qt_suspended = {
    .name = "suspended",
    .size = sizeof(suspended),
    .can = suspended_can,
    .greet = mod_qt_suspended_greet,
    .fits = suspended_fits,
    .carry = suspended_carry,
    .write = suspended_write,
    .end = suspended_end,
    .adopt = suspended_adopt,
    .ready = suspended_ready,
    .due = suspended_due,
    .kill = suspended_kill,
};
