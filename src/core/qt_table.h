/* Hash tables inside the block, keyed by the id that follows each record. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_TABLE_H
#define QT_TABLE_H

#include "core/qt_block.h"

/* First member of every record in a table. */
typedef struct qt_entry {
    qt_ref next;
    apr_uint32_t hash;
    apr_uint32_t n;       /* bytes of the id */
    apr_uint32_t id_at;   /* where it begins, from the record's start */
} qt_entry;

/* Buckets are made once for the size of the zone; chains take the rest. */
typedef struct qt_table {
    qt_ref buckets;
    apr_uint32_t mask, count;
    apr_uint32_t unused;
} qt_table;

static inline qt_str qt_entry_id(const void *record)
{
    const qt_entry *e = record;

    return (qt_str){ (const char *)record + e->id_at, e->n };
}

/* Keyed hash (SipHash), so that nobody can choose ids that collide. */
apr_uint32_t qt_table_hash(const unsigned char seed[16], qt_str id);
qt_entry *qt_table_find(qt_block *b, const qt_table *table, apr_uint32_t hash, qt_str id);
/* Writes the id behind the record, which is `size` bytes and in a fresh cell, and puts it into the table. */
void qt_table_add(qt_block *b, qt_table *table, void *record, apr_size_t size, apr_uint32_t hash, qt_str id);
void qt_table_drop(qt_block *b, qt_table *table, void *record);
/* Whether `record`, which may be anything in the block, is one of the table's. */
int qt_table_has(qt_block *b, const qt_table *table, const void *record);
/*
 * The order of lists: by bucket, in a bucket by id. The first record after that id and its hash, which need not be there any more;
 * with QT_STR_NONE and 0 the first of all. NULL: none.
 */
qt_entry *qt_table_after(qt_block *b, const qt_table *table, apr_uint32_t hash, qt_str id);
/* Walk all records: the one after `at`, or the first for NULL. */
qt_entry *qt_table_next(qt_block *b, const qt_table *table, const qt_entry *at);

#endif
