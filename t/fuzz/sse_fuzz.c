/* Fuzzes the SSE encoder: what it writes is read by a small EventSource and must be what was sent, and no more. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "wire/qt_sse.h"

unsigned long fuzz_accepted;

/* Input: a byte each for the lengths of id and type, these, then the data. */

#define EVENTS_MAX 8

typedef struct heard {
    qt_str type, data, id;
} heard;

/* An EventSource as the HTML standard describes it. */
typedef struct source {
    apr_pool_t *pool;
    qt_buf data;
    qt_str type, id;
    long retry;
    heard events[EVENTS_MAX];
    unsigned n;
} source;

static void dispatch(source *s)
{
    if (s->data.n) {
        MUST(s->n < EVENTS_MAX);
        s->events[s->n].type = s->type.n ? s->type : QT_STR_LIT("message");
        s->events[s->n].data = (qt_str){ s->data.p, s->data.n - 1 }; /* without the last LF */
        s->events[s->n].id = s->id;
        s->n++;
    }
    qt_buf_init(&s->data, s->pool);
    s->type = QT_STR_NONE;
}

static void field(source *s, qt_str name, qt_str value)
{
    if (qt_str_eq(name, QT_STR_LIT("event"))) {
        s->type = value;
    }
    else if (qt_str_eq(name, QT_STR_LIT("data"))) {
        qt_buf_add(&s->data, value.p, value.n);
        qt_buf_addc(&s->data, '\n');
    }
    else if (qt_str_eq(name, QT_STR_LIT("id"))) {
        if (!memchr(value.p, '\0', value.n)) {
            s->id = value;
        }
    }
    else {
        MUST(qt_str_eq(name, QT_STR_LIT("retry")));
        s->retry = strtol(value.p, NULL, 10);
    }
}

static void line(source *s, qt_str text)
{
    const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
    qt_str name = text, value = QT_STR_LIT("");

    if (text.n == 0) {
        dispatch(s);
        return;
    }
    if (colon == text.p) {
        return; /* a comment */
    }
    if (colon) {
        name.n = (size_t)(colon - text.p);
        value = (qt_str){ colon + 1, text.n - name.n - 1 };
        if (value.n && value.p[0] == ' ') {
            value.p++;
            value.n--;
        }
    }
    field(s, name, value);
}

static void listen_to(source *s, qt_str stream)
{
    size_t start = 0, i;

    for (i = 0; i < stream.n; i++) {
        if (stream.p[i] != '\n' && stream.p[i] != '\r') {
            continue;
        }
        line(s, (qt_str){ stream.p + start, i - start });
        if (stream.p[i] == '\r' && i + 1 < stream.n && stream.p[i + 1] == '\n') {
            i++;
        }
        start = i + 1;
    }
    MUST(start == stream.n);
}

/* The data as it must arrive: every line break is LF. */
static qt_str normalise(qt_str data, apr_pool_t *pool)
{
    char *p = apr_palloc(pool, data.n + 1);
    size_t n = 0, i;

    for (i = 0; i < data.n; i++) {
        if (data.p[i] == '\n' && i && data.p[i - 1] == '\r') {
            continue;
        }
        p[n] = data.p[i];
        if (p[n] == '\r') {
            p[n] = '\n';
        }
        n++;
    }
    return (qt_str){ p, n };
}

static int breaks_frames(qt_str text)
{
    size_t i;

    for (i = 0; i < text.n; i++) {
        if (text.p[i] == '\r' || text.p[i] == '\n' || text.p[i] == '\0') {
            return 1;
        }
    }
    return 0;
}

static void check_refused(qt_buf *buf, const qt_sse_event *event)
{
    MUST(buf->n == 0);
    MUST((event->id.n && !qt_sse_id_ok(event->id)) || (event->type.n && !qt_sse_type_ok(event->type)));
}

/* The event between two others, with comments and retry around it: three events arrive, and the middle one is ours. */
static void check_stream(const qt_sse_event *event, apr_pool_t *pool)
{
    qt_sse_event other = { QT_STR_LIT("before"), QT_STR_LIT("other"), QT_STR_LIT("x") };
    source s = { .pool = pool };
    qt_buf buf;

    qt_buf_init(&buf, pool);
    qt_buf_init(&s.data, pool);
    qt_sse_retry(&buf, 1234);
    MUST(qt_sse_put(&buf, &other) == APR_SUCCESS);
    qt_sse_comment(&buf, event->data);
    MUST(qt_sse_put(&buf, event) == APR_SUCCESS);
    qt_sse_comment(&buf, event->data);
    other.id = QT_STR_NONE;
    MUST(qt_sse_put(&buf, &other) == APR_SUCCESS);
    MUST(!memchr(buf.p, '\r', buf.n));
    listen_to(&s, qt_buf_str(&buf));

    MUST(s.n == 3 && s.retry == 1234);
    MUST(qt_str_eq(s.events[0].data, QT_STR_LIT("x")) && qt_str_eq(s.events[2].data, QT_STR_LIT("x")));
    MUST(qt_str_eq(s.events[1].type, event->type.n ? event->type : QT_STR_LIT("message")));
    MUST(qt_str_eq(s.events[1].id, event->id.n ? event->id : QT_STR_LIT("before")));
    MUST(qt_str_eq(s.events[2].id, s.events[1].id));
    MUST(qt_str_eq(s.events[1].data, normalise(event->data, pool)));
    fuzz_accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    qt_str input = { (const char *)bytes, size };
    unsigned id_length = fuzz_byte(&input), type_length = fuzz_byte(&input);
    qt_sse_event event;
    qt_buf buf;

    event.id = fuzz_take(&input, id_length);
    event.type = fuzz_take(&input, type_length);
    event.data = input;
    qt_buf_init(&buf, pool);
    if (qt_sse_put(&buf, &event) != APR_SUCCESS) {
        check_refused(&buf, &event);
        return 0;
    }
    MUST(!breaks_frames(event.id) && !breaks_frames(event.type));
    check_stream(&event, pool);
    return 0;
}
