/* Names, and the canonical list of labels. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_labels.h"

#include <stdlib.h>
#include <apr_strings.h>

#include "wire/qt_chars.h"

static int is_dots(qt_str part)
{
    return qt_str_eq(part, QT_STR_LIT(".")) || qt_str_eq(part, QT_STR_LIT(".."));
}

int qt_name_ok(qt_str name)
{
    if (name.n == 0 || name.n > QT_NAME_MAX) {
        return 0;
    }
    if (is_dots(name)) {
        return 0;
    }
    return !qt_has_control(name) && qt_utf8_ok(name);
}

static int by_bytes(const void *left, const void *right)
{
    const qt_str *a = left, *b = right;
    apr_size_t n = a->n < b->n ? a->n : b->n;
    int order = n ? memcmp(a->p, b->p, n) : 0;

    return order ? order : (a->n > b->n) - (a->n < b->n);
}

int qt_topic_ok(qt_str name)
{
    qt_str rest = name;

    if (!qt_name_ok(name) || name.p[name.n - 1] == '/') {
        return 0;
    }
    while (rest.n) {
        qt_str part = qt_cut(&rest, '/');

        if (part.n == 0 || is_dots(part)) {
            return 0;
        }
    }
    return 1;
}

/* Sorted names become the list; the same name twice is one. QT_E_TOO_LARGE when it would pass QT_LABELS_BYTES. */
static apr_status_t join(qt_str *list, const qt_str *sorted, apr_size_t n, apr_pool_t *pool)
{
    char text[QT_LABELS_MAX * (QT_NAME_MAX + 1)];
    apr_size_t length = 0, i;

    for (i = 0; i < n; i++) {
        if (i && qt_str_eq(sorted[i], sorted[i - 1])) {
            continue;
        }
        if (length) {
            text[length++] = '\n';
        }
        memcpy(text + length, sorted[i].p, sorted[i].n);
        length += sorted[i].n;
    }
    if (length > QT_LABELS_BYTES) {
        return QT_E_TOO_LARGE;
    }
    *list = (qt_str){ apr_pmemdup(pool, text, length), length };
    return APR_SUCCESS;
}

apr_status_t qt_labels_make(qt_str *list, const qt_str *names, apr_size_t n, apr_pool_t *pool)
{
    qt_str sorted[QT_LABELS_MAX];
    apr_size_t i;

    *list = QT_STR_NONE;
    if (n > QT_LABELS_MAX) {
        return QT_E_TOO_LARGE;
    }
    for (i = 0; i < n; i++) {
        if (!qt_name_ok(names[i])) {
            return QT_E_MALFORMED;
        }
        sorted[i] = names[i];
    }
    if (n == 0) {
        return APR_SUCCESS;
    }
    qsort(sorted, n, sizeof(sorted[0]), by_bytes);
    return join(list, sorted, n, pool);
}

apr_status_t qt_labels_parse(qt_str *list, qt_str text, apr_pool_t *pool)
{
    qt_str names[QT_LABELS_MAX];
    apr_size_t n = 0;

    *list = QT_STR_NONE;
    while (text.n) {
        qt_str name = qt_trim(qt_cut(&text, ','));

        if (name.n == 0) {
            continue;
        }
        if (n == QT_LABELS_MAX) {
            return QT_E_TOO_LARGE;
        }
        names[n++] = name;
    }
    return qt_labels_make(list, names, n, pool);
}

qt_str qt_labels_next(qt_str *rest)
{
    return qt_cut(rest, '\n');
}
