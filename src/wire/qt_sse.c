/* The SSE encoder. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_sse.h"

#include "wire/qt_chars.h"

static int type_char(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

int qt_sse_type_ok(qt_str type)
{
    apr_size_t i;

    if (type.n == 0 || type.n > QT_SSE_TYPE_MAX) {
        return 0;
    }
    for (i = 0; i < type.n; i++) {
        if (!type_char((unsigned char)type.p[i])) {
            return 0;
        }
    }
    return !qt_str_eq(type, QT_STR_LIT("open")) && !qt_str_eq(type, QT_STR_LIT("error"));
}

int qt_sse_id_ok(qt_str id)
{
    return id.n >= 1 && id.n <= QT_NAME_MAX && !qt_has_control(id) && qt_utf8_ok(id);
}

static void put_line(qt_buf *buf, const char *field, qt_str value)
{
    qt_buf_adds(buf, field);
    qt_buf_add(buf, value.p, value.n);
    qt_buf_addc(buf, '\n');
}

/* One line of the field for each line of text; a text that ends in a line break has an empty last line. */
static void put_lines(qt_buf *buf, const char *field, qt_str text)
{
    apr_size_t start = 0, i;

    for (i = 0; i < text.n; i++) {
        if (text.p[i] != '\n' && text.p[i] != '\r') {
            continue;
        }
        put_line(buf, field, (qt_str){ text.p + start, i - start });
        if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n') {
            i++;
        }
        start = i + 1;
    }
    put_line(buf, field, text.n ? (qt_str){ text.p + start, text.n - start } : QT_STR_NONE);
}

apr_status_t qt_sse_put(qt_buf *buf, const qt_sse_event *event)
{
    if (event->id.n && !qt_sse_id_ok(event->id)) {
        return QT_E_MALFORMED;
    }
    if (event->type.n && !qt_sse_type_ok(event->type)) {
        return QT_E_MALFORMED;
    }
    if (event->id.n) {
        put_line(buf, "id: ", event->id);
    }
    if (event->type.n && !qt_str_eq(event->type, QT_STR_LIT("message"))) {
        put_line(buf, "event: ", event->type);
    }
    put_lines(buf, "data: ", event->data);
    qt_buf_addc(buf, '\n');
    return APR_SUCCESS;
}

void qt_sse_comment(qt_buf *buf, qt_str text)
{
    put_lines(buf, ": ", text);
    qt_buf_addc(buf, '\n');
}

void qt_sse_retry(qt_buf *buf, apr_int64_t ms)
{
    qt_buf_addf(buf, "retry: %" APR_INT64_T_FMT "\n\n", ms);
}
