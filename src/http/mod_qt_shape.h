/* What the zone knows, as the JSON of producers and administrators. What an operator reads of a task is stream/mod_qt_view.h. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_SHAPE_H
#define MOD_QT_SHAPE_H

#include "base/qt_buf.h"
#include "core/qt_call.h"

/* {"taskId","state"} */
void mod_qt_shape_outcome(qt_buf *buf, const qt_task_view *task);
/* The whole task with its history; members that do not apply are null. Moments are ISO-8601 UTC. */
void mod_qt_shape_task(qt_buf *buf, const qt_task_view *task);
/* The same in a list: without payload and history. */
void mod_qt_shape_listed(qt_buf *buf, const qt_task_view *task);
/* {"operatorId","time","status","labels","tasks"} */
void mod_qt_shape_operator(qt_buf *buf, const qt_operator_view *op);
/* {"userId","status","streams","since"} */
void mod_qt_shape_user(qt_buf *buf, const qt_user_view *user);
/* {"topic","messages","listeners","lastId"}; lastId is null when no message is kept. */
void mod_qt_shape_topic(qt_buf *buf, const qt_topic_view *topic, apr_uint64_t epoch);
/* {"queueId","messages","inFlight","readers","closed"} */
void mod_qt_shape_queue(qt_buf *buf, const qt_queue_view *queue);
void mod_qt_shape_stats(qt_buf *buf, const char *zone, const qt_stats *stats);
/* A moment as a JSON string, or null for 0. */
void mod_qt_shape_moment(qt_buf *buf, qt_time moment);

#endif
