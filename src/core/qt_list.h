/* Doubly linked lists inside the block, and an ordered tree: the two ways in which records stand in line. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_LIST_H
#define QT_LIST_H

#include "core/qt_block.h"

/* ---- lists ---- */

typedef struct qt_node {
    qt_ref prev, next; /* of nodes */
} qt_node;

typedef struct qt_list {
    qt_ref first, last;
    apr_uint32_t count;
    apr_uint32_t unused;
} qt_list;

/* `before` is in the list; NULL: at the end. */
void qt_list_insert(qt_block *b, qt_list *list, qt_node *node, qt_node *before);
void qt_list_append(qt_block *b, qt_list *list, qt_node *node);
void qt_list_remove(qt_block *b, qt_list *list, qt_node *node);
static inline qt_node *qt_list_at(qt_block *b, qt_ref ref)
{
    return ref ? QT_PTR(b, qt_node, ref) : NULL;
}

/* for (node in list): `node` may be removed in the body, its successor must not. */
#define QT_EACH(b, node, next_, list)                                                          \
    for (qt_node *node = qt_list_at((b), (list)->first), *next_ = NULL;                        \
         node && (next_ = qt_list_at((b), node->next), 1); node = next_)

/* ---- the tree ---- */

/*
 * A treap: a search tree by (key, tie), a heap by a hash of the node's place, so it needs no balance field and an attacker,
 * who can't choose places, can't unbalance it. Smallest and largest are at hand; in order of arrival all is O(1) amortised.
 */
typedef struct qt_branch {
    qt_ref parent, left, right; /* of branches */
    qt_ref tree;                /* the tree it stands in; 0: in none */
    apr_int64_t key;
    apr_uint64_t tie;           /* no two alike within one tree */
} qt_branch;

typedef struct qt_tree {
    qt_ref root, first, last;
    apr_uint32_t count;
} qt_tree;

void qt_tree_insert(qt_block *b, qt_tree *tree, qt_branch *branch, apr_int64_t key, apr_uint64_t tie);
/* Takes it out of the tree it stands in; nothing when it stands in none. */
void qt_tree_remove(qt_block *b, qt_branch *branch);
/* The first branch after (key, tie), which need not be there. */
qt_branch *qt_tree_after(qt_block *b, const qt_tree *tree, apr_int64_t key, apr_uint64_t tie);
qt_branch *qt_tree_next(qt_block *b, const qt_branch *branch);
static inline qt_branch *qt_branch_at(qt_block *b, qt_ref ref)
{
    return ref ? QT_PTR(b, qt_branch, ref) : NULL;
}
static inline qt_branch *qt_tree_first(qt_block *b, const qt_tree *tree)
{
    return qt_branch_at(b, tree->first);
}
static inline int qt_branch_before(const qt_branch *a, const qt_branch *c)
{
    return a->key < c->key || (a->key == c->key && a->tie < c->tie);
}

/* Whether links, counts, order and heap hold; NULL or what is wrong. */
const char *qt_list_check(qt_block *b, const qt_list *list);
const char *qt_tree_check(qt_block *b, const qt_tree *tree);

#endif
