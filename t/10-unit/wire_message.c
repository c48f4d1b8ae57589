/* The filter of a stream, the envelope, and the events of the feed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_json.h"
#include "wire/qt_message.h"
#include "wire_test.h"

static void filter(void)
{
    const qt_str keys[] = { S("a"), S("ab"), S("\xd0\xbf") };

    ok(qt_message_admits(NULL, 0, S("x")), "SP: without a filter every key comes");
    ok(qt_message_admits(NULL, 0, QT_STR_NONE), "and no key");
    ok(qt_message_admits(keys, 3, QT_STR_NONE), "an event without a key goes to everybody");
    ok(qt_message_admits(keys, 3, S("a")) && qt_message_admits(keys, 3, S("ab")) && qt_message_admits(keys, 3, S("\xd0\xbf")),
       "keys of the filter come");
    ok(!qt_message_admits(keys, 3, S("abc")) && !qt_message_admits(keys, 3, S("b")) && !qt_message_admits(keys, 3, S("A")) &&
       !qt_message_admits(keys, 3, S("a\0")), "others don't: longer, shorter, other case, with a NUL");
    ok(qt_message_admits(keys, 3, S("")), "an empty key is none");
}

static qt_buf out;

#define envelope_is(topic, key, type, data, literal, ...)     \
    do {                                                      \
        qt_message_envelope(&out, (topic), (key), (type), (data)); \
        is_written(&out, literal, __VA_ARGS__);               \
    } while (0)

static void envelope(void)
{
    envelope_is(S("t"), S("k"), S("T"), S("{\"a\":1}"), "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":{\"a\":1}}", "JSON stays JSON");
    envelope_is(S("t"), QT_STR_NONE, QT_STR_NONE, S("7"), "{\"topic\":\"t\",\"key\":null,\"type\":\"message\",\"data\":7}",
                "an absent key is null, an absent type message, a number a number");
    envelope_is(S("t"), S(""), S("message"), S("null"), "{\"topic\":\"t\",\"key\":null,\"type\":\"message\",\"data\":null}", "null is null");
    envelope_is(S("t"), S("k"), S("T"), S("hello"), "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":\"hello\"}", "text is a string");
    envelope_is(S("t"), S("k"), S("T"), S(""), "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":\"\"}", "nothing is an empty string");
    envelope_is(S("t"), S("k"), S("T"), QT_STR_NONE, "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":\"\"}", "and so is absent data");
    envelope_is(S("t"), S("k"), S("T"), S("{\"a\":1}{"), "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":\"{\\\"a\\\":1}{\"}",
                "JSON and more is a string");
    envelope_is(S("t"), S("k"), S("T"), S("{\"a\":1,\"a\":2}"), "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}",
                "what readers disagree about is a string");
    envelope_is(S("a/\"b\"\n"), S("\xd0\xbf"), S("T"), S("x\r\ny\0z"),
                "{\"topic\":\"a/\\\"b\\\"\\n\",\"key\":\"\xd0\xbf\",\"type\":\"T\",\"data\":\"x\\r\\ny\\u0000z\"}", "everything is escaped");
    envelope_is(S("t"), S("k"), S("T"), S(" [1,\n 2] "), "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\": [1,\n 2] }",
                "white space of JSON stays, lines too: EventSource puts them together again");
    envelope_is(S("t"), S("k"), S("T"), S("99999999999999999999"),
                "{\"topic\":\"t\",\"key\":\"k\",\"type\":\"T\",\"data\":\"99999999999999999999\"}", "a number that would change is a string");
}

#define feed_is(type, fields, literal, ...)           \
    do {                                              \
        qt_message_feed(&out, S(type), S(fields));    \
        is_written(&out, literal, __VA_ARGS__);       \
    } while (0)

static void feed(void)
{
    feed_is("task", "17\nassigned\nanna\naccepted", "{\"taskId\":\"17\",\"state\":\"assigned\",\"operatorId\":\"anna\",\"outcome\":\"accepted\"}",
            "a task's step");
    feed_is("task", "17\nready\n\n", "{\"taskId\":\"17\",\"state\":\"ready\",\"operatorId\":null,\"outcome\":null}", "empty fields are null");
    feed_is("task", "17\nready", "{\"taskId\":\"17\",\"state\":\"ready\",\"operatorId\":null,\"outcome\":null}", "missing ones too");
    feed_is("task", "17\nready\n\nlost", "{\"taskId\":\"17\",\"state\":\"ready\",\"operatorId\":null,\"outcome\":\"lost\"}", "each in its place");
    feed_is("operator", "\xd0\xbf\"\nbusy", "{\"operatorId\":\"\xd0\xbf\\\"\",\"status\":\"busy\"}", "an operator's status");
    feed_is("user", "bob\nconnected", "{\"userId\":\"bob\",\"status\":\"connected\"}", "a user's");
    feed_is("user", "bob\nconnected\nmore\nfields", "{\"userId\":\"bob\",\"status\":\"connected\"}", "what is too much is left out");
    feed_is("tasks", "a\nb", "\"a\\nb\"", "what is not known is a string");
}

int main(void)
{
    wire_begin();
    qt_buf_init(&out, pool);
    filter();
    envelope();
    feed();
    return wire_end();
}
