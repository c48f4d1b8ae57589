/* The reader of queries. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_query.h"
#include "wire_test.h"

static const char *why;

static qt_query *parse(qt_str text)
{
    qt_str own = exact(text);
    qt_query *query;
    apr_status_t rv = qt_query_parse(&query, own, pool, &why);

    free((char *)own.p);
    return rv == APR_SUCCESS ? query : NULL;
}

static void reads(void)
{
    qt_query *query = parse(S("topic=a%2Fb&key=x+y&&topic=%D0%90&empty=&bare&e%71=a=b&%00=n"));
    unsigned at = 0;

    ok(query != NULL, "a query is read");
    is_span(qt_query_get(query, "topic"), "a/b", "percent-decoded, the first of its name");
    is_span(qt_query_get(query, "key"), "x y", "+ is a blank");
    is_span(qt_query_get(query, "empty"), "", "an empty value is empty");
    ok(qt_query_get(query, "empty").p != NULL, "and not absent");
    ok(qt_query_get(query, "bare").p != NULL && qt_query_get(query, "bare").n == 0, "so is one without =");
    is_span(qt_query_get(query, "eq"), "a=b", "names are decoded too; only the first = divides");
    is_absent(qt_query_get(query, "Topic"), "names differ by case");
    is_absent(qt_query_get(query, ""), "an empty pair is no parameter");
    is_span(qt_query_next(query, "topic", &at), "a/b", "the first topic");
    is_span(qt_query_next(query, "topic", &at), "А", "the second");
    is_absent(qt_query_next(query, "topic", &at), "and no third");
}

static void reads_little(void)
{
    qt_query *query = NULL;

    is_int(qt_query_parse(&query, QT_STR_NONE, pool, &why), APR_SUCCESS, "no query at all");
    is_absent(qt_query_get(query, "a"), "has no parameters");
    query = parse(S("=v"));
    is_span(qt_query_get(query, ""), "v", "a pair whose name is empty");
    query = parse(S("&&&"));
    ok(query && !qt_query_get(query, "").p, "nothing but &");
    query = parse(S("a=%25%2B%26"));
    is_span(qt_query_get(query, "a"), "%+&", "what is decoded is not read again");
    query = parse(S("a=%2f%2F"));
    is_span(qt_query_get(query, "a"), "//", "hex digits of either case");
}

static void refuses(void)
{
    static const qt_str bad[] = { S("a=%"), S("a=%4"), S("a=%4&b"), S("a=%zz"), S("a=%4g"), S("a=%g4"), S("%=a"), S("a=%%34"),
                                  S("a=%+1"), S("a=%ff"), S("a=\xff"), S("a=%C0%AF"), S("a=%ED%A0%80"), S("%C2=%80"),
                                  S("a=%z0%9F%98%80"), S("ok&a=%u0041") };
    unsigned i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        qt_query *query = NULL;
        qt_str own = exact(bad[i]);

        why = NULL;
        is_int(qt_query_parse(&query, own, pool, &why), QT_E_MALFORMED, "\"%s\" is refused", bad[i].p);
        ok(why && query == NULL, "with a reason: %s", why);
        free((char *)own.p);
    }
}

static void is_bounded(void)
{
    char text[2 * (QT_QUERY_MAX + 1)];
    size_t i;

    for (i = 0; i < sizeof(text); i += 2) {
        text[i] = 'a';
        text[i + 1] = '&';
    }
    ok(parse((qt_str){ text, sizeof(text) - 2 }), "X-11: as many parameters as there may be");
    ok(!parse((qt_str){ text, sizeof(text) }), "X-11: one more is refused");
}

int main(void)
{
    wire_begin();
    reads();
    reads_little();
    refuses();
    is_bounded();
    return wire_end();
}
