/* What a mailbox may forget: messages that were written to a stream which is still up a while later. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_RECEIPT_H
#define MOD_QT_RECEIPT_H

#include "stream/mod_qt_subscriber.h"

/*
 * A message of the user's own is acknowledged no sooner than `grace` after it was written to a stream that has not broken since, and
 * soon after twice that at the latest: one timer a stream serves any number of messages. A stream that is over acknowledges nothing,
 * and one that is clogged waits: its client does not read.
 */
struct mod_qt_receipt {
    mod_qt_timer timer;
    mod_qt_subscriber *of;
    apr_uint64_t own;  /* the group of the user's own messages */
    qt_time grace;
    apr_uint64_t due;  /* up to here it is acknowledged when the timer runs out */
    apr_uint64_t last; /* and up to here the next time */
};

mod_qt_receipt *mod_qt_receipt_make(mod_qt_subscriber *subscriber, apr_uint64_t own, qt_time grace);
/* The event was written to the stream. Others' (broadcasts) are let pass. */
void mod_qt_receipt_note(mod_qt_receipt *receipt, const qt_event *event, mod_qt_timers *timers, qt_time now);
/* One that is due by now: what it acknowledges, with *of; 0: there is none. */
apr_uint64_t mod_qt_receipt_pop(mod_qt_timers *timers, qt_time now, mod_qt_subscriber **of);

#endif
