/* The undo log. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_block.h"

#include <stdlib.h>

#ifdef QT_PROVE
void (*qt_prove_touch)(void);
int qt_prove_cells = 1;
#endif

void qt_touch_slow(qt_block *b, const void *p, apr_size_t n)
{
    const char *from = p;

    while (n > 0x8000) {
        qt_touch(b, from, 0x8000);
        from += 0x8000;
        n -= 0x8000;
    }
    if (b->undo.cap - b->undo.used < n + 16) {
        abort(); /* a step larger than half the log: a defect, but nothing may change unsaved */
    }
    qt_touch(b, from, n);
}

void qt_rollback(qt_block *b)
{
    const char *log = (const char *)b + b->undo.at;

    b->rollbacks++;
    while (b->undo.used > 0) {
        apr_uint64_t trailer;
        apr_size_t n, padded;

        memcpy(&trailer, log + b->undo.used - 8, 8);
        n = trailer & 0xffff;
        padded = (n + 7) & ~(apr_size_t)7;
        memcpy((char *)b + (trailer >> 16), log + b->undo.used - 8 - padded, n);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        __atomic_store_n(&b->undo.used, b->undo.used - padded - 8, __ATOMIC_RELEASE);
    }
}

void qt_begin(qt_block *b)
{
    if (b->undo.used > 0) {
        qt_rollback(b);
    }
    b->verb++;
}

apr_status_t qt_end(qt_block *b, apr_status_t status)
{
    if (status != APR_SUCCESS) {
        if (b->undo.used > 0) {
            qt_rollback(b);
        }
        return status;
    }
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&b->undo.used, 0, __ATOMIC_RELEASE);
    return APR_SUCCESS;
}
