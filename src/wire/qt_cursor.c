/* Event ids. Only the one spelling that was printed is read, so that equal ids are equal text. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_cursor.h"

#include "wire/qt_chars.h"

void qt_cursor_print(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq)
{
    qt_buf_addf(buf, "%" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_FMT, epoch, seq);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Digits of that base without a leading zero; 0 when it is no number, or larger than it can be. */
static int read_number(apr_uint64_t *number, qt_str text, unsigned base)
{
    *number = 0;
    if (text.n == 0 || (text.p[0] == '0' && text.n > 1)) {
        return 0;
    }
    for (apr_size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)digit_of(text.p[i]);

        if (digit >= base || *number > (APR_UINT64_MAX - digit) / base) {
            return 0;
        }
        *number = *number * base + digit;
    }
    return 1;
}

qt_cursor qt_cursor_parse(qt_str text)
{
    qt_cursor cursor = { .given = text.p != NULL };
    qt_str rest = text;
    qt_str epoch = text.p ? qt_cut(&rest, '-') : QT_STR_NONE;

    if (!text.p || !read_number(&cursor.epoch, epoch, 16) || !read_number(&cursor.seq, rest, 10)) {
        cursor.epoch = cursor.seq = 0;
    }
    return cursor;
}
