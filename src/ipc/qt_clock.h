/* The clock that all children share. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_CLOCK_H
#define QT_CLOCK_H

#include "base/qt_base.h"

/* Monotonic microseconds, the same in every process of the machine, going on through a suspend where the system has such a
 * clock. Never 0. */
qt_time qt_clock_now(void);

#endif
