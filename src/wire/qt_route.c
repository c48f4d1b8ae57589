/* The reader of route tables. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_route.h"

/* What a pattern's segment is; more is more specific. Two bits of a rank. */
enum { KIND_REST = 1, KIND_PARAM = 2, KIND_LITERAL = 3 };

/* One route on one path, as far as it is matched. */
typedef struct walk {
    qt_str value[QT_ROUTE_PARAMS];
    unsigned n;
    apr_uint32_t rank; /* kinds of the segments, the first one on top: the greater is the more specific */
} walk;

/* The next segment of a path or pattern and what follows its '/'; *more is 0 after the last. */
static qt_str segment(qt_str *rest, int *more)
{
    const char *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
    qt_str part = { rest->p, slash ? (apr_size_t)(slash - rest->p) : rest->n };

    *more = slash != NULL;
    rest->p += part.n + (slash != NULL);
    rest->n -= part.n + (slash != NULL);
    return part;
}

static int kind_of(qt_str pattern)
{
    if (pattern.n < 2 || pattern.p[0] != '{') {
        return KIND_LITERAL;
    }
    return pattern.p[pattern.n - 2] == '.' ? KIND_REST : KIND_PARAM;
}

static int no_empty_segment(qt_str path)
{
    int more = 1;

    while (more) {
        if (segment(&path, &more).n == 0) {
            return 0;
        }
    }
    return 1;
}

static int matches(const char *pattern, qt_str path, walk *w)
{
    qt_str rest = qt_str_of(pattern);
    int more_pattern = 1, more_path = 1;
    unsigned i;

    *w = (walk){ .n = 0 };
    for (i = 0; more_pattern && more_path && i < QT_ROUTE_SEGMENTS; i++) {
        qt_str want = segment(&rest, &more_pattern), whole = path, got = segment(&path, &more_path);
        int kind = kind_of(want);

        w->rank |= (apr_uint32_t)kind << (2 * (QT_ROUTE_SEGMENTS - 1 - i));
        if (kind == KIND_LITERAL) {
            if (!qt_str_eq(want, got)) {
                return 0;
            }
            continue;
        }
        if (got.n == 0 || w->n == QT_ROUTE_PARAMS) {
            return 0;
        }
        w->value[w->n++] = kind == KIND_REST ? whole : got;
        if (kind == KIND_REST) {
            return no_empty_segment(whole);
        }
    }
    return !more_pattern && !more_path;
}

/* What a route allows: GET brings HEAD, every path has OPTIONS. */
static unsigned allowed_by(const qt_route *route)
{
    return route->methods | (route->methods & QT_METHOD_GET ? QT_METHOD_HEAD : 0) | QT_METHOD_OPTIONS;
}

apr_status_t qt_route_find(const qt_route *table, apr_size_t n, unsigned sections, unsigned method, qt_str path,
                           qt_match *match)
{
    apr_uint32_t best = 0;
    apr_size_t i;

    *match = (qt_match){ .route = NULL };
    if (path.n && path.p[0] == '/') {
        path.p++;
        path.n--;
    }
    for (i = 0; path.n && i < n; i++) {
        walk w;

        if (!(table[i].sections & sections) || !matches(table[i].pattern, path, &w)) {
            continue;
        }
        match->allowed |= allowed_by(&table[i]);
        if ((allowed_by(&table[i]) & method) && w.rank > best) {
            best = w.rank;
            match->route = &table[i];
            match->n = w.n;
            memcpy(match->value, w.value, sizeof(match->value));
        }
    }
    if (match->route) {
        return APR_SUCCESS;
    }
    return match->allowed ? QT_E_METHOD : QT_E_UNKNOWN;
}

void qt_route_allow(qt_buf *buf, unsigned methods)
{
    static const struct {
        unsigned method;
        const char *name;
    } names[] = {
        { QT_METHOD_GET, "GET" }, { QT_METHOD_HEAD, "HEAD" },     { QT_METHOD_POST, "POST" },
        { QT_METHOD_PUT, "PUT" }, { QT_METHOD_DELETE, "DELETE" }, { QT_METHOD_OPTIONS, "OPTIONS" },
    };
    const char *between = "";
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (methods & names[i].method) {
            qt_buf_adds(buf, between);
            qt_buf_adds(buf, names[i].name);
            between = ", ";
        }
    }
}
