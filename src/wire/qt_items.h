/* Messages that are to be merged: a JSON text as the parts that add up or come together. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_ITEMS_H
#define QT_ITEMS_H

#include <apr_pools.h>
#include "base/qt_base.h"
#include "base/qt_status.h"

/* Most parts of a merged event: members of a sum, elements of a union. */
#define QT_ITEMS_MAX 256

/* A part of a message that is to be merged: a number to add or a text to replace under its name, or (no name) an element of a union. */
typedef struct qt_item {
    qt_str name;          /* JSON, with its quotes; absent: the bare number of a sum, or an element */
    qt_str text;          /* JSON; absent: it is a number */
    apr_int64_t whole;    /* the number, */
    double real;          /* or, when `fraction`, this */
    unsigned fraction : 1;
} qt_item;

/*
 * Both read a JSON text into items whose strings live in `pool`. QT_E_MALFORMED (with *why for people) when it is no JSON of
 * that kind, QT_E_TOO_LARGE when it has more than QT_ITEMS_MAX parts. An empty object or array has none: *n is 0.
 *
 * Sum: a number is one item without a name. Of an object each member is one: its number, whole where it has no fraction,
 * or else its value as text.
 */
apr_status_t qt_items_sum(const qt_item **items, apr_uint32_t *n, qt_str json, apr_pool_t *pool, const char **why);
/* Union: of an array each element is one; anything else is one element. Equal values have equal text, however they were written. */
apr_status_t qt_items_union(const qt_item **items, apr_uint32_t *n, qt_str json, apr_pool_t *pool, const char **why);

#endif
