/* Writing JSON into a buffer: strings, whole values, and objects that are put together by hand. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "wire/qt_chars.h"

/* ---- strings ---- */

/* The letter after the backslash, by character; 0: \u00XX. */
static const char short_escape['\r' + 1] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

static void escape(qt_buf *buf, unsigned char c)
{
    if (c == '"' || c == '\\') {
        qt_buf_addc(buf, '\\');
        qt_buf_addc(buf, (char)c);
    }
    else if (c < sizeof(short_escape) && short_escape[c]) {
        qt_buf_addc(buf, '\\');
        qt_buf_addc(buf, short_escape[c]);
    }
    else {
        qt_buf_addf(buf, "\\u%04x", c);
    }
}

static int needs_escape(unsigned char c)
{
    return c < 0x20 || c == 0x7f || c == '"' || c == '\\';
}

void qt_json_str(qt_buf *buf, qt_str text)
{
    apr_size_t done = 0, i = 0;

    qt_buf_addc(buf, '"');
    while (i < text.n) {
        unsigned length = qt_utf8_next((qt_str){ text.p + i, text.n - i });

        if (length && !needs_escape((unsigned char)text.p[i])) {
            i += length;
            continue;
        }
        qt_buf_add(buf, text.p + done, i - done);
        if (length) {
            escape(buf, (unsigned char)text.p[i]);
        }
        else {
            qt_buf_adds(buf, "\xef\xbf\xbd"); /* U+FFFD */
        }
        done = ++i;
    }
    if (done < text.n) {
        qt_buf_add(buf, text.p + done, text.n - done);
    }
    qt_buf_addc(buf, '"');
}

/* ---- values ---- */

/* The locale's decimal point, whatever its bytes are, becomes a dot; without point or exponent it would read back as an integer. */
static int put_decimal(char *out, const char *text)
{
    apr_size_t before = strspn(text, "-0123456789");
    apr_size_t point = strcspn(text + before, "e0123456789");
    const char *mark = point ? "." : text[before] ? "" : ".0";

    return snprintf(out, QT_JSON_REAL_MAX, "%.*s%s%s", (int)before, text, mark, text + before + point);
}

int qt_json_real(char *out, double value)
{
    char text[QT_JSON_REAL_MAX];
    int digits;

    /* Every decimal of 15 digits survives a double, and 17 tell any two doubles apart. */
    for (digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return put_decimal(out, text);
}

static void dump_real(qt_buf *buf, double value)
{
    char text[QT_JSON_REAL_MAX];

    qt_buf_add(buf, text, (apr_size_t)qt_json_real(text, value));
}

static void dump(qt_buf *buf, const json_t *value, int sorted);

static void dump_member(qt_buf *buf, const json_t *object, const char *name, int sorted, int first)
{
    if (!first) {
        qt_buf_addc(buf, ',');
    }
    qt_json_str(buf, qt_str_of(name));
    qt_buf_addc(buf, ':');
    dump(buf, json_object_get(object, name), sorted);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void dump_object(qt_buf *buf, json_t *object, int sorted)
{
    apr_size_t n = json_object_size(object), i = 0;
    const char **names = apr_palloc(buf->pool, n * sizeof(*names));
    void *at;

    for (at = json_object_iter(object); at && i < n; at = json_object_iter_next(object, at)) {
        names[i++] = json_object_iter_key(at);
    }
    if (sorted && n) {
        qsort(names, n, sizeof(*names), by_name);
    }
    qt_buf_addc(buf, '{');
    for (i = 0; i < n; i++) {
        dump_member(buf, object, names[i], sorted, i == 0);
    }
    qt_buf_addc(buf, '}');
}

static void dump_array(qt_buf *buf, const json_t *array, int sorted)
{
    apr_size_t i;

    qt_buf_addc(buf, '[');
    for (i = 0; i < json_array_size(array); i++) {
        if (i) {
            qt_buf_addc(buf, ',');
        }
        dump(buf, json_array_get(array, i), sorted);
    }
    qt_buf_addc(buf, ']');
}

/* Recursion is bounded: what was parsed is at most QT_JSON_DEPTH deep. */
static void dump(qt_buf *buf, const json_t *value, int sorted)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        dump_object(buf, (json_t *)value, sorted); /* jansson iterates over non-const only, and changes nothing */
        break;
    case JSON_ARRAY:
        dump_array(buf, value, sorted);
        break;
    case JSON_STRING:
        qt_json_str(buf, qt_json_text(value));
        break;
    case JSON_INTEGER:
        qt_buf_addf(buf, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        dump_real(buf, json_real_value(value));
        break;
    case JSON_TRUE:
        qt_buf_adds(buf, "true");
        break;
    case JSON_FALSE:
        qt_buf_adds(buf, "false");
        break;
    case JSON_NULL:
        qt_buf_adds(buf, "null");
        break;
    }
}

void qt_json_dump(qt_buf *buf, const json_t *value)
{
    dump(buf, value, 0);
}

void qt_json_sorted(qt_buf *buf, const json_t *value)
{
    dump(buf, value, 1);
}

/* ---- by hand ---- */

qt_json_out qt_json_open(qt_buf *buf, char bracket)
{
    qt_buf_addc(buf, bracket);
    return (qt_json_out){ .buf = buf, .end = bracket == '{' ? '}' : ']' };
}

void qt_json_close(qt_json_out *out)
{
    qt_buf_addc(out->buf, out->end);
}

void qt_json_name(qt_json_out *out, const char *name)
{
    if (out->comma) {
        qt_buf_addc(out->buf, ',');
    }
    out->comma = 1;
    if (name) {
        qt_buf_addc(out->buf, '"');
        qt_buf_adds(out->buf, name);
        qt_buf_adds(out->buf, "\":");
    }
}

void qt_json_put_str(qt_json_out *out, const char *name, qt_str text)
{
    qt_json_name(out, name);
    if (text.p) {
        qt_json_str(out->buf, text);
    }
    else {
        qt_buf_adds(out->buf, "null");
    }
}

void qt_json_put_raw(qt_json_out *out, const char *name, qt_str json)
{
    qt_json_name(out, name);
    qt_buf_add(out->buf, json.p, json.n);
}

void qt_json_put_int(qt_json_out *out, const char *name, apr_int64_t number)
{
    qt_json_name(out, name);
    qt_buf_addf(out->buf, "%" APR_INT64_T_FMT, number);
}

void qt_json_put_bool(qt_json_out *out, const char *name, int yes)
{
    qt_json_name(out, name);
    qt_buf_adds(out->buf, yes ? "true" : "false");
}
