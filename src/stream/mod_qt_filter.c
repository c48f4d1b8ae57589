/* The unflusher: see its header for why. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_filter.h"

#include <http_config.h>
#include <http_core.h>
#include <http_request.h>

#define FILTER_NAME "QUEUETASKS_UNFLUSH"
/* Most bytes given to the core at a time, unless FlushMaxThreshold is less. */
#define PIECE_MAX 16384

typedef struct unflush {
    apr_bucket_brigade *held;  /* what the core may not have yet, set aside */
    apr_bucket_brigade *piece; /* what it gets next; empty between calls */
    apr_size_t limit;          /* most bytes of a piece */
    int flushed;               /* a FLUSH bucket has come this far */
} unflush;

static ap_filter_rec_t *handle;

static void drop_flushes(unflush *u, apr_bucket_brigade *bb)
{
    apr_bucket *b = APR_BRIGADE_FIRST(bb);

    while (b != APR_BRIGADE_SENTINEL(bb)) {
        apr_bucket *next = APR_BUCKET_NEXT(b);

        if (APR_BUCKET_IS_FLUSH(b)) {
            apr_bucket_delete(b);
            u->flushed = 1;
        }
        b = next;
    }
}

/* The end of a request comes in a piece of its own: the core may be told to wait for its client at once by FlushMaxPipelined 0. */
static void cut_piece(unflush *u, apr_bucket_brigade *from)
{
    apr_size_t n = 0;

    while (!APR_BRIGADE_EMPTY(from) && n < u->limit) {
        apr_bucket *b = APR_BRIGADE_FIRST(from);

        if (n && AP_BUCKET_IS_EOR(b)) {
            return;
        }
        if (b->length > u->limit - n) {
            apr_bucket_split(b, u->limit - n);
        }
        n += b->length;
        APR_BUCKET_REMOVE(b);
        APR_BRIGADE_INSERT_TAIL(u->piece, b);
    }
}

/* A NULL brigade is a word that only the core filter understands; it is the last one. */
static apr_status_t core_writes(ap_filter_t *f)
{
    while (f->next) {
        f = f->next;
    }
    return f->frec->filter_func.out_func(f, NULL);
}

/* Give `from` to the core as long as the client takes it. */
static apr_status_t feed(ap_filter_t *f, apr_bucket_brigade *from)
{
    unflush *u = f->ctx;
    apr_status_t rv = core_writes(f);

    while (rv == APR_SUCCESS && !f->c->data_in_output_filters && !APR_BRIGADE_EMPTY(from)) {
        cut_piece(u, from);
        rv = ap_pass_brigade(f->next, u->piece);
        apr_brigade_cleanup(u->piece);
        if (rv == APR_SUCCESS) {
            rv = core_writes(f);
        }
    }
    return rv;
}

/* After a write: nothing is kept for a client that is gone. */
static apr_status_t settle(ap_filter_t *f, apr_status_t rv)
{
    unflush *u = f->ctx;

    if (rv != APR_SUCCESS) {
        apr_brigade_cleanup(u->held);
        f->c->aborted = 1;
    }
    else if (!APR_BRIGADE_EMPTY(u->held)) {
        f->c->data_in_output_filters = 1;
    }
    return rv;
}

apr_status_t mod_qt_filter_push(ap_filter_t *filter)
{
    unflush *u = filter->ctx;

    return settle(filter, feed(filter, u->held));
}

static apr_status_t unflush_out(ap_filter_t *f, apr_bucket_brigade *bb)
{
    unflush *u = f->ctx;
    apr_status_t rv = APR_SUCCESS;

    drop_flushes(u, bb);
    if (APR_BRIGADE_EMPTY(u->held)) {
        rv = feed(f, bb);
    }
    if (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb)) {
        rv = ap_save_brigade(f, &u->held, &bb, f->c->pool);
    }
    apr_brigade_cleanup(bb);
    return settle(f, rv);
}

int mod_qt_filter_flushed(const ap_filter_t *filter)
{
    return ((const unflush *)filter->ctx)->flushed;
}

void mod_qt_filter_add(request_rec *r)
{
    conn_rec *c = r->connection;
    const core_server_config *core = ap_get_core_module_config(c->base_server->module_config);
    unflush *u = apr_pcalloc(c->pool, sizeof(*u));

    u->held = apr_brigade_create(c->pool, c->bucket_alloc);
    u->piece = apr_brigade_create(c->pool, c->bucket_alloc);
    u->limit = core->flush_max_threshold < PIECE_MAX ? core->flush_max_threshold : PIECE_MAX;
    /* With r, although the filter is the connection's: else the request's own chain would lead around it. */
    ap_add_output_filter_handle(handle, u, r, c);
}

ap_filter_t *mod_qt_filter_of(conn_rec *c)
{
    ap_filter_t *f = c->output_filters;

    while (f && f->frec != handle) {
        f = f->next;
    }
    return f;
}

void mod_qt_filter_register(void)
{
    handle = ap_register_output_filter(FILTER_NAME, unflush_out, NULL, AP_FTYPE_NETWORK - 1);
}
