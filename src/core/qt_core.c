/* The door: begin, do, keep or undo. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_operator.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

static const qt_verb_fn verbs[QT_VERBS] = {
    [QT_JOIN] = qt_do_join, [QT_LEAVE] = qt_do_leave, [QT_HOLD] = qt_do_hold, [QT_TAKE] = qt_do_take,
    [QT_ASSIGN] = qt_do_assign, [QT_SETTLE] = qt_do_settle, [QT_REJECT] = qt_do_reject, [QT_COMPLETE] = qt_do_complete,
    [QT_EXTEND] = qt_do_extend, [QT_RELEASE] = qt_do_release, [QT_PAUSE] = qt_do_pause, [QT_READY] = qt_do_ready,
    [QT_EXIT] = qt_do_exit, [QT_OPERATORS] = qt_do_operators, [QT_MINE] = qt_do_mine,
    [QT_TICKET] = qt_do_ticket, [QT_REDEEM] = qt_do_redeem, [QT_ADD] = qt_do_add,
    [QT_GET] = qt_do_get, [QT_WITHDRAW] = qt_do_withdraw, [QT_REQUEUE] = qt_do_requeue, [QT_SWITCH] = qt_do_switch,
    [QT_STATS] = qt_do_stats, [QT_CHECK] = qt_do_check, [QT_TICK] = qt_do_tick, [QT_COLLECT] = qt_do_collect,
    [QT_ORPHANS] = qt_do_orphans,
    [QT_PUBLISH] = qt_do_publish, [QT_NOTIFY] = qt_do_notify, [QT_READ] = qt_do_read, [QT_ACK] = qt_do_ack,
    [QT_CATCH_UP] = qt_do_catch_up, [QT_PUSH] = qt_do_push, [QT_CLOSE] = qt_do_close, [QT_DRAIN] = qt_do_drain,
    [QT_DRAINED] = qt_do_drained, [QT_USERS] = qt_do_users, [QT_USER] = qt_do_user, [QT_KICK] = qt_do_kick,
    [QT_TOPICS] = qt_do_topics, [QT_QUEUES] = qt_do_queues, [QT_TASKS] = qt_do_tasks
};

static apr_status_t try_once(qt_zone *z, qt_time now, qt_call *call)
{
    apr_status_t rv;

    call->n = 0;
    call->more = 0;
    call->last = QT_STR_NONE;
    call->events = NULL;
    call->out.len = 0;
    memset(z->wake, 0, sizeof(z->wake));
    z->starved = 0;
    qt_begin(QT_B(z));
    rv = qt_end(QT_B(z), verbs[call->verb](z, now, call));
    if (rv != APR_SUCCESS) {
        memset(z->wake, 0, sizeof(z->wake));
    }
    return rv;
}

/* What is only remembered makes room for what is alive, what is least missed first. */
static int make_room(qt_zone *z, qt_time now)
{
    int dropped;

    memset(z->wake, 0, sizeof(z->wake));
    qt_begin(QT_B(z));
    dropped = qt_forget_ended(z, now, 0) || qt_receipts_forget(z, now, 0) || qt_topics_make_room(z) || qt_users_forget(z, now, 0);
    qt_end(QT_B(z), APR_SUCCESS);
    return dropped;
}

static void note_wake(const qt_zone *z, qt_call *call)
{
    for (unsigned i = 0; i < QT_CHILDREN_MAX / 64; i++) {
        call->wake[i] |= z->wake[i];
    }
}

apr_status_t qt_core_call(qt_zone *z, qt_time now, qt_call *call)
{
    apr_status_t rv;

    memset(call->wake, 0, sizeof(call->wake));
    while ((rv = try_once(z, now, call)) == QT_E_FULL && z->starved && make_room(z, now)) {
        note_wake(z, call); /* who must be told that something is gone */
    }
    note_wake(z, call);
    call->next = qt_next_due(z);
    return rv;
}

/* Who watches is nobody in the zone. */
static void leave_out_watchers(qt_zone *z, qt_stats *stats)
{
    static const char name = QT_NAME_FEED;
    const qt_user *watcher = qt_user_find(z, (qt_str){ &name, 1 });

    if (watcher) {
        stats->users--;
        stats->online -= watcher->online;
    }
}

apr_status_t qt_do_stats(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    call->stats = qt_lay(&call->out, sizeof(*call->stats));
    if (!call->stats) {
        return QT_E_SPACE;
    }
    *call->stats = z->stats;
    call->stats->streams = z->streams.count;
    call->stats->topics = z->topics.count;
    call->stats->messages = z->log.count + z->mails;
    call->stats->users = z->users.count;
    leave_out_watchers(z, call->stats);
    call->stats->queues = z->queues.count;
    call->stats->bytes = z->block.size;
    call->stats->bytes_used = z->arena.used;
    call->stats->rollbacks = z->block.rollbacks;
    call->stats->paused = z->paused;
    for (qt_branch *at = qt_tree_first(QT_B(z), &z->queue); at; at = qt_tree_next(QT_B(z), at)) {
        call->stats->operators[qt_operator_status(QT_AROUND(at, qt_operator, place))]++;
    }
    return APR_SUCCESS;
}

apr_status_t qt_do_check(qt_zone *z, qt_time now, qt_call *call)
{
    call->why = qt_check(z, now);
    return call->why ? QT_E_BROKEN : APR_SUCCESS;
}
