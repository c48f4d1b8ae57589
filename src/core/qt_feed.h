/* The feed: what happens in the zone, as messages of a topic of its own. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_FEED_H
#define QT_FEED_H

#include "core/qt_zone.h"

/*
 * It is written only while somebody listens, and for QT_FEED_KEPT after the last one left, so that he may come back without a hole.
 * Never fails: what there is no room for is missing, and a gap says so.
 */
#define QT_FEED_KEPT (300 * QT_SECOND)

void qt_feed_task(qt_zone *z, const qt_task *task, qt_time now);
void qt_feed_operator(qt_zone *z, const qt_operator *op, qt_op_status status, qt_time now);
void qt_feed_user(qt_zone *z, const qt_user *user, qt_time now);
/* Somebody listens from now on. `back`: he did before, and finds a gap when it was not written all the time. QT_E_FULL. */
apr_status_t qt_feed_begin(qt_zone *z, int back, qt_time now);
/* It is written until then. */
void qt_feed_until(qt_zone *z, qt_time until);

#endif
