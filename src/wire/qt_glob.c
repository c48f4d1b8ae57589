/* Reads and matches globs: all places that a pattern's first parts can end at are followed at once, so that nothing is tried twice. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_glob.h"

/* reach[i]: the parts so far match the topic's first i bytes. */
typedef struct walk {
    unsigned char reach[QT_NAME_MAX + 1];
    qt_str topic;
} walk;

static apr_size_t run_of(qt_str text, int stars)
{
    apr_size_t n = 0;

    while (n < text.n && (text.p[n] == '*') == stars) {
        n++;
    }
    return n;
}

void qt_glob_read(apr_array_header_t *parts, qt_str pattern)
{
    while (pattern.n) {
        int stars = pattern.p[0] == '*';
        apr_size_t n = run_of(pattern, stars);
        qt_glob_part *part = apr_array_push(parts);

        part->kind = !stars ? QT_GLOB_TEXT : n == 1 ? QT_GLOB_STAR : QT_GLOB_STARS;
        part->text = stars ? QT_STR_NONE : (qt_str){ pattern.p, n };
        pattern.p += n;
        pattern.n -= n;
    }
}

/* From the end, so that a place is read before it is written. */
static void walk_text(walk *w, qt_str text)
{
    for (apr_size_t i = w->topic.n + 1; i-- > 0; ) {
        w->reach[i] = i >= text.n && w->reach[i - text.n] && qt_str_eq((qt_str){ w->topic.p + i - text.n, text.n }, text);
    }
}

static void walk_stars(walk *w, int over_slashes)
{
    for (apr_size_t i = 1; i <= w->topic.n; i++) {
        w->reach[i] |= w->reach[i - 1] && (over_slashes || w->topic.p[i - 1] != '/');
    }
}

int qt_glob_match(const qt_glob_part *parts, apr_size_t n, qt_str topic)
{
    walk w = { .reach = { 1 }, .topic = topic };

    if (topic.n > QT_NAME_MAX) {
        return 0;
    }
    for (apr_size_t i = 0; i < n; i++) {
        if (parts[i].kind == QT_GLOB_TEXT) {
            walk_text(&w, parts[i].text);
        }
        else {
            walk_stars(&w, parts[i].kind == QT_GLOB_STARS);
        }
    }
    return w.reach[topic.n];
}
