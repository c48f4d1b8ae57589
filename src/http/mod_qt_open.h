/* The way into a stream: what wait-sse, events, notifications, a queue's reader and the feed have in common. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_OPEN_H
#define MOD_QT_OPEN_H

#include "http/mod_qt_ask.h"
#include "stream/mod_qt_stream.h"

/* Where the client says it is: the header Last-Event-ID, or else the query's lastEventId. */
qt_cursor mod_qt_open_since(const mod_qt_ask *ask);

/*
 * Answer with a stream, or with what stands in its place: 307 to QueueTasksStreamOrigin (callers' streams alone), 204, `busy`, an
 * error. `join` holds what is the endpoint's own (kind, rules, topics, queue, ...; who, where the endpoint knows no caller), and
 * `stream` too (keys, envelope); the rest, what the Location says, is filled in here. HEAD joins nothing.
 * Returns what the handler is to return.
 */
int mod_qt_open(mod_qt_ask *ask, qt_call *join, mod_qt_stream_conf *stream);

/* The headers of a stream's response, for whoever sends one whole. */
void mod_qt_open_headers(request_rec *r);

#endif
