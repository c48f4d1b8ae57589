/* Queues: each message goes to one reader; first in, first out. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_QUEUE_H
#define QT_QUEUE_H

#include "core/qt_zone.h"

/*
 *             give                 told, and its stream still there after the grace
 *   ready ----------> in flight ------------------------------------------------------> gone
 *     ^                  |  the stream breaks: it stays the reader's, who may come back
 *     +------------------+  ... and did not within the grace: back to where it stood
 *
 * A reader that is able (has a stream that takes something) and a ready parcel are never there at the same time.
 */

qt_queue *qt_queue_find(qt_zone *z, qt_str id);
/* A closed queue that nobody needs any more, or one that nobody touched for QT_QUEUE_LIFE. */
void qt_queue_due(qt_zone *z, qt_queue *queue, qt_time now);

/* For the table of seats (qt_seats.c): a stream of kind READER comes and goes. */
apr_status_t qt_reader_come(qt_zone *z, qt_stream *stream, qt_time now, qt_call *call);
void qt_reader_go(qt_zone *z, qt_stream *stream, qt_time now);
/* Its stream takes nothing now, or something again. */
void qt_reader_hold(qt_zone *z, qt_reader *reader, int held, qt_time now);
/* Whether its stream is to be told something. */
int qt_reader_wants(qt_zone *z, const qt_reader *reader);
/* What it has had for the grace is its own; or what it had goes back. */
void qt_reader_due(qt_zone *z, qt_reader *reader, qt_time now);
/* The reader's stream was told the parcel, the first that it had not been told. */
void qt_reader_told(qt_zone *z, qt_reader *reader, qt_parcel *parcel, qt_time now);
/* The first parcel that was not told, or NULL. */
qt_parcel *qt_reader_untold(qt_zone *z, const qt_reader *reader);
/* Nothing more comes, and there is nothing left: readers end with the terminator. */
int qt_queue_is_over(const qt_queue *queue);

static inline qt_str qt_reader_who(const qt_reader *reader)
{
    return (qt_str){ (const char *)(reader + 1), reader->nwho };
}

#endif
