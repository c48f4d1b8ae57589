/* What all transports do in the same way. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_transport.h"

#include <apr_portable.h>
#include <http_core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <util_filter.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_fanout.h"
#include "stream/mod_qt_pump.h"

/* More than this from a client in the life of a stream (renewed keys, a careless pipeline) is an attack. */
#define HEARD_MAX 65536

apr_status_t mod_qt_transport_pass(mod_qt_stream *stream, ap_filter_t *to, qt_str bytes)
{
    apr_bucket_alloc_t *alloc = stream->c->bucket_alloc;
    apr_status_t rv;

    APR_BRIGADE_INSERT_TAIL(stream->bb, apr_bucket_transient_create(bytes.p, bytes.n, alloc));
    APR_BRIGADE_INSERT_TAIL(stream->bb, apr_bucket_flush_create(alloc));
    rv = ap_pass_brigade(to, stream->bb);
    apr_brigade_cleanup(stream->bb);
    return stream->c->aborted ? APR_ECONNABORTED : rv;
}

apr_status_t mod_qt_transport_hold(mod_qt_stream *stream, int hold, apr_pool_t *pool)
{
    qt_call *call;
    apr_status_t rv;

    if (mod_qt_fanout_serves(stream->kind)) {
        mod_qt_fanout_flow(stream, !hold);
        return APR_SUCCESS;
    }
    call = apr_pcalloc(pool, sizeof(*call));
    call->verb = QT_HOLD;
    call->stream = stream->number;
    call->flag = hold ? 1 : 0;
    rv = qt_store_call(stream->zone, call, pool);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, stream->child->server, QTLOGNO(00201) "zone %s: stream %" APR_UINT64_T_FMT " can't be %s",
                     qt_zone_name(stream->zone), stream->number, hold ? "held" : "released");
    }
    return rv;
}

void mod_qt_transport_leave(mod_qt_stream *stream, apr_pool_t *pool)
{
    qt_call *call;
    apr_status_t rv;

    mod_qt_fanout_leave(stream);
    if (!stream->number) {
        return;
    }
    call = apr_pcalloc(pool, sizeof(*call));
    call->verb = QT_LEAVE;
    call->stream = stream->number;
    rv = qt_store_call(stream->zone, call, pool);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, stream->child->server, QTLOGNO(00202) "zone %s: stream %" APR_UINT64_T_FMT " can't leave",
                     qt_zone_name(stream->zone), stream->number);
    }
    stream->number = 0;
}

int mod_qt_transport_fd(conn_rec *c)
{
    apr_os_sock_t fd;

    return apr_os_sock_get(&fd, ap_get_conn_socket(c)) == APR_SUCCESS ? fd : -1;
}

void mod_qt_transport_mind(mod_qt_stream *stream)
{
#ifdef TCP_USER_TIMEOUT
    unsigned ms = (unsigned)apr_time_as_msec(stream->r->server->timeout);

    setsockopt(mod_qt_transport_fd(stream->c), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
#else
    (void)stream;
#endif
}

int mod_qt_transport_listen(int fd, apr_size_t *heard)
{
    char waste[4096];

    while (*heard <= HEARD_MAX) {
        ssize_t n = recv(fd, waste, sizeof(waste), MSG_DONTWAIT);

        if (n > 0) {
            *heard += (apr_size_t)n;
        }
        else if (n == 0 || errno != EINTR) {
            return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        }
    }
    return 0;
}

void mod_qt_transport_rest(mod_qt_stream *stream)
{
    if (stream->conf.keepalive_form == MOD_QT_KA_NONE) {
        mod_qt_timer_stop(&stream->timer);
    }
    else {
        mod_qt_pump_timer(stream, stream->conf.keepalive);
    }
}

void mod_qt_transport_speak(mod_qt_stream *stream)
{
    apr_uint64_t epoch, seq = mod_qt_fanout_checkpoint(stream, &epoch);
    qt_buf words;
    mod_qt_frame frame;

    mod_qt_frame_begin(&words, mod_qt_pump_scratch(stream->child->pump));
    mod_qt_event_keepalive(&words, stream->conf.keepalive_form, epoch, seq);
    frame = mod_qt_frame_end(&words);
    stream->transport->write(stream, &frame);
}
