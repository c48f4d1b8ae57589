/* The cross-site check, CORS headers and preflight. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_core.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include "http/mod_qt_origin.h"
#include "http/mod_qt_place.h"
#include "http/mod_qt_reply.h"

/* Seconds a browser may keep the answer to a preflight. */
#define PREFLIGHT_AGE "600"
#define PREFLIGHT_HEADERS "Authorization, Cache-Control, Content-Type, Last-Event-ID"
#define EXPOSED_HEADERS "Allow, Location, Retry-After"

typedef enum pass { NOT_NAMED, BY_NAME, BY_STAR } pass;

static pass pass_of(const mod_qt_conf *conf, const char *origin)
{
    for (int i = 0; conf->origins && i < conf->origins->nelts; i++) {
        const char *allowed = APR_ARRAY_IDX(conf->origins, i, const char *);

        if (strcmp(allowed, "*") == 0) {
            return BY_STAR;
        }
        if (ap_cstr_casecmp(allowed, origin) == 0) {
            return BY_NAME;
        }
    }
    return NOT_NAMED;
}

/* "host:port" without a port that the scheme implies. */
static const char *plain_host(apr_pool_t *p, const char *host)
{
    const char *port = strrchr(host, ':');

    return port && (strcmp(port, ":80") == 0 || strcmp(port, ":443") == 0) ? apr_pstrmemdup(p, host, (apr_size_t)(port - host)) : host;
}

/* Host against Host: the scheme is not compared, for TLS may end at a proxy in front of us. */
static int same_host(const request_rec *r, const char *origin)
{
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *theirs = strstr(origin, "://");

    return host && theirs && ap_cstr_casecmp(plain_host(r->pool, theirs + 3), plain_host(r->pool, host)) == 0;
}

static int has_credentials(const request_rec *r)
{
    return apr_table_get(r->headers_in, "Cookie") || apr_table_get(r->headers_in, "Authorization");
}

int mod_qt_origin_may_change(const request_rec *r, const mod_qt_conf *conf)
{
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *site = apr_table_get(r->headers_in, "Sec-Fetch-Site");
    int foreign;
    pass by;

    if (site && ap_cstr_casecmp(site, "same-origin") == 0) {
        return 1;
    }
    foreign = site && ap_cstr_casecmp(site, "cross-site") == 0;
    if (!origin) {
        return !foreign;
    }
    by = pass_of(conf, origin);
    return by == BY_NAME || (by == BY_STAR && !has_credentials(r)) || (!foreign && same_host(r, origin));
}

int mod_qt_origin_headers(request_rec *r)
{
    const mod_qt_conf *conf = ap_get_module_config(r->per_dir_config, &queuetasks_module);
    const char *origin = apr_table_get(r->headers_in, "Origin");
    mod_qt_place place;
    pass by;

    if (!conf->origins) {
        return DECLINED;
    }
    mod_qt_place_find(r, &place);
    if (!place.ours) {
        return DECLINED;
    }
    by = pass_of(conf, origin ? origin : "");
    if (by != BY_STAR) {
        apr_table_mergen(r->err_headers_out, "Vary", "Origin");
    }
    if (!origin || by == NOT_NAMED) {
        return OK;
    }
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Origin", by == BY_STAR ? "*" : origin);
    apr_table_setn(r->err_headers_out, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
    if (by == BY_NAME) {
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Credentials", "true");
    }
    return OK;
}

static int is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && apr_table_get(r->headers_in, "Origin")
        && apr_table_get(r->headers_in, "Access-Control-Request-Method");
}

int mod_qt_origin_preflight(request_rec *r)
{
    mod_qt_place place;

    if (!is_preflight(r)) {
        return DECLINED;
    }
    mod_qt_place_find(r, &place);
    return place.ours ? OK : DECLINED;
}

int mod_qt_origin_options(mod_qt_ask *ask)
{
    request_rec *r = ask->r;

    mod_qt_reply_allow(r, ask->match.allowed);
    if (is_preflight(r) && apr_table_get(r->err_headers_out, "Access-Control-Allow-Origin")) {
        apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", apr_table_get(r->headers_out, "Allow"));
        apr_table_setn(r->headers_out, "Access-Control-Allow-Headers", PREFLIGHT_HEADERS);
        apr_table_setn(r->headers_out, "Access-Control-Max-Age", PREFLIGHT_AGE);
    }
    return mod_qt_reply_nothing(ask);
}
