/* The treap. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_list.h"

#define AT(ref) QT_PTR(b, qt_branch, ref)

/* The heap's order: a hash of the place (finaliser of a 32-bit mixer), the place itself breaking ties. */
static apr_uint32_t rank(qt_ref ref)
{
    apr_uint32_t x = ref;

    x = (x ^ (x >> 16)) * 0x7feb352dU;
    x = (x ^ (x >> 15)) * 0x846ca68bU;
    return x ^ (x >> 16);
}

static int above(qt_ref a, qt_ref c)
{
    apr_uint32_t ra = rank(a), rc = rank(c);

    return ra > rc || (ra == rc && a > c);
}

/* Let `child` (0 allowed) stand where `old` stood below `parent`; parent 0 is the root. */
static void hang(qt_block *b, qt_tree *tree, qt_ref parent, qt_ref old, qt_ref child)
{
    if (!parent) {
        QT_SET(b, tree->root, child);
    }
    else if (AT(parent)->left == old) {
        QT_SET(b, AT(parent)->left, child);
    }
    else {
        QT_SET(b, AT(parent)->right, child);
    }
    if (child) {
        QT_SET(b, AT(child)->parent, parent);
    }
}

/* Rotate `ref` above its parent. */
static void lift(qt_block *b, qt_tree *tree, qt_ref ref)
{
    qt_branch *x = AT(ref);
    qt_ref pref = x->parent;
    qt_branch *p = AT(pref);
    qt_ref inner;

    hang(b, tree, p->parent, pref, ref);
    if (p->left == ref) {
        inner = x->right;
        QT_SET(b, x->right, pref);
        QT_SET(b, p->left, inner);
    }
    else {
        inner = x->left;
        QT_SET(b, x->left, pref);
        QT_SET(b, p->right, inner);
    }
    QT_SET(b, p->parent, ref);
    if (inner) {
        QT_SET(b, AT(inner)->parent, pref);
    }
}

/* The leaf below which a new branch belongs; the ends are tried first. */
static qt_ref find_parent(qt_block *b, const qt_tree *tree, const qt_branch *branch)
{
    qt_ref at = tree->root, parent = 0;

    if (!at) {
        return 0;
    }
    if (qt_branch_before(AT(tree->last), branch)) {
        return tree->last;
    }
    if (qt_branch_before(branch, AT(tree->first))) {
        return tree->first;
    }
    while (at) {
        parent = at;
        at = qt_branch_before(branch, AT(at)) ? AT(at)->left : AT(at)->right;
    }
    return parent;
}

void qt_tree_insert(qt_block *b, qt_tree *tree, qt_branch *branch, apr_int64_t key, apr_uint64_t tie)
{
    qt_ref ref = QT_REF(b, branch), parent;

    qt_touch(b, tree, sizeof(*tree));
    qt_touch(b, branch, sizeof(*branch));
    *branch = (qt_branch){ .tree = QT_REF(b, tree), .key = key, .tie = tie };
    parent = find_parent(b, tree, branch);
    tree->count++;
    if (!parent) {
        tree->root = tree->first = tree->last = ref;
        return;
    }
    branch->parent = parent;
    if (qt_branch_before(branch, AT(parent))) {
        QT_SET(b, AT(parent)->left, ref);
        tree->first = parent == tree->first ? ref : tree->first;
    }
    else {
        QT_SET(b, AT(parent)->right, ref);
        tree->last = parent == tree->last ? ref : tree->last;
    }
    while (branch->parent && above(ref, branch->parent)) {
        lift(b, tree, ref);
    }
}

static qt_ref edge(qt_block *b, qt_ref at, int right)
{
    qt_ref next;

    while ((next = right ? AT(at)->right : AT(at)->left) != 0) {
        at = next;
    }
    return at;
}

static qt_ref neighbour(qt_block *b, const qt_branch *branch, int right)
{
    qt_ref at = QT_REF(b, branch);
    qt_ref down = right ? branch->right : branch->left;
    qt_ref up = branch->parent;

    if (down) {
        return edge(b, down, !right);
    }
    while (up && (right ? AT(up)->right : AT(up)->left) == at) {
        at = up;
        up = AT(up)->parent;
    }
    return up;
}

qt_branch *qt_tree_next(qt_block *b, const qt_branch *branch)
{
    return qt_branch_at(b, neighbour(b, branch, 1));
}

qt_branch *qt_tree_after(qt_block *b, const qt_tree *tree, apr_int64_t key, apr_uint64_t tie)
{
    const qt_branch want = { .key = key, .tie = tie };
    qt_branch *best = NULL, *at = qt_branch_at(b, tree->root);

    while (at) {
        int later = qt_branch_before(&want, at);

        best = later ? at : best;
        at = qt_branch_at(b, later ? at->left : at->right);
    }
    return best;
}

void qt_tree_remove(qt_block *b, qt_branch *branch)
{
    qt_tree *tree;
    qt_ref ref = QT_REF(b, branch);

    if (!branch->tree) {
        return;
    }
    tree = QT_PTR(b, qt_tree, branch->tree);
    qt_touch(b, tree, sizeof(*tree));
    if (tree->first == ref) {
        tree->first = neighbour(b, branch, 1);
    }
    if (tree->last == ref) {
        tree->last = neighbour(b, branch, 0);
    }
    while (branch->left && branch->right) {
        lift(b, tree, above(branch->left, branch->right) ? branch->left : branch->right);
    }
    hang(b, tree, branch->parent, ref, branch->left ? branch->left : branch->right);
    qt_touch(b, branch, sizeof(*branch));
    *branch = (qt_branch){ 0 };
    tree->count--;
}

const char *qt_tree_check(qt_block *b, const qt_tree *tree)
{
    const qt_branch *at, *before = NULL;
    apr_uint32_t n = 0;

    if (tree->root && tree->first != edge(b, tree->root, 0)) {
        return "a tree's first is not its first";
    }
    for (at = qt_tree_first(b, tree); at; before = at, at = qt_tree_next(b, at)) {
        qt_ref ref = QT_REF(b, at);

        if (++n > tree->count || at->tree != QT_REF(b, tree) || (before && !qt_branch_before(before, at))) {
            return "a tree is out of order";
        }
        if (at->parent ? !above(at->parent, ref) : tree->root != ref) {
            return "a tree is no heap";
        }
    }
    return n == tree->count && (before ? QT_REF(b, before) : 0) == tree->last ? NULL : "a tree's count or end is wrong";
}
