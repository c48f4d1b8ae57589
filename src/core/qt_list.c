/* Lists inside the block. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_list.h"

void qt_list_insert(qt_block *b, qt_list *list, qt_node *node, qt_node *before)
{
    qt_ref ref = QT_REF(b, node), prev = before ? before->prev : list->last;

    qt_touch(b, list, sizeof(*list));
    qt_touch(b, node, sizeof(*node));
    node->prev = prev;
    node->next = before ? QT_REF(b, before) : 0;
    if (prev) {
        QT_SET(b, QT_PTR(b, qt_node, prev)->next, ref);
    }
    else {
        list->first = ref;
    }
    if (before) {
        QT_SET(b, before->prev, ref);
    }
    else {
        list->last = ref;
    }
    list->count++;
}

void qt_list_append(qt_block *b, qt_list *list, qt_node *node)
{
    qt_list_insert(b, list, node, NULL);
}

void qt_list_remove(qt_block *b, qt_list *list, qt_node *node)
{
    qt_touch(b, list, sizeof(*list));
    qt_touch(b, node, sizeof(*node));
    if (node->prev) {
        QT_SET(b, QT_PTR(b, qt_node, node->prev)->next, node->next);
    }
    else {
        list->first = node->next;
    }
    if (node->next) {
        QT_SET(b, QT_PTR(b, qt_node, node->next)->prev, node->prev);
    }
    else {
        list->last = node->prev;
    }
    list->count--;
    node->prev = node->next = 0;
}

const char *qt_list_check(qt_block *b, const qt_list *list)
{
    qt_ref before = 0, at = list->first;
    apr_uint32_t n = 0;

    for (; at; before = at, at = QT_PTR(b, qt_node, at)->next) {
        if (QT_PTR(b, qt_node, at)->prev != before || ++n > list->count) {
            return "a list's links do not hold";
        }
    }
    return before == list->last && n == list->count ? NULL : "a list's count or end is wrong";
}
