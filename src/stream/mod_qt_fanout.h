/* Messages, fanned out in the child: one zone's topics and the streams of this child that listen to them. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_FANOUT_H
#define MOD_QT_FANOUT_H

#include "stream/mod_qt_subscriber.h"

/*
 * The zone knows how many streams of a child listen to a topic, not which. A stream of messages (QT_K_EVENTS, NOTICES, FEED) is given
 * a number for each of its topics when it joins; here it has a seat in the group of that number. What the pump collects for a group is
 * encoded once for each form and written to all members: no verb, no allocation, no lock for any of them, but the pin of a blocking one.
 *
 *   new ---flows---> behind ---all given---> live
 *                      ^                      |
 *                      +---clogs, or is lost--+
 *
 * A stream that is behind is passed over by its groups and catches up by QT_CATCH_UP from what it has seen, a batch at a time, in turn with
 * all others; a clogged one waits until its client reads. So nothing is queued for anybody but what a socket has not taken yet.
 * Nothing here calls the store: verbs are filled in and their answers taken, the pump carries them.
 *
 * A stream's owner leads it in and out; the pump owns everything else. A blocking stream's handler leaves word in a list that the
 * registry's mutex guards, and is pinned to be written to.
 */

/* Most acknowledgements of one QT_ACK. */
#define MOD_QT_ACKS_MAX 64

/* One zone's, for the life of the pump; `pool` is the pump's. */
mod_qt_fanout *mod_qt_fanout_create(mod_qt_child *child, apr_pool_t *pool);
/* Whether streams of this kind are fanned out here; the others' events name their streams. */
int mod_qt_fanout_serves(qt_kind kind);

/* ---- the stream's owner ---- */

/* The handler's thread, just before `carry`: the transport stays what it is. */
void mod_qt_fanout_join(mod_qt_stream *stream, const qt_call *join, const mod_qt_stream_conf *conf);
/* Its client takes more, or nothing for now (then the pump's thread in any case). The first time it takes its seats. */
void mod_qt_fanout_flow(mod_qt_stream *stream, int flows);
/* It is over, or never came to anything. Once or more often. */
void mod_qt_fanout_leave(mod_qt_stream *stream);
/* A blocking stream was silent: the pump sends the id of the place that it has reached. */
void mod_qt_fanout_nudge(mod_qt_stream *stream);

/* ---- the pump's thread ---- */

/* The first thing in a turn; the bell rang: other threads may have left word. */
void mod_qt_fanout_look(mod_qt_fanout *fanout, qt_time now, int rang, apr_pool_t *scratch);
/* When it has something to do: 0 at once, QT_NEVER. */
qt_time mod_qt_fanout_due(const mod_qt_fanout *fanout);
/* An event for a group, as collected. Frames live in `scratch`. */
void mod_qt_fanout_tell(mod_qt_fanout *fanout, const qt_event *event, apr_uint64_t epoch, apr_pool_t *scratch);
/* All that there was is collected: live streams have seen as much. */
void mod_qt_fanout_told(mod_qt_fanout *fanout);
/* The QT_CATCH_UP of whoever is first in line; 0: nobody is. */
int mod_qt_fanout_ask(mod_qt_fanout *fanout, qt_call *call);
/* And what came of it: right after. */
void mod_qt_fanout_answer(mod_qt_fanout *fanout, const qt_call *call, apr_status_t rv, apr_pool_t *scratch);
/* The next QT_ACK that is due; 0: there is none. */
int mod_qt_fanout_acks(mod_qt_fanout *fanout, qt_time now, qt_call *call, apr_pool_t *scratch);
/* The place that the stream's client has reached without being sent its id, which it is about to be; 0: there is none. */
apr_uint64_t mod_qt_fanout_checkpoint(mod_qt_stream *stream, apr_uint64_t *epoch);

#endif
