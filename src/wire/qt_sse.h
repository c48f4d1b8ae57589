/* Server-Sent Events: what goes over the wire, as bytes. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_SSE_H
#define QT_SSE_H

#include "base/qt_buf.h"
#include "base/qt_status.h"

/* Longest event type in bytes. */
#define QT_SSE_TYPE_MAX 64
/* The data of the event that ends a queue; nobody's message may be it. */
#define QT_SSE_TERMINATOR "---terminate---"

typedef struct qt_sse_event {
    qt_str id;   /* empty: no id line, the client's last id stays */
    qt_str type; /* empty or "message": no event line */
    qt_str data; /* UTF-8, checked where it came in; split at CR, LF and CRLF. Empty: an event with empty data */
} qt_sse_event;

/*
 * Append the event, lines ended by LF, closed by an empty line. Nothing the event holds can end its frame early or begin
 * another: QT_E_MALFORMED, with nothing written, when id or type are not fit (qt_sse_id_ok, qt_sse_type_ok).
 */
apr_status_t qt_sse_put(qt_buf *buf, const qt_sse_event *event);
/* A comment (one `:` line for each line of text) and an empty line: heard by no listener. */
void qt_sse_comment(qt_buf *buf, qt_str text);
/* How long a client waits before it comes back; milliseconds, >= 0. */
void qt_sse_retry(qt_buf *buf, apr_int64_t ms);

/* 1..QT_SSE_TYPE_MAX of A-Z a-z 0-9 _ - . and not EventSource's own "open" and "error". */
int qt_sse_type_ok(qt_str type);
/* 1..QT_NAME_MAX bytes of UTF-8 without control characters: it comes back as a header's value. */
int qt_sse_id_ok(qt_str id);

#endif
