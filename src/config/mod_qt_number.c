/* Reads numbers and words of directives. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mod_qt_number.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <httpd.h>
#include "base/qt_base.h"

const mod_qt_unit mod_qt_times[] = { { "h", 3600 * QT_SECOND }, { "min", 60 * QT_SECOND }, { "mi", 60 * QT_SECOND },
                                     { "s", QT_SECOND }, { "ms", QT_SECOND / 1000 }, { "", QT_SECOND }, { NULL, 0 } };
const mod_qt_unit mod_qt_sizes[] = { { "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 }, { NULL, 0 } };
const mod_qt_unit mod_qt_counts[] = { { "", 1 }, { NULL, 0 } };

static const char *print(apr_pool_t *p, const mod_qt_unit *units, apr_int64_t value)
{
    while (units[1].suffix && (value == 0 || value % units->factor != 0)) {
        units++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", value / units->factor, units->suffix);
}

/* Digits and a suffix that the units know; 0 when it is none or too large to hold. */
static int digits_read(apr_int64_t *value, const mod_qt_unit *units, const char *text)
{
    char *end;
    apr_int64_t digits;

    if (!apr_isdigit(*text)) {
        return 0;
    }
    errno = 0;
    digits = apr_strtoi64(text, &end, 10);
    if (errno) {
        return 0;
    }
    for (; units->suffix; units++) {
        if (ap_cstr_casecmp(units->suffix, end) == 0) {
            *value = digits * units->factor;
            return digits <= APR_INT64_MAX / units->factor;
        }
    }
    return 0;
}

static const char *kind_of(const mod_qt_unit *units)
{
    return units == mod_qt_times ? "a time (ms, s, min, h)" : units == mod_qt_sizes ? "a size (k, m, g)" : "a number";
}

const char *mod_qt_number_read(apr_int64_t *value, const mod_qt_range *range, const char *what, const char *text, apr_pool_t *p)
{
    if (digits_read(value, range->units, text) && *value >= range->least && *value <= range->most) {
        return NULL;
    }
    return apr_psprintf(p, "%s: \"%s\" is not %s from %s to %s", what, text, kind_of(range->units), print(p, range->units, range->least),
                        print(p, range->units, range->most));
}

int mod_qt_word_read(const char *words, const char *text)
{
    apr_size_t n = strlen(text);

    for (int place = 0; *words; place++) {
        apr_size_t length = strcspn(words, " ");

        if (length == n && ap_cstr_casecmpn(words, text, n) == 0) {
            return place;
        }
        words += length;
        words += *words == ' ';
    }
    return -1;
}
