/* Items of merged messages: what adds up, what comes together, what is neither. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_items.h"
#include "wire_test.h"

static const qt_item *items;
static apr_uint32_t n;
static const char *why;

static apr_status_t sum(qt_str json)
{
    why = NULL;
    return qt_items_sum(&items, &n, json, pool, &why);
}

static apr_status_t join(qt_str json)
{
    why = NULL;
    return qt_items_union(&items, &n, json, pool, &why);
}

static void is_number(const qt_item *item, apr_int64_t whole, const char *name)
{
    ok(!item->text.p && !item->fraction && item->whole == whole, "%s is %" APR_INT64_T_FMT, name, whole);
}

static void adds_numbers(void)
{
    is_int(sum(S("42")), APR_SUCCESS, "SP-15: a number adds up");
    is_int(n, 1, "as one item");
    is_absent(items[0].name, "without a name");
    is_number(&items[0], 42, "it");
    sum(S(" -9223372036854775808 "));
    is_number(&items[0], APR_INT64_MIN, "the least number");
    sum(S("2.5"));
    ok(items[0].fraction && items[0].real == 2.5, "one with a fraction");
    sum(S("3.0"));
    is_number(&items[0], 3, "a fraction of nothing");
    sum(S("1e300"));
    ok(items[0].fraction && items[0].real == 1e300, "one too large to be whole");
}

static void adds_objects(void)
{
    is_int(sum(S("{\"done\":3,\"left\":1.5,\"id\":\"A-1\",\"tags\":[1, 2],\"Имя\\n\":{\"b\":1,\"a\":null}}")), APR_SUCCESS, "an object");
    is_int(n, 5, "an item for each member");
    is_span(items[0].name, "\"done\"", "by its name, quoted");
    is_number(&items[0], 3, "its number");
    ok(items[1].fraction && items[1].real == 1.5, "with a fraction");
    is_span(items[2].text, "\"A-1\"", "what is no number is text, as JSON");
    is_span(items[3].text, "[1,2]", "an array too");
    is_span(items[4].name, "\"Имя\\n\"", "a name is JSON");
    is_span(items[4].text, "{\"a\":null,\"b\":1}", "an object, its members in order");
    is_int(sum(S("{}")), APR_SUCCESS, "an empty object");
    is_int(n, 0, "has none");
}

static void refuses_to_add(void)
{
    static const qt_str bad[] = {
        S("[1]"), S("\"1\""), S("true"), S("null"), S(""), S("1 2"), S("{\"a\":1,\"a\":2}"), S("\xff"), S("1\0")
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(sum(bad[i]), QT_E_MALFORMED, "\"%.*s\" does not add up", (int)bad[i].n, bad[i].p);
        ok(why != NULL && n == 0, "and it is said why");
    }
}

static void comes_together(void)
{
    is_int(join(S("[1, \"a\", {\"b\":1, \"a\":2}, 1]")), APR_SUCCESS, "SP-31: an array comes together");
    is_int(n, 4, "an item for each element, equal ones too");
    is_absent(items[0].name, "without names");
    is_span(items[0].text, "1", "a number as text");
    is_span(items[1].text, "\"a\"", "a string");
    is_span(items[2].text, "{\"a\":2,\"b\":1}", "an object, its members in order");
    is_int(join(S("{\"b\":1,\"a\":2}")), APR_SUCCESS, "an object");
    is_int(n, 1, "is one element");
    is_span(items[0].text, "{\"a\":2,\"b\":1}", "itself");
    is_int(join(S("null")), APR_SUCCESS, "null");
    is_span(items[0].text, "null", "is one too");
    is_int(join(S("[]")), APR_SUCCESS, "an empty array");
    is_int(n, 0, "has none");
    is_int(join(S("[1")), QT_E_MALFORMED, "no JSON");
}

/* n numbers in an array, or an object. */
static qt_str many(int count, int object)
{
    qt_buf buf;

    qt_buf_init(&buf, pool);
    for (int i = 0; i < count; i++) {
        qt_buf_addc(&buf, i ? ',' : object ? '{' : '[');
        if (object) {
            qt_buf_addf(&buf, "\"m%d\":", i);
        }
        qt_buf_addf(&buf, "%d", i);
    }
    qt_buf_addc(&buf, object ? '}' : ']');
    return qt_buf_str(&buf);
}

static void has_limits(void)
{
    is_int(join(many(QT_ITEMS_MAX, 0)), APR_SUCCESS, "as many elements as there may be");
    is_int(join(many(QT_ITEMS_MAX + 1, 0)), QT_E_TOO_LARGE, "X-11: one more is too many");
    is_int(n, 0, "and none is given");
    is_int(sum(many(QT_ITEMS_MAX, 1)), APR_SUCCESS, "as many members");
    is_int(sum(many(QT_ITEMS_MAX + 1, 1)), QT_E_TOO_LARGE, "one more");
}

int main(void)
{
    wire_begin();
    adds_numbers();
    adds_objects();
    refuses_to_add();
    comes_together();
    has_limits();
    return wire_end();
}
