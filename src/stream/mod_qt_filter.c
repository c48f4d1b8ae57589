/* The unflusher: see its header for why. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_filter.h"

#include <errno.h>
#include <http_config.h>
#include <http_core.h>
#include <http_request.h>
#include <sys/socket.h>
#include "stream/mod_qt_transport.h"

#define FILTER_NAME "QUEUETASKS_UNFLUSH"
/* Most buckets written by one system call. */
#define PIECES 16

typedef struct unflush {
    apr_bucket_brigade *held;  /* what the client has not taken yet, set aside */
    apr_bucket_brigade *piece; /* what the core gets next; empty between calls */
    int fd;
    unsigned flushed : 1;      /* a FLUSH bucket has come this far */
    unsigned core_holds : 1;   /* the core filter may have something of its own to write first */
} unflush;

/* mod_logio's count of what goes out, kept by the core filter for what goes through it. */
APR_DECLARE_OPTIONAL_FN(void, ap_logio_add_bytes_out, (conn_rec *c, apr_off_t bytes));

static ap_filter_rec_t *handle;
static APR_OPTIONAL_FN_TYPE(ap_logio_add_bytes_out) *count_out;

static apr_ssize_t told_of(ap_filter_t *f, apr_ssize_t sent)
{
    if (sent > 0 && count_out) {
        count_out(f->c, sent);
    }
    return sent;
}

/* Bytes that the socket took, at once; *rv: the client is gone. */
static apr_size_t put(ap_filter_t *f, struct iovec *vec, apr_size_t n, apr_status_t *rv)
{
    struct msghdr what = { .msg_iov = vec, .msg_iovlen = n };
    apr_ssize_t sent;

    do {
        sent = sendmsg(((unflush *)f->ctx)->fd, &what, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
        *rv = APR_FROM_OS_ERROR(errno);
    }
    return sent > 0 ? (apr_size_t)told_of(f, sent) : 0;
}

/* The buckets of data in front, at most PIECES. */
static apr_size_t gather(apr_bucket_brigade *from, struct iovec *vec, apr_size_t *bytes, apr_status_t *rv)
{
    apr_bucket *b = APR_BRIGADE_FIRST(from);
    apr_size_t n = 0;

    for (*bytes = 0; n < PIECES && *rv == APR_SUCCESS && b != APR_BRIGADE_SENTINEL(from) && !APR_BUCKET_IS_METADATA(b); n++) {
        const char *p;

        *rv = apr_bucket_read(b, &p, &vec[n].iov_len, APR_BLOCK_READ);
        vec[n].iov_base = (void *)p;
        *bytes += *rv == APR_SUCCESS ? vec[n].iov_len : 0;
        b = APR_BUCKET_NEXT(b);
    }
    return n;
}

static void drop_bytes(apr_bucket_brigade *from, apr_size_t n)
{
    while (n) {
        apr_bucket *b = APR_BRIGADE_FIRST(from);

        if (b->length > n) {
            apr_bucket_split(b, n);
        }
        n -= b->length;
        apr_bucket_delete(b);
    }
}

/* Data in front goes to the socket. 0: that is all it takes, or (*rv) the client is gone. */
static int write_data(ap_filter_t *f, apr_bucket_brigade *from, apr_status_t *rv)
{
    struct iovec vec[PIECES];
    apr_size_t bytes, n = gather(from, vec, &bytes, rv), sent;

    if (*rv != APR_SUCCESS) {
        return 0;
    }
    sent = bytes ? put(f, vec, n, rv) : 0;
    if (sent == bytes) { /* with whatever is empty */
        for (; n > 0; n--) {
            apr_bucket_delete(APR_BRIGADE_FIRST(from));
        }
        return 1;
    }
    drop_bytes(from, sent);
    return 0;
}

/* A NULL brigade is a word that only the core filter understands; it is the last one. */
static apr_status_t core_writes(ap_filter_t *f)
{
    unflush *u = f->ctx;
    apr_status_t rv;

    while (f->next) {
        f = f->next;
    }
    f->c->data_in_output_filters = 0; /* it touches this only when it holds something */
    rv = f->frec->filter_func.out_func(f, NULL);
    u->core_holds = f->c->data_in_output_filters;
    return rv;
}

/* What is in front and is no data (the end of a request) is the core's to see. */
static apr_status_t pass_mark(ap_filter_t *f, apr_bucket_brigade *from)
{
    unflush *u = f->ctx;
    apr_bucket *b = APR_BRIGADE_FIRST(from);
    apr_status_t rv;

    APR_BUCKET_REMOVE(b);
    if (APR_BUCKET_IS_FLUSH(b)) {
        u->flushed = 1;
        apr_bucket_destroy(b);
        return APR_SUCCESS;
    }
    APR_BRIGADE_INSERT_TAIL(u->piece, b);
    u->core_holds = 1;
    rv = ap_pass_brigade(f->next, u->piece);
    apr_brigade_cleanup(u->piece);
    return rv;
}

static apr_status_t client_there(const conn_rec *c)
{
    return c->aborted ? APR_ECONNABORTED : APR_SUCCESS;
}

/* Write from `from` as long as the client takes it. */
static apr_status_t feed(ap_filter_t *f, apr_bucket_brigade *from)
{
    unflush *u = f->ctx;
    apr_status_t rv = client_there(f->c);
    int more = 1;

    while (rv == APR_SUCCESS && more) {
        if (u->core_holds) {
            rv = core_writes(f);
        }
        if (rv != APR_SUCCESS || u->core_holds || APR_BRIGADE_EMPTY(from)) {
            break;
        }
        if (APR_BUCKET_IS_METADATA(APR_BRIGADE_FIRST(from))) {
            rv = pass_mark(f, from);
        }
        else {
            more = write_data(f, from, &rv);
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
    f->c->data_in_output_filters = u->core_holds || !APR_BRIGADE_EMPTY(u->held);
    return rv;
}

apr_status_t mod_qt_filter_push(ap_filter_t *filter)
{
    unflush *u = filter->ctx;

    return settle(filter, feed(filter, u->held));
}

apr_status_t mod_qt_filter_send(ap_filter_t *filter, const char *p, apr_size_t n)
{
    unflush *u = filter->ctx;
    struct iovec vec = { (void *)p, n };
    apr_status_t rv = client_there(filter->c);
    apr_size_t sent = 0;

    if (rv == APR_SUCCESS && !u->core_holds && APR_BRIGADE_EMPTY(u->held)) {
        sent = put(filter, &vec, 1, &rv);
    }
    if (rv == APR_SUCCESS && sent < n) {
        apr_brigade_write(u->held, NULL, NULL, p + sent, n - sent);
    }
    return settle(filter, rv);
}

/* Marks that stand behind what is held must wait for it; flushes need not. */
static apr_status_t unflush_out(ap_filter_t *f, apr_bucket_brigade *bb)
{
    unflush *u = f->ctx;
    apr_status_t rv = APR_SUCCESS;

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
    unflush *u = apr_pcalloc(c->pool, sizeof(*u));

    u->held = apr_brigade_create(c->pool, c->bucket_alloc);
    u->piece = apr_brigade_create(c->pool, c->bucket_alloc);
    u->fd = mod_qt_transport_fd(c);
    u->core_holds = 1; /* the answer to an earlier request, perhaps */
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

int mod_qt_filter_is_plain(const ap_filter_t *f)
{
    static const char *const plain[] = { "core", "queuetasks_unflush", "chunk", "content_length", "byterange", "http_header",
                                         "http_outerror", "reqtimeout", "logio_ttfb_out" };
    apr_size_t i = 0;

    while (i < sizeof(plain) / sizeof(*plain) && strcmp(f->frec->name, plain[i]) != 0) {
        i++;
    }
    return i < sizeof(plain) / sizeof(*plain);
}

const ap_filter_t *mod_qt_filter_skip_plain(const ap_filter_t *from, const ap_filter_t *to)
{
    while (from && from != to && mod_qt_filter_is_plain(from)) {
        from = from->next;
    }
    return from;
}

int mod_qt_filter_has(const ap_filter_t *from, const char *name)
{
    while (from && strcmp(from->frec->name, name) != 0) {
        from = from->next;
    }
    return from != NULL;
}

static void find_logio(void)
{
    count_out = APR_RETRIEVE_OPTIONAL_FN(ap_logio_add_bytes_out);
}

void mod_qt_filter_register(void)
{
    handle = ap_register_output_filter(FILTER_NAME, unflush_out, NULL, AP_FTYPE_NETWORK - 1);
    ap_hook_optional_fn_retrieve(find_logio, NULL, NULL, APR_HOOK_MIDDLE);
}
