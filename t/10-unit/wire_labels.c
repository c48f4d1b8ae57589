/* Names, and the canonical list of labels. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_labels.h"
#include "wire_test.h"

static void checks_names(void)
{
    static const struct {
        qt_str name;
        int fit;
        const char *what;
    } names[] = {
        { S("a"), 1, "one byte" },
        { S("Анна"), 1, "Cyrillic" },
        { S("a b"), 1, "a blank inside" },
        { S("a/b"), 1, "a slash (whose business is the topic's)" },
        { S("..."), 1, "three dots" },
        { S(".a"), 1, "a dot before something" },
        { S("*"), 1, "a star" },
        { S(""), 0, "the empty one" },
        { S("."), 0, "dot" },
        { S(".."), 0, "dot dot" },
        { S("a\0"), 0, "NUL" },
        { S("a\nb"), 0, "LF" },
        { S("a\rb"), 0, "CR" },
        { S("\x1b[31m"), 0, "escape" },
        { S("a\x7f"), 0, "DEL" },
        { S("a\xc2\x9b"), 0, "a C1 control character" },
        { S("\xc0\xae"), 0, "an overlong dot" },
        { S("\xed\xa0\x80"), 0, "a surrogate" },
    };
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        is_int(qt_name_ok(names[i].name), names[i].fit, "X-4: a name %s: %s", names[i].fit ? "may be" : "may not be",
               names[i].what);
    }
    ok(qt_name_ok(repeat('x', QT_NAME_MAX)), "X-11: a name of the greatest length");
    ok(!qt_name_ok(repeat('x', QT_NAME_MAX + 1)), "X-11: a name one byte longer");
    ok(!qt_name_ok(QT_STR_NONE), "an absent name is none");
}

static void checks_topics(void)
{
    static const qt_str good[] = { S("a"), S("orders/7/lines"), S("Заказ/№7"), S(".../.a/a."), S("*") };
    static const qt_str bad[] = {
        S(""), S("."), S(".."), S("/"), S("/a"), S("a/"), S("a//b"), S("a/."), S("../a"), S("a/../b"), S("a\n/b")
    };
    unsigned i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ok(qt_topic_ok(good[i]), "a topic may be \"%s\"", good[i].p);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(!qt_topic_ok(bad[i]), "X-4: a topic may not be number %u of the bad ones", i);
    }
    ok(!qt_topic_ok(QT_STR_NONE), "nor absent");
}

static void makes_lists(void)
{
    qt_str names[] = { S("voice"), S("en"), S("voice"), S("de"), S("e") };
    qt_str bad[] = { S("en"), S("a\nb") };
    qt_str list;

    is_int(qt_labels_make(&list, names, 5, pool), APR_SUCCESS, "QT-27: a list is made");
    is_span(list, "de\ne\nen\nvoice", "sorted bytewise, none twice");
    is_int(qt_labels_make(&list, NULL, 0, pool), APR_SUCCESS, "of no names");
    is_absent(list, "an empty list");
    is_int(qt_labels_make(&list, bad, 2, pool), QT_E_MALFORMED, "X-4: a line break cannot forge a second label");
}

static void bounds_lists(void)
{
    /* Just so long that as many as there may be fill the list, with the line feeds between them. */
    apr_size_t length = (QT_LABELS_BYTES + 1) / QT_LABELS_MAX - 1, left = (QT_LABELS_BYTES + 1) % QT_LABELS_MAX;
    qt_str many[QT_LABELS_MAX + 1];
    qt_str list;
    unsigned i;

    for (i = 0; i <= QT_LABELS_MAX; i++) {
        many[i] = repeat((char)('0' + i), length + (i ? 0 : left));
    }
    is_int(qt_labels_make(&list, many, QT_LABELS_MAX, pool), APR_SUCCESS, "X-11: as many and as long as there may be");
    is_int(list.n, QT_LABELS_BYTES, "they fill the greatest list");
    is_int(qt_labels_make(&list, many, QT_LABELS_MAX + 1, pool), QT_E_TOO_LARGE, "X-11: one more is too many");
    is_absent(list, "and gives no list");
    many[0] = repeat('0', many[0].n + 1);
    is_int(qt_labels_make(&list, many, QT_LABELS_MAX, pool), QT_E_TOO_LARGE, "X-11: one byte more is too long");
    is_absent(list, "and gives no list either");
    for (i = 0; i < QT_LABELS_MAX; i++) {
        many[i] = repeat('x', QT_NAME_MAX);
    }
    is_int(qt_labels_make(&list, many, QT_LABELS_MAX, pool), APR_SUCCESS, "the same long name over and over");
    is_int(list.n, QT_NAME_MAX, "is one");
}

static void parses_lists(void)
{
    qt_str list, comma = repeat(',', 3000);
    char text[4 * (QT_LABELS_MAX + 1)];
    unsigned i, n = 0;

    is_int(qt_labels_parse(&list, S(" voice ,, en\t,voice,"), pool), APR_SUCCESS, "labels from text");
    is_span(list, "en\nvoice", "blanks and empty places skipped");
    is_int(qt_labels_parse(&list, S("two words"), pool), APR_SUCCESS, "a label of two words");
    is_span(list, "two words", "keeps its blank");
    is_int(qt_labels_parse(&list, QT_STR_NONE, pool), APR_SUCCESS, "absent text");
    is_absent(list, "is no labels");
    is_int(qt_labels_parse(&list, comma, pool), APR_SUCCESS, "nothing but commas");
    is_absent(list, "is no labels either");
    is_int(qt_labels_parse(&list, S("ok,b\x01""d"), pool), QT_E_MALFORMED, "X-4: a control character is refused");
    for (i = 0; i <= QT_LABELS_MAX; i++) {
        n += (unsigned)snprintf(text + n, sizeof(text) - n, "%u,", i);
    }
    is_int(qt_labels_parse(&list, (qt_str){ text, n }, pool), QT_E_TOO_LARGE, "X-11: too many labels in text");
}

static void walks_lists(void)
{
    qt_str rest = S("de\nen\nvoice");

    is_span(qt_labels_next(&rest), "de", "the first label");
    is_span(qt_labels_next(&rest), "en", "the second");
    is_span(qt_labels_next(&rest), "voice", "the last");
    is_int(qt_labels_next(&rest).n, 0, "then the end");
    is_int(qt_labels_next(&rest).n, 0, "which stays the end");
}

int main(void)
{
    wire_begin();
    checks_names();
    checks_topics();
    makes_lists();
    bounds_lists();
    parses_lists();
    walks_lists();
    return wire_end();
}
