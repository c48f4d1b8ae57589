/* The SSE encoder: exact bytes, and frames that nothing inside them can break. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_sse.h"
#include "wire_test.h"

static qt_buf out;

static apr_status_t put(qt_str id, qt_str type, qt_str data)
{
    qt_sse_event event = { id, type, data };

    out.n = 0;
    return qt_sse_put(&out, &event);
}

static void writes_the_rows(void)
{
    put(QT_STR_NONE, S("task"), S("{\"taskId\":\"171\",\"assigned\":false}"));
    is_written(&out, "event: task\ndata: {\"taskId\":\"171\",\"assigned\":false}\n\n", "QT-12: the task event, exactly");
    put(QT_STR_NONE, S("connection"), S("\"Повторное подключение\""));
    is_written(&out, "event: connection\ndata: \"Повторное подключение\"\n\n", "QT-13: the keep-alive event, exactly");
    put(QT_STR_NONE, QT_STR_NONE, S("---terminate---"));
    is_written(&out, "data: ---terminate---\n\n", "RK-11: a message without a type, exactly");
    put(S("7f-12"), S("synchronizing"), S("NULL"));
    is_written(&out, "id: 7f-12\nevent: synchronizing\ndata: NULL\n\n", "SP-7: id, type and data in this order");
    put(QT_STR_NONE, S("message"), S("x"));
    is_written(&out, "data: x\n\n", "QT-19: \"message\" is the default and is not written");
    put(S(""), S(""), S("x"));
    is_written(&out, "data: x\n\n", "an empty id and type write no line");
}

static void splits_lines(void)
{
    static const struct {
        qt_str data;
        const char *lines, *what;
    } cases[] = {
        { S("a\nb"), "data: a\ndata: b\n\n", "LF" },
        { S("a\rb"), "data: a\ndata: b\n\n", "CR" },
        { S("a\r\nb"), "data: a\ndata: b\n\n", "CRLF is one break" },
        { S("a\n\rb"), "data: a\ndata: \ndata: b\n\n", "LF CR are two" },
        { S("a\r\r\nb"), "data: a\ndata: \ndata: b\n\n", "CR CRLF are two" },
        { S("a\n\nevent: task\nb"), "data: a\ndata: \ndata: event: task\ndata: b\n\n", "a forged event stays data" },
        { S("a\r"), "data: a\ndata: \n\n", "a lone CR at the end" },
        { S("a\n"), "data: a\ndata: \n\n", "LF at the end" },
        { S("a\r\n"), "data: a\ndata: \n\n", "CRLF at the end" },
        { S("\r"), "data: \ndata: \n\n", "nothing but CR" },
        { S("\na"), "data: \ndata: a\n\n", "a break at the start" },
        { S(" a"), "data:  a\n\n", "a leading blank survives behind ours" },
        { S(":a"), "data: :a\n\n", "a colon is not a comment" },
        { S("\xc2\x85\xe2\x80\xa8"), "data: \xc2\x85\xe2\x80\xa8\n\n", "NEL and U+2028 are no line breaks of SSE" },
    };
    unsigned i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        qt_str data = exact(cases[i].data);

        put(QT_STR_NONE, QT_STR_NONE, data);
        is_mem(out.p, out.n, cases[i].lines, strlen(cases[i].lines), "X-4 RK-22: %s", cases[i].what);
        free((char *)data.p);
    }
    put(QT_STR_NONE, QT_STR_NONE, S("a\0b"));
    is_written(&out, "data: a\0b\n\n", "NUL in data goes through");
}

static void writes_empty_data(void)
{
    put(QT_STR_NONE, S("ping"), S(""));
    is_written(&out, "event: ping\ndata: \n\n", "X-6: empty data has its line, or the event would not be dispatched");
    put(QT_STR_NONE, S("ping"), QT_STR_NONE);
    is_written(&out, "event: ping\ndata: \n\n", "X-6: so has absent data");
}

static void refuses(void)
{
    is_int(put(S("1\nevent: task"), S("t"), S("x")), QT_E_MALFORMED, "X-4: LF in an id");
    is_int(put(S("1\r"), S("t"), S("x")), QT_E_MALFORMED, "X-4: CR in an id");
    is_int(put(S("1\0"), S("t"), S("x")), QT_E_MALFORMED, "X-4: NUL in an id");
    is_int(put(S("1"), S("t\ndata: y"), S("x")), QT_E_MALFORMED, "X-4: LF in a type");
    is_int(put(S("1"), S("error"), S("x")), QT_E_MALFORMED, "EventSource's own type");
    is_int(out.n, 0, "nothing of it was written");
    is_int(put(S("1"), S("t"), S("x")), APR_SUCCESS, "and a good one still is");
}

static void checks_types(void)
{
    unsigned c;
    int right = 1;

    for (c = 0; c < 256; c++) {
        char byte = (char)c;
        int wanted = c < 128 && c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.", (int)c);

        right = right && qt_sse_type_ok((qt_str){ &byte, 1 }) == wanted;
    }
    ok(right, "X-4: of all bytes just the letters, digits, _ - . may stand in a type");
    ok(qt_sse_type_ok(S("BUSSINESS")), "A-26: an old type");
    ok(qt_sse_type_ok(repeat('t', QT_SSE_TYPE_MAX)), "a type of the greatest length");
    ok(!qt_sse_type_ok(repeat('t', QT_SSE_TYPE_MAX + 1)), "a type one byte longer");
    ok(!qt_sse_type_ok(S("")) && !qt_sse_type_ok(QT_STR_NONE), "no type at all");
    ok(!qt_sse_type_ok(S("open")) && !qt_sse_type_ok(S("error")), "EventSource's own are refused");
    ok(qt_sse_type_ok(S("Open")) && qt_sse_type_ok(S("errors")), "others like them are not");
}

static void checks_ids(void)
{
    ok(qt_sse_id_ok(S("65f0a1-42")), "an id of ours");
    ok(qt_sse_id_ok(repeat('9', QT_NAME_MAX)), "an id of the greatest length");
    ok(!qt_sse_id_ok(repeat('9', QT_NAME_MAX + 1)), "an id one byte longer");
    ok(!qt_sse_id_ok(S("")), "an empty id");
    ok(!qt_sse_id_ok(S("a\xff")), "N8-17: an id that is no UTF-8");
    ok(!qt_sse_id_ok(S("a\xc2\x85")), "X-4: an id with a C1 control character");
}

static void writes_comments_and_retry(void)
{
    out.n = 0;
    qt_sse_comment(&out, S("keep-alive"));
    is_written(&out, ": keep-alive\n\n", "NT-53: a comment");
    qt_sse_comment(&out, S("a\r\ndata: b"));
    is_written(&out, ": a\n: data: b\n\n", "X-4: a comment cannot end itself");
    qt_sse_comment(&out, QT_STR_NONE);
    is_written(&out, ": \n\n", "an empty comment");
    qt_sse_retry(&out, 3000);
    is_written(&out, "retry: 3000\n\n", "NT-52: retry in milliseconds");
}

int main(void)
{
    wire_begin();
    qt_buf_init(&out, pool);
    writes_the_rows();
    splits_lines();
    writes_empty_data();
    refuses();
    checks_types();
    checks_ids();
    writes_comments_and_retry();
    return wire_end();
}
