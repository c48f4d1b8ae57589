/* What an Accept header admits. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_accept.h"
#include "wire_test.h"

#define SSE "text/event-stream"
#define JSON "application/json"

static const struct {
    qt_str header;
    const char *type;
    int admits, names;
} cases[] = {
    { QT_STR_NONE, SSE, 1, 0 },
    { S(""), SSE, 1, 0 },
    { S(" \t"), SSE, 1, 0 },
    { S("*/*"), SSE, 1, 0 },
    { S("text/*"), SSE, 1, 0 },
    { S("text/event-stream"), SSE, 1, 1 },
    { S("TEXT/Event-Stream"), SSE, 1, 1 },
    { S(" text/event-stream "), SSE, 1, 1 },
    { S("text/event-stream"), JSON, 0, 0 },
    { S("text/event-streams"), SSE, 0, 0 },
    { S("text/event-strea"), SSE, 0, 0 },
    { S("text"), SSE, 0, 0 },
    { S("text/"), SSE, 0, 0 },
    { S("/event-stream"), SSE, 0, 0 },
    { S("*/event-stream"), SSE, 0, 0 },
    { S("application/json, text/event-stream"), SSE, 1, 1 },
    { S("application/json,text/html;q=0.9"), SSE, 0, 0 },
    { S(",,application/json,"), JSON, 1, 1 },
    /* weights */
    { S("text/event-stream;q=0"), SSE, 0, 0 },
    { S("text/event-stream; q=0.000"), SSE, 0, 0 },
    { S("text/event-stream; Q=0."), SSE, 0, 0 },
    { S("text/event-stream;q=0.001"), SSE, 1, 1 },
    { S("text/event-stream;q=1"), SSE, 1, 1 },
    { S("text/event-stream;q="), SSE, 1, 1 },
    { S("text/event-stream;q=."), SSE, 1, 1 },
    { S("text/event-stream;q=zero"), SSE, 1, 1 },
    { S("*/*;q=0"), SSE, 0, 0 },
    /* the most specific has the word, wherever it stands */
    { S("*/*, text/event-stream;q=0"), SSE, 0, 0 },
    { S("text/event-stream;q=0, */*"), SSE, 0, 0 },
    { S("text/*;q=0, */*"), SSE, 0, 0 },
    { S("text/*;q=0, text/event-stream"), SSE, 1, 1 },
    { S("*/*;q=0, text/*"), SSE, 1, 0 },
    { S("text/event-stream;q=0, text/event-stream;charset=utf-8"), SSE, 1, 1 },
    { S("text/event-stream, text/event-stream;charset=utf-8;q=0"), SSE, 0, 0 },
    { S("text/event-stream;q=0, text/event-stream"), SSE, 1, 1 },
    { S("text/event-stream, text/event-stream;q=0"), SSE, 1, 1 },
    /* parameters */
    { S("text/event-stream;charset=UTF-8"), SSE, 1, 1 },
    { S("text/event-stream; charset = \"utf-8\""), SSE, 1, 1 },
    { S("text/event-stream;charset=latin1"), SSE, 0, 0 },
    { S("text/event-stream;charset"), SSE, 0, 0 },
    { S("application/json;version=2, */*;q=0.1"), JSON, 1, 0 },
    { S("application/json;;charset=utf-8"), JSON, 1, 1 },
    { S("application/json;q=0.5;extension=1"), JSON, 1, 1 },
    { S("application/json;charset=utf-8"), JSON, 1, 1 },
    { S("application/json;charset=utf-8;version=1"), JSON, 0, 0 },
    { S("application/json;utf-8"), JSON, 0, 0 },
    /* quoted strings hold what would else divide */
    { S("a/b;x=\",text/event-stream\""), SSE, 0, 0 },
    { S("a/b;x=\"\\\",text/event-stream\""), SSE, 0, 0 },
    { S("a/b;x=\"\\\",text/event-stream,\""), SSE, 0, 0 },
    { S("a/b;x=\"\", text/event-stream"), SSE, 1, 1 },
    { S("a/b;x=\"never closed, text/event-stream"), SSE, 0, 0 },
    { S("a/b;x=\"ends\\"), SSE, 0, 0 },
    { S("text/event-stream;x=\";q=0\""), SSE, 0, 0 },
    /* what real clients send */
    { S("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"), SSE, 1, 0 },
    { S("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), JSON, 1, 0 },
    { S("application/json, text/plain, */*"), JSON, 1, 1 },
    /* garbage admits nothing, and kills nobody */
    { S("\"\""), SSE, 0, 0 },
    { S(";;;"), SSE, 0, 0 },
    { S(";q=1,/"), SSE, 0, 0 },
    { S("\0/\0"), SSE, 0, 0 },
    { S("\xff\xfe"), SSE, 0, 0 },
};

int main(void)
{
    unsigned i;

    wire_begin();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        qt_str header = cases[i].header.p ? exact(cases[i].header) : QT_STR_NONE;

        is_int(qt_accept_admits(header, cases[i].type), cases[i].admits, "NT-50: \"%s\" %s %s",
               cases[i].header.p ? cases[i].header.p : "(absent)", cases[i].admits ? "admits" : "excludes", cases[i].type);
        is_int(qt_accept_names(header, cases[i].type), cases[i].names, "NT-50: and %s it",
               cases[i].names ? "names" : "does not name");
        free((char *)header.p);
    }
    return wire_end();
}
