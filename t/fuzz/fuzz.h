/* What a fuzz target has: its one function, an assertion that ends the program, and a count of inputs that got through. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_general.h>
#include <apr_pools.h>
#include "base/qt_base.h"

/* One target, three builds: libFuzzer's main, replay.c's main over the corpus, and replay.c's under other sanitizers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs that the code under test accepted. replay.c wants one at least: a corpus of refusals alone proves little. */
extern unsigned long fuzz_accepted;

/* An oracle: not assert(), which NDEBUG takes away. */
#define MUST(truth)                                                                                   \
    do {                                                                                              \
        if (!(truth)) {                                                                               \
            fprintf(stderr, "%s:%d: this must hold: %s\n", __FILE__, __LINE__, #truth);               \
            abort();                                                                                  \
        }                                                                                             \
    } while (0)

/* A pool for one input, empty again at the next. */
static inline apr_pool_t *fuzz_pool(void)
{
    static apr_pool_t *pool;

    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    apr_pool_clear(pool);
    return pool;
}

/* The next byte of the input, or 0 at its end. */
static inline unsigned fuzz_byte(qt_str *input)
{
    if (input->n == 0) {
        return 0;
    }
    input->n--;
    return (unsigned char)*input->p++;
}

/* Up to n bytes of the input, as a span of it. */
static inline qt_str fuzz_take(qt_str *input, size_t n)
{
    qt_str part = { input->p, n < input->n ? n : input->n };

    input->p += part.n;
    input->n -= part.n;
    return part;
}

#endif
