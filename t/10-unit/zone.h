/* A zone for unit tests: its memory, its virtual clock, and verbs in a word. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_ZONE_H
#define TEST_ZONE_H

#include <time.h>
#include "core/qt_core.h"

typedef struct zone_fixture {
    qt_zone *zone;
    qt_time now;
} zone_fixture;

__attribute__((unused)) static void zone_open(zone_fixture *f, apr_size_t size)
{
    static const unsigned char key[16] = "fixed test seed";

    f->zone = calloc(1, size);
    f->now = 1000 * QT_SECOND;
    if (qt_zone_init(f->zone, size, key, 1) != APR_SUCCESS) {
        abort();
    }
#ifdef QT_PROVE
    f->zone->block.rollbacks = 0;
#endif
}

#endif
