/* Rings of equal intervals: each is sorted by itself, since who starts later is due later. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_timer.h"

typedef struct ring {
    APR_RING_HEAD(ring_head, mod_qt_timer) head;
    qt_time interval;
} ring;

void mod_qt_timers_init(mod_qt_timers *timers, apr_pool_t *pool)
{
    timers->rings = apr_array_make(pool, 4, sizeof(ring *));
}

static ring *ring_of(mod_qt_timers *timers, qt_time interval)
{
    ring *found;
    int i;

    for (i = 0; i < timers->rings->nelts; i++) {
        found = APR_ARRAY_IDX(timers->rings, i, ring *);
        if (found->interval == interval) {
            return found;
        }
    }
    found = apr_palloc(timers->rings->pool, sizeof(*found));
    APR_RING_INIT(&found->head, mod_qt_timer, link);
    found->interval = interval;
    APR_ARRAY_PUSH(timers->rings, ring *) = found;
    return found;
}

void mod_qt_timer_start(mod_qt_timers *timers, mod_qt_timer *timer, qt_time interval, qt_time now)
{
    ring *home = ring_of(timers, interval);

    mod_qt_timer_stop(timer);
    timer->due = now + interval;
    timer->set = 1;
    APR_RING_INSERT_TAIL(&home->head, timer, mod_qt_timer, link);
}

void mod_qt_timer_stop(mod_qt_timer *timer)
{
    if (timer->set) {
        APR_RING_REMOVE(timer, link);
        timer->set = 0;
    }
}

/* The first to be due of all, or NULL. */
static mod_qt_timer *first_of(const mod_qt_timers *timers)
{
    mod_qt_timer *first = NULL;
    int i;

    for (i = 0; i < timers->rings->nelts; i++) {
        ring *home = APR_ARRAY_IDX(timers->rings, i, ring *);

        if (!APR_RING_EMPTY(&home->head, mod_qt_timer, link) && (!first || APR_RING_FIRST(&home->head)->due < first->due)) {
            first = APR_RING_FIRST(&home->head);
        }
    }
    return first;
}

qt_time mod_qt_timers_next(const mod_qt_timers *timers)
{
    const mod_qt_timer *first = first_of(timers);

    return first ? first->due : QT_NEVER;
}

mod_qt_timer *mod_qt_timers_pop(mod_qt_timers *timers, qt_time now)
{
    mod_qt_timer *first = first_of(timers);

    if (!first || first->due > now) {
        return NULL;
    }
    mod_qt_timer_stop(first);
    return first;
}
