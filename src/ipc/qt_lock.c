/* The lock. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/qt_lock.h"
#include "ipc/qt_clock.h"
#include "ipc/qt_shield.h"

#include <unistd.h>

apr_status_t qt_lock_take(qt_lock *lock, qt_time *now)
{
    qt_time began = qt_clock_now();
    apr_status_t rv;

    qt_shield_raise();
    rv = apr_global_mutex_lock(lock->mutex);
    if (rv != APR_SUCCESS) {
        qt_shield_lower();
        return rv;
    }
    *now = lock->since = qt_clock_now();
    lock->face->owner = lock->pid ? lock->pid : (apr_int32_t)getpid();
    lock->face->taken++;
    lock->face->wait += (apr_uint64_t)(lock->since - began);
    return APR_SUCCESS;
}

void qt_lock_give(qt_lock *lock)
{
    apr_uint64_t held = (apr_uint64_t)(qt_clock_now() - lock->since);

    lock->face->hold += held;
    lock->face->longest = held > lock->face->longest ? held : lock->face->longest;
    lock->face->owner = 0;
    apr_global_mutex_unlock(lock->mutex);
    qt_shield_lower();
}
