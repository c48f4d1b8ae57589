/* Queues: adding and closing (section "publish"), reading as a stream or in one piece (section "subscribe"). */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_protocol.h>
#include <apr_strings.h>
#include "http/mod_qt_body.h"
#include "http/mod_qt_message.h"
#include "http/mod_qt_open.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "stream/mod_qt_event.h"
#include "wire/qt_sse.h"

/* A poll stops asking for more once its answer has so many bytes; what is left waits for the next one. */
#define POLL_BYTES ((apr_size_t)16 << 20)

/* The id in the path. Case does not count (RK-7), in ASCII: no locale has a word in it. */
static qt_str queue_of(const mod_qt_ask *ask)
{
    qt_str id = ask->match.value[0];
    char *lower = apr_pstrmemdup(ask->r->pool, id.p, id.n);

    for (apr_size_t i = 0; i < id.n; i++) {
        lower[i] = lower[i] >= 'A' && lower[i] <= 'Z' ? (char)(lower[i] + ('a' - 'A')) : lower[i];
    }
    return (qt_str){ lower, id.n };
}

/* ---- section "publish" ---- */

static int reply_pushed(mod_qt_ask *ask, const qt_call *call)
{
    qt_buf buf;
    qt_json_out out, list;

    qt_buf_init(&buf, ask->r->pool);
    out = qt_json_open(&buf, '{');
    qt_json_put_int(&out, "count", call->n);
    qt_json_name(&out, "ids");
    list = qt_json_open(&buf, '[');
    for (apr_uint32_t i = 0; i < call->n; i++) {
        mod_qt_message_id(&list, NULL, call->epoch, call->seqs[i]);
    }
    qt_json_close(&list);
    qt_json_close(&out);
    return mod_qt_reply(ask, HTTP_CREATED, qt_buf_str(&buf));
}

/* A string as it is, anything else as JSON. */
static qt_str text_of(const json_t *element, apr_pool_t *pool)
{
    qt_buf buf;

    if (json_is_string(element)) {
        return qt_json_text(element);
    }
    qt_buf_init(&buf, pool);
    qt_json_dump(&buf, element);
    return qt_buf_str(&buf);
}

static void texts_of(const json_t *array, qt_call *call, apr_pool_t *pool)
{
    apr_size_t n = json_array_size(array);
    qt_str *texts = apr_palloc(pool, (n + 1) * sizeof(*texts));

    for (apr_size_t i = 0; i < n; i++) {
        texts[i] = text_of(json_array_get(array, i), pool);
    }
    call->texts = texts;
    call->ntexts = (apr_uint32_t)n;
}

/* The body's messages: a JSON array is many, anything else one, as it stands. */
static apr_status_t messages_of(mod_qt_ask *ask, qt_str *body, qt_call *call)
{
    json_t *root = NULL;
    apr_status_t status = mod_qt_message_body(ask, body);

    call->texts = body;
    call->ntexts = 1;
    if (status != APR_SUCCESS || mod_qt_body_media(ask->r) != MOD_QT_MEDIA_JSON) {
        return status;
    }
    status = qt_json_parse(&root, *body, &ask->why);
    qt_json_own(root, ask->r->pool);
    if (json_is_array(root)) {
        texts_of(root, call, ask->r->pool);
    }
    return status;
}

/* None may look like the end (RK-27), and there may not be too many. */
static apr_status_t check_messages(mod_qt_ask *ask, const qt_call *call)
{
    if (call->ntexts > QT_ADD_MAX) {
        ask->why = "more messages than one request may add";
        return QT_E_TOO_LARGE;
    }
    for (apr_uint32_t i = 0; i < call->ntexts; i++) {
        if (qt_str_eq(call->texts[i], QT_STR_LIT(QT_SSE_TERMINATOR))) {
            ask->why = "a message must not be " QT_SSE_TERMINATOR ": close the queue";
            return QT_E_MALFORMED;
        }
    }
    return APR_SUCCESS;
}

int mod_qt_do_push(mod_qt_ask *ask)
{
    qt_str body;
    qt_call call = { .verb = QT_PUSH, .queue = queue_of(ask) };
    apr_status_t status = messages_of(ask, &body, &call);

    if (status == APR_SUCCESS) {
        status = check_messages(ask, &call);
    }
    if (status == APR_SUCCESS && call.ntexts > 0) {
        status = qt_store_call(ask->zone, &call, ask->r->pool);
    }
    if (status == QT_E_CONFLICT) {
        ask->why = "the queue is closed";
    }
    return status == APR_SUCCESS ? reply_pushed(ask, &call) : mod_qt_fail(ask, status);
}

int mod_qt_do_close_queue(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_CLOSE, .queue = queue_of(ask) };
    apr_status_t status = qt_store_call(ask->zone, &call, ask->r->pool);

    return status == APR_SUCCESS ? mod_qt_reply(ask, HTTP_OK, QT_STR_NONE) : mod_qt_fail(ask, status);
}

/* ---- section "subscribe": a poll ---- */

typedef struct reading {
    qt_str queue;
    int joined;           /* one event for all messages, with the delimiter between them */
    qt_str delimiter;
    unsigned any : 1;     /* joined: there was a message */
    unsigned ended : 1;   /* the queue is closed, and all of it was read */
    qt_buf text;          /* joined: the messages; else whole events */
    apr_array_header_t *loans; /* apr_uint64_t: what must be given back or kept, as the client got it or not */
} reading;

static void take_message(reading *p, const qt_event *event, apr_uint64_t epoch)
{
    if (!p->joined) {
        mod_qt_event_message(&p->text, event, epoch, 0);
        return;
    }
    if (p->any) {
        qt_buf_add(&p->text, p->delimiter.p, p->delimiter.n);
    }
    qt_buf_add(&p->text, event->data.p, event->data.n);
    p->any = 1;
}

/* One round; *more: there is something left. */
static apr_status_t drain_some(mod_qt_ask *ask, reading *p, int *more)
{
    qt_call call = { .verb = QT_DRAIN, .who = ask->who, .queue = p->queue, .since = mod_qt_open_since(ask),
                     .grace = mod_qt_conf_grace(ask->conf) };
    apr_status_t status = qt_store_call(ask->zone, &call, ask->r->pool);

    *more = 0;
    if (status != APR_SUCCESS) {
        return status;
    }
    if (call.stream) {
        APR_ARRAY_PUSH(p->loans, apr_uint64_t) = call.stream;
    }
    for (apr_uint32_t i = 0; i < call.n; i++) {
        if (call.events[i].kind == QT_EV_MESSAGE) {
            take_message(p, &call.events[i], call.epoch);
        }
        p->ended |= call.events[i].kind == QT_EV_TERMINATE;
    }
    *more = call.more;
    return APR_SUCCESS;
}

static apr_status_t drain(mod_qt_ask *ask, reading *p)
{
    apr_status_t status;
    int more;

    do {
        status = drain_some(ask, p, &more);
    } while (status == APR_SUCCESS && more && p->text.n < POLL_BYTES);
    return status;
}

/* The loans are over: read, or to go back to the queue. */
static void settle(mod_qt_ask *ask, const reading *p, int read)
{
    for (int i = 0; i < p->loans->nelts; i++) {
        qt_call call = { .verb = QT_DRAINED, .queue = p->queue, .who = ask->who, .stream = APR_ARRAY_IDX(p->loans, i, apr_uint64_t) };

        call.flag = read & 1;
        qt_store_call(ask->zone, &call, ask->r->pool);
    }
}

static qt_str body_of(reading *p, apr_pool_t *pool)
{
    qt_buf body = p->text;

    if (p->joined) {
        qt_buf_init(&body, pool);
    }
    if (p->any) {
        qt_sse_put(&body, &(qt_sse_event){ .data = qt_buf_str(&p->text) });
    }
    if (p->ended) {
        qt_sse_put(&body, &(qt_sse_event){ .data = QT_STR_LIT(QT_SSE_TERMINATOR) });
    }
    return qt_buf_str(&body);
}

/* Whether the client has it, as far as a server can know: every filter has let it go, and the socket took it. */
static int send_whole(request_rec *r, qt_str body)
{
    conn_rec *c = r->connection;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, c->bucket_alloc);

    mod_qt_open_headers(r);
    ap_remove_output_filter_byhandle(r->output_filters, "byterange"); /* the rest would be lost */
    ap_set_content_length(r, (apr_off_t)body.n);
    if (body.n) {
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(body.p, body.n, r->pool, c->bucket_alloc));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(c->bucket_alloc));
    return ap_pass_brigade(r->output_filters, bb) == APR_SUCCESS && !c->aborted;
}

/* A ticket is used up by what it opens. */
static apr_status_t redeem(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_REDEEM, .ticket = ask->ticket };

    return ask->ticket.n ? qt_store_call(ask->zone, &call, ask->r->pool) : APR_SUCCESS;
}

static int answer_poll(mod_qt_ask *ask, reading *p)
{
    apr_pool_t *pool = ask->r->pool;
    apr_status_t status;

    if (ask->r->header_only) {
        mod_qt_open_headers(ask->r);
        return OK;
    }
    p->loans = apr_array_make(pool, 4, sizeof(apr_uint64_t));
    qt_buf_init(&p->text, pool);
    status = redeem(ask);
    if (status == APR_SUCCESS) {
        status = drain(ask, p);
    }
    if (status != APR_SUCCESS) {
        settle(ask, p, 0);
        return mod_qt_fail(ask, status);
    }
    settle(ask, p, send_whole(ask->r, body_of(p, pool)));
    return OK;
}

/* ---- section "subscribe": which way ---- */

/* Which of two words a parameter is: 0, also when it is absent, or 1; -1: neither. */
static int which(const mod_qt_ask *ask, const char *name, const char *usual, const char *other)
{
    qt_str text = qt_query_get(ask->query, name);

    if (!text.p || qt_str_eq(text, qt_str_of(usual))) {
        return 0;
    }
    return qt_str_eq(text, qt_str_of(other)) ? 1 : -1;
}

int mod_qt_do_read_queue(mod_qt_ask *ask)
{
    int polls = which(ask, "mode", "stream", "poll");
    reading p = { .queue = queue_of(ask), .joined = which(ask, "format", "events", "joined") };
    qt_call join = { .kind = QT_K_READER, .queue = p.queue };
    mod_qt_stream_conf stream = { .keepalive = 0 };

    if (polls < 0 || p.joined < 0 || p.joined > polls) {
        return mod_qt_fail_why(ask, QT_E_MALFORMED, "mode is stream or poll, format is events or, for a poll, joined");
    }
    if (!polls) {
        return mod_qt_open(ask, &join, &stream);
    }
    p.delimiter = qt_query_get(ask->query, "delimiter");
    if (!p.delimiter.p) {
        p.delimiter = QT_STR_LIT("<br/>");
    }
    return answer_poll(ask, &p);
}
