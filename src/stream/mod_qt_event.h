/* What a stream says, as frames: its first bytes, its events, its keep-alives. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_EVENT_H
#define MOD_QT_EVENT_H

#include "base/qt_buf.h"
#include "stream/mod_qt_stream.h"

/* `retry:` (unless 0) and a first comment. */
void mod_qt_event_first(qt_buf *buf, apr_interval_time_t retry);
/* The frame of an event for one stream, plain: any but QT_EV_LOST and QT_EV_END. */
void mod_qt_event_frame(qt_buf *buf, const qt_event *event, apr_uint64_t epoch, qt_time now);
/* That of QT_EV_MESSAGE, with its id: data as it was published, or in its envelope (wire/qt_message.h). */
void mod_qt_event_message(qt_buf *buf, const qt_event *event, apr_uint64_t epoch, int envelope);
/* That of QT_EV_MESSAGE for a FEED stream. */
void mod_qt_event_feed(qt_buf *buf, const qt_event *event, apr_uint64_t epoch);
/* `event: synchronizing`: what comes now is new from here on (SP-7). */
void mod_qt_event_synchronizing(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq);
/* `event: gap`: something up to here is not known or gone. The reason is a word of ours. */
void mod_qt_event_gap(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq, const char *reason);
/* The last words of a stream whose place another has taken: a bare EventSource stays away for a day (NT-15). */
void mod_qt_event_replaced(qt_buf *buf);
/*
 * Nothing for MOD_QT_KA_NONE. Unless `seq` is 0, the id of a place that the client has reached without an event of its own goes with
 * it: a comment then ends in an id alone, which no listener hears.
 */
void mod_qt_event_keepalive(qt_buf *buf, mod_qt_keepalive form, apr_uint64_t epoch, apr_uint64_t seq);
/* `event: busy` with the reason. */
void mod_qt_event_busy(qt_buf *buf, const char *reason);

#endif
