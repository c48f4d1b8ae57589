/* The waist: where zones live and how verbs reach them. httpd's side knows no more of the state than this page. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_STORE_H
#define QT_STORE_H

#include <apr_pools.h>
#include <apr_global_mutex.h>
#include "core/qt_call.h"

typedef struct qt_store qt_store; /* all zones of one httpd; one a server, kept over graceful restarts */
typedef struct qt_zone_ref qt_zone_ref; /* one zone, valid in every child of every generation */

/* ---- verbs ---- */

/*
 * Execute call->verb in the zone: takes the lock, reads the clock once, lets the core work, gives the lock back and then
 * rings the bells of the children that have something to collect, and this child's own when its timer must be set earlier.
 * Answers are laid in `pool`, grown as needed; call->out need not be set.
 * Returns what the verb returns, or the error of the lock (nothing was done then). Thread-safe.
 */
apr_status_t qt_store_call(qt_zone_ref *zone, qt_call *call, apr_pool_t *pool);

/* Monotonic now, for the same clock that verbs are given; and the wall time of a monotonic moment, seen from now. */
qt_time qt_store_now(void);
apr_time_t qt_store_wall(qt_time moment);

/* ---- a child's side: one pump a child ---- */

/* This process is a child now: takes a slot of the store. QT_E_FULL when there is none. */
apr_status_t qt_store_child_init(qt_store *store, apr_pool_t *pchild);
/* The slot of this child: what QT_JOIN and QT_COLLECT take as `child`. */
apr_uint32_t qt_store_child(qt_store *store);
/* The descriptor that becomes readable when this child's bell is rung; qt_store_bell_clear empties it. */
int qt_store_bell_fd(qt_store *store);
void qt_store_bell_clear(qt_store *store);
/* Ring this child's own bell (any thread): the pump looks at its own matters. */
void qt_store_bell_self(qt_store *store);
/* The same, however it is with the bell: whoever rang it last may have been stopped in the middle of that. */
void qt_store_bell_force(qt_store *store);
/* Zones, to walk over: index from 0; NULL past the last. */
qt_zone_ref *qt_store_zone(qt_store *store, unsigned index);
/* Streams of children that died are given up (call it when the bell rang; cheap when there are none). */
void qt_store_bury(qt_store *store, apr_pool_t *scratch);
/* When QT_TICK is due in the zone, as far as this child knows: each verb of this child keeps it up to date. */
qt_time qt_store_due(const qt_zone_ref *zone);

/* ---- the parent's side ---- */

typedef struct qt_store_setup {
    apr_global_mutex_t *mutex;      /* made by the server's side (Mutex directive, permissions); lives as long as the store */
    const char *mutex_file;         /* its lock file for apr_global_mutex_child_init, or NULL */
    unsigned children;              /* most children at a time, <= QT_CHILDREN_MAX */
} qt_store_setup;

/*
 * The module's code is unloaded and loaded again (elsewhere, perhaps) at every graceful restart, while the store lives on in the process's
 * pool: nothing in it may point into the module. No function pointers, no cleanups of ours on that pool, no pointers to string literals.
 */

/* Create a store whose memory, lock and bells live as long as `pool` (the process's). */
apr_status_t qt_store_create(qt_store **store, const qt_store_setup *setup, apr_pool_t *pool);
/* Open or create a zone by name. An existing one keeps its size: *kept_size then differs from `size`. Before the fork only. */
apr_status_t qt_store_open(qt_zone_ref **zone, qt_store *store, const char *name, apr_size_t size, apr_size_t *kept_size);
const char *qt_zone_name(const qt_zone_ref *zone);
/* A child has ended: without taking the lock, marks its slot and wakes the others, who bury it. */
void qt_store_child_ended(qt_store *store, apr_int32_t pid);

#endif
