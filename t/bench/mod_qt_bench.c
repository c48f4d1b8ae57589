/* A publisher for the benchmark alone: what is POSTed to its handler goes, as one event, to every stream of this child. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_thread_mutex.h>
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include "stream/mod_qt_pump.h"
#include "stream/mod_qt_frame.h"
#include "stream/mod_qt_registry.h"
#include "wire/qt_sse.h"

/*
 * It is linked with the module's own objects into one file that holds both modules. The linker leads three calls of the stream
 * floor around here (--wrap), so that the floor itself knows nothing of it: the start of the pump tells the child's streams,
 * and the pump's look for arrivals, once a turn, is the moment to write.
 */
apr_status_t __real_mod_qt_pump_start(mod_qt_child *child, qt_time drain_time, apr_pool_t *pchild);
apr_status_t __wrap_mod_qt_pump_start(mod_qt_child *child, qt_time drain_time, apr_pool_t *pchild);
mod_qt_stream *__real_mod_qt_registry_arrivals(mod_qt_registry *registry);
mod_qt_stream *__wrap_mod_qt_registry_arrivals(mod_qt_registry *registry);
apr_status_t __real_mod_qt_transport_hold(mod_qt_stream *stream, int hold, apr_pool_t *pool);
apr_status_t __wrap_mod_qt_transport_hold(mod_qt_stream *stream, int hold, apr_pool_t *pool);

#define SLOTS_MAX 65536
#define BODY_MAX 8192
/* Messages that may wait for the pump; more are refused, which ends a benchmark. */
#define WAITING_MAX 256

typedef struct message {
    apr_size_t n;
    char p[BODY_MAX];
} message;

static mod_qt_child *here;
static apr_thread_mutex_t *mutex; /* guards the ring */
static message *ring;
static unsigned taken, put;       /* counted on and on; both ends of what waits */

apr_status_t __wrap_mod_qt_pump_start(mod_qt_child *child, qt_time drain_time, apr_pool_t *pchild)
{
    apr_status_t rv = apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pchild);

    here = child;
    ring = apr_pcalloc(pchild, WAITING_MAX * sizeof(*ring));
    return rv == APR_SUCCESS ? __real_mod_qt_pump_start(child, drain_time, pchild) : rv;
}

/* ---- the pump's thread ---- */

/* By slot. */
static char reads[SLOTS_MAX];

apr_status_t __wrap_mod_qt_transport_hold(mod_qt_stream *stream, int hold, apr_pool_t *pool)
{
    reads[(apr_uint32_t)stream->cookie % SLOTS_MAX] = !hold;
    return __real_mod_qt_transport_hold(stream, hold, pool);
}

static void write_all(const mod_qt_frame *frame)
{
    int end = 0;

    for (unsigned i = 0; !end; i++) {
        mod_qt_stream *stream = mod_qt_registry_pin_at(here->registry, i, &end);

        if (stream) {
            if (reads[i % SLOTS_MAX]) {
                stream->transport->write(stream, frame);
            }
            mod_qt_registry_unpin(stream);
        }
    }
}

static int take(mod_qt_frame *frame)
{
    qt_buf text;
    int there;

    apr_thread_mutex_lock(mutex);
    there = taken != put;
    if (there) {
        const message *next = &ring[taken++ % WAITING_MAX];

        mod_qt_frame_begin(&text, mod_qt_pump_scratch(here->pump));
        qt_sse_put(&text, &(qt_sse_event){ .data = { next->p, next->n } });
        *frame = mod_qt_frame_end(&text);
    }
    apr_thread_mutex_unlock(mutex);
    return there;
}

mod_qt_stream *__wrap_mod_qt_registry_arrivals(mod_qt_registry *registry)
{
    mod_qt_frame frame;

    while (take(&frame)) {
        write_all(&frame);
    }
    return __real_mod_qt_registry_arrivals(registry);
}

/* ---- the handler ---- */

static int keep(const char *body, apr_size_t n)
{
    int room;

    apr_thread_mutex_lock(mutex);
    room = put - taken < WAITING_MAX;
    if (room) {
        message *last = &ring[put++ % WAITING_MAX];

        memcpy(last->p, body, n);
        last->n = n;
    }
    apr_thread_mutex_unlock(mutex);
    qt_store_bell_self(here->store);
    return room;
}

/* "queuetasks-nothing" reads and answers, and does nothing else: what httpd itself costs. */
static int publish(request_rec *r)
{
    char body[BODY_MAX];
    apr_size_t n = 0;
    long got = 1;
    int rv, nothing = r->handler && strcmp(r->handler, "queuetasks-nothing") == 0;

    if (!nothing && (!r->handler || strcmp(r->handler, "queuetasks-bench") != 0)) {
        return DECLINED;
    }
    rv = ap_setup_client_block(r, REQUEST_CHUNKED_ERROR);
    if (rv != OK) {
        return rv;
    }
    ap_should_client_block(r);
    while (n < sizeof(body) && (got = ap_get_client_block(r, body + n, sizeof(body) - n)) > 0) {
        n += (apr_size_t)got;
    }
    if (got != 0 || (!nothing && !keep(body, n))) {
        return HTTP_SERVICE_UNAVAILABLE;
    }
    ap_set_content_length(r, 0);
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(publish, NULL, NULL, APR_HOOK_MIDDLE);
}

extern module AP_MODULE_DECLARE_DATA __attribute__((visibility("default"))) queuetasks_bench_module;
AP_DECLARE_MODULE(queuetasks_bench) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, 0 };
