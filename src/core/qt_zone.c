/* What all records of a zone share: memory, tables, a place in time. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_zone.h"

void qt_zone_due(qt_zone *z, qt_branch *branch, qt_due_kind kind, qt_time when)
{
    apr_uint64_t tie = ((apr_uint64_t)QT_OF(z, branch) << QT_DUE_BITS) | kind;

    if (branch->tree) {
        if (branch->key == when) {
            return;
        }
        qt_tree_remove(QT_B(z), branch);
    }
    if (when) {
        qt_tree_insert(QT_B(z), &z->due, branch, when, tie);
    }
}

void qt_zone_sweep(qt_zone *z)
{
    QT_PUT(z, z->sweeping, 1);
    QT_PUT(z, z->sweep_seat, 0);
}

void *qt_zone_alloc(qt_zone *z, apr_size_t n, qt_need need)
{
    void *cell = qt_alloc(QT_B(z), &z->arena, n, need);

    if (!cell && need == QT_NORMAL) {
        z->starved = 1;
    }
    return cell;
}

void qt_zone_free(qt_zone *z, void *cell)
{
    qt_free(QT_B(z), &z->arena, cell);
}

void *qt_zone_new(qt_zone *z, qt_table *table, apr_size_t size, qt_str id)
{
    void *record = size + id.n <= QT_CELL_MAX ? qt_zone_alloc(z, size + id.n, QT_NORMAL) : NULL;

    if (record) {
        memset(record, 0, size);
        qt_table_add(QT_B(z), table, record, size, qt_table_hash(z->seed, id), id);
    }
    return record;
}

void *qt_zone_find(qt_zone *z, const qt_table *table, qt_str id)
{
    return qt_table_find(QT_B(z), table, qt_table_hash(z->seed, id), id);
}

void qt_zone_drop(qt_zone *z, qt_table *table, void *record)
{
    qt_table_drop(QT_B(z), table, record);
    qt_zone_free(z, record);
}
