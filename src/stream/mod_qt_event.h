/* What a stream says, as frames: its first bytes, its events, its keep-alives. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_EVENT_H
#define MOD_QT_EVENT_H

#include "base/qt_buf.h"
#include "stream/mod_qt_stream.h"

/* `retry:` (unless 0) and a first comment. */
void mod_qt_event_first(qt_buf *buf, apr_interval_time_t retry);
/* The frame of an event of the zone: any but QT_EV_MESSAGE, QT_EV_LOST and QT_EV_END. */
void mod_qt_event_frame(qt_buf *buf, const qt_event *event, qt_time now);
/* The frame of a QT_EV_MESSAGE, with its id; envelope: data is {"topic","key","type","data"}. */
void mod_qt_event_message(qt_buf *buf, const qt_event *event, apr_uint64_t epoch, int envelope);
/* Nothing for MOD_QT_KA_NONE. */
void mod_qt_event_keepalive(qt_buf *buf, mod_qt_keepalive form);
/* `event: busy` with the reason. */
void mod_qt_event_busy(qt_buf *buf, const char *reason);

#endif
