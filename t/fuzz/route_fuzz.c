/* Fuzzes the route reader against a second, simpler matcher: a byte for the method, one for the sections, then the path. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_strings.h>
#include "fuzz.h"
#include "wire/qt_route.h"

unsigned long fuzz_accepted;

/* The shapes that our tables have: literals, parameters before and behind them, a rest, equal shapes in two sections. */
static const qt_route table[] = {
    { QT_METHOD_POST, "take-free", 0, 1 },
    { QT_METHOD_GET, "wait-sse", 1, 1 },
    { QT_METHOD_POST, "{task}/assign", 2, 1 },
    { QT_METHOD_DELETE, "exit", 3, 1 },
    { QT_METHOD_POST, "tasks", 4, 2 },
    { QT_METHOD_GET, "tasks", 5, 4 },
    { QT_METHOD_PUT, "tasks/{task}", 6, 2 },
    { QT_METHOD_GET | QT_METHOD_DELETE, "tasks/{task}", 7, 2 },
    { QT_METHOD_POST, "tasks/{task}/requeue", 8, 4 },
    { QT_METHOD_POST, "topics/{rest...}", 9, 2 },
    { QT_METHOD_GET, "t/{a}/{b}/{c}/{d}", 10, 2 },
    { QT_METHOD_POST, "pause", 11, 1 },
    { QT_METHOD_POST, "pause", 12, 4 },
};
#define ROUTES (sizeof(table) / sizeof(table[0]))

/* Matches character by character where the reader goes by segments. */
static int matches(const char *pattern, const char *path)
{
    while (*pattern) {
        const char *end, *stop;

        if (*pattern != '{') {
            if (*pattern++ != *path++) {
                return 0;
            }
            continue;
        }
        end = strchr(pattern, '}');
        if (end[-1] == '.') {
            size_t n = strlen(path);

            return n > 0 && path[0] != '/' && path[n - 1] != '/' && !strstr(path, "//");
        }
        stop = strchr(path, '/');
        stop = stop ? stop : path + strlen(path);
        if (stop == path) {
            return 0;
        }
        path = stop;
        pattern = end + 1;
    }
    return *path == '\0';
}

/* The pattern with the values in its places: the path again. */
static void rebuild(qt_buf *out, const qt_match *match)
{
    const char *p = match->route->pattern;
    unsigned i = 0;

    while (*p) {
        if (*p == '{') {
            MUST(i < match->n);
            qt_buf_add(out, match->value[i].p, match->value[i].n);
            i++;
            p = strchr(p, '}') + 1;
        }
        else {
            qt_buf_addc(out, *p++);
        }
    }
    MUST(i == match->n);
}

static unsigned allowed_by(const qt_route *route)
{
    return route->methods | ((route->methods & QT_METHOD_GET) ? QT_METHOD_HEAD : 0) | QT_METHOD_OPTIONS;
}

/* What the table allows for a path without NUL; one with NUL has no route but by a parameter, and is left to rebuild(). */
static unsigned allowed(unsigned sections, const char *path)
{
    unsigned mask = 0, i;

    for (i = 0; i < ROUTES; i++) {
        if ((table[i].sections & sections) && matches(table[i].pattern, path)) {
            mask |= allowed_by(&table[i]);
        }
    }
    return mask;
}

static void check_match(const qt_match *match, unsigned sections, unsigned method, qt_str path, apr_pool_t *pool)
{
    qt_buf out;
    unsigned i;

    MUST(match->route->sections & sections);
    MUST(allowed_by(match->route) & match->allowed & method);
    for (i = 0; i < match->n; i++) {
        MUST(match->value[i].n > 0);
        MUST(match->value[i].p >= path.p && match->value[i].p + match->value[i].n <= path.p + path.n);
    }
    qt_buf_init(&out, pool);
    rebuild(&out, match);
    MUST(qt_str_eq(qt_buf_str(&out), path));
    fuzz_accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    qt_str path = { (const char *)data, size };
    unsigned method = 1u << (fuzz_byte(&path) % 7), sections = fuzz_byte(&path) % 8;
    qt_match match;
    apr_status_t rv = qt_route_find(table, ROUTES, sections, method, path, &match);

    if (path.n && path.p[0] == '/') {
        fuzz_byte(&path);
    }
    if (!memchr(path.p, '\0', path.n)) {
        MUST(match.allowed == allowed(sections, apr_pstrmemdup(pool, path.p, path.n)));
    }
    if (rv == APR_SUCCESS) {
        check_match(&match, sections, method, path, pool);
    }
    else {
        MUST(match.route == NULL);
        MUST(!(match.allowed & method));
        MUST(rv == (match.allowed ? QT_E_METHOD : QT_E_UNKNOWN));
    }
    return 0;
}
