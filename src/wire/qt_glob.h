/* Topic globs: patterns of literal text and wildcards, matched against whole topics. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_GLOB_H
#define QT_GLOB_H

#include <apr_tables.h>
#include "base/qt_base.h"

typedef enum qt_glob_kind {
    QT_GLOB_TEXT, /* these bytes, whatever they are: what a user is called never acts as a wildcard */
    QT_GLOB_STAR, /* `*`: any bytes but '/', none too */
    QT_GLOB_STARS /* `**`: any bytes, none too */
} qt_glob_kind;

/* A pattern is parts in a row. Whoever puts one together from several texts adds TEXT parts of his own. */
typedef struct qt_glob_part {
    qt_glob_kind kind;
    qt_str text;
} qt_glob_part;

/* Append the parts of a pattern's text to an array of qt_glob_part; their texts are spans of it. */
void qt_glob_read(apr_array_header_t *parts, qt_str pattern);

/* Whether the parts match the whole topic. Steps: its length times the pattern's, at most. None over QT_NAME_MAX bytes is matched. */
int qt_glob_match(const qt_glob_part *parts, apr_size_t n, qt_str topic);

#endif
