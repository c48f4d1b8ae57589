/* The clock. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/qt_clock.h"

#include <time.h>

#ifdef CLOCK_BOOTTIME
#define QT_CLOCK CLOCK_BOOTTIME
#else
#define QT_CLOCK CLOCK_MONOTONIC
#endif

qt_time qt_clock_now(void)
{
    struct timespec t;

    clock_gettime(QT_CLOCK, &t);
    return (qt_time)t.tv_sec * QT_SECOND + t.tv_nsec / 1000 + 1;
}
