/* Which endpoint a method and path mean: the reader of route tables. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_ROUTE_H
#define QT_ROUTE_H

#include "base/qt_buf.h"
#include "base/qt_status.h"

typedef enum qt_method {
    QT_METHOD_GET = 1,
    QT_METHOD_HEAD = 2, /* allowed wherever GET is */
    QT_METHOD_POST = 4,
    QT_METHOD_PUT = 8,
    QT_METHOD_DELETE = 16,
    QT_METHOD_OPTIONS = 32, /* allowed everywhere */
    QT_METHOD_OTHER = 64    /* any method that no route has */
} qt_method;

/* Most parameters of a pattern, and most segments. */
#define QT_ROUTE_PARAMS 4
#define QT_ROUTE_SEGMENTS 16

/*
 * A pattern is segments joined by '/': a literal, "{name}" for any one segment, or, last, "{name...}" for one segment or more
 * with the slashes between them. Empty segments match nothing, so neither "a//b" nor a trailing slash is ever found.
 */
typedef struct qt_route {
    unsigned methods;    /* qt_method bits; HEAD and OPTIONS need not be said */
    const char *pattern;
    int endpoint;        /* the table owner's number */
    unsigned sections;   /* the table owner's bits: found only where one of them is served */
} qt_route;

typedef struct qt_match {
    const qt_route *route;            /* NULL unless the find succeeded */
    unsigned allowed;                 /* every method that this path knows, HEAD and OPTIONS included; 0 with QT_E_UNKNOWN */
    unsigned n;                       /* parameters */
    qt_str value[QT_ROUTE_PARAMS];    /* in the pattern's order, spans of the path, never empty. Not checked as names */
} qt_match;

/*
 * Find the route for one method bit and a path: what follows the Location's own, already percent-decoded; one leading '/' is
 * the joint and skipped. Of several that match the path and have the method, literals win over parameters, from the left.
 * OPTIONS finds whichever is foremost. QT_E_UNKNOWN: no served route has this path. QT_E_METHOD: not with this method.
 */
apr_status_t qt_route_find(const qt_route *table, apr_size_t n, unsigned sections, unsigned method, qt_str path,
                           qt_match *match);
/* The value of an Allow header for a mask of methods: "GET, HEAD, OPTIONS". */
void qt_route_allow(qt_buf *buf, unsigned methods);

#endif
