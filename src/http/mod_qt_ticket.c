/* Tickets over HTTP: given, read, masked, and sent along with a redirection. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_ticket.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include "config/mod_qt_log.h"
#include "http/mod_qt_handler.h"
#include "http/mod_qt_place.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "wire/qt_json.h"

#define NAME "ticket="
#define NAME_SIZE (sizeof(NAME) - 1)
/* Bytes of randomness; twice as many digits. */
#define SECRET_SIZE 16
/* Digits that logs may show: enough to tell tickets apart, far from enough to use one. */
#define SHOWN 4

/* Where the value of the first `ticket` parameter begins in a query, or in anything that holds one; NULL: nowhere. */
static const char *value_in(const char *text)
{
    const char *at = text;

    while (at && (at = strstr(at, NAME)) != NULL && at != text && at[-1] != '?' && at[-1] != '&') {
        at += NAME_SIZE;
    }
    return at ? at + NAME_SIZE : NULL;
}

static apr_size_t value_size(const char *value)
{
    return strcspn(value, "& #");
}

/* The query as it came: the mask keeps it here. */
static const char *query_of(const request_rec *r)
{
    const char *kept = ap_get_module_config(r->request_config, &queuetasks_module);

    return kept ? kept : r->args;
}

static qt_str ticket_of(const request_rec *r)
{
    const char *value = value_in(query_of(r));
    apr_size_t n = value ? value_size(value) : 0;

    if (n != 2 * SECRET_SIZE || strspn(value, "0123456789abcdef") < n) {
        return QT_STR_NONE;
    }
    return (qt_str){ value, n };
}

/* ---- never in a log ---- */

static char *masked(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text);
    const char *value = copy;

    while (value && (value = value_in(value)) != NULL) {
        apr_size_t n = value_size(value), i;

        for (i = n < SHOWN ? 0 : SHOWN; i < n; i++) {
            copy[value - copy + (apr_ssize_t)i] = '*';
        }
    }
    return copy;
}

int mod_qt_ticket_mask(request_rec *r)
{
    mod_qt_place place;

    if (!r->args || !value_in(r->args) || ap_get_module_config(r->request_config, &queuetasks_module)) {
        return DECLINED;
    }
    mod_qt_place_find(r, &place);
    if (!place.ours) {
        return DECLINED;
    }
    ap_set_module_config(r->request_config, &queuetasks_module, apr_pstrdup(r->pool, r->args));
    r->args = masked(r->pool, r->args);
    r->the_request = masked(r->pool, r->the_request);
    r->unparsed_uri = masked(r->pool, r->unparsed_uri);
    r->parsed_uri.query = r->args;
    return OK;
}

/* ---- who it is ---- */

/* Look at the ticket: QT_E_NOBODY. */
static apr_status_t look(request_rec *r, qt_zone_ref *zone, qt_call *call)
{
    *call = (qt_call){ .verb = QT_REDEEM, .ticket = ticket_of(r), .flag = 1 };
    return call->ticket.n && zone ? qt_store_call(zone, call, r->pool) : QT_E_NOBODY;
}

apr_status_t mod_qt_ticket_identify(mod_qt_ask *ask)
{
    qt_call call;
    apr_status_t status = look(ask->r, ask->zone, &call);

    if (status == APR_SUCCESS) {
        ask->who = call.who;
        ask->labels = call.labels;
        ask->ticket = call.ticket;
    }
    return status;
}

int mod_qt_ticket_authenticate(request_rec *r)
{
    qt_zone_ref *zone;
    qt_call call;

    if (!ticket_of(r).n || !mod_qt_handler_streams(r, &zone) || look(r, zone, &call) != APR_SUCCESS) {
        return DECLINED;
    }
    r->user = apr_pstrmemdup(r->pool, call.who.p, call.who.n);
    r->ap_auth_type = apr_pstrdup(r->pool, "ticket");
    return OK;
}

/* ---- giving ---- */

static apr_status_t give(mod_qt_ask *ask, const char **secret)
{
    unsigned char bytes[SECRET_SIZE];
    qt_call call = { .verb = QT_TICKET, .who = ask->who, .labels = ask->labels };
    apr_status_t status = apr_generate_random_bytes(bytes, sizeof(bytes));

    if (status != APR_SUCCESS) {
        return status;
    }
    *secret = apr_pescape_hex(ask->r->pool, bytes, sizeof(bytes), 0);
    call.ticket = qt_str_of(*secret);
    return qt_store_call(ask->zone, &call, ask->r->pool);
}

int mod_qt_do_give_ticket(mod_qt_ask *ask)
{
    const char *secret = NULL;
    apr_status_t status = give(ask, &secret);
    qt_buf buf;
    qt_json_out out;

    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    out = qt_json_open(&buf, '{');
    qt_json_put_str(&out, "ticket", qt_str_of(secret));
    qt_json_put_int(&out, "expiresIn", QT_TICKET_LIFE / QT_SECOND);
    qt_json_close(&out);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

/* The query without its tickets, with a '?' or '&' at its end for another parameter. */
static const char *query_for_more(request_rec *r)
{
    const char *query = query_of(r);
    char *rest = apr_pstrdup(r->pool, query ? query : ""), *last;
    const char *all = "?", *pair;

    for (pair = apr_strtok(rest, "&", &last); pair; pair = apr_strtok(NULL, "&", &last)) {
        if (strncmp(pair, NAME, NAME_SIZE) != 0) {
            all = apr_pstrcat(r->pool, all, pair, "&", NULL);
        }
    }
    return all;
}

/* The path as it was sent, without query and origin. */
static const char *raw_path(request_rec *r)
{
    const char *at = strstr(r->unparsed_uri, "://"), *path = r->unparsed_uri;

    if (*path != '/' && at) {
        path = strchr(at + 3, '/');
    }
    return path ? apr_pstrmemdup(r->pool, path, strcspn(path, "?#")) : "/";
}

int mod_qt_ticket_redirect(mod_qt_ask *ask)
{
    request_rec *r = ask->r;
    const char *secret = NULL;
    apr_status_t status;

    if (!ask->conf->stream_origin || r->proto_num < HTTP_VERSION(2, 0)) {
        return DECLINED;
    }
    status = give(ask, &secret);
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    apr_table_setn(r->headers_out, "Location", apr_pstrcat(r->pool, ask->conf->stream_origin, raw_path(r), query_for_more(r), NAME, secret,
                                                           NULL));
    return mod_qt_reply_elsewhere(ask);
}
