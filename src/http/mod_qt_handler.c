/* What every request passes on its way to an endpoint: route, origin, identity, Accept, names; in this order. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_strings.h>
#include "config/mod_qt_log.h"
#include "http/mod_qt_handler.h"
#include "http/mod_qt_identity.h"
#include "http/mod_qt_origin.h"
#include "http/mod_qt_place.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "http/mod_qt_ticket.h"
#include "wire/qt_accept.h"
#include "wire/qt_labels.h"

typedef struct endpoint {
    int (*answer)(mod_qt_ask *ask);
    const char *type; /* what it gives */
} endpoint;

#define NUMBER(name, method, pattern, section, type) EP_##name,
enum { MOD_QT_ENDPOINTS(NUMBER) ENDPOINTS };
#undef NUMBER

static const qt_route routes[ENDPOINTS] = {
#define ROUTE(name, method, pattern, section, type) { QT_METHOD_##method, pattern, EP_##name, MOD_QT_##section },
    MOD_QT_ENDPOINTS(ROUTE)
#undef ROUTE
};

static const endpoint endpoints[ENDPOINTS] = {
#define ENDPOINT(name, method, pattern, section, type) { mod_qt_do_##name, type },
    MOD_QT_ENDPOINTS(ENDPOINT)
#undef ENDPOINT
};

static unsigned method_of(const request_rec *r)
{
    switch (r->method_number) {
    case M_GET:
        return r->header_only ? QT_METHOD_HEAD : QT_METHOD_GET;
    case M_POST:
        return QT_METHOD_POST;
    case M_PUT:
        return QT_METHOD_PUT;
    case M_DELETE:
        return QT_METHOD_DELETE;
    case M_OPTIONS:
        return QT_METHOD_OPTIONS;
    default:
        return QT_METHOD_OTHER;
    }
}

/* Bytes of one dot of a path's text, plain or percent-encoded; 0 when there is none. */
static apr_size_t dot_at(const char *p)
{
    return *p == '.' ? 1 : ap_cstr_casecmpn(p, "%2e", 3) == 0 ? 3 : 0;
}

/*
 * Whether the path was sent with a segment "." or "..". httpd has resolved it by now, so that the route is not the one that was
 * written: an id ".." in "tasks/../pause" must not stop the whole zone.
 */
static int has_dot_segment(const char *path)
{
    while (*path && *path != '?') {
        const char *at = path;
        unsigned dots = 0;

        for (apr_size_t n; dots < 3 && (n = dot_at(at)) > 0; at += n) {
            dots++;
        }
        if ((dots == 1 || dots == 2) && (*at == '/' || *at == '?' || *at == '\0')) {
            return 1;
        }
        path += strcspn(path, "/?");
        path += *path == '/';
    }
    return 0;
}

/* The route, with its values fit to be names. */
static apr_status_t find_route(mod_qt_ask *ask)
{
    mod_qt_place place;
    apr_status_t status;

    mod_qt_place_find(ask->r, &place);
    ask->base = apr_pstrmemdup(ask->r->pool, ask->r->uri, place.base);
    if (has_dot_segment(ask->r->unparsed_uri)) {
        ask->why = "a path must not hold . or ..";
        return QT_E_MALFORMED;
    }
    status = qt_route_find(routes, ENDPOINTS, mod_qt_conf_sections(ask->conf), method_of(ask->r),
                           qt_str_of(ask->r->uri + place.base), &ask->match);
    if (status == QT_E_UNKNOWN) {
        ask->why = "there is no such endpoint here";
    }
    for (unsigned i = 0; status == APR_SUCCESS && i < ask->match.n; i++) {
        if (!qt_name_ok(ask->match.value[i])) {
            ask->why = "an id is 1 to 128 bytes of UTF-8 without control characters, and not . or ..";
            return QT_E_MALFORMED;
        }
    }
    return status;
}

static int is_stream(const mod_qt_ask *ask)
{
    return strcmp(endpoints[ask->match.route->endpoint].type, MOD_QT_STREAM) == 0;
}

/* Endpoints that change something, or that bring the caller into the queue. */
static int changes(const mod_qt_ask *ask)
{
    return !(ask->match.route->methods & QT_METHOD_GET) || is_stream(ask);
}

/*
 * Who calls, where the endpoint knows callers. Whoever brings a ticket for a stream is let in whatever page he comes from: no page but
 * his own can know it, while cookies come along by themselves.
 */
static apr_status_t meet(mod_qt_ask *ask)
{
    int knows = ask->match.route->sections & MOD_QT_CALLER;
    apr_status_t status = knows && is_stream(ask) ? mod_qt_ticket_identify(ask) : QT_E_NOBODY;

    if (status != QT_E_NOBODY) {
        return status;
    }
    if (changes(ask) && !mod_qt_origin_may_change(ask->r, ask->conf)) {
        ask->why = "pages of this origin may not call";
        return QT_E_FORBIDDEN;
    }
    return knows ? mod_qt_identify(ask) : APR_SUCCESS;
}

static apr_status_t admit(mod_qt_ask *ask)
{
    apr_status_t status = meet(ask);

    if (status == APR_SUCCESS &&
        !qt_accept_admits(qt_str_of(apr_table_get(ask->r->headers_in, "Accept")), endpoints[ask->match.route->endpoint].type)) {
        status = QT_E_ACCEPT;
    }
    if (status == APR_SUCCESS) {
        status = qt_query_parse(&ask->query, qt_str_of(ask->r->args), ask->r->pool, &ask->why);
    }
    return status;
}

static qt_zone_ref *zone_of(const mod_qt_ask *ask)
{
    const mod_qt_zone *zone = ask->conf->zone;

    if (!zone) {
        zone = mod_qt_zones_find(ask->r->server->process, MOD_QT_ZONE_DEFAULT);
    }
    return zone ? zone->ref : NULL;
}

int mod_qt_handler_streams(request_rec *r, qt_zone_ref **zone)
{
    mod_qt_ask ask = { .r = r };
    mod_qt_place place;

    mod_qt_place_find(r, &place);
    if (!place.ours) {
        return 0;
    }
    ask.conf = ap_get_module_config(r->per_dir_config, &queuetasks_module);
    *zone = zone_of(&ask);
    return find_route(&ask) == APR_SUCCESS && method_of(r) != QT_METHOD_OPTIONS && is_stream(&ask)
        && (ask.match.route->sections & MOD_QT_CALLER);
}

int mod_qt_handler(request_rec *r)
{
    mod_qt_ask ask = { .r = r };
    apr_status_t status;

    if (!r->handler || strcmp(r->handler, MOD_QT_HANDLER) != 0) {
        return DECLINED;
    }
    ask.conf = ap_get_module_config(r->per_dir_config, &queuetasks_module);
    ask.zone = zone_of(&ask);
    status = find_route(&ask);
    if (status == QT_E_METHOD) {
        mod_qt_reply_allow(r, ask.match.allowed);
    }
    if (status == APR_SUCCESS && method_of(r) == QT_METHOD_OPTIONS) {
        return mod_qt_origin_options(&ask);
    }
    if (status == APR_SUCCESS) {
        status = admit(&ask);
    }
    if (status == APR_SUCCESS && !ask.zone) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, QTLOGNO(00102) "%s: the zone of this Location is not open", r->uri);
        status = QT_E_DRAINING;
    }
    return status == APR_SUCCESS ? endpoints[ask.match.route->endpoint].answer(&ask) : mod_qt_fail(&ask, status);
}
