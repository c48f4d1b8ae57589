/* A growing run of bytes in a pool: what encoders write into. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_BUF_H
#define QT_BUF_H

#include <apr_pools.h>
#include "base/qt_base.h"

typedef struct qt_buf {
    apr_pool_t *pool; /* where it grows; old copies stay there until the pool is cleared */
    char *p;
    apr_size_t n, cap;
} qt_buf;

void qt_buf_init(qt_buf *buf, apr_pool_t *pool);
void qt_buf_add(qt_buf *buf, const char *p, apr_size_t n);
void qt_buf_adds(qt_buf *buf, const char *s);
void qt_buf_addc(qt_buf *buf, char c);
/* printf into the buffer; meant for numbers and fixed words, never for what a client sent. */
void qt_buf_addf(qt_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline qt_str qt_buf_str(const qt_buf *buf)
{
    return (qt_str){ buf->p, buf->n };
}

#endif
