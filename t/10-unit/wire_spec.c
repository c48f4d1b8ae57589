/* Tasks as producers describe them: fields, limits, fingerprint; from JSON and from a query. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_json.h"
#include "wire/qt_query.h"
#include "wire/qt_spec.h"
#include "wire_test.h"

#define PAYLOAD_MAX 64

static qt_spec spec;
static const char *why;

static apr_status_t from_json(qt_str text)
{
    json_t *root;
    apr_status_t rv;

    why = NULL;
    rv = qt_json_parse(&root, text, &why);
    if (rv == APR_SUCCESS) {
        rv = qt_spec_from_json(&spec, root, PAYLOAD_MAX, pool, &why);
        json_decref(root); /* nothing in the spec may point into it */
    }
    return rv;
}

static apr_status_t from_query(qt_str id, qt_str args, qt_str body, int is_json)
{
    qt_query *query;
    apr_status_t rv;

    why = NULL;
    rv = qt_query_parse(&query, args, pool, &why);
    return rv == APR_SUCCESS ? qt_spec_from_query(&spec, id, query, body, is_json, PAYLOAD_MAX, pool, &why) : rv;
}

static void reads_everything(void)
{
    is_int(from_json(S("{\"taskId\":\"171\",\"operatorId\":\"anna\",\"prefer\":\"Борис\",\"preferFor\":2.5,\"priority\":7,"
                       "\"delay\":1,\"ttl\":3600,\"window\":0.25,\"maxOffers\":3,\"labels\":[\"voice\",\"en\"],"
                       "\"payload\": { \"b\" : 0.1, \"a\" : [ ] } }")),
           APR_SUCCESS, "X-13: a task with every member");
    is_span(spec.id, "171", "taskId");
    is_span(spec.operator_id, "anna", "QT-31: operatorId");
    is_span(spec.prefer, "Борис", "prefer");
    is_int(spec.prefer_for, 2500000, "preferFor, a fraction of seconds");
    is_int(spec.priority, 7, "priority");
    is_int(spec.delay, QT_SECOND, "delay");
    is_int(spec.ttl, 3600 * QT_SECOND, "ttl");
    is_int(spec.window, 250000, "window");
    is_int(spec.max_offers, 3, "maxOffers");
    is_span(spec.labels, "en\nvoice", "QT-27: labels");
    is_span(spec.payload, "{\"b\":0.1,\"a\":[]}", "payload, compact, its order kept");
}

static void reads_little(void)
{
    memset(&spec, 0xff, sizeof(spec));
    is_int(from_json(S("{}")), APR_SUCCESS, "QT-30: a task without members");
    is_absent(spec.id, "has no id yet");
    ok(!spec.operator_id.p && !spec.prefer.p && !spec.labels.p && !spec.payload.p, "nor any other text");
    ok(!spec.prefer_for && !spec.delay && !spec.ttl && !spec.window && !spec.priority && !spec.max_offers, "nor a number");
    is_int(from_json(S("{\"operatorId\":null,\"prefer\":null,\"preferFor\":null,\"priority\":null,\"delay\":null,\"ttl\":null,"
                       "\"window\":null,\"maxOffers\":null,\"labels\":null}")),
           APR_SUCCESS, "null counts as absent");
    is_int(from_json(S("{\"payload\":null}")), APR_SUCCESS, "a null payload");
    is_span(spec.payload, "null", "is the JSON value null");
    is_int(from_json(S("{\"payload\":\"a\\u0000\"}")), APR_SUCCESS, "a string payload");
    is_span(spec.payload, "\"a\\u0000\"", "is JSON text");
}

static void refuses(void)
{
    static const qt_str bad[] = {
        S("[]"), S("\"1\""), S("171"), S("null"),
        S("{\"taskId\":\"\"}"), S("{\"taskId\":171}"), S("{\"taskId\":null}"), S("{\"taskId\":[\"1\"]}"), S("{\"taskId\":true}"),
        S("{\"taskId\":\".\"}"), S("{\"taskId\":\"..\"}"), S("{\"taskId\":\"a\\nb\"}"), S("{\"taskId\":\"a\\u0000\"}"),
        S("{\"taskId\":\"\\u0085\"}"), S("{\"operatorId\":\"\"}"), S("{\"operatorId\":7}"), S("{\"prefer\":\"\"}"),
        S("{\"prefer\":{}}"), S("{\"preferFor\":-1}"), S("{\"delay\":-0.001}"), S("{\"ttl\":-1}"), S("{\"window\":-1}"),
        S("{\"maxOffers\":-1}"), S("{\"priority\":-1}"), S("{\"delay\":\"1\"}"), S("{\"delay\":true}"), S("{\"delay\":[1]}"),
        S("{\"delay\":1e300}"), S("{\"ttl\":9223372036854775807}"), S("{\"ttl\":315619201}"), S("{\"ttl\":315619200.5}"),
        S("{\"priority\":1.5}"), S("{\"priority\":2147483648}"), S("{\"priority\":4294967296}"), S("{\"priority\":\"1\"}"),
        S("{\"maxOffers\":2147483648}"), S("{\"maxOffers\":0.5}"), S("{\"labels\":\"voice\"}"), S("{\"labels\":{}}"),
        S("{\"labels\":[1]}"), S("{\"labels\":[\"\"]}"), S("{\"labels\":[null]}"), S("{\"labels\":[\"a\\nb\"]}"),
        S("{\"operatorid\":\"anna\"}"), S("{\"\":1}"), S("{\"TaskId\":\"1\"}"), S("{\"id\":\"1\"}"),
    };
    unsigned i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(from_json(bad[i]), QT_E_MALFORMED, "X-13: refused: %s", bad[i].p);
        ok(why != NULL, "because: %s", why);
    }
}

static void says_why(void)
{
    from_json(S("{\"operatorid\":\"anna\"}"));
    is_str(why, "the task has an unknown member \"operatorid\"", "QT-8: an unknown member is named");
    from_json(S("{\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\":1}"));
    is_str(why, "the task has an unknown member", "QT-8: but not when its name is long");
    from_json(S("{\"ttl\":-1}"));
    is_str(why, "\"ttl\" must be a number of seconds from 0 to 315619200", "QT-8: a bad time is named with its range");
    from_json(S("{\"priority\":-1}"));
    is_str(why, "\"priority\" must be a whole number from 0 to 2147483647", "QT-8: a bad number is named with its range");
    from_json(S("{\"labels\":7}"));
    is_str(why, "\"labels\" must be a list of names", "QT-8: bad labels are named");
    from_json(S("[]"));
    is_str(why, "a task must be a JSON object", "QT-8: what a task must be");
}

static void goes_to_the_limits(void)
{
    qt_buf text;
    unsigned i;

    is_int(from_json(S("{\"ttl\":315619200,\"priority\":2147483647,\"maxOffers\":2147483647,\"delay\":0,\"window\":0.0}")),
           APR_SUCCESS, "the greatest and the least numbers");
    is_int(spec.ttl, QT_SPEC_TIME_MAX, "ten years");
    is_int(spec.priority, 2147483647, "the greatest priority");
    is_int(spec.window, 0, "0 is not given");
    is_int(from_json(S("{\"ttl\":0.0000001,\"delay\":1.1,\"window\":0.29,\"preferFor\":1e-30}")), APR_SUCCESS, "small fractions");
    is_int(spec.ttl, 1, "never become \"not given\"");
    is_int(spec.prefer_for, 1, "however small");
    is_int(spec.delay, 1100000, "1.1 s is 1,100,000 microseconds");
    is_int(spec.window, 290000, "0.29 s is 290,000 microseconds");
    qt_buf_init(&text, pool);
    qt_buf_adds(&text, "{\"labels\":[\"0\"");
    for (i = 1; i <= QT_LABELS_MAX; i++) {
        qt_buf_addf(&text, ",\"%u\"", i);
    }
    qt_buf_adds(&text, "]}");
    is_int(from_json(qt_buf_str(&text)), QT_E_TOO_LARGE, "X-11: too many labels");
    is_str(why, "\"labels\" must be at most 32 names of 2048 bytes together", "and says so");
}

static void bounds_the_payload(void)
{
    char text[PAYLOAD_MAX + 40];
    int n;

    n = snprintf(text, sizeof(text), "{\"payload\":  \"%.*s\"}", PAYLOAD_MAX - 2,
                 "0123456789012345678901234567890123456789012345678901234567890123456789");
    is_int(from_json((qt_str){ text, (apr_size_t)n }), APR_SUCCESS, "X-11: a payload of the greatest size");
    is_int(spec.payload.n, PAYLOAD_MAX, "its quotes count, the blanks before it do not");
    n = snprintf(text, sizeof(text), "{\"payload\":\"%.*s\"}", PAYLOAD_MAX - 1,
                 "0123456789012345678901234567890123456789012345678901234567890123456789");
    is_int(from_json((qt_str){ text, (apr_size_t)n }), QT_E_TOO_LARGE, "X-11: a byte more is too large");
    is_str(why, "\"payload\" is too large", "and says so");
}

static void reads_queries(void)
{
    is_int(from_query(S("7"), S("operatorId=anna&prefer=b%20c&preferFor=2.5&priority=7&delay=1&ttl=3600&window=0.25&maxOffers=3"
                                "&labels=voice,+en&token=xyz&taskId=&payload=no"),
                      S(" [ 1 ] "), 1),
           APR_SUCCESS, "a task from path, query and body");
    is_span(spec.id, "7", "the id is the path's");
    is_span(spec.operator_id, "anna", "operatorId");
    is_span(spec.prefer, "b c", "prefer, decoded");
    is_int(spec.prefer_for, 2500000, "preferFor");
    is_int(spec.priority, 7, "priority");
    is_int(spec.window, 250000, "window");
    is_int(spec.max_offers, 3, "maxOffers");
    is_span(spec.labels, "en\nvoice", "labels, separated by commas");
    is_span(spec.payload, "[1]", "the body is the payload");
    is_int(from_query(S("7"), QT_STR_NONE, S("say \"hi\"\n"), 0), APR_SUCCESS, "a body that is not JSON");
    is_span(spec.payload, "\"say \\\"hi\\\"\\n\"", "becomes a string");
    is_int(from_query(S("7"), QT_STR_NONE, QT_STR_NONE, 1), APR_SUCCESS, "no body");
    is_absent(spec.payload, "is no payload");
    is_int(from_query(S("7"), S("ttl=1e1"), QT_STR_NONE, 0), APR_SUCCESS, "a number is a JSON number");
    is_int(spec.ttl, 10 * QT_SECOND, "in any of its forms");
}

static void refuses_queries(void)
{
    static const qt_str bad[] = { S("ttl=-1"), S("ttl="), S("ttl=x"), S("ttl=1s"), S("ttl=true"), S("ttl=\"1\""), S("ttl=1e999"),
                                  S("priority=1.0"), S("priority=-1"), S("maxOffers=99999999999999999999"), S("prefer="),
                                  S("operatorId=%00"), S("labels=a%0Ab"), S("delay=0x10"), S("window=[1]") };
    unsigned i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_int(from_query(S("7"), bad[i], QT_STR_NONE, 0), QT_E_MALFORMED, "refused: ?%s", bad[i].p);
        ok(why != NULL, "because: %s", why);
    }
    is_int(from_query(S(".."), QT_STR_NONE, QT_STR_NONE, 0), QT_E_MALFORMED, "X-4: an id that may not be");
    is_int(from_query(S("7"), QT_STR_NONE, S("{"), 1), QT_E_MALFORMED, "a body that is to be JSON and is not");
    is_str(why, "the JSON ends too early", "with the reader's reason");
    is_int(from_query(S("7"), QT_STR_NONE, S("a\xff"), 0), QT_E_MALFORMED, "N8-17: a body that is no UTF-8");
    is_str(why, "the payload is not valid UTF-8", "with the reason");
    is_int(from_query(S("7"), QT_STR_NONE, repeat('x', PAYLOAD_MAX), 0), QT_E_TOO_LARGE, "X-11: a body too large");
}

/* ---- the fingerprint ---- */

static int same_print(qt_str a, qt_str b)
{
    unsigned char first[sizeof(spec.print)];

    if (from_json(a) != APR_SUCCESS) {
        return -1;
    }
    memcpy(first, spec.print, sizeof(first));
    if (from_json(b) != APR_SUCCESS) {
        return -1;
    }
    return memcmp(first, spec.print, sizeof(first)) == 0;
}

static void prints_alike(void)
{
    static const struct {
        qt_str a, b;
        const char *what;
    } same[] = {
        { S("{}"), S("{\"taskId\":\"1\"}"), "whatever the id" },
        { S("{\"ttl\":5,\"delay\":1}"), S("{ \"delay\" : 1.0, \"ttl\" : 5e0 }"), "in whatever order and form" },
        { S("{}"), S("{\"ttl\":0,\"priority\":0,\"labels\":[],\"prefer\":null}"), "absent or default" },
        { S("{\"labels\":[\"a\",\"b\"]}"), S("{\"labels\":[\"b\",\"a\",\"b\"]}"), "labels in whatever order" },
        { S("{\"payload\":{\"a\":1,\"b\":{\"c\":2,\"d\":3}}}"), S("{\"payload\": {\"b\":{\"d\":3, \"c\":2}, \"a\":1}}"),
          "payload members in whatever order" },
        { S("{\"payload\":\"\\u0041/\"}"), S("{\"payload\":\"A\\/\"}"), "strings however escaped" },
    };
    unsigned i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        is_int(same_print(same[i].a, same[i].b), 1, "the same content: %s", same[i].what);
    }
}

static void prints_apart(void)
{
    static const qt_str contents[] = {
        S("{}"), S("{\"operatorId\":\"a\"}"), S("{\"prefer\":\"a\"}"), S("{\"preferFor\":1}"), S("{\"delay\":1}"), S("{\"ttl\":1}"),
        S("{\"window\":1}"), S("{\"priority\":1}"), S("{\"maxOffers\":1}"), S("{\"labels\":[\"a\"]}"), S("{\"payload\":null}"),
        S("{\"payload\":\"a\"}"), S("{\"payload\":[1,2]}"), S("{\"payload\":[2,1]}"), S("{\"payload\":\"\"}"), S("{\"payload\":1}"),
        S("{\"payload\":{\"a\":1}}"), S("{\"payload\":{\"b\":1}}"), S("{\"operatorId\":\"1:a\"}"),
        S("{\"operatorId\":\"a\",\"prefer\":\"b\"}"), S("{\"operatorId\":\"a1:b\"}"), S("{\"labels\":[\"a\",\"b\"]}"),
        S("{\"labels\":[\"ab\"]}"), S("{\"payload\":\"null\"}"), S("{\"delay\":1.000001}"),
    };
    unsigned n = sizeof(contents) / sizeof(contents[0]), i, j, equal = 0;

    for (i = 0; i < n; i++) {
        for (j = i + 1; j < n; j++) {
            equal += same_print(contents[i], contents[j]) != 0;
        }
    }
    is_int(equal, 0, "of %u different contents no two have the same print", n);
}

static void prints_both_ways(void)
{
    unsigned char first[sizeof(spec.print)];

    from_json(S("{\"taskId\":\"1\",\"ttl\":2.5,\"labels\":[\"b\",\"a\"],\"payload\":{\"y\":1,\"x\":\"s\"}}"));
    memcpy(first, spec.print, sizeof(first));
    from_query(S("1"), S("labels=a,b&ttl=2.5"), S("{\"x\":\"s\",\"y\":1}"), 1);
    is_mem(spec.print, sizeof(first), first, sizeof(first), "POST and PUT of the same content have the same print");
}

int main(void)
{
    wire_begin();
    reads_everything();
    reads_little();
    refuses();
    says_why();
    goes_to_the_limits();
    bounds_the_payload();
    reads_queries();
    refuses_queries();
    prints_alike();
    prints_apart();
    prints_both_ways();
    return wire_end();
}
