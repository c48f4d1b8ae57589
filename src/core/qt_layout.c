/* How a zone is laid out in its block: header, undo log, buckets, page table, pages. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_set.h"

/* The smallest undo log: room for the largest step of a verb, twice. */
#define QT_UNDO_MIN (256 * 1024)

static apr_uint32_t power_of_two(apr_uint64_t n)
{
    apr_uint32_t p = 64;

    while (p < n && p < (1U << 24)) {
        p *= 2;
    }
    return p;
}

/* Gives a table its buckets at offset `at`; returns the offset behind them. */
static apr_uint64_t lay_table(qt_table *table, apr_uint64_t at, apr_uint64_t want)
{
    apr_uint32_t n = power_of_two(want);

    *table = (qt_table){ .buckets = (qt_ref)(at / 8), .mask = n - 1 };
    return at + (apr_uint64_t)n * sizeof(qt_ref);
}

apr_status_t qt_zone_init(void *memory, apr_size_t size, const unsigned char seed[16], apr_uint64_t start)
{
    qt_zone *z = memory;
    apr_uint64_t at = (sizeof(*z) + 7) & ~(apr_uint64_t)7;
    qt_set *everybody;

    if (size < QT_ZONE_MIN || size / 8 > APR_UINT32_MAX) {
        return APR_EINVAL;
    }
    z->block.size = size;
    z->block.undo.at = at;
    z->block.undo.cap = size / 8 < QT_UNDO_MIN ? QT_UNDO_MIN : (size / 8) & ~(apr_uint64_t)7;
    at += z->block.undo.cap;
    at = lay_table(&z->tasks, at, size / 512);
    at = lay_table(&z->operators, at, size / 4096);
    at = lay_table(&z->sets, at, size / 8192);
    at = lay_table(&z->streams, at, size / 4096);
    at = lay_table(&z->tickets, at, size / 16384);
    at = lay_table(&z->users, at, size / 4096);
    at = lay_table(&z->topics, at, size / 2048);
    at = lay_table(&z->latest, at, size / 1024);
    at = lay_table(&z->pendings, at, size / 16384);
    at = lay_table(&z->receipts, at, size / 8192);
    at = lay_table(&z->queues, at, size / 16384);
    qt_arena_init(QT_B(z), &z->arena, at, size);
    memcpy(z->seed, seed, sizeof(z->seed));
    z->ages = z->seats = z->serials = z->offers = start;
    z->epoch = start;
    qt_begin(QT_B(z));
    everybody = qt_set_get(z, QT_STR_NONE);
    z->everybody = everybody ? QT_OF(z, everybody) : 0;
    z->block.magic = QT_MAGIC;
    return qt_end(QT_B(z), everybody ? APR_SUCCESS : QT_E_FULL);
}
