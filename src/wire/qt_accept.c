/* The reader of Accept headers. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_accept.h"

#include <apr_strings.h>

#include "wire/qt_chars.h"

/* How specific a range is that matches: 0 not at all, then by wildcard, from RANK_EXACT on the type itself and one more a parameter. */
enum { RANK_ALL = 1, RANK_TYPE = 2, RANK_EXACT = 3 };

/* What stands before the next `mark` that is not inside a quoted string, trimmed; *rest then begins after it. */
static qt_str cut(qt_str *rest, char mark)
{
    apr_size_t i, used;
    int quoted = 0;
    qt_str part;

    for (i = 0; i < rest->n && (quoted || rest->p[i] != mark); i++) {
        if (rest->p[i] == '"') {
            quoted = !quoted;
        }
        else if (quoted && rest->p[i] == '\\') {
            i++;
        }
    }
    used = i < rest->n ? i + 1 : rest->n;
    part = (qt_str){ rest->p, i < rest->n ? i : rest->n };
    rest->p += used;
    rest->n -= used;
    return qt_trim(part);
}

static int same(qt_str a, qt_str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

typedef struct param {
    qt_str name, value;
} param;

static param next_param(qt_str *rest)
{
    param p;

    p.value = cut(rest, ';');
    p.name = cut(&p.value, '=');
    p.value = qt_trim(p.value);
    if (p.value.n >= 2 && p.value.p[0] == '"' && p.value.p[p.value.n - 1] == '"') {
        p.value.p++;
        p.value.n -= 2;
    }
    return p;
}

/* All that is given here is UTF-8, and has no other parameter. */
static int is_ours(const param *p)
{
    return same(p->name, QT_STR_LIT("charset")) && same(p->value, QT_STR_LIT("utf-8"));
}

/* A weight is zero when it has a digit, and no other than 0. */
static int is_zero(qt_str weight)
{
    apr_size_t i, zeros = 0;

    for (i = 0; i < weight.n; i++) {
        if (weight.p[i] != '0' && weight.p[i] != '.') {
            return 0;
        }
        zeros += weight.p[i] == '0';
    }
    return zeros > 0;
}

static int rank_of_name(qt_str range, qt_str type)
{
    qt_str range_major = cut(&range, '/'), type_major = cut(&type, '/');
    int any = same(range, QT_STR_LIT("*"));

    if (same(range_major, QT_STR_LIT("*"))) {
        return any || range.n == 0 ? RANK_ALL : 0;
    }
    if (!same(range_major, type_major)) {
        return 0;
    }
    return any ? RANK_TYPE : same(range, type) ? RANK_EXACT : 0;
}

/* The rank of one element of the header, and whether its weight excludes. */
static int rank_of(qt_str element, qt_str type, int *excludes)
{
    int rank = rank_of_name(cut(&element, ';'), type);

    *excludes = 0;
    while (rank && element.n) {
        param p = next_param(&element);

        if (same(p.name, QT_STR_LIT("q"))) {
            *excludes = is_zero(p.value);
            break;
        }
        if (p.name.n == 0) {
            continue;
        }
        rank = is_ours(&p) ? rank + 1 : 0;
    }
    return rank;
}

/* The highest rank of the header's elements for the type; of equals, one that admits is enough. */
static int best_rank(qt_str header, qt_str type, int *excludes)
{
    int best = 0;

    *excludes = 0;
    while (header.n) {
        int excluded;
        int rank = rank_of(cut(&header, ','), type, &excluded);

        if (rank > best) {
            best = rank;
            *excludes = excluded;
        }
        else if (rank == best) {
            *excludes = *excludes && excluded;
        }
    }
    return best;
}

int qt_accept_admits(qt_str header, const char *type)
{
    int excludes;

    if (qt_trim(header).n == 0) {
        return 1;
    }
    return best_rank(header, qt_str_of(type), &excludes) > 0 && !excludes;
}

int qt_accept_names(qt_str header, const char *type)
{
    int excludes;

    return best_rank(header, qt_str_of(type), &excludes) >= RANK_EXACT && !excludes;
}
