/* Label sets and their links. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_set.h"
#include "wire/qt_labels.h"

int qt_set_within(qt_str part, qt_str whole)
{
    qt_str want = qt_labels_next(&part), have;

    while (want.n && (have = qt_labels_next(&whole)).n) {
        if (qt_str_eq(want, have)) {
            want = qt_labels_next(&part);
        }
    }
    return want.n == 0;
}

qt_str qt_set_labels(qt_zone *z, const qt_operator *op)
{
    return op->labels ? (qt_str){ QT_PTR(QT_B(z), char, op->labels), op->nlabels } : QT_STR_NONE;
}

static int is_single(qt_str labels)
{
    qt_str first = qt_labels_next(&labels);

    return first.n && !labels.n;
}

/* Links that are dropped on the way with their set; a set with more waits in zone.idle. */
#define QT_DROP_MAX 32

static void drop_link(qt_zone *z, qt_set *set, qt_link *link)
{
    qt_operator *op = QT_REC(z, qt_operator, link->operator);

    qt_tree_remove(QT_B(z), &link->free);
    qt_list_remove(QT_B(z), &set->links, &link->of_set);
    qt_list_remove(QT_B(z), &op->links, &link->of_operator);
    if (op->present) {
        QT_PUT(z, set->present, set->present - 1);
    }
    qt_zone_free(z, link);
}

static void drop_set(qt_zone *z, qt_set *set)
{
    qt_set *anchor = QT_AT(z, qt_set, set->anchor);

    while (set->links.first) {
        drop_link(z, set, QT_AROUND(qt_list_at(QT_B(z), set->links.first), qt_link, of_set));
    }
    if (anchor) {
        qt_list_remove(QT_B(z), &anchor->wards, &set->ward);
    }
    qt_zone_drop(z, &z->sets, set);
    if (anchor) {
        qt_set_tidy(z, anchor);
    }
}

/* Whether the set must stay: everybody's, one that tasks ask for, and one label as long as somebody has it or a larger set needs it. */
static int is_needed(qt_zone *z, qt_set *set)
{
    return set->tasks || set->wards.count || QT_OF(z, set) == z->everybody || (is_single(qt_id(set)) && set->links.count);
}

void qt_set_tidy(qt_zone *z, qt_set *set)
{
    if (is_needed(z, set)) {
        return;
    }
    if (set->links.count <= QT_DROP_MAX) {
        if (set->is_idle) {
            qt_list_remove(QT_B(z), &z->idle, &set->idle);
        }
        drop_set(z, set);
    }
    else if (!set->is_idle) {
        QT_EDIT(z, set);
        set->is_idle = 1;
        qt_list_append(QT_B(z), &z->idle, &set->idle);
    }
}

int qt_set_drop_idle(qt_zone *z)
{
    qt_node *node = qt_list_at(QT_B(z), z->idle.first);

    if (!node) {
        return 0;
    }
    qt_list_remove(QT_B(z), &z->idle, node);
    drop_set(z, QT_AROUND(node, qt_set, idle));
    return 1;
}

static apr_status_t add_link(qt_zone *z, qt_set *set, qt_operator *op)
{
    int room = qt_undo_room(QT_B(z)) && op->links.count < QT_LINKS_MAX(z);
    qt_link *link = room ? qt_zone_alloc(z, sizeof(*link), QT_NORMAL) : NULL;

    if (!link) {
        return QT_E_FULL;
    }
    *link = (qt_link){ .set = QT_OF(z, set), .operator = QT_OF(z, op) };
    qt_list_append(QT_B(z), &set->links, &link->of_set);
    qt_list_append(QT_B(z), &op->links, &link->of_operator);
    if (op->present) {
        QT_PUT(z, set->present, set->present + 1);
    }
    if (op->free) {
        qt_tree_insert(QT_B(z), &set->free, &link->free, 0, op->seat);
    }
    return APR_SUCCESS;
}

/* The set of the first label, by which a larger set is found when operators enrol. */
static qt_set *anchor_of(qt_zone *z, qt_str labels)
{
    return qt_set_get(z, qt_labels_next(&labels));
}

/* Of the sets of the single labels, the one with the fewest links; NULL when nobody has one of the labels. */
static qt_set *rarest(qt_zone *z, qt_str labels)
{
    qt_set *best = NULL;
    qt_str name;

    while ((name = qt_labels_next(&labels)).n) {
        qt_set *set = qt_zone_find(z, &z->sets, name);

        if (!set) {
            return NULL;
        }
        best = !best || set->links.count < best->links.count ? set : best;
    }
    return best;
}

/* A new set of two and more labels: below its anchor, and a link for each operator that has them all. */
static apr_status_t settle(qt_zone *z, qt_set *set)
{
    qt_set *anchor = anchor_of(z, qt_id(set)), *few = rarest(z, qt_id(set));

    if (!anchor) {
        return QT_E_FULL;
    }
    QT_PUT(z, set->anchor, QT_OF(z, anchor));
    qt_list_append(QT_B(z), &anchor->wards, &set->ward);
    for (qt_node *n = few ? qt_list_at(QT_B(z), few->links.first) : NULL; n; n = qt_list_at(QT_B(z), n->next)) {
        qt_operator *op = QT_REC(z, qt_operator, QT_AROUND(n, qt_link, of_set)->operator);

        if (qt_set_within(qt_id(set), qt_set_labels(z, op)) && add_link(z, set, op) != APR_SUCCESS) {
            return QT_E_FULL;
        }
    }
    return APR_SUCCESS;
}

qt_set *qt_set_get(qt_zone *z, qt_str labels)
{
    qt_set *set = qt_zone_find(z, &z->sets, labels);

    if (set) {
        return set;
    }
    set = qt_undo_room(QT_B(z)) ? qt_zone_new(z, &z->sets, sizeof(*set), labels) : NULL;
    if (set && labels.n && !is_single(labels) && settle(z, set) != APR_SUCCESS) {
        return NULL;
    }
    return set;
}

void qt_set_hold(qt_zone *z, qt_set *set)
{
    QT_EDIT(z, set);
    set->tasks++;
    if (set->is_idle) {
        set->is_idle = 0;
        qt_list_remove(QT_B(z), &z->idle, &set->idle);
    }
}

void qt_set_release(qt_zone *z, qt_set *set)
{
    QT_PUT(z, set->tasks, set->tasks - 1);
    qt_set_tidy(z, set);
}

/* The set of one label and those larger ones below it that he fits. */
static apr_status_t enrol_label(qt_zone *z, qt_operator *op, qt_str name, qt_str labels)
{
    qt_set *set = qt_set_get(z, name);
    apr_status_t rv = set ? add_link(z, set, op) : QT_E_FULL;

    for (qt_node *n = set ? qt_list_at(QT_B(z), set->wards.first) : NULL; n && rv == APR_SUCCESS; n = qt_list_at(QT_B(z), n->next)) {
        qt_set *ward = QT_AROUND(n, qt_set, ward);

        if (qt_set_within(qt_id(ward), labels)) {
            rv = add_link(z, ward, op);
        }
    }
    return rv;
}

static apr_status_t keep_labels(qt_zone *z, qt_operator *op, qt_str labels)
{
    char *cell = labels.n ? qt_zone_alloc(z, labels.n, QT_NORMAL) : NULL;

    if (labels.n && !cell) {
        return QT_E_FULL;
    }
    if (cell) {
        memcpy(cell, labels.p, labels.n);
    }
    QT_PUT(z, op->labels, cell ? QT_OF(z, cell) : 0);
    QT_PUT(z, op->nlabels, (apr_uint32_t)labels.n);
    return APR_SUCCESS;
}

apr_status_t qt_set_enrol(qt_zone *z, qt_operator *op, qt_str labels)
{
    qt_str rest = labels, name;
    apr_status_t rv;

    if (op->links.count && qt_str_eq(labels, qt_set_labels(z, op))) {
        return APR_SUCCESS;
    }
    qt_set_strike(z, op);
    rv = keep_labels(z, op, labels);
    if (rv == APR_SUCCESS) {
        rv = add_link(z, QT_REC(z, qt_set, z->everybody), op);
    }
    while (rv == APR_SUCCESS && (name = qt_labels_next(&rest)).n) {
        rv = enrol_label(z, op, name, labels);
    }
    return rv;
}

void qt_set_strike(qt_zone *z, qt_operator *op)
{
    while (op->links.first) {
        qt_link *link = QT_AROUND(qt_list_at(QT_B(z), op->links.first), qt_link, of_operator);
        qt_set *set = QT_REC(z, qt_set, link->set);

        drop_link(z, set, link);
        qt_set_tidy(z, set);
    }
    if (op->labels) {
        qt_zone_free(z, QT_PTR(QT_B(z), char, op->labels));
        QT_PUT(z, op->labels, 0);
        QT_PUT(z, op->nlabels, 0);
    }
}
