/* Zones as they are for all children, and the streams of the child that answers. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_status.h"

#include <apr_optional_hooks.h>
#include <http_protocol.h>
#include <mod_status.h>
#include "config/mod_qt_zones.h"
#include "stream/mod_qt_stream.h"

/* Streams named on the page: more would be read by nobody. */
#define NAMED 200

typedef struct figures {
    apr_uint64_t streams, operators, waiting;
} figures;

/* 0: the zone can't be asked. */
static int figures_of(request_rec *r, const mod_qt_zone *zone, figures *f)
{
    qt_call call = { .verb = QT_STATS };

    *f = (figures){ 0, 0, 0 };
    if (!zone->ref || qt_store_call(zone->ref, &call, r->pool) != APR_SUCCESS) {
        return 0;
    }
    f->streams = call.stats->streams;
    f->waiting = call.stats->tasks[QT_WAITING];
    for (int i = 0; i < QT_OP_STATUSES; i++) {
        f->operators += call.stats->operators[i];
    }
    return 1;
}

static void zone_line(request_rec *r, const mod_qt_zone *zone, int plain)
{
    figures f;

    if (!figures_of(r, zone, &f)) {
        return;
    }
    if (plain) {
        ap_rprintf(r, "QueueTasksZone: %s streams=%" APR_UINT64_T_FMT " operators=%" APR_UINT64_T_FMT " ready=%" APR_UINT64_T_FMT "\n",
                   zone->name, f.streams, f.operators, f.waiting);
        return;
    }
    ap_rprintf(r, "<tr><td>%s</td><td>%" APR_UINT64_T_FMT "</td><td>%" APR_UINT64_T_FMT "</td><td>%" APR_UINT64_T_FMT "</td></tr>\n",
               ap_escape_html(r->pool, zone->name), f.streams, f.operators, f.waiting);
}

static void zones(request_rec *r, int plain)
{
    const apr_array_header_t *all = mod_qt_zones_all(r->server->process);

    for (int i = 0; all && i < all->nelts; i++) {
        zone_line(r, APR_ARRAY_IDX(all, i, const mod_qt_zone *), plain);
    }
}

static void stream_row(request_rec *r, const mod_qt_stream_view *stream)
{
    ap_rprintf(r, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%" APR_INT64_T_FMT "</td></tr>\n", ap_escape_html(r->pool, stream->who),
               ap_escape_html(r->pool, stream->zone), stream->transport, (qt_store_now() - stream->opened) / QT_SECOND);
}

static void streams(request_rec *r, int plain)
{
    unsigned all = 0;
    const apr_array_header_t *list = mod_qt_stream_list(plain ? 0 : NAMED, &all, r->pool);

    if (plain) {
        ap_rprintf(r, "QueueTasksChildStreams: %u\n", all);
        return;
    }
    ap_rprintf(r, "<p>%u streams in the child that answers%s</p>\n<table border=\"0\"><tr><th>User</th><th>Zone</th><th>Transport</th>"
               "<th>Seconds</th></tr>\n", all, all > NAMED ? ", the first of them:" : ":");
    for (int i = 0; list && i < list->nelts; i++) {
        stream_row(r, &APR_ARRAY_IDX(list, i, mod_qt_stream_view));
    }
    ap_rputs("</table>\n", r);
}

static int status(request_rec *r, int flags)
{
    int plain = (flags & AP_STATUS_SHORT) != 0;

    if (!plain) {
        ap_rputs("<hr />\n<h2>QueueTasks</h2>\n<table border=\"0\"><tr><th>Zone</th><th>Streams</th><th>Operators</th>"
                 "<th>Ready tasks</th></tr>\n", r);
    }
    zones(r, plain);
    if (!plain) {
        ap_rputs("</table>\n", r);
    }
    streams(r, plain);
    return OK;
}

void mod_qt_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, status, NULL, NULL, APR_HOOK_MIDDLE);
}
