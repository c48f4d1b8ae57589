/* Many small objects of one size for hours: allocated by the page, used again when freed. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_SLAB_H
#define MOD_QT_SLAB_H

#include <apr_pools.h>

/* One thread's, or guarded by its owner. Pages go back with the slab, never before: what is freed is what comes next. */
typedef struct mod_qt_slab {
    apr_size_t size;  /* of an object */
    void *free;       /* linked by their first word */
    void *pages;      /* the same */
} mod_qt_slab;

void mod_qt_slab_init(mod_qt_slab *slab, apr_size_t size);
/* Zeroed. */
void *mod_qt_slab_take(mod_qt_slab *slab);
void mod_qt_slab_give(mod_qt_slab *slab, void *object);
/* All pages, whatever is still taken. */
void mod_qt_slab_free(mod_qt_slab *slab);

#endif
