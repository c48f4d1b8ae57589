/* Text in a chain of cells. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_text.h"

typedef struct qt_part {
    qt_ref next;
    apr_uint32_t n;
} qt_part;

#define QT_PART_MAX (QT_CELL_MAX - sizeof(qt_part))

qt_ref qt_text_new(qt_zone *z, qt_str text)
{
    qt_ref first = 0;

    /* From the end, so that each part knows its next when it is written. */
    while (text.n > 0) {
        apr_size_t n = text.n % QT_PART_MAX ? text.n % QT_PART_MAX : QT_PART_MAX;
        qt_part *part = qt_zone_alloc(z, sizeof(*part) + n, QT_NORMAL);

        if (!part) {
            return 0;
        }
        *part = (qt_part){ .next = first, .n = (apr_uint32_t)n };
        memcpy(part + 1, text.p + text.n - n, n);
        text.n -= n;
        first = QT_OF(z, part);
    }
    return first;
}

void qt_text_free(qt_zone *z, qt_ref text)
{
    while (text) {
        qt_part *part = QT_REC(z, qt_part, text);

        text = part->next;
        qt_zone_free(z, part);
    }
}

apr_size_t qt_text_size(qt_zone *z, qt_ref text)
{
    apr_size_t n = 0;

    for (; text; text = QT_REC(z, qt_part, text)->next) {
        n += QT_REC(z, qt_part, text)->n;
    }
    return n;
}

apr_size_t qt_text_cells(qt_zone *z, qt_ref text)
{
    apr_size_t bytes = 0;

    for (; text; text = QT_REC(z, qt_part, text)->next) {
        bytes += qt_cell_size(sizeof(qt_part) + QT_REC(z, qt_part, text)->n);
    }
    return bytes;
}

void qt_text_copy(qt_zone *z, qt_ref text, char *to)
{
    for (; text; text = QT_REC(z, qt_part, text)->next) {
        qt_part *part = QT_REC(z, qt_part, text);

        memcpy(to, part + 1, part->n);
        to += part->n;
    }
}
