/* JSON: what the reader refuses, and that the writer's text reads back. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include "wire/qt_json.h"
#include "wire_test.h"

static qt_buf out;
static const char *why;

static apr_status_t parse(json_t **root, qt_str text)
{
    qt_str own = exact(text);
    apr_status_t rv;

    why = NULL;
    rv = qt_json_parse(root, own, &why);
    free((char *)own.p);
    return rv;
}

/* What the text becomes when it is read and written; "refused" when it is not read. */
static const char *again(qt_str text, void (*write)(qt_buf *, const json_t *))
{
    json_t *root;

    out.n = 0;
    if (parse(&root, text) != APR_SUCCESS) {
        return "refused";
    }
    write(&out, root);
    qt_buf_addc(&out, '\0');
    json_decref(root);
    return out.p;
}

static void refuses(void)
{
    static const struct {
        qt_str text;
        const char *what;
    } bad[] = {
        { S(""), "nothing" },
        { S(" \n"), "white space" },
        { S("{"), "an open object" },
        { S("[1,2"), "an open array" },
        { S("\"a"), "an open string" },
        { S("\"a\\"), "a string that ends in a backslash" },
        { S("{}x"), "something after the value" },
        { S("{} {}"), "two values" },
        { S("1\0"), "NUL after the value" },
        { S("[1\0,2]"), "NUL after a number" },
        { S("[true\0]"), "NUL after a word" },
        { S("\xef\xbb\xbf{}"), "a byte order mark" },
        { S("{\"a\":1,\"a\":2}"), "a member named twice" },
        { S("{\"a\":1,\"\\u0061\":2}"), "a member named twice, once in escapes" },
        { S("[{\"x\":{\"a\":1,\"a\":2}}]"), "a member named twice, deep inside" },
        { S("{\"a\\u0000b\":1}"), "NUL in a member's name" },
        { S("{\"a\"}"), "a name without value" },
        { S("{1:2}"), "a number for a name" },
        { S("{a:1}"), "a name without quotes" },
        { S("{'a':1}"), "the wrong quotes" },
        { S("[1,]"), "a comma too many" },
        { S("[,1]"), "a comma too early" },
        { S("{\"a\":1,}"), "a comma before the end" },
        { S("[1 2]"), "a comma too few" },
        { S("]"), "an end without start" },
        { S("[}"), "the wrong end" },
        { S("01"), "a leading zero" },
        { S("+1"), "a plus" },
        { S(".5"), "a fraction without a whole" },
        { S("1."), "a point without a fraction" },
        { S("1e"), "an empty exponent" },
        { S("-"), "a minus alone" },
        { S("0x10"), "hexadecimal" },
        { S("1e400"), "a real beyond double" },
        { S("-1e400"), "a negative real beyond double" },
        { S("9223372036854775808"), "an integer beyond 64 bits" },
        { S("-9223372036854775809"), "a negative integer beyond 64 bits" },
        { S("123456789012345678901234567890"), "a huge integer" },
        { S("NaN"), "NaN" },
        { S("Infinity"), "Infinity" },
        { S("True"), "True" },
        { S("nul"), "half a null" },
        { S("nullx"), "a null too long" },
        { S("\"\t\""), "a tab inside a string" },
        { S("\"\n\""), "a line break inside a string" },
        { S("\"\0\""), "a bare NUL inside a string" },
        { S("\"\\x41\""), "an escape that is none" },
        { S("\"\\u12\""), "a short \\u" },
        { S("\"\\u12g4\""), "a \\u that is not hexadecimal" },
        { S("\"\\ud800\""), "a high surrogate alone" },
        { S("\"\\ud800\\u0041\""), "a high surrogate before a letter" },
        { S("\"\\udc00\""), "a low surrogate alone" },
        { S("\"\xff\""), "a byte that is no UTF-8" },
        { S("\"\xc0\xaf\""), "an overlong slash" },
        { S("\"\xe0\x80\xaf\""), "an overlong slash of three" },
        { S("\"\xed\xa0\x80\""), "a surrogate in UTF-8" },
        { S("\"\xf4\x90\x80\x80\""), "beyond U+10FFFF" },
        { S("\"\xe2\x82\""), "a cut character" },
        { S("// a\n1"), "a comment" },
    };
    unsigned i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        json_t *root = NULL;

        is_int(parse(&root, bad[i].text), QT_E_MALFORMED, "QT-8: refused: %s", bad[i].what);
        ok(root == NULL && why && !strstr(why, "near"), "with a text that repeats nothing: %s", why);
        json_decref(root);
    }
}

static void gives_reasons(void)
{
    static const struct {
        qt_str text;
        const char *why;
    } cases[] = {
        { S("{\"a\":1,\"a\":2}"), "a member of a JSON object is named twice" },
        { S("\"\xff\""), "the JSON is not valid UTF-8" },
        { S("{"), "the JSON ends too early" },
        { S("{}x"), "something follows the JSON value" },
        { S("1e400"), "a number in the JSON is too big" },
        { S("{\"\\u0000\":1}"), "a member's name in the JSON holds a NUL" },
        { S("[1,]"), "the JSON is malformed" },
    };
    unsigned i;
    json_t *root;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(&root, cases[i].text);
        is_str(why, cases[i].why, "QT-8: the error's text: %s", cases[i].why);
    }
}

static qt_str nest(const char *open, const char *inner, const char *close, unsigned depth)
{
    qt_buf text;
    unsigned i;

    qt_buf_init(&text, pool);
    for (i = 0; i < depth; i++) {
        qt_buf_adds(&text, open);
    }
    qt_buf_adds(&text, inner);
    for (i = 0; i < depth; i++) {
        qt_buf_adds(&text, close);
    }
    return qt_buf_str(&text);
}

/* A string in an array: what is given, then more brackets than may be nested. */
static qt_str in_string(const char *first)
{
    qt_buf text;
    unsigned i;

    qt_buf_init(&text, pool);
    qt_buf_adds(&text, "[\"");
    qt_buf_adds(&text, first);
    for (i = 0; i <= QT_JSON_DEPTH; i++) {
        qt_buf_addc(&text, '[');
    }
    qt_buf_adds(&text, "\"]");
    return qt_buf_str(&text);
}

static void bounds_depth(void)
{
    json_t *root;

    is_int(parse(&root, nest("[", "", "]", QT_JSON_DEPTH)), APR_SUCCESS, "arrays as deep as they may be");
    json_decref(root);
    is_int(parse(&root, nest("{\"a\":", "1", "}", QT_JSON_DEPTH)), APR_SUCCESS, "objects as deep as they may be");
    json_decref(root);
    is_int(parse(&root, nest("[", "", "]", QT_JSON_DEPTH + 1)), QT_E_MALFORMED, "one array deeper");
    is_str(why, "the JSON is nested too deeply", "has its own text");
    is_int(parse(&root, nest("{\"a\":", "1", "}", QT_JSON_DEPTH + 1)), QT_E_MALFORMED, "one object deeper");
    is_int(parse(&root, nest("[", "", "", 200000)), QT_E_MALFORMED, "X-11: a bomb of brackets");
    is_int(parse(&root, nest("[],", "", "", 1000)), QT_E_MALFORMED, "many one after the other are not deep");
    ok(why && !strstr(why, "deep"), "and are refused for another reason");
    is_int(parse(&root, in_string("")), APR_SUCCESS, "brackets in strings do not count");
    json_decref(root);
    is_int(parse(&root, in_string("\\\"")), APR_SUCCESS, "nor behind an escaped quote");
    json_decref(root);
    is_int(parse(&root, in_string("\\\\")), APR_SUCCESS, "nor behind an escaped backslash");
    json_decref(root);
}

static void dumps(void)
{
    static const struct {
        qt_str text;
        const char *dump;
    } cases[] = {
        { S(" { \"b\" : [ 1 , true , false , null ] , \"a\" : { } } "), "{\"b\":[1,true,false,null],\"a\":{}}" },
        { S("\"\\u041f\\u00e9\\ud83d\\ude00\\/\""), "\"Пé😀/\"" },
        { S("\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\\u007f\\\"\\\\\""), "\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\\u007f\\\"\\\\\"" },
        { S("[]"), "[]" },
        { S("\"\""), "\"\"" },
        { S("9223372036854775807"), "9223372036854775807" },
        { S("-9223372036854775808"), "-9223372036854775808" },
        { S("0.1"), "0.1" },
        { S("-0.0"), "-0.0" },
        { S("1.0"), "1.0" },
        { S("100.0"), "100.0" },
        { S("1e2"), "100.0" },
        { S("1e20"), "1e+20" },
        { S("1.5e-7"), "1.5e-07" },
        { S("0.30000000000000004"), "0.30000000000000004" },
        { S("1.7976931348623157e308"), "1.7976931348623157e+308" },
        { S("2.2250738585072014e-308"), "2.2250738585072014e-308" },
        { S("123456789.123"), "123456789.123" },
        { S("5e-324"), "4.94065645841247e-324" },
        { S("{\"\":0}"), "{\"\":0}" },
    };
    unsigned i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_str(again(cases[i].text, qt_json_dump), cases[i].dump, "QT-12: compact: %s", cases[i].dump);
    }
}

static void sorts(void)
{
    is_str(again(S("{\"b\":{\"z\":1,\"y\":[{\"d\":1,\"c\":2}]},\"a\":1,\"aa\":2,\"B\":3,\"\":4}"), qt_json_sorted),
           "{\"\":4,\"B\":3,\"a\":1,\"aa\":2,\"b\":{\"y\":[{\"c\":2,\"d\":1}],\"z\":1}}", "sorted at every depth");
    is_str(again(S("[2,1]"), qt_json_sorted), "[2,1]", "an array keeps its order");
}

/* Reals of every magnitude read back to the same double. */
static void keeps_reals(void)
{
    apr_uint64_t bits = 88172645463325252ULL;
    int i, wrong = 0;

    for (i = 0; i < 200000; i++) {
        json_t *value, *back;
        double real;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&real, &bits, sizeof(real));
        value = json_real(real);
        if (!value) {
            continue; /* no number */
        }
        out.n = 0;
        qt_json_dump(&out, value);
        wrong += qt_json_parse(&back, qt_buf_str(&out), &why) != APR_SUCCESS || !json_equal(value, back);
        json_decref(value);
        json_decref(back);
    }
    is_int(wrong, 0, "200,000 random reals read back to the same double");
}

static void ignores_the_locale(void)
{
    static const char *const commas[] = { "de_DE.UTF-8", "ru_RU.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8" };
    unsigned i;

    for (i = 0; i < sizeof(commas) / sizeof(commas[0]); i++) {
        if (setlocale(LC_NUMERIC, commas[i])) {
            is_str(again(S("[0.5,1e20,2.0]"), qt_json_dump), "[0.5,1e+20,2.0]", "a point is a point in %s", commas[i]);
        }
        else {
            note("locale %s is not installed", commas[i]);
        }
    }
    setlocale(LC_NUMERIC, "C");
}

static void writes_strings(void)
{
    out.n = 0;
    qt_json_str(&out, S("a\"\\/\x01\x7f\n\0é"));
    is_written(&out, "\"a\\\"\\\\/\\u0001\\u007f\\n\\u0000é\"", "escapes what must be");
    qt_json_str(&out, S("a\xff" "b\xc3"));
    is_written(&out, "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"", "what is no UTF-8 becomes U+FFFD");
    qt_json_str(&out, S("\xe2\x82z"));
    is_written(&out, "\"\xef\xbf\xbd\xef\xbf\xbdz\"", "a cut character too");
    qt_json_str(&out, QT_STR_NONE);
    is_written(&out, "\"\"", "an absent text is an empty string");
    qt_json_str(&out, S("</script>\xe2\x80\xa8"));
    is_written(&out, "\"</script>\xe2\x80\xa8\"", "nothing else is touched");
}

static void writes_by_hand(void)
{
    qt_json_out object, array;

    object = qt_json_open(&out, '{');
    qt_json_put_bool(&object, "success", 0);
    qt_json_put_str(&object, "error", S("Задача \"1\""));
    qt_json_put_int(&object, "errorCode", 910);
    qt_json_put_str(&object, "result", QT_STR_NONE);
    qt_json_close(&object);
    is_written(&out, "{\"success\":false,\"error\":\"Задача \\\"1\\\"\",\"errorCode\":910,\"result\":null}",
               "QT-8: the envelope, exactly");

    object = qt_json_open(&out, '{');
    qt_json_name(&object, "tasks");
    array = qt_json_open(&out, '[');
    qt_json_put_str(&array, NULL, S("1"));
    qt_json_put_raw(&array, NULL, S("{\"a\":0.1}"));
    qt_json_put_bool(&array, NULL, 1);
    qt_json_close(&array);
    qt_json_put_int(&object, "least", APR_INT64_MIN);
    qt_json_close(&object);
    is_written(&out, "{\"tasks\":[\"1\",{\"a\":0.1},true],\"least\":-9223372036854775808}", "one inside the other");

    object = qt_json_open(&out, '[');
    qt_json_close(&object);
    is_written(&out, "[]", "an empty one");
}

static void reads_text(void)
{
    json_t *root;

    parse(&root, S("[\"a\\u0000b\",1,null]"));
    is_span(qt_json_text(json_array_get(root, 0)), "a\0b", "a string's bytes, NUL included");
    is_absent(qt_json_text(json_array_get(root, 1)), "a number has none");
    is_absent(qt_json_text(NULL), "nor has nothing");
    json_decref(root);
}

static void splits_lines(void)
{
    qt_str rest = S("\n \t\r\n{\"a\":1}\r\n\r\n\n {} \n[]");

    is_span(qt_json_line(&rest), "{\"a\":1}", "the first line that is not blank, without CRLF");
    is_span(qt_json_line(&rest), " {} ", "the next one, as it is");
    is_span(qt_json_line(&rest), "[]", "the last needs no line end");
    is_absent(qt_json_line(&rest), "then the end");
    is_absent(qt_json_line(&rest), "which stays the end");
    rest = S("a\rb\r\r\n");
    is_span(qt_json_line(&rest), "a\rb\r", "only LF ends a line, only one CR goes with it");
    rest = S("{}\r");
    is_span(qt_json_line(&rest), "{}", "a CR at the very end goes too");
    rest = S(" \r\n \n");
    is_absent(qt_json_line(&rest), "nothing but blank lines");
}

static void belongs_to_the_pool(void)
{
    apr_pool_t *child;
    json_t *root;

    apr_pool_create(&child, pool);
    parse(&root, S("[1]"));
    json_incref(root);
    qt_json_own(root, child);
    qt_json_own(NULL, child);
    apr_pool_destroy(child);
    is_int(root->refcount, 1, "the pool gave its reference back");
    json_decref(root);
}

int main(void)
{
    wire_begin();
    qt_buf_init(&out, pool);
    refuses();
    gives_reasons();
    bounds_depth();
    dumps();
    sorts();
    keeps_reals();
    ignores_the_locale();
    writes_strings();
    writes_by_hand();
    reads_text();
    splits_lines();
    belongs_to_the_pool();
    return wire_end();
}
