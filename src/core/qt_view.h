/* How tasks and operators are told: copied out of the block into the caller's memory. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_VIEW_H
#define QT_VIEW_H

#include "core/qt_zone.h"

typedef enum qt_detail { QT_BRIEF, QT_WITH_PAYLOAD, QT_WITH_HISTORY } qt_detail;

/* `n` bytes of the answer, 8-byte aligned; NULL when they don't fit (out->need then says what to try). */
void *qt_lay(qt_out *out, apr_size_t n);
/* These give 0 when it does not fit. */
int qt_lay_str(qt_out *out, qt_str from, qt_str *to);
int qt_lay_text(qt_zone *z, qt_out *out, qt_ref text, qt_str *to);
int qt_lay_task(qt_zone *z, qt_out *out, const qt_task *task, qt_detail detail, qt_task_view *view);
/* The call's answer is this task alone. QT_E_SPACE. */
apr_status_t qt_lay_one(qt_zone *z, qt_call *call, const qt_task *task, qt_detail detail);
/* The next event of the call is this message: for the stream, or (NULL) for its topic's group. */
int qt_lay_message(qt_zone *z, qt_call *call, const qt_stream *stream, const qt_message *message);
int qt_lay_operator(qt_zone *z, qt_out *out, const qt_operator *op, qt_operator_view *view);

#endif
