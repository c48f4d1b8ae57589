/* The query of a URL as names and values. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_QUERY_H
#define QT_QUERY_H

#include <apr_pools.h>
#include "base/qt_base.h"
#include "base/qt_status.h"

/* Most parameters of one query. */
#define QT_QUERY_MAX 256

typedef struct qt_query qt_query;

/*
 * Read what follows the '?': pairs joined by '&', percent-decoded, '+' a blank; a name without '=' has an empty value, empty
 * pairs are skipped. An absent text is an empty query. QT_E_MALFORMED, *why a constant text: a '%' without two hex digits,
 * bytes that are no UTF-8, more than QT_QUERY_MAX pairs.
 */
apr_status_t qt_query_parse(qt_query **query, qt_str text, apr_pool_t *pool, const char **why);
/* The value of the first parameter of that name; absent when there is none (an empty value has p set). */
qt_str qt_query_get(const qt_query *query, const char *name);
/* Walk all of that name in their order: *at starts as 0; absent past the last. */
qt_str qt_query_next(const qt_query *query, const char *name, unsigned *at);

#endif
