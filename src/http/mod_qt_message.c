/* Reads messages and writes their ids. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_message.h"

#include "http/mod_qt_body.h"
#include "wire/qt_chars.h"
#include "wire/qt_sse.h"

apr_status_t mod_qt_message_body(mod_qt_ask *ask, qt_str *body)
{
    apr_status_t status = mod_qt_body_read(ask, body);

    if (status == APR_SUCCESS && !body->p) {
        *body = QT_STR_LIT("");
    }
    if (status == APR_SUCCESS && !qt_utf8_ok(*body)) {
        ask->why = "the body is not valid UTF-8";
        status = QT_E_MALFORMED;
    }
    return status;
}

apr_status_t mod_qt_message_read(mod_qt_ask *ask, qt_call *call)
{
    call->type = qt_query_get(ask->query, "type");
    if (call->type.p && !qt_sse_type_ok(call->type)) {
        ask->why = "type is 1 to 64 of A-Z a-z 0-9 _ - . and not open or error";
        return QT_E_MALFORMED;
    }
    return mod_qt_message_body(ask, &call->data);
}

void mod_qt_message_id(qt_json_out *out, const char *name, apr_uint64_t epoch, apr_uint64_t seq)
{
    qt_json_name(out, name);
    if (!seq) {
        qt_buf_adds(out->buf, "null");
        return;
    }
    qt_buf_addc(out->buf, '"');
    qt_cursor_print(out->buf, epoch, seq);
    qt_buf_addc(out->buf, '"');
}

int mod_qt_message_number(qt_str text, apr_uint64_t *number)
{
    *number = 0;
    for (apr_size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';

        if (digit > 9 || *number > (APR_UINT64_MAX - digit) / 10) {
            return 0;
        }
        *number = *number * 10 + digit;
    }
    return text.n > 0;
}
