/* Pages cut into objects. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_slab.h"

#include <httpd.h>
#include <stdlib.h>
#include <string.h>

#define OBJECTS_PER_PAGE 64

/* The first word of a free object, or of a page, leads to the next. */
static void push(void **head, void *what)
{
    *(void **)what = *head;
    *head = what;
}

static void *pop(void **head)
{
    void *what = *head;

    if (what) {
        *head = *(void **)what;
    }
    return what;
}

void mod_qt_slab_init(mod_qt_slab *slab, apr_size_t size)
{
    slab->size = APR_ALIGN_DEFAULT(size);
    slab->free = slab->pages = NULL;
}

static void grow(mod_qt_slab *slab)
{
    apr_size_t head = APR_ALIGN_DEFAULT(sizeof(void *)), i;
    char *page = ap_malloc(head + OBJECTS_PER_PAGE * slab->size);

    push(&slab->pages, page);
    for (i = OBJECTS_PER_PAGE; i-- > 0;) {
        push(&slab->free, page + head + i * slab->size);
    }
}

void *mod_qt_slab_take(mod_qt_slab *slab)
{
    void *object;

    if (!slab->free) {
        grow(slab);
    }
    object = pop(&slab->free);
    memset(object, 0, slab->size);
    return object;
}

void mod_qt_slab_give(mod_qt_slab *slab, void *object)
{
    push(&slab->free, object);
}

void mod_qt_slab_free(mod_qt_slab *slab)
{
    void *page;

    while ((page = pop(&slab->pages)) != NULL) {
        free(page);
    }
    slab->free = NULL;
}
