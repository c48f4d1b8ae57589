/* The core's one door: execute a call on the block of a zone. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_CORE_H
#define QT_CORE_H

#include "core/qt_zone.h"

/* Make a zone in `size` bytes of zeroed memory. `seed` is random; `start` is where
 * its numbers begin: later in each life of the server, so that tokens do not repeat. APR_EINVAL, QT_E_FULL. */
apr_status_t qt_zone_init(void *memory, apr_size_t size, const unsigned char seed[16], apr_uint64_t start);
/* Smallest size. */
#define QT_ZONE_MIN (1024 * 1024)

/* `now` is this verb's time. The caller holds the lock of the zone; nothing here blocks, allocates or logs. Fills call->next and wake. */
apr_status_t qt_core_call(qt_zone *z, qt_time now, qt_call *call);

/* NULL, or the first invariant that does not hold. `now` as in qt_core_call. */
const char *qt_check(qt_zone *z, qt_time now);

/* The verbs, one a function, by file. Each may stop anywhere with a status: the door undoes what it did. */
typedef apr_status_t (*qt_verb_fn)(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_join(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_leave(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_hold(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_collect(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_orphans(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_take(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_assign(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_settle(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_reject(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_complete(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_extend(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_release(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_pause(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_ready(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_exit(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_operators(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_mine(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_ticket(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_redeem(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_add(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_get(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_withdraw(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_requeue(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_publish(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_notify(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_read(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_ack(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_catch_up(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_push(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_close(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_drain(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_drained(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_tasks(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_users(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_user(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_kick(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_topics(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_queues(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_switch(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_stats(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_check(qt_zone *z, qt_time now, qt_call *call);
apr_status_t qt_do_tick(qt_zone *z, qt_time now, qt_call *call);

/* A ticket is used or late. In qt_ticket.c. */
void qt_ticket_drop(qt_zone *z, qt_ticket *ticket);
/* Drop a bounded number of the oldest ended tasks (all of them, or only those past QT_MEMORY): whether any was dropped. In qt_tick.c. */
int qt_forget_ended(qt_zone *z, qt_time now, int only_old);
/* When QT_TICK is due next; QT_NEVER when nothing waits. */
qt_time qt_next_due(qt_zone *z);
/* A stream is over: its record goes, and when it was the operator's last, his grace begins. See qt_seats.c. */
void qt_stream_over(qt_zone *z, qt_stream *stream, qt_time now);
/* The operator leaves the queue: his open offers pass on. See qt_seats.c. */
void qt_pass_on(qt_zone *z, qt_operator *op, qt_time now);

/* His messages up to `seq` have been read, as far as his streams were told them. In qt_publish.c. */
void qt_mail_read(qt_zone *z, qt_str who, apr_uint64_t seq);
/* Drop a bounded number of the oldest receipts (all, or only those past QT_MEMORY): whether any was; and when the next is due, or 0. */
int qt_receipts_forget(qt_zone *z, qt_time now, int only_old);
qt_time qt_receipts_due(qt_zone *z);

/* The host said nothing of an assigning task: back on offer to its operator, or, when it was not on offer or he has left
 * the queue, back to the others. See qt_decide.c. */
void qt_unask(qt_zone *z, qt_task *task, qt_time now);

#endif
