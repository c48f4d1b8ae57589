/* Text in a chain of cells, as long as it may be. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_TEXT_H
#define QT_TEXT_H

#include "core/qt_zone.h"

/* 0: it is empty, or there is no room. */
qt_ref qt_text_new(qt_zone *z, qt_str text);
void qt_text_free(qt_zone *z, qt_ref text);
apr_size_t qt_text_size(qt_zone *z, qt_ref text);
/* Bytes of the cells that it takes. */
apr_size_t qt_text_cells(qt_zone *z, qt_ref text);
/* Copy it to `to`, which has qt_text_size bytes. */
void qt_text_copy(qt_zone *z, qt_ref text, char *to);

#endif
