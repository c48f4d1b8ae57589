/* Characters and pieces of text: UTF-8, control characters, trimming, cutting. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_chars.h"
#include "wire_test.h"

static const struct {
    qt_str text;
    int valid;
    const char *what;
} utf8[] = {
    { S(""), 1, "nothing" },
    { S("plain"), 1, "ASCII" },
    { S("a\0b"), 1, "NUL is a character" },
    { S("Повторное"), 1, "two bytes each" },
    { S("\xc2\x80"), 1, "U+0080, the first of two bytes" },
    { S("\xdf\xbf"), 1, "U+07FF, the last of two bytes" },
    { S("\xe0\xa0\x80"), 1, "U+0800, the first of three bytes" },
    { S("\xed\x9f\xbf"), 1, "U+D7FF, the last before the surrogates" },
    { S("\xee\x80\x80"), 1, "U+E000, the first after the surrogates" },
    { S("\xef\xbf\xbf"), 1, "U+FFFF, the last of three bytes" },
    { S("\xf0\x90\x80\x80"), 1, "U+10000, the first of four bytes" },
    { S("\xf4\x8f\xbf\xbf"), 1, "U+10FFFF, the last of all" },
    { S("\x80"), 0, "a continuation alone" },
    { S("\xbf"), 0, "the last continuation alone" },
    { S("\xc0\xaf"), 0, "overlong slash in two bytes" },
    { S("\xc1\xbf"), 0, "overlong U+007F" },
    { S("\xe0\x80\xaf"), 0, "overlong slash in three bytes" },
    { S("\xe0\x9f\xbf"), 0, "overlong U+07FF" },
    { S("\xf0\x80\x80\xaf"), 0, "overlong slash in four bytes" },
    { S("\xf0\x8f\xbf\xbf"), 0, "overlong U+FFFF" },
    { S("\xed\xa0\x80"), 0, "a high surrogate" },
    { S("\xed\xbf\xbf"), 0, "a low surrogate" },
    { S("\xed\xa0\xbd\xed\xb8\x80"), 0, "a pair of surrogates (CESU-8)" },
    { S("\xf4\x90\x80\x80"), 0, "U+110000" },
    { S("\xf5\x80\x80\x80"), 0, "lead byte F5" },
    { S("\xfe"), 0, "lead byte FE" },
    { S("\xff"), 0, "lead byte FF" },
    { S("\xc3"), 0, "two bytes, cut" },
    { S("\xe2\x82"), 0, "three bytes, cut" },
    { S("\xf0\x9f\x98"), 0, "four bytes, cut" },
    { S("\xe2\x28\xa1"), 0, "a second byte that is none" },
    { S("\xe2\x82\x28"), 0, "a third byte that is none" },
    { S("\xf0\x9f\x98\x28"), 0, "a fourth byte that is none" },
    { S("good\xffgood"), 0, "one bad byte between good ones" },
};

static void checks_utf8(void)
{
    unsigned i;

    for (i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
        qt_str text = exact(utf8[i].text);

        is_int(qt_utf8_ok(text), utf8[i].valid, "N8-17: UTF-8 %s: %s", utf8[i].valid ? "taken" : "refused", utf8[i].what);
        free((char *)text.p);
    }
    is_int(qt_utf8_ok(QT_STR_NONE), 1, "an absent text is valid");
    is_int(qt_utf8_next(QT_STR_NONE), 0, "nothing begins with no character");
    is_int(qt_utf8_next(S("\xf0\x9f\x98\x80z")), 4, "the length of the first character");
}

/* Every lead and second byte: as many as RFC 3629 counts. */
static void counts_pairs(void)
{
    unsigned a, b, pairs = 0;

    for (a = 0; a < 256; a++) {
        for (b = 0; b < 256; b++) {
            char bytes[2] = { (char)a, (char)b };

            pairs += qt_utf8_ok((qt_str){ bytes, 2 });
        }
    }
    is_int(pairs, 128 * 128 + 30 * 64, "of all pairs of bytes just the right ones are UTF-8");
}

static void finds_controls(void)
{
    unsigned c;
    int right = 1;

    for (c = 0; c < 128; c++) {
        char byte = (char)c;

        right = right && qt_has_control((qt_str){ &byte, 1 }) == (c < 0x20 || c == 0x7f);
    }
    ok(right, "X-4: of ASCII, C0 and DEL are control characters");
    ok(qt_has_control(S("a\xc2\x80")), "X-4: U+0080 is one");
    ok(qt_has_control(S("\xc2\x85z")), "X-4: NEL, a line break to some, is one");
    ok(qt_has_control(S("\xc2\x9f")), "X-4: U+009F is one");
    ok(!qt_has_control(S("\xc2\xa0")), "U+00A0 is none");
    ok(!qt_has_control(S("\xe2\x82\xac")), "a continuation byte in C1's range is none");
    ok(!qt_has_control(S("a\xc2")), "a cut character at the end is not read past");
    ok(!qt_has_control(QT_STR_NONE), "an absent text has none");
}

static void trims(void)
{
    is_span(qt_trim(S(" \t a b\t ")), "a b", "blanks and tabs go from both ends");
    is_int(qt_trim(S(" \t ")).n, 0, "nothing but blanks becomes empty");
    is_span(qt_trim(S("\na\r")), "\na\r", "line breaks stay");
    is_absent(qt_trim(QT_STR_NONE), "an absent text stays absent");
}

static void cuts(void)
{
    qt_str rest = S("a,,b,");

    is_span(qt_cut(&rest, ','), "a", "the first piece");
    is_span(qt_cut(&rest, ','), "", "an empty piece");
    is_span(qt_cut(&rest, ','), "b", "the last piece before the mark at the end");
    is_absent(rest, "nothing follows a mark at the end");
    is_absent(qt_cut(&rest, ','), "cutting what is absent gives nothing");
    rest = S("whole");
    is_span(qt_cut(&rest, ','), "whole", "without a mark it is all");
    is_absent(rest, "and nothing is left");
}

int main(void)
{
    wire_begin();
    checks_utf8();
    counts_pairs();
    finds_controls();
    trims();
    cuts();
    return wire_end();
}
