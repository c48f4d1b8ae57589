/* The detached transport: a bare socket in the pump, one send() for each event. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_detached.h"

#include <apr_portable.h>
#include <fcntl.h>
#include <http_core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_filter.h"
#include "stream/mod_qt_pump.h"
#include "stream/mod_qt_registry.h"
#include "stream/mod_qt_suspended.h"

/* How long a client that was told the end may take to close (as long as httpd's own short lingering close). */
#define LINGER_MAX (2 * QT_SECOND)
/* How long a clogged client may take to drain when the child is stopping. */
#define DRAIN_STOPPING (2 * QT_SECOND)

#define LAST_CHUNK "0\r\n\r\n"

/*
 * What comes next. Each goes down only.
 *   FLOWING   live; keep-alive timer, or clogged: no progress for `patience` ends it
 *   DRAINING  over, the client has not read it all
 *   LINGERING our side of the socket is shut; waits for the client's
 *   LOST      the client is gone; the timer is set to end it
 */
typedef enum phase { FOREIGN, FLOWING, DRAINING, LINGERING, LOST } phase;

typedef struct detached {
    mod_qt_stream base;
    server_rec *server;   /* for the log and its Timeout */
    apr_uint64_t sent;    /* bytes, after the head */
    char *rest;           /* what the client has not taken yet; NULL: nothing */
    apr_size_t rest_at, rest_end, rest_cap;
    apr_size_t heard;     /* bytes the client sent */
    int fd;
    phase phase;          /* the pump's alone: FOREIGN until it has adopted the stream */
    unsigned chunked : 1; /* the head said so */
    unsigned clogged : 1; /* the zone holds its events */
    unsigned over : 1;    /* it was us who ended it */
} detached;

static detached *of(mod_qt_stream *stream)
{
    return (detached *)stream;
}

/* ---- the handler's thread ---- */

static int all_plain(request_rec *r, const ap_filter_t *f)
{
    f = mod_qt_filter_skip_plain(f, NULL);
    if (f) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "stream: not detached, for the sake of the filter %s", f->frec->name);
    }
    return !f;
}

/* By the connection alone: filters of the request may still take themselves out when they see the head. */
static int detached_can(const mod_qt_child *child, request_rec *r, const mod_qt_stream_conf *conf)
{
    return conf->detach && !r->assbackwards && mod_qt_suspended.can(child, r, conf) && mod_qt_pump_takes_fds(child->pump) &&
           !r->connection->data_in_output_filters && all_plain(r, r->connection->output_filters);
}

/* The head is sent and has left the chain: is what remains of it bare, and is there a descriptor to be had? */
static int detached_fits(mod_qt_stream *stream)
{
    detached *d = of(stream);
    apr_os_sock_t theirs;
    int on = 1;

    if (stream->c->data_in_output_filters || !all_plain(stream->r, stream->r->output_filters) ||
        apr_os_sock_get(&theirs, ap_get_conn_socket(stream->c)) != APR_SUCCESS) {
        return 0;
    }
    d->fd = fcntl(theirs, F_DUPFD_CLOEXEC, 0);
    if (d->fd < 0) {
        return 0;
    }
    setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    d->chunked = mod_qt_filter_has(stream->r->output_filters, "chunk");
    return 1;
}

static int detached_carry(mod_qt_stream *stream)
{
    detached *d = of(stream);
    qt_store *store = stream->child->store;

    d->server = stream->r->server;
    stream->c->aborted = 1; /* for httpd, which writes nothing to it any more; the client does not notice */
    stream->r = NULL;
    stream->c = NULL;
    stream->bb = NULL;
    mod_qt_registry_hand_over(stream);
    qt_store_bell_self(store);
    return OK;
}

/* ---- the pump's thread ---- */

static apr_status_t watch(mod_qt_stream *stream, apr_int16_t events)
{
    return mod_qt_pump_watch_fd(stream, of(stream)->fd, events);
}

static qt_time patience(const mod_qt_stream *stream)
{
    const server_rec *server = ((const detached *)stream)->server;

    return mod_qt_pump_draining(stream->child->pump) || server->timeout <= 0 ? DRAIN_STOPPING : server->timeout;
}

/* No more events come. What frees the stream happens in `due`, when nobody has a pin. */
static void leave(mod_qt_stream *stream)
{
    mod_qt_registry_set_life(stream, MOD_QT_ENDING);
    mod_qt_transport_leave(stream, mod_qt_pump_scratch(stream->child->pump));
}

/* The client is gone, or as good as gone. */
static void lose(mod_qt_stream *stream)
{
    watch(stream, 0);
    if (of(stream)->phase == FLOWING) {
        leave(stream);
    }
    of(stream)->phase = LOST;
    mod_qt_pump_timer(stream, 0);
}

/* Bytes that the socket took, at once; -1: the client is gone. */
static apr_ssize_t push(detached *d, const char *p, apr_size_t n)
{
    apr_ssize_t sent;

    do {
        sent = send(d->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    }
    d->sent += (apr_uint64_t)sent;
    return sent;
}

/* For when the socket takes more. */
static void keep(detached *d, const char *p, apr_size_t n)
{
    if (d->rest_end + n > d->rest_cap) {
        d->rest_cap = d->rest_end + n;
        d->rest = ap_realloc(d->rest, d->rest_cap);
    }
    memcpy(d->rest + d->rest_end, p, n);
    d->rest_end += n;
}

static void drop_rest(detached *d)
{
    free(d->rest);
    d->rest = NULL;
    d->rest_at = d->rest_end = d->rest_cap = 0;
}

/* Write what it takes and keep the rest. 0: the client is gone. */
static int put(detached *d, qt_str bytes)
{
    apr_ssize_t n = d->rest ? 0 : push(d, bytes.p, bytes.n);

    if (n >= 0 && (apr_size_t)n < bytes.n) {
        keep(d, bytes.p + n, bytes.n - (apr_size_t)n);
    }
    return n >= 0;
}

/* Write what was kept. 0: the client is gone. */
static int put_rest(detached *d)
{
    apr_ssize_t n = push(d, d->rest + d->rest_at, d->rest_end - d->rest_at);

    if (n < 0) {
        return 0;
    }
    d->rest_at += (apr_size_t)n;
    if (d->rest_at == d->rest_end) {
        drop_rest(d);
    }
    return 1;
}

static void stall(mod_qt_stream *stream)
{
    if (watch(stream, APR_POLLIN | APR_POLLOUT) != APR_SUCCESS) {
        lose(stream);
        return;
    }
    mod_qt_pump_timer(stream, patience(stream));
    if (!of(stream)->clogged) {
        of(stream)->clogged = 1;
        mod_qt_transport_hold(stream, 1, mod_qt_pump_scratch(stream->child->pump));
    }
}

/* Everything is written: wait for the next time, or for the client. */
static void rest(mod_qt_stream *stream)
{
    if (watch(stream, APR_POLLIN) != APR_SUCCESS) {
        lose(stream);
        return;
    }
    mod_qt_transport_rest(stream);
    if (of(stream)->clogged) {
        of(stream)->clogged = 0;
        if (mod_qt_transport_hold(stream, 0, mod_qt_pump_scratch(stream->child->pump)) != APR_SUCCESS) {
            lose(stream);
        }
    }
}

static void detached_write(mod_qt_stream *stream, const mod_qt_frame *frame)
{
    detached *d = of(stream);

    if (d->phase != FLOWING) {
        return;
    }
    if (!put(d, d->chunked ? frame->chunk : frame->text)) {
        lose(stream);
    }
    else if (d->rest) {
        stall(stream);
    }
    else {
        rest(stream);
    }
}

/* Our side is shut, as httpd does it: what the client still sends is read, so that no reset destroys what it has not read yet. */
static void linger(mod_qt_stream *stream)
{
    detached *d = of(stream);

    if (shutdown(d->fd, SHUT_WR) != 0 || mod_qt_pump_fast(stream->child->pump) || watch(stream, APR_POLLIN) != APR_SUCCESS) {
        lose(stream);
        return;
    }
    d->phase = LINGERING;
    mod_qt_pump_timer(stream, LINGER_MAX);
}

static void finish(mod_qt_stream *stream)
{
    detached *d = of(stream);

    leave(stream);
    d->over = 1;
    d->phase = DRAINING;
    if (d->chunked && !put(d, QT_STR_LIT(LAST_CHUNK))) {
        lose(stream);
    }
    else if (!d->rest) {
        linger(stream);
    }
    else if (mod_qt_pump_fast(stream->child->pump) || watch(stream, APR_POLLIN | APR_POLLOUT) != APR_SUCCESS) {
        lose(stream);
    }
    else {
        mod_qt_pump_timer(stream, patience(stream));
    }
}

/* A stream that is still on its way here finds the mark when it arrives. */
static void detached_end(mod_qt_stream *stream)
{
    detached *d = of(stream);

    mod_qt_registry_ask_end(stream);
    if (d->phase == FLOWING) {
        finish(stream);
    }
    else if (d->phase >= DRAINING) {
        mod_qt_pump_timer(stream, mod_qt_pump_fast(stream->child->pump) || d->phase == LOST ? 0 : DRAIN_STOPPING);
    }
}

static void detached_adopt(mod_qt_stream *stream)
{
    detached *d = of(stream);

    d->phase = FLOWING;
    d->clogged = 1; /* born held */
    if (mod_qt_registry_end_asked(stream)) {
        finish(stream);
    }
    else {
        rest(stream);
    }
}

static void destroy(mod_qt_stream *stream)
{
    detached *d = of(stream);
    qt_time lasted = qt_store_now() - stream->opened;

    ap_log_error(APLOG_MARK, APLOG_INFO, 0, d->server, QTLOGNO(00207) "stream: user %s, %" APR_UINT64_T_FMT " bytes in %" APR_INT64_T_FMT
                 ".%03d s, %s", stream->who, d->sent, lasted / QT_SECOND, (int)(lasted % QT_SECOND / 1000),
                 d->over ? "ended" : "client gone");
    watch(stream, 0);
    mod_qt_pump_forget(stream);
    close(d->fd);
    drop_rest(d);
    mod_qt_registry_release(stream);
}

/* Silence was long enough: a word, or, to a clogged client, an end. */
static void flow_due(mod_qt_stream *stream)
{
    if (of(stream)->clogged) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, of(stream)->server, QTLOGNO(00208) "stream: user %s: closed, since the client does not "
                     "read", stream->who);
        lose(stream);
    }
    else {
        mod_qt_transport_speak(stream);
    }
}

static void detached_due(mod_qt_stream *stream)
{
    if (of(stream)->phase == FLOWING) {
        flow_due(stream);
    }
    else if (of(stream)->phase != FOREIGN) {
        destroy(stream);
    }
}

/* The socket takes more. */
static void write_on(mod_qt_stream *stream)
{
    detached *d = of(stream);

    if (d->rest && !put_rest(d)) {
        lose(stream);
    }
    else if (d->rest) {
        mod_qt_pump_timer(stream, patience(stream));
    }
    else if (d->phase == FLOWING) {
        rest(stream);
    }
    else if (d->phase == DRAINING) {
        linger(stream);
    }
}

static void detached_ready(mod_qt_stream *stream, apr_int16_t events)
{
    int gone = events & (APR_POLLERR | APR_POLLHUP | APR_POLLNVAL);

    if (gone || ((events & APR_POLLIN) && !mod_qt_transport_listen(of(stream)->fd, &of(stream)->heard))) {
        lose(stream);
    }
    else if (events & APR_POLLOUT) {
        write_on(stream);
    }
}

static void detached_kill(mod_qt_stream *stream)
{
    if (of(stream)->phase == FOREIGN) {
        return;
    }
    lose(stream);
    destroy(stream);
}

const mod_qt_transport mod_qt_detached = {
    .name = "detached",
    .size = sizeof(detached),
    .can = detached_can,
    .greet = mod_qt_suspended_greet,
    .fits = detached_fits,
    .carry = detached_carry,
    .write = detached_write,
    .end = detached_end,
    .adopt = detached_adopt,
    .ready = detached_ready,
    .due = detached_due,
    .kill = detached_kill,
};
