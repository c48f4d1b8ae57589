/* Time-outs of streams: rings of equal intervals, so that setting, moving and finding the next one cost the same for any number. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_TIMER_H
#define MOD_QT_TIMER_H

#include <apr_ring.h>
#include <apr_tables.h>
#include "base/qt_base.h"

typedef struct mod_qt_timer mod_qt_timer;
struct mod_qt_timer {
    APR_RING_ENTRY(mod_qt_timer) link;
    qt_time due;
    int set;  /* 1 while it stands in a ring */
    int kind; /* its owner's */
};

/* One thread's. As many rings as there are different intervals in the configuration: a handful. */
typedef struct mod_qt_timers {
    apr_array_header_t *rings;
} mod_qt_timers;

void mod_qt_timers_init(mod_qt_timers *timers, apr_pool_t *pool);
/* (Re)start: due `interval` (>= 0) after `now`, which never goes back from call to call. A timer starts zeroed. */
void mod_qt_timer_start(mod_qt_timers *timers, mod_qt_timer *timer, qt_time interval, qt_time now);
void mod_qt_timer_stop(mod_qt_timer *timer);
/* When the next one is due, or QT_NEVER. */
qt_time mod_qt_timers_next(const mod_qt_timers *timers);
/* Take out one that is due by `now`, or NULL. */
mod_qt_timer *mod_qt_timers_pop(mod_qt_timers *timers, qt_time now);

#endif
