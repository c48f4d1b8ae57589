/* Event ids: a place in a zone's one sequence, as clients carry it (`id:`, Last-Event-ID). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_CURSOR_H
#define QT_CURSOR_H

#include "base/qt_buf.h"

typedef struct qt_cursor {
    apr_uint64_t epoch; /* of the zone's life; 0: the id was garbled */
    apr_uint64_t seq;
    unsigned given : 1; /* there was an id, whatever it says */
} qt_cursor;

/* Append "<epoch>-<seq>": the epoch in lower-case hex, the sequence in decimal. At most QT_CURSOR_MAX bytes, ASCII. */
#define QT_CURSOR_MAX 40
void qt_cursor_print(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq);
/* Read it. Absent: not given. Empty or anything that was not printed here: given, with epoch 0. Never fails (SP-43). */
qt_cursor qt_cursor_parse(qt_str text);

#endif
