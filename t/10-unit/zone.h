/* A zone for unit tests: its memory, its virtual clock, and verbs in a word. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ZONE_H
#define TEST_ZONE_H

#include <stdlib.h>
#include <time.h>
#include "core/qt_core.h"

typedef struct zone_fixture {
    qt_zone *zone;
    qt_time now;
    qt_rules rules;     /* what zone_join and zone_take give */
    qt_call call;       /* the last one, with its answer */
    char out[1 << 20];
} zone_fixture;

#define UNUSED __attribute__((unused)) static

UNUSED void zone_open(zone_fixture *f, apr_size_t size)
{
    static const unsigned char key[16] = "fixed test seed";

    f->zone = calloc(1, size);
    f->now = 1000 * QT_SECOND;
    f->rules = (qt_rules){ .window = 40 * QT_SECOND, .grace = 5 * QT_SECOND, .cooldown = 60 * QT_SECOND, .capacity = 1, .max_extends = 1 };
    if (qt_zone_init(f->zone, size, key, 1) != APR_SUCCESS) {
        abort();
    }
}

UNUSED void zone_close(zone_fixture *f)
{
    free(f->zone);
}

/* Execute f->call; a broken invariant ends the program. */
UNUSED apr_status_t zone_call(zone_fixture *f)
{
    apr_status_t rv;
    const char *why;

    f->call.out = (qt_out){ .p = f->out, .cap = sizeof(f->out) };
    rv = qt_core_call(f->zone, f->now, &f->call);
    why = qt_check(f->zone, f->now);
    if (why) {
        printf("Bail out! verb %d: %s\n", f->call.verb, why);
        exit(1);
    }
    return rv;
}

UNUSED apr_status_t zone_do(zone_fixture *f, qt_verb verb, const char *who, const char *task)
{
    f->call = (qt_call){ .verb = verb, .who = qt_str_of(who), .task = qt_str_of(task), .rules = &f->rules };
    return zone_call(f);
}

UNUSED apr_status_t zone_add_spec(zone_fixture *f, const qt_spec *spec)
{
    f->call = (qt_call){ .verb = QT_ADD, .specs = spec, .nspecs = 1 };
    return zone_call(f);
}

UNUSED apr_status_t zone_add(zone_fixture *f, const char *task)
{
    qt_spec spec = { .id = qt_str_of(task) };

    return zone_add_spec(f, &spec);
}

/* A stream of child 0 that is told at once; its number, or 0. */
UNUSED apr_uint64_t zone_join(zone_fixture *f, const char *who, const char *labels)
{
    apr_uint64_t stream;

    f->call = (qt_call){ .verb = QT_JOIN, .who = qt_str_of(who), .labels = qt_str_of(labels), .rules = &f->rules };
    if (zone_call(f) != APR_SUCCESS) {
        return 0;
    }
    stream = f->call.stream;
    f->call = (qt_call){ .verb = QT_HOLD, .stream = stream };
    zone_call(f);
    return stream;
}

UNUSED void zone_leave(zone_fixture *f, apr_uint64_t stream)
{
    f->call = (qt_call){ .verb = QT_LEAVE, .stream = stream };
    zone_call(f);
}

/* Time passes, and what is due is done, one moment after the other. */
UNUSED void zone_pass(zone_fixture *f, qt_time by)
{
    qt_time end = f->now + by;
    qt_time next;

    while ((next = qt_next_due(f->zone)) <= end) {
        f->now = next > f->now ? next : f->now;
        zone_do(f, QT_TICK, NULL, NULL);
    }
    f->now = end;
}

UNUSED const qt_task_view *zone_get(zone_fixture *f, const char *task)
{
    return zone_do(f, QT_GET, NULL, task) == APR_SUCCESS ? f->call.tasks : NULL;
}

UNUSED const char *zone_state(zone_fixture *f, const char *task)
{
    const qt_task_view *view = zone_get(f, task);

    return view ? qt_state_names[view->state] : "unknown";
}

/* "state operator", the operator only when there is one. */
UNUSED const char *zone_where(zone_fixture *f, const char *task)
{
    static char text[2][160];
    static int at;
    const qt_task_view *view = zone_get(f, task);

    at = !at;
    if (!view) {
        return "unknown";
    }
    snprintf(text[at], sizeof(text[at]), "%s%s%.*s", qt_state_names[view->state], view->operator_id.n ? " " : "",
             (int)view->operator_id.n, view->operator_id.p ? view->operator_id.p : "");
    return text[at];
}

/* What a stream is told now, as words: "task:t1 task!t2 (assigned) closed:t1=expired end". */
UNUSED const char *zone_told(zone_fixture *f, apr_uint64_t stream)
{
    static char text[1024];
    apr_size_t n = 0;

    text[0] = 0;
    f->call = (qt_call){ .verb = QT_COLLECT };
    zone_call(f);
    for (apr_uint32_t i = 0; i < f->call.n; i++) {
        const qt_event *e = &f->call.events[i];

        if (e->stream != stream) {
            continue;
        }
        if (e->kind == QT_EV_END || e->kind == QT_EV_GAP) {
            n += (apr_size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", e->kind == QT_EV_END ? "end" : "gap");
            continue;
        }
        n += (apr_size_t)snprintf(text + n, sizeof(text) - n, "%s%s%.*s%s%s", n ? " " : "",
                                  e->kind == QT_EV_CLOSED ? "closed:" : e->task.assigned ? "task!" : "task:",
                                  (int)e->task.id.n, e->task.id.p, e->kind == QT_EV_CLOSED ? "=" : "",
                                  e->kind == QT_EV_CLOSED ? qt_reason_names[e->reason] : "");
    }
    return text;
}

/* "a:free b:busy", in queue order. */
UNUSED const char *zone_queue(zone_fixture *f)
{
    static char text[1024];
    apr_size_t n = 0;

    text[0] = 0;
    zone_do(f, QT_OPERATORS, NULL, NULL);
    for (apr_uint32_t i = 0; i < f->call.n; i++) {
        const qt_operator_view *v = &f->call.operators[i];

        n += (apr_size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s:%s", n ? " " : "", (int)v->id.n, v->id.p,
                                  qt_op_status_names[v->status]);
    }
    return text;
}

#endif
