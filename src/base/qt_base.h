/* Spans and the few words that every floor uses. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_BASE_H
#define QT_BASE_H

#include <string.h>
#include <apr.h>
#include <apr_errno.h>
#include <apr_time.h>

/* A run of bytes that belongs to somebody else: not NUL-terminated, may hold any byte. {NULL, 0} is "absent". */
typedef struct qt_str {
    const char *p;
    apr_size_t n;
} qt_str;

#define QT_STR_NONE ((qt_str){ NULL, 0 })
#define QT_STR_LIT(s) ((qt_str){ (s), sizeof(s) - 1 })

/* Microseconds of the monotonic clock that all children share (see ipc/qt_clock.h); never wall time. */
typedef apr_int64_t qt_time;

#define QT_SECOND ((qt_time)1000000)
#define QT_NEVER ((qt_time)APR_INT64_MAX)

/* Longest id or name in bytes (api.md, section 3). */
#define QT_NAME_MAX 128
/* Most labels of an operator or a task, and most bytes of their canonical list (wire/qt_labels.h): more is QT_E_TOO_LARGE. */
#define QT_LABELS_MAX 32
#define QT_LABELS_BYTES 2048

static inline qt_str qt_str_of(const char *s)
{
    return (qt_str){ s, s ? strlen(s) : 0 };
}

/* The earlier of two moments, where 0 is "not set". */
static inline qt_time qt_earlier(qt_time a, qt_time b)
{
    return !a || (b && b < a) ? b : a;
}

static inline int qt_str_eq(qt_str a, qt_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
