/* What both halves of qt_check share. Nobody else includes it. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_CHECK_H
#define QT_CHECK_H

#include "core/qt_zone.h"

/* Leaves the check that it stands in with what does not hold. */
#define CHECK(holds, what)  \
    do {                    \
        if (!(holds)) {     \
            return (what);  \
        }                   \
    } while (0)

/* Bytes of the cell that a record of `size` takes, with the id behind it. */
static inline apr_size_t qt_record_cell(const void *record, apr_size_t size)
{
    return qt_cell_size(size + qt_id(record).n);
}

/* The invariants of topics, users and queues; NULL or what does not hold. `bytes` and `due` add up what was found. In qt_check_talk.c. */
const char *qt_check_talk(qt_zone *z, apr_uint64_t *bytes, apr_uint64_t *due);

#endif
