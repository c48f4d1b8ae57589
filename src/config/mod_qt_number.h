/* Numbers in directives: times, sizes and counts, within a range. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_NUMBER_H
#define MOD_QT_NUMBER_H

#include <apr_pools.h>

typedef struct mod_qt_unit {
    const char *suffix;
    apr_int64_t factor;
} mod_qt_unit;

/* Largest first: a limit is told in the first unit that divides it. Times are read as microseconds; without a suffix, seconds. */
extern const mod_qt_unit mod_qt_times[], mod_qt_sizes[], mod_qt_counts[];

typedef struct mod_qt_range {
    const mod_qt_unit *units;
    apr_int64_t least, most;
} mod_qt_range;

/* Read digits and a suffix. NULL, or what is wrong with the text under the name `what`: for the administrator, with the range. */
const char *mod_qt_number_read(apr_int64_t *value, const mod_qt_range *range, const char *what, const char *text, apr_pool_t *p);

/* The place of a word in "one two three", without regard to case; -1 when it is none of them. */
int mod_qt_word_read(const char *words, const char *text);

#endif
