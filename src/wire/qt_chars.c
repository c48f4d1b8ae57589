/* Characters, blanks and pieces of text. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_chars.h"

/* What may follow a lead byte: the second byte's range is narrowed where an overlong form, a surrogate or too much would begin. */
static const struct lead {
    unsigned char first, last, length, second_min, second_max;
} leads[] = {
    { 0x00, 0x7f, 1, 0, 0 },
    { 0xc2, 0xdf, 2, 0x80, 0xbf },
    { 0xe0, 0xe0, 3, 0xa0, 0xbf },
    { 0xe1, 0xec, 3, 0x80, 0xbf },
    { 0xed, 0xed, 3, 0x80, 0x9f },
    { 0xee, 0xef, 3, 0x80, 0xbf },
    { 0xf0, 0xf0, 4, 0x90, 0xbf },
    { 0xf1, 0xf3, 4, 0x80, 0xbf },
    { 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct lead *find_lead(unsigned char byte)
{
    unsigned i;

    for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

unsigned qt_utf8_next(qt_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    const struct lead *lead = text.n ? find_lead(p[0]) : NULL;
    unsigned i;

    if (!lead || text.n < lead->length) {
        return 0;
    }
    if (lead->length > 1 && (p[1] < lead->second_min || p[1] > lead->second_max)) {
        return 0;
    }
    for (i = 2; i < lead->length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return lead->length;
}

int qt_utf8_ok(qt_str text)
{
    while (text.n) {
        unsigned length = qt_utf8_next(text);

        if (length == 0) {
            return 0;
        }
        text.p += length;
        text.n -= length;
    }
    return 1;
}

int qt_has_control(qt_str text)
{
    apr_size_t i;

    for (i = 0; i < text.n; i++) {
        unsigned char byte = (unsigned char)text.p[i];

        if (byte < 0x20 || byte == 0x7f) {
            return 1;
        }
        /* C1 is U+0080 to U+009F: in UTF-8 always this pair. */
        if (byte == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xa0) {
            return 1;
        }
    }
    return 0;
}

qt_str qt_trim(qt_str text)
{
    while (text.n && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text.p++;
        text.n--;
    }
    while (text.n && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t')) {
        text.n--;
    }
    return text;
}

qt_str qt_cut(qt_str *rest, char mark)
{
    const char *at = rest->n ? memchr(rest->p, mark, rest->n) : NULL;
    qt_str part = { rest->p, at ? (apr_size_t)(at - rest->p) : rest->n };
    apr_size_t used = part.n + (at != NULL);

    *rest = used < rest->n ? (qt_str){ rest->p + used, rest->n - used } : QT_STR_NONE;
    return part;
}
