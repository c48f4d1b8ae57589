/* Event ids: one spelling is printed, and only that is read. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_cursor.h"
#include "wire_test.h"

#define MOST APR_UINT64_MAX

static const struct {
    apr_uint64_t epoch, seq;
    const char *text;
} printed[] = {
    { 1, 0, "1-0" },
    { 1, 1, "1-1" },
    { 10, 10, "a-10" },
    { 0xdeadbeef, 123456789, "deadbeef-123456789" },
    { MOST, MOST, "ffffffffffffffff-18446744073709551615" },
};

static const qt_str garbled[] = {
    S(""),
    S("-"),
    S("1"),
    S("1-"),
    S("-1"),
    S("1-1-1"),
    S("01-1"),
    S("1-01"),
    S("00-1"),
    S("A-1"),
    S("g-1"),
    S("1-a"),
    S(" 1-1"),
    S("1-1 "),
    S("1 -1"),
    S("+1-1"),
    S("1-+1"),
    S("0x1-1"),
    S("1--1"),
    S("1-1\n"),
    S("1-\0001"),
    S("1\0-1"),
    S("1-18446744073709551616"),
    S("1-99999999999999999999"),
    S("10000000000000000-1"),
    S("fffffffffffffffff-1"),
    S("\xd9\xa1-1"),
    S("1-\xd9\xa1"),
    S("null"),
    S("undefined"),
};

static void there_and_back(void)
{
    for (size_t i = 0; i < sizeof(printed) / sizeof(*printed); i++) {
        qt_cursor cursor;
        qt_buf buf;

        qt_buf_init(&buf, pool);
        qt_cursor_print(&buf, printed[i].epoch, printed[i].seq);
        is_mem(buf.p, buf.n, printed[i].text, strlen(printed[i].text), "%s is printed", printed[i].text);
        ok(buf.n <= QT_CURSOR_MAX, "and is no longer than it may be");
        cursor = qt_cursor_parse(qt_buf_str(&buf));
        ok(cursor.given && cursor.epoch == printed[i].epoch && cursor.seq == printed[i].seq, "and read back");
    }
}

static void strange_ones(void)
{
    qt_cursor none = qt_cursor_parse(QT_STR_NONE);

    ok(!none.given && !none.epoch && !none.seq, "an absent id is not given");
    for (size_t i = 0; i < sizeof(garbled) / sizeof(*garbled); i++) {
        qt_cursor cursor = qt_cursor_parse(garbled[i]);

        if (!ok(cursor.given && cursor.epoch == 0, "garbled id %zu is given, of no epoch (SP-43)", i)) {
            tap_bytes("id", garbled[i].p, garbled[i].n);
        }
    }
}

/* Whatever one byte of an id becomes, it is read as garbled or as what its text says, never as something else. */
static void one_byte_wrong(void)
{
    static const char good[] = "1f-20";
    int wrong = 0;

    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[sizeof(good)];
            qt_cursor cursor;
            qt_buf buf;

            memcpy(text, good, sizeof(good));
            text[at] = (char)byte;
            cursor = qt_cursor_parse((qt_str){ text, sizeof(good) - 1 });
            qt_buf_init(&buf, pool);
            qt_cursor_print(&buf, cursor.epoch, cursor.seq);
            wrong += cursor.epoch && !qt_str_eq(qt_buf_str(&buf), (qt_str){ text, sizeof(good) - 1 });
        }
    }
    is_int(wrong, 0, "equal ids are equal text");
}

int main(void)
{
    wire_begin();
    there_and_back();
    strange_ones();
    one_byte_wrong();
    return wire_end();
}
