/* Bells: how one child tells another's pump that there is something to collect. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_BELL_H
#define QT_BELL_H

#include <apr_file_io.h>
#include <apr_pools.h>
#include "base/qt_base.h"

/* A pipe made before the fork, so every child can ring every bell; and a shared word that saves most of the writes. */
typedef struct qt_bell {
    apr_file_t *in, *out;
} qt_bell;

apr_status_t qt_bell_make(qt_bell *bell, apr_pool_t *pool);
/* The descriptor to poll for reading. */
int qt_bell_fd(const qt_bell *bell);
/* Ring, unless it rings already by `rung`; `force` writes in any case (the one who set `rung` may have died before writing). */
void qt_bell_ring(const qt_bell *bell, apr_uint32_t *rung, int force);
/* Empty it. What was made known before a ring that this swallows is seen by whoever looks after this call. */
void qt_bell_clear(const qt_bell *bell, apr_uint32_t *rung);

#endif
