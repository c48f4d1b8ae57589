/* The shield: a signal that would end the process waits until no lock is held. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <signal.h>
#include "ipc/qt_lock.h"
#include "ipc/qt_shield.h"
#include "tap.h"

static volatile sig_atomic_t struck;

static void strike(int signal)
{
    (void)signal;
    struck++;
}

static int struck_by(int signal)
{
    struck = 0;
    raise(signal);
    return struck;
}

static void around_the_lock(qt_lock *lock)
{
    qt_time now;

    is_int(qt_lock_take(lock, &now), APR_SUCCESS, "the lock is had");
    ok(!struck_by(SIGTERM) && !struck_by(SIGHUP), "who holds it is left alone by SIGTERM and SIGHUP");
    is_int(struck_by(SIGUSR1), 1, "not by other signals");
    struck = 0;
    qt_lock_give(lock);
    is_int(struck, 2, "both come when it is given back");
}

static void nested(void)
{
    qt_shield_raise();
    qt_shield_raise();
    ok(!struck_by(SIGTERM), "a shield within a shield");
    qt_shield_lower();
    is_int(struck, 0, "the outer one holds");
    qt_shield_lower();
    is_int(struck, 1, "until it is lowered");
}

static void not_in_use(qt_lock *lock)
{
    qt_time now;

    is_int(qt_lock_take(lock, &now), APR_SUCCESS, "where threads that take locks get no signals");
    is_int(struck_by(SIGTERM), 1, "nothing is blocked");
    qt_lock_give(lock);
}

int main(void)
{
    apr_pool_t *pool;
    qt_lock_face face = { 0 };
    qt_lock lock = { .face = &face };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    is_int(apr_global_mutex_create(&lock.mutex, NULL, APR_LOCK_PROC_PTHREAD, pool), APR_SUCCESS, "a lock");
    signal(SIGTERM, strike);
    signal(SIGHUP, strike);
    signal(SIGUSR1, strike);
    not_in_use(&lock);
    qt_shield_use();
    around_the_lock(&lock);
    nested();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
