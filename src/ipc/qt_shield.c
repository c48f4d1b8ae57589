/* The shield. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/qt_shield.h"

#include <signal.h>

static int in_use;
static __thread unsigned depth;
static __thread sigset_t before; /* what the thread blocked before it raised the first */

void qt_shield_use(void)
{
    in_use = 1;
}

void qt_shield_raise(void)
{
    sigset_t ending;

    if (in_use && depth++ == 0) {
        sigemptyset(&ending);
        sigaddset(&ending, SIGTERM);
        sigaddset(&ending, SIGHUP);
        pthread_sigmask(SIG_BLOCK, &ending, &before);
    }
}

void qt_shield_lower(void)
{
    if (in_use && --depth == 0) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
}
