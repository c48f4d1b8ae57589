/* Reads request bodies. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_protocol.h>
#include <apr_strings.h>
#include "base/qt_buf.h"
#include "http/mod_qt_body.h"
#include "wire/qt_json.h"
#include "wire/qt_chars.h"

static int same_word(qt_str text, const char *word)
{
    return text.n == strlen(word) && ap_cstr_casecmpn(text.p, word, text.n) == 0;
}

/* "application/<something>+json" */
static int is_json_kind(qt_str type)
{
    return type.n > 17 && ap_cstr_casecmpn(type.p, "application/", 12) == 0 && ap_cstr_casecmpn(type.p + type.n - 5, "+json", 5) == 0;
}

/* Whether the parameters leave it at UTF-8. */
static int is_utf8(qt_str rest)
{
    while (rest.p) {
        qt_str parameter = qt_cut(&rest, ';');
        qt_str name = qt_trim(qt_cut(&parameter, '='));
        qt_str value = qt_trim(parameter);

        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"') {
            value = (qt_str){ value.p + 1, value.n - 2 };
        }
        if (same_word(name, "charset") && !same_word(value, "utf-8") && !same_word(value, "us-ascii")) {
            return 0;
        }
    }
    return 1;
}

mod_qt_media mod_qt_body_media(const request_rec *r)
{
    qt_str rest = qt_str_of(apr_table_get(r->headers_in, "Content-Type"));
    qt_str type;

    if (!rest.p) {
        return MOD_QT_MEDIA_NONE;
    }
    type = qt_trim(qt_cut(&rest, ';'));
    if (!is_utf8(rest)) {
        return MOD_QT_MEDIA_OTHER;
    }
    if (same_word(type, "application/x-ndjson") || same_word(type, "application/ndjson")) {
        return MOD_QT_MEDIA_NDJSON;
    }
    return same_word(type, "application/json") || is_json_kind(type) ? MOD_QT_MEDIA_JSON : MOD_QT_MEDIA_OTHER;
}

/* Whether Content-Length says more than `max`; what is no number httpd has refused already. */
static int announced_too_large(const request_rec *r, apr_size_t max)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t n = 0;

    return length && ap_parse_strict_length(&n, length) && n > (apr_off_t)max;
}

/* Append a brigade's bytes; *end is set at the end of the body. */
static apr_status_t take_in(qt_buf *buf, apr_bucket_brigade *bb, apr_size_t max, int *end)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *p;
        apr_size_t n;
        apr_status_t status;

        if (APR_BUCKET_IS_EOS(b)) {
            *end = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        if ((status = apr_bucket_read(b, &p, &n, APR_BLOCK_READ)) != APR_SUCCESS) {
            return status;
        }
        if (n > max - buf->n) {
            return QT_E_TOO_LARGE;
        }
        qt_buf_add(buf, p, n);
    }
    return APR_SUCCESS;
}

apr_status_t mod_qt_body_read(mod_qt_ask *ask, qt_str *body)
{
    request_rec *r = ask->r;
    apr_size_t max = (apr_size_t)mod_qt_conf_max_body(ask->conf);
    apr_bucket_brigade *bb;
    apr_status_t status = APR_SUCCESS;
    qt_buf buf;
    int end = 0;

    *body = QT_STR_NONE;
    if (announced_too_large(r, max)) {
        return QT_E_TOO_LARGE;
    }
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    qt_buf_init(&buf, r->pool);
    while (!end && status == APR_SUCCESS) {
        status = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);
        if (status != APR_SUCCESS) {
            ask->rc = ap_map_http_request_error(status, HTTP_BAD_REQUEST);
            break;
        }
        status = take_in(&buf, bb, max, &end);
        apr_brigade_cleanup(bb);
    }
    apr_brigade_destroy(bb);
    if (status == APR_SUCCESS && buf.n) {
        *body = qt_buf_str(&buf);
    }
    return status;
}

apr_status_t mod_qt_body_json(mod_qt_ask *ask, json_t **root)
{
    mod_qt_media media = mod_qt_body_media(ask->r);
    qt_str body;
    apr_status_t status = mod_qt_body_read(ask, &body);

    *root = NULL;
    if (status != APR_SUCCESS || !body.p) {
        return status;
    }
    if (media != MOD_QT_MEDIA_JSON && media != MOD_QT_MEDIA_NONE) {
        return QT_E_MEDIA;
    }
    status = qt_json_parse(root, body, &ask->why);
    qt_json_own(*root, ask->r->pool);
    return status;
}
