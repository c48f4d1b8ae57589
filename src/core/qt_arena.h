/* Memory of the block: pages cut into cells of one size each. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_ARENA_H
#define QT_ARENA_H

#include "core/qt_list.h"

#define QT_PAGE 4096
/* Largest cell. */
#define QT_CELL_MAX QT_PAGE
#define QT_CLASSES 16

/* One entry a page, in a table before the pages. */
typedef struct qt_page {
    qt_node line;          /* in the free pages, or in the open pages of its class */
    qt_ref free;           /* first freed cell; a cell's first word links to the next */
    apr_uint16_t used;     /* cells handed out */
    apr_uint16_t carved;   /* cells ever handed out since the page got its class */
    apr_uint16_t class;    /* index of its cell size */
    apr_uint16_t unused;
    apr_uint32_t freed_in; /* number of the last verb that freed a cell here */
} qt_page;

typedef struct qt_arena {
    qt_ref pages;          /* the table */
    apr_uint32_t npages;
    apr_uint64_t at;       /* offset of page 0, a multiple of QT_LINE */
    apr_uint32_t virgin;   /* pages from here on were never used */
    apr_uint32_t reserve;  /* pages that only QT_URGENT may take */
    apr_uint64_t used;     /* bytes in cells handed out */
    qt_list empty;         /* pages that were given back */
    qt_list open[QT_CLASSES]; /* pages with a free cell */
} qt_arena;

/* Who may dip into the reserve: what lets a full zone empty itself (records of refusals), never what fills it. */
typedef enum qt_need { QT_NORMAL, QT_URGENT } qt_need;

/* `at`..`end`: offsets in the block that the arena may use. */
void qt_arena_init(qt_block *b, qt_arena *arena, apr_uint64_t at, apr_uint64_t end);
/* A cell of at least `n` bytes (1..QT_CELL_MAX), 8-byte aligned, not cleared; NULL when there is no room. It need not be touched
 * in the verb that gets it: what a fresh cell holds is nobody's. */
void *qt_alloc(qt_block *b, qt_arena *arena, apr_size_t n, qt_need need);
void qt_free(qt_block *b, qt_arena *arena, void *cell);
/* Bytes that a cell for `n` takes. */
apr_size_t qt_cell_size(apr_size_t n);
/* Walks all pages; NULL or what is wrong. */
const char *qt_arena_check(qt_block *b, const qt_arena *arena);

#endif
