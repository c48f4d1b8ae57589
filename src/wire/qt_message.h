/* How a message reads where it is more than its data: the envelope that names its topic, and the events of the feed. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_MESSAGE_H
#define QT_MESSAGE_H

#include "base/qt_buf.h"

/* Whether a stream with this filter is given an event with this key: no filter, no key (absent or empty), or one that is in it. */
int qt_message_admits(const qt_str *keys, apr_uint32_t nkeys, qt_str key);

/*
 * {"topic","key","type","data"}: an absent or empty key is null, an absent type "message"; data is JSON where it reads as one JSON text
 * (qt_json_parse), as it stands, else a string.
 */
void qt_message_envelope(qt_buf *buf, qt_str topic, qt_str key, qt_str type, qt_str data);

/*
 * An event of the feed, as fields joined by LF (core/qt_call.h), becomes an object: {"taskId","state","operatorId","outcome"},
 * {"operatorId","status"} or {"userId","status"}. Empty and missing fields are null. Of any other type: the fields as one string.
 */
void qt_message_feed(qt_buf *buf, qt_str type, qt_str fields);

#endif
