/* The reader of queries. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_query.h"

#include "wire/qt_chars.h"

typedef struct pair {
    qt_str name, value;
} pair;

struct qt_query {
    unsigned n;
    pair pairs[];
};

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)((at - digits) % 16) : -1;
}

/* The character that `text` begins with, decoded, and how many bytes stood for it; 0 when a '%' is not followed by two digits. */
static unsigned decode_one(qt_str text, char *c)
{
    int high, low;

    if (text.p[0] != '%') {
        *c = text.p[0];
        if (*c == '+') {
            *c = ' ';
        }
        return 1;
    }
    high = text.n < 3 ? -1 : hex(text.p[1]);
    low = text.n < 3 ? -1 : hex(text.p[2]);
    if (high < 0 || low < 0) {
        return 0;
    }
    *c = (char)(high * 16 + low);
    return 3;
}

static apr_status_t decode(qt_str *out, qt_str text, apr_pool_t *pool, const char **why)
{
    char *p = apr_palloc(pool, text.n + 1);

    *out = (qt_str){ p, 0 };
    while (text.n) {
        unsigned used = decode_one(text, &p[out->n]);

        if (used == 0) {
            *why = "a '%' in the query is not followed by two hex digits";
            return QT_E_MALFORMED;
        }
        out->n++;
        text.p += used;
        text.n -= used;
    }
    if (!qt_utf8_ok(*out)) {
        *why = "the query is not valid UTF-8";
        return QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}

static apr_status_t add_pair(qt_query *query, qt_str text, apr_pool_t *pool, const char **why)
{
    pair *p = &query->pairs[query->n++];
    apr_status_t rv = decode(&p->name, qt_cut(&text, '='), pool, why);

    return rv == APR_SUCCESS ? decode(&p->value, text, pool, why) : rv;
}

static unsigned count_pairs(qt_str text)
{
    unsigned n = 0;

    while (text.n) {
        n += qt_cut(&text, '&').n > 0;
    }
    return n;
}

apr_status_t qt_query_parse(qt_query **query, qt_str text, apr_pool_t *pool, const char **why)
{
    unsigned n = count_pairs(text);
    apr_status_t rv = APR_SUCCESS;
    qt_query *q;

    *query = NULL;
    if (n > QT_QUERY_MAX) {
        *why = "the query has too many parameters";
        return QT_E_MALFORMED;
    }
    q = apr_palloc(pool, sizeof(*q) + n * sizeof(pair));
    q->n = 0;
    while (text.n && rv == APR_SUCCESS) {
        qt_str part = qt_cut(&text, '&');

        if (part.n) {
            rv = add_pair(q, part, pool, why);
        }
    }
    if (rv == APR_SUCCESS) {
        *query = q;
    }
    return rv;
}

qt_str qt_query_next(const qt_query *query, const char *name, unsigned *at)
{
    qt_str wanted = qt_str_of(name);

    while (*at < query->n) {
        const pair *p = &query->pairs[(*at)++];

        if (qt_str_eq(p->name, wanted)) {
            return p->value;
        }
    }
    return QT_STR_NONE;
}

qt_str qt_query_get(const qt_query *query, const char *name)
{
    unsigned at = 0;

    return qt_query_next(query, name, &at);
}
