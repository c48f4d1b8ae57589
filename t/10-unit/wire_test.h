/* What the unit programs of the wire floor share: a pool, literals with any bytes, comparison of spans. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_TEST_H
#define WIRE_TEST_H

#include <apr_general.h>
#include "base/qt_buf.h"
#include "base/qt_status.h"
#include "tap.h"

static apr_pool_t *pool;

/* A span over a literal, NULs included. */
#define S(literal) QT_STR_LIT(literal)
#define is_span(got, literal, ...)                                                \
    do {                                                                          \
        qt_str span_ = (got);                                                     \
        is_mem(span_.p, span_.n, (literal), sizeof(literal) - 1, __VA_ARGS__);    \
    } while (0)
#define is_absent(got, ...)                                                       \
    do {                                                                          \
        qt_str span_ = (got);                                                     \
        ok(span_.p == NULL && span_.n == 0, __VA_ARGS__);                         \
    } while (0)

/* What a writer wrote, byte for byte; the buffer is empty again afterwards. */
#define is_written(buffer, literal, ...)                                          \
    do {                                                                          \
        is_mem((buffer)->p, (buffer)->n, (literal), sizeof(literal) - 1, __VA_ARGS__); \
        (buffer)->n = 0;                                                          \
    } while (0)

/* A span in memory of its own size, so that AddressSanitizer sees one byte read too many. */
__attribute__((unused)) static qt_str exact(qt_str text)
{
    char *p = malloc(text.n ? text.n : 1);

    if (text.n) {
        memcpy(p, text.p, text.n);
    }
    return (qt_str){ p, text.n };
}

__attribute__((unused)) static qt_str repeat(char c, apr_size_t n)
{
    char *p = apr_palloc(pool, n + 1);

    memset(p, c, n);
    return (qt_str){ p, n };
}

static void wire_begin(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
}

static int wire_end(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}

#endif
