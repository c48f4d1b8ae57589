/* Receipts. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_receipt.h"

#include <stddef.h>

mod_qt_receipt *mod_qt_receipt_make(mod_qt_subscriber *subscriber, apr_uint64_t own, qt_time grace)
{
    mod_qt_receipt *made = ap_calloc(1, sizeof(*made));

    made->of = subscriber;
    made->own = own;
    made->grace = grace;
    return made;
}

/* Only ever by the whole grace, so that all who have the same share one ring (stream/mod_qt_timer.h). */
static void start(mod_qt_receipt *receipt, mod_qt_timers *timers, qt_time now)
{
    receipt->due = receipt->last;
    mod_qt_timer_start(timers, &receipt->timer, receipt->grace, now);
}

void mod_qt_receipt_note(mod_qt_receipt *receipt, const qt_event *event, mod_qt_timers *timers, qt_time now)
{
    if (event->group && event->group != receipt->own) {
        return;
    }
    receipt->last = event->seq;
    if (!receipt->timer.set) {
        start(receipt, timers, now);
    }
}

apr_uint64_t mod_qt_receipt_pop(mod_qt_timers *timers, qt_time now, mod_qt_subscriber **of)
{
    mod_qt_timer *timer;

    while ((timer = mod_qt_timers_pop(timers, now)) != NULL) {
        mod_qt_receipt *receipt = (mod_qt_receipt *)((char *)timer - offsetof(mod_qt_receipt, timer));
        apr_uint64_t due = receipt->due;

        *of = receipt->of;
        if (receipt->of->clogged) {
            mod_qt_timer_start(timers, timer, receipt->grace > 0 ? receipt->grace : QT_SECOND, now);
            continue;
        }
        if (receipt->last > due) {
            start(receipt, timers, now);
        }
        return due;
    }
    return 0;
}
