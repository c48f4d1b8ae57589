/* The one lock: a global mutex that knows its owner and counts what it costs. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_LOCK_H
#define QT_LOCK_H

#include <apr_global_mutex.h>
#include "base/qt_base.h"

/* Shared by all children; written only by the owner of the lock. */
typedef struct qt_lock_face {
    apr_int32_t owner;        /* process id, 0: nobody; a dead owner's stays until the next one comes */
    apr_int32_t unused;
    apr_uint64_t taken;       /* times */
    apr_uint64_t wait, hold;  /* microseconds, summed */
    apr_uint64_t longest;     /* hold */
} qt_lock_face;

typedef struct qt_lock {
    apr_global_mutex_t *mutex;
    qt_lock_face *face;
    qt_time since;            /* when this process took it */
    apr_int32_t pid;          /* this process's, asked of the system once: not each time; 0: not yet */
} qt_lock;

/* Takes the lock; *now is the moment when it was had. A dead owner's lock is taken over (robust mutexes, file locks, System V). */
apr_status_t qt_lock_take(qt_lock *lock, qt_time *now);
void qt_lock_give(qt_lock *lock);

#endif
