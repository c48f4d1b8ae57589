/* The growing buffer. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/qt_buf.h"

#include <stdarg.h>
#include <stdio.h>

#define QT_BUF_FIRST 256

void qt_buf_init(qt_buf *buf, apr_pool_t *pool)
{
    *buf = (qt_buf){ .pool = pool };
}

static void make_room(qt_buf *buf, apr_size_t n)
{
    apr_size_t cap = buf->cap ? buf->cap : QT_BUF_FIRST;
    char *p;

    if (buf->cap - buf->n >= n) {
        return;
    }
    while (cap - buf->n < n) {
        cap *= 2;
    }
    p = apr_palloc(buf->pool, cap);
    if (buf->n) {
        memcpy(p, buf->p, buf->n);
    }
    buf->p = p;
    buf->cap = cap;
}

void qt_buf_add(qt_buf *buf, const char *p, apr_size_t n)
{
    if (n == 0) {
        return;
    }
    make_room(buf, n);
    memcpy(buf->p + buf->n, p, n);
    buf->n += n;
}

void qt_buf_adds(qt_buf *buf, const char *s)
{
    qt_buf_add(buf, s, strlen(s));
}

void qt_buf_addc(qt_buf *buf, char c)
{
    qt_buf_add(buf, &c, 1);
}

void qt_buf_addf(qt_buf *buf, const char *format, ...)
{
    char text[128];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    qt_buf_add(buf, text, n < (int)sizeof(text) ? (apr_size_t)n : sizeof(text) - 1);
}
