/* What the programs of the fan-out share: a zone, a registry and transports that are played. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_TEST_H
#define STREAM_TEST_H

#include <apr_general.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_fanout.h"
#include "stream/mod_qt_receipt.h"
#include "stream/mod_qt_registry.h"
#include "stream/mod_qt_view.h"
#include "tap.h"

#define EPOCH 0xe
#define GROUPS 8
#define LOG_MAX 8192
#define GRACE (5 * QT_SECOND)

/* ---- what stands for the rest of the floor and for httpd ---- */

module AP_MODULE_DECLARE_DATA queuetasks_module;
static int locked, closed_slowly, bells;

void mod_qt_registry_lock(mod_qt_registry *registry)
{
    (void)registry;
    locked++;
}

void mod_qt_registry_unlock(mod_qt_registry *registry)
{
    (void)registry;
    locked--;
}

void qt_store_bell_self(qt_store *store)
{
    (void)store;
    bells++;
}

void *ap_malloc(size_t n)
{
    return malloc(n);
}

void *ap_calloc(size_t n, size_t size)
{
    return calloc(n, size);
}

void ap_log_error_(const char *file, int line, int module_index, int level, apr_status_t status, const server_rec *s, const char *format,
                   ...)
{
    (void)file;
    (void)line;
    (void)module_index;
    (void)level;
    (void)status;
    (void)s;
    (void)format;
    closed_slowly++;
}

void mod_qt_view_task(qt_buf *buf, const qt_task_view *task, qt_time now)
{
    (void)buf;
    (void)task;
    (void)now;
}

/* ---- a stream that remembers what it was told ---- */

typedef struct stream {
    mod_qt_stream base;
    char name[16];
    apr_pool_t *pool;
    qt_buf heard;
    int takes;   /* so many writes until it is clogged; -1: any number */
    int clogged, ended, gone, pins, writes;
    /* its place in the played zone */
    qt_str key;
    unsigned groups; /* bits */
} stream;

static apr_pool_t *pool, *scratch;
static mod_qt_child child;
static mod_qt_fanout *fanout, *fanouts[1];
static qt_time now = 1000 * QT_SECOND;

mod_qt_stream *mod_qt_registry_pin(mod_qt_registry *registry, apr_uint64_t cookie)
{
    stream *s = (stream *)(apr_uintptr_t)cookie;

    (void)registry;
    if (s->gone) {
        return NULL;
    }
    s->pins++;
    return &s->base;
}

void mod_qt_registry_unpin(mod_qt_stream *base)
{
    ((stream *)base)->pins--;
}

static void fake_write(mod_qt_stream *base, const mod_qt_frame *frame)
{
    stream *s = (stream *)base;

    s->writes++;
    if (s->ended || locked || (s->clogged && s->takes >= 0)) {
        s->writes = -1000; /* never to be written to */
    }
    qt_buf_add(&s->heard, frame->text.p, frame->text.n);
    if (s->takes > 0 && --s->takes == 0) {
        s->clogged = 1;
        mod_qt_fanout_flow(base, 0);
    }
}

__attribute__((unused)) static void leave(stream *s)
{
    s->base.life = MOD_QT_ENDING;
    mod_qt_fanout_leave(&s->base);
    s->gone = 1;
}

static void fake_end(mod_qt_stream *base)
{
    stream *s = (stream *)base;

    s->ended = 1;
    if (base->transport->adopt) {
        leave(s);
    }
}

static void fake_adopt(mod_qt_stream *base)
{
    (void)base;
}

static const mod_qt_transport owned = { .name = "owned", .write = fake_write, .end = fake_end, .adopt = fake_adopt };
static const mod_qt_transport blocking = { .name = "blocking", .write = fake_write, .end = fake_end };

__attribute__((unused)) static void flow(stream *s, int takes)
{
    s->takes = takes;
    s->clogged = 0;
    mod_qt_fanout_flow(&s->base, 1);
}

/* ---- the zone ---- */

typedef struct message {
    unsigned group; /* index */
    qt_str key, type, data;
} message;

static message zone_log[LOG_MAX]; /* of seq i + 1 */
static apr_uint64_t zone_last, zone_collected;
static apr_uint64_t zone_kept[GROUPS]; /* of each group messages up to this seq are gone */
static unsigned batch = 3;
static int groups_named = 1;           /* events of a catch-up say their group */

static apr_uint64_t number_of(unsigned index)
{
    return 1000 + index;
}

__attribute__((unused)) static void publish(unsigned group, qt_str key, const char *data)
{
    zone_log[zone_last++ % LOG_MAX] = (message){ .group = group, .key = key, .data = qt_str_of(apr_pstrdup(pool, data)) };
}

static qt_event event_of(apr_uint64_t seq)
{
    const message *m = &zone_log[(seq - 1) % LOG_MAX];

    return (qt_event){ .kind = QT_EV_MESSAGE, .group = number_of(m->group), .seq = seq, .topic = QT_STR_LIT("t"), .key = m->key,
                       .type = m->type, .data = m->data };
}

/* One QT_COLLECT of at most `most` events. */
static void collect(apr_uint64_t most)
{
    while (zone_collected < zone_last && most-- > 0) {
        qt_event event = event_of(++zone_collected);

        mod_qt_fanout_tell(fanout, &event, EPOCH, scratch);
    }
    if (zone_collected == zone_last) {
        mod_qt_fanout_told(fanout);
    }
}

static int wants(const stream *s, const qt_event *event)
{
    unsigned group = (unsigned)(event->group - number_of(0));

    return (s->groups >> group & 1) && (!s->key.p || !event->key.p || qt_str_eq(s->key, event->key));
}

static stream *all_streams[4096];
static unsigned nstreams;

static stream *numbered(apr_uint64_t number)
{
    for (unsigned i = 0; i < nstreams; i++) {
        if (all_streams[i]->base.number == number) {
            return all_streams[i];
        }
    }
    return NULL;
}

static int is_lost(const stream *s, apr_uint64_t after)
{
    for (unsigned g = 0; g < GROUPS; g++) {
        if ((s->groups >> g & 1) && zone_kept[g] > after) {
            return 1;
        }
    }
    return 0;
}

/* QT_CATCH_UP as qt_call.h has it. */
static apr_status_t play_catch_up(qt_call *call)
{
    stream *s = numbered(call->stream);
    apr_uint64_t seq;

    if (!s || s->gone) {
        return QT_E_UNKNOWN;
    }
    call->epoch = EPOCH;
    call->seq = zone_last;
    if (!call->skip && is_lost(s, call->after)) {
        call->lost = 1;
        return APR_SUCCESS;
    }
    call->events = apr_pcalloc(scratch, batch * sizeof(*call->events));
    for (seq = call->after; seq < zone_last && call->n < batch; seq++) {
        qt_event event = event_of(seq + 1);

        if (wants(s, &event) && event.seq > zone_kept[event.group - number_of(0)]) {
            event.group = groups_named ? event.group : 0;
            call->events[call->n++] = event;
        }
    }
    call->after = seq;
    call->more = seq < zone_last;
    return APR_SUCCESS;
}

__attribute__((unused)) static int catch_up_once(void)
{
    qt_call *call = apr_pcalloc(scratch, sizeof(*call));

    if (!mod_qt_fanout_ask(fanout, call)) {
        return 0;
    }
    mod_qt_fanout_answer(fanout, call, play_catch_up(call), scratch);
    return 1;
}

static void look(void)
{
    apr_pool_clear(scratch);
    mod_qt_fanout_look(fanout, now, 1, scratch);
}

static void settle(void)
{
    look();
    collect(LOG_MAX);
    while (catch_up_once()) {
    }
    look();
}

/* ---- streams come ---- */

typedef struct wish {
    const mod_qt_transport *transport;
    qt_kind kind;
    unsigned groups;
    qt_str key;
    qt_cursor since;
    unsigned foreign : 1, skip : 1, envelope : 1;
} wish;

/* As mod_qt_stream_open: joins, and is not handed over yet. */
static stream *come(wish w)
{
    static apr_uint64_t numbers;
    apr_uint64_t groups[GROUPS];
    qt_call join = { .kind = w.kind, .since = w.since, .seq = zone_last, .after = w.since.given ? w.since.seq : zone_last,
                     .foreign = w.foreign, .grace = GRACE, .groups = groups };
    mod_qt_stream_conf conf = { .skip = w.skip, .envelope = w.envelope, .keys = &w.key, .nkeys = w.key.p ? 1 : 0 };
    stream *s = apr_pcalloc(pool, sizeof(*s));

    for (unsigned g = 0; g < GROUPS; g++) {
        if (w.groups >> g & 1) {
            groups[join.n++] = number_of(g);
        }
    }
    s->base.child = &child;
    s->base.transport = w.transport ? w.transport : &owned;
    s->base.cookie = (apr_uintptr_t)s;
    s->base.number = ++numbers;
    s->base.kind = w.kind;
    s->base.who = s->name;
    apr_snprintf(s->name, sizeof(s->name), "u%d", (int)numbers);
    s->groups = w.groups;
    s->key = w.key;
    s->takes = -1;
    qt_buf_init(&s->heard, pool);
    all_streams[nstreams++] = s;
    mod_qt_fanout_join(&s->base, &join, &conf);
    return s;
}

/* As the pump's `adopt`, or a blocking stream's `carry`. */
static stream *arrive(stream *s)
{
    s->base.life = MOD_QT_LIVE;
    mod_qt_fanout_flow(&s->base, 1);
    return s;
}

__attribute__((unused)) static stream *open_stream(wish w)
{
    stream *s = arrive(come(w));

    settle();
    s->heard.n = 0;
    return s;
}

#define heard_is(s, text, ...)                                                        \
    do {                                                                              \
        is_mem((s)->heard.p, (s)->heard.n, (text), strlen(text), __VA_ARGS__);        \
        (s)->heard.n = 0;                                                             \
    } while (0)

static void begin(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, NULL);
    child = (mod_qt_child){ .fanouts = fanouts };
    fanout = fanouts[0] = mod_qt_fanout_create(&child, pool);
    zone_last = zone_collected = 100;
    memset(zone_kept, 0, sizeof(zone_kept));
    batch = 3;
    groups_named = 1;
    nstreams = 0;
    closed_slowly = 0;
}

static void end(void)
{
    for (unsigned i = 0; i < nstreams; i++) {
        if (!all_streams[i]->gone) {
            leave(all_streams[i]);
        }
        ok(all_streams[i]->writes >= 0, "stream %u was written to only when it could be, under no lock", i);
        is_int(all_streams[i]->pins, 0, "and is pinned no more");
    }
    look();
    look();
    is_int(mod_qt_fanout_due(fanout), QT_NEVER, "nothing is left to do");
    apr_pool_destroy(pool);
    apr_pool_destroy(scratch);
}

#endif
