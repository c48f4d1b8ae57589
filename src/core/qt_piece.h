/* Coalescing: messages of one key within a time become one (last, count, sum, union). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_PIECE_H
#define QT_PIECE_H

#include "core/qt_zone.h"

/*
 * The first message of a key opens a pending one, which is due when the topic's coalesce time has passed; the others within that
 * time are merged into it. Sums and unions are kept in pieces, so that nothing is parsed or allocated under the lock.
 */

/* Merge the call's message into what waits for its topic and key. QT_E_FULL, QT_E_TOO_LARGE (QT_ITEMS_MAX), QT_E_MALFORMED (a bare number
 * and an object can't be added). */
apr_status_t qt_pending_put(qt_zone *z, qt_topic *topic, const qt_call *call, qt_time now);
/* Its time has come: it becomes a message. When there is no room it waits a second more. */
void qt_pending_due(qt_zone *z, qt_pending *pending, qt_time now);

void qt_pieces_free(qt_zone *z, qt_ref pieces);

/* The data of a message, however it is kept: its size, and a copy into `to`, which has that size. */
apr_size_t qt_message_size(qt_zone *z, const qt_message *message);
void qt_message_copy(qt_zone *z, const qt_message *message, char *to);

#endif
