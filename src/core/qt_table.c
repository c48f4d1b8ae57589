/* The hash table. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_table.h"

#include <apr_siphash.h>

apr_uint32_t qt_table_hash(const unsigned char seed[16], qt_str id)
{
    return (apr_uint32_t)apr_siphash24(id.p, id.n, seed);
}

static qt_ref *bucket_of(qt_block *b, const qt_table *table, apr_uint32_t hash)
{
    return QT_PTR(b, qt_ref, table->buckets) + (hash & table->mask);
}

qt_entry *qt_table_find(qt_block *b, const qt_table *table, apr_uint32_t hash, qt_str id)
{
    qt_ref at = *bucket_of(b, table, hash);

    while (at) {
        qt_entry *e = QT_PTR(b, qt_entry, at);

        if (e->hash == hash && qt_str_eq(qt_entry_id(e), id)) {
            return e;
        }
        at = e->next;
    }
    return NULL;
}

void qt_table_add(qt_block *b, qt_table *table, void *record, apr_size_t size, apr_uint32_t hash, qt_str id)
{
    qt_ref *bucket = bucket_of(b, table, hash);
    qt_entry *e = record;

    *e = (qt_entry){ .next = *bucket, .hash = hash, .n = (apr_uint32_t)id.n, .id_at = (apr_uint32_t)size };
    if (id.n) {
        memcpy((char *)record + size, id.p, id.n);
    }
    QT_SET(b, *bucket, QT_REF(b, record));
    QT_SET(b, table->count, table->count + 1);
}

void qt_table_drop(qt_block *b, qt_table *table, void *record)
{
    qt_entry *gone = record;
    qt_ref ref = QT_REF(b, record);
    qt_ref *at = bucket_of(b, table, gone->hash);

    while (*at != ref) {
        at = &QT_PTR(b, qt_entry, *at)->next;
    }
    QT_SET(b, *at, gone->next);
    QT_SET(b, table->count, table->count - 1);
}

int qt_table_has(qt_block *b, const qt_table *table, const void *record)
{
    qt_ref ref = QT_REF(b, record), at = *bucket_of(b, table, ((const qt_entry *)record)->hash);

    while (at && at != ref) {
        at = QT_PTR(b, qt_entry, at)->next;
    }
    return at != 0;
}

static int before(qt_str a, qt_str c)
{
    int order = memcmp(a.p, c.p, a.n < c.n ? a.n : c.n);

    return order < 0 || (order == 0 && a.n < c.n);
}

/* Of one bucket, the record with the least id after `floor`, or, without one, of all. */
static qt_entry *least(qt_block *b, const qt_table *table, apr_uint32_t bucket, qt_str floor)
{
    qt_entry *best = NULL;

    for (qt_ref at = *bucket_of(b, table, bucket); at; at = QT_PTR(b, qt_entry, at)->next) {
        qt_entry *e = QT_PTR(b, qt_entry, at);
        qt_str id = qt_entry_id(e);

        if ((!floor.p || before(floor, id)) && (!best || before(id, qt_entry_id(best)))) {
            best = e;
        }
    }
    return best;
}

qt_entry *qt_table_after(qt_block *b, const qt_table *table, apr_uint32_t hash, qt_str id)
{
    qt_entry *e = least(b, table, hash & table->mask, id);

    for (apr_uint32_t i = (hash & table->mask) + 1; !e && i <= table->mask; i++) {
        e = least(b, table, i, QT_STR_NONE);
    }
    return e;
}

qt_entry *qt_table_next(qt_block *b, const qt_table *table, const qt_entry *at)
{
    apr_uint32_t i = 0;

    if (at && at->next) {
        return QT_PTR(b, qt_entry, at->next);
    }
    for (i = at ? (at->hash & table->mask) + 1 : 0; i <= table->mask; i++) {
        qt_ref first = QT_PTR(b, qt_ref, table->buckets)[i];

        if (first) {
            return QT_PTR(b, qt_entry, first);
        }
    }
    return NULL;
}

