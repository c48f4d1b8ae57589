/* The arena: O(1) to get and to give back, and no page is bound to a size for longer than it holds a cell of it. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_arena.h"

static const apr_uint16_t sizes[QT_CLASSES] = {
    32, 48, 64, 80, 96, 128, 192, 256, 320, 384, 512, 680, 1024, 1360, 2048, 4096
};

#ifdef QT_PROVE
#define PROVE_CELLS qt_prove_cells
#else
#define PROVE_CELLS 0
#endif

static unsigned class_of(apr_size_t n)
{
    unsigned class = 0;

    while (sizes[class] < n) {
        class++;
    }
    return class;
}

apr_size_t qt_cell_size(apr_size_t n)
{
    return sizes[class_of(n)];
}

static qt_page *page_at(qt_block *b, const qt_arena *arena, apr_uint32_t index)
{
    return QT_PTR(b, qt_page, arena->pages) + index;
}

static char *cells_of(qt_block *b, const qt_arena *arena, const qt_page *page)
{
    apr_size_t index = (apr_size_t)(page - QT_PTR(b, qt_page, arena->pages));

    return (char *)b + arena->at + index * QT_PAGE;
}

void qt_arena_init(qt_block *b, qt_arena *arena, apr_uint64_t at, apr_uint64_t end)
{
    /* Pages begin with a line of the cache, so that no cell spans more of them than it must. */
    apr_uint64_t npages = (end - at - QT_LINE) / (QT_PAGE + sizeof(qt_page));

    *arena = (qt_arena){ .pages = (qt_ref)(at / 8), .npages = (apr_uint32_t)npages };
    memset((char *)b + at, 0, npages * sizeof(qt_page));
    arena->at = (at + npages * sizeof(qt_page) + QT_LINE - 1) & ~(apr_uint64_t)(QT_LINE - 1);
    arena->reserve = arena->npages / 16 + 4;
}

static qt_page *take_page(qt_block *b, qt_arena *arena, unsigned class, qt_need need)
{
    apr_uint32_t left = arena->npages - arena->virgin + arena->empty.count;
    qt_page *page;

    if (left == 0 || (need == QT_NORMAL && left <= arena->reserve)) {
        return NULL;
    }
    if (arena->empty.first) {
        page = QT_PTR(b, qt_page, arena->empty.first);
        qt_list_remove(b, &arena->empty, &page->line);
    }
    else {
        page = page_at(b, arena, arena->virgin);
        QT_SET(b, arena->virgin, arena->virgin + 1);
    }
    qt_touch(b, page, sizeof(*page));
    page->free = 0;
    page->used = page->carved = 0;
    page->class = (apr_uint16_t)class;
    qt_list_append(b, &arena->open[class], &page->line);
    return page;
}

void *qt_alloc(qt_block *b, qt_arena *arena, apr_size_t n, qt_need need)
{
    unsigned class = class_of(n);
    qt_page *page = QT_PTR(b, qt_page, arena->open[class].first);
    char *cell;

    if (!arena->open[class].first && !(page = take_page(b, arena, class, need))) {
        return NULL;
    }
    qt_touch(b, page, sizeof(*page));
    if (page->free) {
        cell = QT_PTR(b, char, page->free);
        qt_touch(b, cell, 8); /* the link to the next free cell must come back, too */
        memcpy(&page->free, cell, sizeof(page->free));
    }
    else {
        cell = cells_of(b, arena, page) + (apr_size_t)page->carved++ * sizes[class];
    }
    if (page->freed_in == b->verb || PROVE_CELLS) {
        qt_touch(b, cell, sizes[class]); /* freed in this very verb: its old content is still needed for the way back */
    }
    page->used++;
    QT_SET(b, arena->used, arena->used + sizes[class]);
    qt_fetch(page->free ? QT_PTR(b, char, page->free) : cell + sizes[class], sizes[class]); /* for whoever gets it */
    if (!page->free && (page->carved + 1) * (apr_size_t)sizes[class] > QT_PAGE) {
        qt_list_remove(b, &arena->open[class], &page->line);
    }
    return cell;
}

void qt_free(qt_block *b, qt_arena *arena, void *cell)
{
    apr_size_t index = ((apr_size_t)((char *)cell - (char *)b) - arena->at) / QT_PAGE;
    qt_page *page = page_at(b, arena, (apr_uint32_t)index);
    apr_size_t size = sizes[page->class];
    int was_full = !page->free && (page->carved + 1) * size > QT_PAGE;

    qt_touch(b, page, sizeof(*page));
    qt_touch(b, cell, PROVE_CELLS ? size : 8);
    if (PROVE_CELLS) {
        memset(cell, 0xdb, size);
    }
    memcpy(cell, &page->free, sizeof(page->free));
    page->free = QT_REF(b, cell);
    page->used--;
    page->freed_in = b->verb;
    QT_SET(b, arena->used, arena->used - size);
    if (was_full) {
        qt_list_append(b, &arena->open[page->class], &page->line);
    }
    if (page->used == 0) {
        qt_list_remove(b, &arena->open[page->class], &page->line);
        qt_list_append(b, &arena->empty, &page->line);
    }
}

static const char *check_page(qt_block *b, const qt_page *page)
{
    apr_size_t size = sizes[page->class];
    unsigned n = 0;
    qt_ref at;

    for (at = page->free; at; memcpy(&at, QT_PTR(b, char, at), sizeof(at))) {
        if (++n > page->carved) {
            return "a page's free cells run in a circle";
        }
    }
    if (page->carved * size > QT_PAGE || page->used + n != page->carved) {
        return "a page's counts are wrong";
    }
    return NULL;
}

const char *qt_arena_check(qt_block *b, const qt_arena *arena)
{
    const char *why = qt_list_check(b, &arena->empty);
    apr_uint64_t used = 0;
    apr_uint32_t i;

    for (i = 0; i < QT_CLASSES && !why; i++) {
        why = qt_list_check(b, &arena->open[i]);
    }
    for (i = 0; i < arena->virgin && !why; i++) {
        const qt_page *page = page_at(b, arena, i);

        why = page->used ? check_page(b, page) : NULL;
        used += (apr_uint64_t)page->used * sizes[page->class];
    }
    if (!why && used != arena->used) {
        why = "the bytes in use do not add up";
    }
    return why;
}
