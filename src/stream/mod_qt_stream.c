/* Opening a stream, and the floor's doors for the rest of the module. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_stream.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <http_protocol.h>
#include <util_filter.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_detached.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_fanout.h"
#include "stream/mod_qt_filter.h"
#include "stream/mod_qt_pump.h"
#include "stream/mod_qt_quota.h"
#include "stream/mod_qt_registry.h"
#include "stream/mod_qt_suspended.h"

/* Descriptors that streams leave to httpd, besides two for each thread. */
#define DESCRIPTORS_SPARE 64
/* Different lifes that one QueueTasksStreamLife makes. */
#define LIFE_STEPS 15
/* What a busy answer's `retry:` grows from when the Location sends none. */
#define BUSY_RETRY (3 * QT_SECOND)

/* In order: the first that can carry a stream does. Whoever stands behind one with `fits` greets as it does. */
#define TRANSPORTS 3U
static const mod_qt_transport *const transports[TRANSPORTS] = { &mod_qt_detached, &mod_qt_suspended, &mod_qt_blocking };

static mod_qt_child *here;   /* this process, between child_init and the end of the pump */
static mod_qt_quota *shared; /* of this generation */

/* ---- heads ---- */

/* `closing`: the body ends with the connection's life. Said as a header, not by c->keepalive, it leaves chunked coding on. */
static void set_head(request_rec *r, int closing)
{
    r->status = HTTP_OK;
    ap_set_content_type(r, "text/event-stream; charset=utf-8");
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if (closing) {
        apr_table_setn(r->headers_out, "Connection", "close");
    }
}

int mod_qt_stream_busy(request_rec *r, apr_interval_time_t retry, const char *reason)
{
    apr_uint32_t ms = (apr_uint32_t)apr_time_as_msec(retry > 0 ? retry : BUSY_RETRY);
    qt_buf body;

    set_head(r, !r->connection->master); /* kept alive, it would hold the very thread that is wanting */
    qt_buf_init(&body, r->pool);
    mod_qt_event_first(&body, apr_time_from_msec((apr_interval_time_t)ap_random_pick(ms, ms < APR_UINT32_MAX / 2 ? 2 * ms : ms)));
    mod_qt_event_busy(&body, reason);
    ap_rwrite(body.p, (int)body.n, r);
    return OK;
}

/* ---- opening ---- */

/* A tenth in steps: a few, so that the pump's timers stay few (stream/mod_qt_timer.h). */
static apr_interval_time_t with_jitter(apr_interval_time_t life)
{
    return life + life / 10 * ap_random_pick(0, LIFE_STEPS) / LIFE_STEPS;
}

/*
 * Descriptors are given out lowest first, so that the number of a new one tells how many there are. What httpd needs for connections
 * that come, files and its own matters is left to it.
 */
static int descriptors_short(const request_rec *r)
{
    struct rlimit most;
    int threads = 1, next;
    rlim_t spare;

    if (r->connection->master || getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur == RLIM_INFINITY) {
        return 0;
    }
    next = fcntl(mod_qt_transport_fd(r->connection), F_DUPFD_CLOEXEC, 0);
    if (next < 0) {
        return 1;
    }
    close(next);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    spare = DESCRIPTORS_SPARE + 2 * (rlim_t)(threads > 0 ? threads : 1);
    spare = spare < most.rlim_cur / 2 ? spare : most.rlim_cur / 2;
    return (rlim_t)next >= most.rlim_cur - spare;
}

/* The place in the table of the first transport, from `from` on, that can. The last one always can. */
static unsigned choose(unsigned from, request_rec *r, const mod_qt_stream_conf *conf)
{
    while (from < TRANSPORTS - 1 && !transports[from]->can(here, r, conf)) {
        from++;
    }
    return from < TRANSPORTS ? from : TRANSPORTS - 1;
}

/* The filter of the Location is copied by who needs it (mod_qt_fanout.h), and not outlived here. */
static mod_qt_stream *make_stream(request_rec *r, qt_zone_ref *zone, const qt_call *join, const mod_qt_stream_conf *conf)
{
    mod_qt_stream *stream = mod_qt_registry_open(here, transports[choose(0, r, conf)], zone, join->who);

    if (stream) {
        stream->r = r;
        stream->c = r->connection;
        stream->kind = join->kind;
        stream->conf = *conf;
        stream->conf.keys = NULL;
        stream->conf.nkeys = 0;
        stream->conf.life = with_jitter(conf->life);
        stream->bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    }
    return stream;
}

/* After the place in the zone was had: a stream that is told to come back later comes back with its ticket. */
static apr_status_t use_ticket(mod_qt_stream *stream, qt_str ticket)
{
    qt_call call = { .verb = QT_REDEEM, .ticket = ticket };

    return ticket.n ? qt_store_call(stream->zone, &call, stream->r->pool) : APR_SUCCESS;
}

/* Take what it needs, then its place in the zone. */
static apr_status_t join_zone(mod_qt_stream *stream, qt_call *join)
{
    apr_status_t rv = stream->transport->admit ? stream->transport->admit(stream) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    join->child = qt_store_child(stream->child->store);
    join->cookie = stream->cookie;
    rv = qt_store_call(stream->zone, join, stream->r->pool);
    if (rv == APR_SUCCESS) {
        stream->number = join->stream;
        rv = use_ticket(stream, join->ticket);
    }
    return rv;
}

/* The head goes out at once, so that an EventSource opens. 0: the client is gone already. */
static int send_head(mod_qt_stream *stream)
{
    request_rec *r = stream->r;
    int primary = !stream->c->master;
    apr_status_t rv;
    qt_buf first;

    set_head(r, primary);
    qt_buf_init(&first, r->pool);
    mod_qt_event_first(&first, stream->conf.retry);
    rv = stream->transport->greet(stream, first.p, first.n);
    if (primary) {
        mod_qt_transport_mind(stream);
        stream->c->keepalive = AP_CONN_CLOSE;
    }
    return rv == APR_SUCCESS;
}

/* Now that the head has passed the filters it is seen which of them stay. 0: nobody can carry such a stream at the moment. */
static int settle(mod_qt_stream *stream)
{
    unsigned at = 0;

    while (stream->transport->fits && !stream->transport->fits(stream)) {
        while (at < TRANSPORTS - 2 && transports[at] != stream->transport) {
            at++;
        }
        at = choose(at + 1, stream->r, &stream->conf);
        mod_qt_registry_change(stream, transports[at]);
        if (stream->transport->admit && stream->transport->admit(stream) != APR_SUCCESS) {
            return 0;
        }
    }
    return 1;
}

/* Before it was carried: the response ends with what has been written. */
static int give_up(mod_qt_stream *stream)
{
    mod_qt_transport_leave(stream, stream->r->pool);
    mod_qt_registry_release(stream);
    return OK;
}

/* For log formats: %{queuetasks-user}n and its like. */
static void note(const mod_qt_stream *stream)
{
    request_rec *r = stream->r;

    apr_table_setn(r->notes, "queuetasks-user", apr_pstrdup(r->pool, stream->who));
    apr_table_setn(r->notes, "queuetasks-stream", apr_psprintf(r->pool, "%" APR_UINT64_T_FMT, stream->number));
    apr_table_setn(r->notes, "queuetasks-transport", stream->transport->name);
    apr_table_setn(r->notes, "queuetasks-kind", qt_kind_names[stream->kind]);
}

int mod_qt_stream_open(request_rec *r, qt_zone_ref *zone, qt_call *join, const mod_qt_stream_conf *conf, apr_status_t *status)
{
    mod_qt_stream *stream;

    *status = r->main ? QT_E_UNKNOWN : QT_E_DRAINING;
    if (!here || r->main) {
        return DECLINED;
    }
    *status = QT_E_CROWDED;
    if (descriptors_short(r)) {
        return DECLINED;
    }
    *status = QT_E_DRAINING;
    stream = make_stream(r, zone, join, conf);
    if (!stream) {
        return DECLINED;
    }
    *status = join_zone(stream, join);
    if (*status != APR_SUCCESS) {
        mod_qt_transport_leave(stream, r->pool);
        mod_qt_registry_release(stream);
        return DECLINED;
    }
    if (!send_head(stream) || !settle(stream)) {
        return give_up(stream);
    }
    note(stream);
    if (mod_qt_fanout_serves(stream->kind)) {
        mod_qt_fanout_join(stream, join, conf);
    }
    return stream->transport->carry(stream);
}

const apr_array_header_t *mod_qt_stream_list(unsigned most, unsigned *all, apr_pool_t *pool)
{
    return here ? mod_qt_registry_list(here->registry, most, all, pool) : NULL;
}

/* ---- the life of the process ---- */

void mod_qt_stream_register(apr_pool_t *p)
{
    (void)p;
    mod_qt_filter_register();
    mod_qt_suspended_register();
}

apr_status_t mod_qt_stream_post_config(apr_pool_t *pconf)
{
    return mod_qt_quota_create(&shared, pconf);
}

static apr_uint32_t quarter_of_threads(void)
{
    int threads = 1, daemons = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    return threads > 0 && daemons > 0 && threads * daemons > 4 ? (apr_uint32_t)(threads * daemons / 4) : 1;
}

static apr_size_t largest_object(void)
{
    apr_size_t largest = 0, i;

    for (i = 0; i < TRANSPORTS; i++) {
        largest = transports[i]->size > largest ? transports[i]->size : largest;
    }
    return largest;
}

static apr_status_t leave_process(void *data)
{
    (void)data;
    here = NULL;
    return APR_SUCCESS;
}

apr_status_t mod_qt_stream_child_init(qt_store *store, server_rec *s, apr_pool_t *pchild, const mod_qt_stream_limits *limits)
{
    mod_qt_child *child = apr_pcalloc(pchild, sizeof(*child));
    apr_status_t rv;

    child->store = store;
    child->server = s;
    child->quota = shared;
    mod_qt_quota_child(shared, qt_store_child(store), limits->blocking ? limits->blocking : quarter_of_threads());
    rv = mod_qt_registry_create(&child->registry, store, largest_object(), pchild);
    if (rv == APR_SUCCESS) {
        rv = mod_qt_pump_start(child, limits->drain, pchild);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s, QTLOGNO(00206) "pump: can't start; no streams in this child");
        return rv;
    }
    here = child;
    apr_pool_cleanup_register(pchild, NULL, leave_process, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

void mod_qt_stream_child_stopping(int graceful)
{
    if (here) {
        mod_qt_pump_drain(here->pump, !graceful);
    }
}

void mod_qt_stream_child_ended(apr_int32_t pid)
{
    if (shared) {
        mod_qt_quota_ended(shared, pid);
    }
}
