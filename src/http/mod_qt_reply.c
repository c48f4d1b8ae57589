/* The answers: one envelope, one table, and a filter that turns httpd's own error pages into it. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_protocol.h>
#include <apr_strings.h>
#include <util_filter.h>
#include "config/mod_qt_log.h"
#include "http/mod_qt_place.h"
#include "http/mod_qt_reply.h"
#include "wire/qt_json.h"

#define ERROR_FILTER "QUEUETASKS_ERROR"
/* errorCode of what is nobody's fault outside: an error of the lock, a broken invariant. */
#define CODE_INTERNAL 14

typedef struct answer {
    int http, code;
    int retry_after; /* seconds; 0: no such header */
} answer;

/* THE table (api.md, section 3): a line for each status of base/qt_status.h. One that is missing does not compile. */
#define ANSWER_MALFORMED { HTTP_BAD_REQUEST, 1, 0 }
#define ANSWER_NOT_NOW { HTTP_BAD_REQUEST, 2, 0 }
#define ANSWER_NOBODY { HTTP_UNAUTHORIZED, 3, 0 }
#define ANSWER_FORBIDDEN { HTTP_FORBIDDEN, 3, 0 }
#define ANSWER_NOT_OFFERED { HTTP_FORBIDDEN, 0, 0 }
#define ANSWER_REFUSED { HTTP_FORBIDDEN, 910, 0 }
#define ANSWER_UNKNOWN { HTTP_NOT_FOUND, 4, 0 }
#define ANSWER_METHOD { HTTP_METHOD_NOT_ALLOWED, 5, 0 }
#define ANSWER_CONFLICT { HTTP_CONFLICT, 6, 0 }
#define ANSWER_TOO_LARGE { HTTP_REQUEST_ENTITY_TOO_LARGE, 7, 0 }
#define ANSWER_MEDIA { HTTP_UNSUPPORTED_MEDIA_TYPE, 8, 0 }
#define ANSWER_ACCEPT { HTTP_NOT_ACCEPTABLE, 12, 0 }
#define ANSWER_GONE { HTTP_GONE, 13, 0 }
#define ANSWER_LIMIT { HTTP_TOO_MANY_REQUESTS, 9, 5 }
#define ANSWER_FULL { HTTP_SERVICE_UNAVAILABLE, 10, 10 }
#define ANSWER_CROWDED { HTTP_SERVICE_UNAVAILABLE, 10, 5 }
#define ANSWER_DRAINING { HTTP_SERVICE_UNAVAILABLE, 10, 2 }
#define ANSWER_HOST { HTTP_BAD_GATEWAY, 11, 0 }
#define ANSWER_STAY_AWAY { HTTP_NO_CONTENT, 0, 0 }
#define ANSWER_SPACE { HTTP_INTERNAL_SERVER_ERROR, CODE_INTERNAL, 0 }
#define ANSWER_BROKEN { HTTP_INTERNAL_SERVER_ERROR, CODE_INTERNAL, 0 }

static const answer answers[QT_N_END] = {
#define ANSWER(name, text) [QT_N_##name] = ANSWER_##name,
    QT_STATUS_LIST(ANSWER)
#undef ANSWER
};
static const answer internal = { HTTP_INTERNAL_SERVER_ERROR, CODE_INTERNAL, 0 };

static const answer *answer_to(apr_status_t status)
{
    apr_status_t n = status - APR_OS_START_USERERR;

    return n >= 0 && n < QT_N_END ? &answers[n] : &internal;
}

/* The errorCode of an error that httpd made: of the first line that has its HTTP code. */
static int code_of_http(int http)
{
    for (apr_size_t n = 0; n < QT_N_END; n++) {
        if (answers[n].http == http && n != QT_N_NOT_NOW && n != QT_N_NOT_OFFERED) {
            return answers[n].code;
        }
    }
    return http < 500 ? answers[QT_N_MALFORMED].code : CODE_INTERNAL;
}

static void envelope(qt_buf *buf, int success, const char *error, int code, qt_str result)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_bool(&out, "success", success);
    qt_json_put_str(&out, "error", qt_str_of(error));
    qt_json_put_int(&out, "errorCode", code);
    qt_json_put_raw(&out, "result", result.p ? result : QT_STR_LIT("null"));
    qt_json_close(&out);
}

static void headers(request_rec *r)
{
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
}

static int send_json(request_rec *r, int http, const qt_buf *buf)
{
    r->status = http;
    ap_remove_output_filter_byhandle(r->output_filters, "byterange"); /* a part of an envelope is none */
    headers(r);
    ap_set_content_length(r, (apr_off_t)buf->n);
    ap_rwrite(buf->p, (int)buf->n, r);
    return OK;
}

int mod_qt_reply(mod_qt_ask *ask, int http, qt_str result)
{
    qt_buf buf;

    qt_buf_init(&buf, ask->r->pool);
    envelope(&buf, 1, NULL, 0, result);
    return send_json(ask->r, http, &buf);
}

int mod_qt_reply_nothing(mod_qt_ask *ask)
{
    ask->r->status = HTTP_NO_CONTENT;
    apr_table_setn(ask->r->headers_out, "Cache-Control", "no-store");
    return OK;
}

int mod_qt_reply_elsewhere(mod_qt_ask *ask)
{
    ask->r->status = HTTP_TEMPORARY_REDIRECT;
    apr_table_setn(ask->r->headers_out, "Cache-Control", "no-store");
    return OK;
}

int mod_qt_fail_why(mod_qt_ask *ask, apr_status_t status, const char *why)
{
    ask->why = why;
    return mod_qt_fail(ask, status);
}

int mod_qt_fail(mod_qt_ask *ask, apr_status_t status)
{
    const answer *line = answer_to(status);
    const char *text = ask->why ? ask->why : qt_status_text(status);
    qt_buf buf;

    if (ask->rc) {
        return ask->rc;
    }
    if (line->http == HTTP_NO_CONTENT) {
        return mod_qt_reply_nothing(ask);
    }
    if (line->http == HTTP_INTERNAL_SERVER_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, mod_qt_log_status(status), ask->r, QTLOGNO(00100) "%s %s: failed: %s", ask->r->method,
                      ask->r->uri, ask->why ? ask->why : mod_qt_log_text(status));
    }
    if (line->retry_after) {
        apr_table_setn(ask->r->headers_out, "Retry-After", apr_itoa(ask->r->pool, line->retry_after));
    }
    qt_buf_init(&buf, ask->r->pool);
    envelope(&buf, 0, text ? text : "internal error", line->code, QT_STR_NONE);
    return send_json(ask->r, line->http, &buf);
}

int mod_qt_reply_code(apr_status_t status)
{
    return answer_to(status)->code;
}

int mod_qt_reply_is_overload(apr_status_t status)
{
    return answer_to(status)->retry_after > 0;
}

void mod_qt_reply_allow(request_rec *r, unsigned methods)
{
    qt_buf buf;

    qt_buf_init(&buf, r->pool);
    qt_route_allow(&buf, methods);
    apr_table_setn(r->headers_out, "Allow", apr_pstrmemdup(r->pool, buf.p, buf.n));
}

/* ---- errors of httpd's own ---- */

/* Drops the page that httpd wrote, and puts the envelope before the end. */
static apr_status_t error_filter(ap_filter_t *f, apr_bucket_brigade *in)
{
    request_rec *r = f->r;
    apr_bucket *eos = APR_BRIGADE_LAST(in);
    qt_buf buf;

    if (APR_BRIGADE_EMPTY(in) || !APR_BUCKET_IS_EOS(eos)) {
        apr_brigade_cleanup(in);
        return APR_SUCCESS;
    }
    APR_BUCKET_REMOVE(eos);
    apr_brigade_cleanup(in);
    qt_buf_init(&buf, r->pool);
    envelope(&buf, 0, ap_get_status_line(r->status) + 4, code_of_http(r->status), QT_STR_NONE);
    headers(r);
    ap_set_content_length(r, (apr_off_t)buf.n);
    APR_BRIGADE_INSERT_TAIL(in, apr_bucket_pool_create(buf.p, buf.n, r->pool, f->c->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(in, eos);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, in);
}

void mod_qt_reply_insert_error(request_rec *r)
{
    mod_qt_place place;

    if (r->uri && r->uri[0] == '/' && ap_is_HTTP_ERROR(r->status)) {
        mod_qt_place_find(r, &place);
        if (place.ours) {
            ap_add_output_filter(ERROR_FILTER, NULL, r, r->connection);
        }
    }
}

void mod_qt_reply_register(apr_pool_t *p)
{
    (void)p;
    ap_register_output_filter(ERROR_FILTER, error_filter, NULL, AP_FTYPE_CONTENT_SET);
}
