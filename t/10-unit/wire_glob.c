/* Topic globs: what wildcards reach, that values of users are no wildcards, that matching never explodes. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_glob.h"
#include "wire_test.h"

static int fits(qt_str pattern, qt_str topic)
{
    apr_array_header_t *parts = apr_array_make(pool, 4, sizeof(qt_glob_part));
    qt_str own_pattern = exact(pattern), own_topic = exact(topic);
    int fit;

    qt_glob_read(parts, own_pattern);
    fit = qt_glob_match((const qt_glob_part *)parts->elts, (apr_size_t)parts->nelts, own_topic);
    free((char *)own_pattern.p);
    free((char *)own_topic.p);
    return fit;
}

static const struct {
    const char *pattern, *topic;
    int fit;
} cases[] = {
    { "", "", 1 }, { "", "a", 0 }, { "a", "a", 1 }, { "a", "b", 0 }, { "a", "ab", 0 }, { "ab", "a", 0 }, { "a", "", 0 },
    { "*", "a", 1 }, { "*", "", 1 }, { "*", "a/b", 0 }, { "**", "a/b", 1 }, { "**", "", 1 }, { "***", "a/b", 1 },
    { "orders/*", "orders/7", 1 }, { "orders/*", "orders", 0 }, { "orders/*", "orders/7/lines", 0 }, { "orders/*", "orders/", 1 },
    { "orders/**", "orders/7/lines", 1 }, { "orders/**", "orders", 0 }, { "orders**", "orders", 1 }, { "orders*", "orders/7", 0 },
    { "*/lines", "7/lines", 1 }, { "*/lines", "a/7/lines", 0 }, { "**/lines", "a/7/lines", 1 }, { "**/lines", "lines", 0 },
    { "a*b*c", "abc", 1 }, { "a*b*c", "axbxbxc", 1 }, { "a*b*c", "axbxb", 0 }, { "a*b/*c", "ab/bc", 1 }, { "a*b/*c", "a/b/c", 0 },
    { "**a*", "b/a/a", 1 }, { "**a*", "b/a/b", 0 }, { "*a**b", "xa/y/b", 1 }, { "**/a/**", "x/a/y/a", 1 }, { "**/a/**", "a/x", 0 },
    { "a.c", "abc", 0 }, { "a?c", "abc", 0 }, { "[a]", "a", 0 }, { "[a]", "[a]", 1 }, { "\\*", "\\x", 1 }, { "A", "a", 0 },
    { "Заказ/*", "Заказ/№7", 1 }, { "*я", "Заказы", 0 }, { "*ы", "Заказы", 1 },
};

static void reaches(void)
{
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(fits(qt_str_of(cases[i].pattern), qt_str_of(cases[i].topic)), cases[i].fit, "\"%s\" %s \"%s\"", cases[i].pattern,
               cases[i].fit ? "fits" : "does not fit", cases[i].topic);
    }
    is_int(fits(S("a\0*"), S("a\0b")), 1, "a NUL is a byte like others");
    is_int(fits(S("a\0*"), S("a")), 0, "and has to be there");
}

/* The pattern orders/<value>/ and a star, as the configuration puts it together. */
static int fits_value(const char *value, const char *topic)
{
    const qt_glob_part parts[] = {
        { QT_GLOB_TEXT, S("orders/") }, { QT_GLOB_TEXT, qt_str_of(value) }, { QT_GLOB_TEXT, S("/") }, { QT_GLOB_STAR, QT_STR_NONE }
    };

    return qt_glob_match(parts, 4, qt_str_of(topic));
}

static void takes_values_literally(void)
{
    const qt_glob_part around[] = { { QT_GLOB_STAR, QT_STR_NONE }, { QT_GLOB_TEXT, QT_STR_NONE }, { QT_GLOB_STAR, QT_STR_NONE } };

    ok(fits_value("anna", "orders/anna/7"), "a user's own topics");
    ok(!fits_value("anna", "orders/boris/7"), "and no others");
    ok(!fits_value("*", "orders/anna/7"), "a user called * has no other's topics");
    ok(fits_value("*", "orders/*/7"), "but his own");
    ok(!fits_value("**", "orders/anna/7"), "nor one called **");
    ok(!qt_glob_match(around, 3, S("a/b")), "two stars around an empty value are no double star");
}

static void has_limits(void)
{
    qt_str many = repeat('a', QT_NAME_MAX);
    qt_buf pattern;

    ok(fits(S("*"), many), "a topic of the longest length");
    ok(!fits(S("*"), repeat('a', QT_NAME_MAX + 1)), "none that is longer");
    ok(!fits(repeat('a', QT_NAME_MAX + 1), many), "a pattern may be longer, and then fits nothing");
    qt_buf_init(&pattern, pool);
    for (int i = 0; i < 20000; i++) {
        qt_buf_adds(&pattern, i % 2 ? "**a*" : "*a**");
    }
    qt_buf_addc(&pattern, 'b');
    ok(!fits(qt_buf_str(&pattern), many), "a pattern made to explode does not");
}

int main(void)
{
    wire_begin();
    reaches();
    takes_values_literally();
    has_limits();
    return wire_end();
}
