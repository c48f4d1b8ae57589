/* The size line is written last, into room that was left for it in front. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_frame.h"

#include <stdio.h>
#include <string.h>

/* Sixteen hex digits, CR, LF. */
#define SIZE_LINE_MAX 18

void mod_qt_frame_begin(qt_buf *buf, apr_pool_t *pool)
{
    qt_buf_init(buf, pool);
    qt_buf_add(buf, "                  ", SIZE_LINE_MAX);
}

mod_qt_frame mod_qt_frame_end(qt_buf *buf)
{
    char line[SIZE_LINE_MAX + 1];
    apr_size_t n = buf->n - SIZE_LINE_MAX;
    int size = snprintf(line, sizeof(line), "%" APR_UINT64_T_HEX_FMT "\r\n", (apr_uint64_t)n);
    mod_qt_frame frame;

    qt_buf_add(buf, "\r\n", 2);
    frame.text = (qt_str){ buf->p + SIZE_LINE_MAX, n };
    memcpy(buf->p + SIZE_LINE_MAX - size, line, (apr_size_t)size);
    frame.chunk = (qt_str){ frame.text.p - size, n + (apr_size_t)size + 2 };
    return frame;
}
