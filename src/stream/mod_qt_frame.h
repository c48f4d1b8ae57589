/* What is written to streams: some events as they are, and the same bytes as one chunk of HTTP/1.1, made once for all who get them. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_FRAME_H
#define MOD_QT_FRAME_H

#include "base/qt_buf.h"

typedef struct mod_qt_frame {
    qt_str text;  /* whole events */
    qt_str chunk; /* size line, text, line end: surrounds the text in memory */
} mod_qt_frame;

/* Start: what is added to the buffer from now on is the text. */
void mod_qt_frame_begin(qt_buf *buf, apr_pool_t *pool);
/* The text is whole. The frame lives as long as the buffer's memory; the buffer takes no more. */
mod_qt_frame mod_qt_frame_end(qt_buf *buf);

#endif
