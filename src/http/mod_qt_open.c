/* Opens streams as the Location says, and answers those that can't be had. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_open.h"

#include <http_protocol.h>
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "http/mod_qt_ticket.h"
#include "wire/qt_accept.h"

qt_cursor mod_qt_open_since(const mod_qt_ask *ask)
{
    const char *header = apr_table_get(ask->r->headers_in, "Last-Event-ID");

    return qt_cursor_parse(header ? qt_str_of(header) : qt_query_get(ask->query, "lastEventId"));
}

void mod_qt_open_headers(request_rec *r)
{
    ap_set_content_type(r, "text/event-stream; charset=utf-8");
    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
}

/* A stream that can't be had now: an EventSource would give up for good on any status but 200. */
static int answer_no_stream(mod_qt_ask *ask, apr_status_t status)
{
    const char *accept = apr_table_get(ask->r->headers_in, "Accept");

    if (mod_qt_reply_is_overload(status) && qt_accept_names(qt_str_of(accept), MOD_QT_STREAM)) {
        return mod_qt_stream_busy(ask->r, mod_qt_conf_retry(ask->conf), qt_status_text(status));
    }
    return mod_qt_fail(ask, status);
}

static mod_qt_keepalive form_of(const mod_qt_conf *conf, qt_kind kind)
{
    static const mod_qt_keepalive forms[] = {
        [MOD_QT_FORM_EVENT] = MOD_QT_KA_EVENT, [MOD_QT_FORM_COMMENT] = MOD_QT_KA_COMMENT, [MOD_QT_FORM_NONE] = MOD_QT_KA_NONE,
        [MOD_QT_FORM_USUAL] = MOD_QT_KA_COMMENT
    };
    apr_int64_t form = mod_qt_conf_keepalive_form(conf);

    return form == MOD_QT_FORM_USUAL && kind == QT_K_WAIT ? MOD_QT_KA_EVENT : forms[form];
}

static void fill_join(const mod_qt_ask *ask, qt_call *join)
{
    const mod_qt_conf *conf = ask->conf;

    join->verb = QT_JOIN;
    if (ask->who.p) {
        join->who = ask->who;
    }
    join->labels = ask->labels;
    join->ticket = ask->ticket;
    join->since = mod_qt_open_since(ask);
    join->grace = mod_qt_conf_grace(conf);
    join->alone = mod_qt_conf_devices(conf) == MOD_QT_DEVICES_ONE && join->kind != QT_K_FEED;
    join->skip = mod_qt_conf_slow(conf) == MOD_QT_SLOW_SKIP;
    join->max_streams = (apr_uint32_t)mod_qt_conf_max_streams(conf);
    join->max_streams_per_user = (apr_uint32_t)mod_qt_conf_max_streams_per_user(conf);
    join->flag = ask->r->header_only & 1;
}

static void fill_stream(const mod_qt_ask *ask, qt_kind kind, mod_qt_stream_conf *stream)
{
    const mod_qt_conf *conf = ask->conf;

    stream->keepalive = mod_qt_conf_keepalive(conf);
    stream->keepalive_form = form_of(conf, kind);
    stream->retry = mod_qt_conf_retry(conf);
    stream->life = mod_qt_conf_life(conf);
    stream->detach = mod_qt_conf_detach(conf) == MOD_QT_DETACH_ON;
    stream->skip = mod_qt_conf_slow(conf) == MOD_QT_SLOW_SKIP;
}

/* HEAD answers like GET, but joins nothing. */
static int answer_head(mod_qt_ask *ask, qt_call *join)
{
    apr_status_t status = qt_store_call(ask->zone, join, ask->r->pool);

    if (status != APR_SUCCESS) {
        return answer_no_stream(ask, status);
    }
    mod_qt_open_headers(ask->r);
    return OK;
}

int mod_qt_open(mod_qt_ask *ask, qt_call *join, mod_qt_stream_conf *stream)
{
    apr_status_t status;
    int rc = ask->who.p ? mod_qt_ticket_redirect(ask) : DECLINED;

    if (rc != DECLINED) {
        return rc;
    }
    fill_join(ask, join);
    fill_stream(ask, join->kind, stream);
    if (join->flag) {
        return answer_head(ask, join);
    }
    rc = mod_qt_stream_open(ask->r, ask->zone, join, stream, &status);
    return rc == DECLINED ? answer_no_stream(ask, status) : rc;
}
