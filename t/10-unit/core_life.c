/* The arrows of a task's life, one test each (src/core/qt_task.h draws them). */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "tap.h"
#include "zone.h"

static zone_fixture f;

static void fresh(void)
{
    if (f.zone) {
        zone_close(&f);
    }
    zone_open(&f, QT_ZONE_MIN);
}

/* t1 on offer to anna; her stream. */
static apr_uint64_t offered(void)
{
    apr_uint64_t anna;

    fresh();
    anna = zone_join(&f, "anna", "");
    zone_add(&f, "t1");
    return anna;
}

static void test_added_ready(void)
{
    fresh();
    is_int(zone_add(&f, "t1"), APR_SUCCESS, "added");
    is_str(zone_where(&f, "t1"), "ready", "added -> ready: kept when nobody can take it (QT-43, QT-51)");
    is_int(zone_add(&f, "t1"), APR_SUCCESS, "the same task again is no second one (QT-57)");
    is_int(f.call.tasks->fresh, 0, "and is known");
}

static void test_delayed_ready(void)
{
    qt_spec spec = { .id = QT_STR_LIT("t1"), .delay = 10 * QT_SECOND };
    apr_uint64_t anna;

    fresh();
    anna = zone_join(&f, "anna", "");
    zone_add_spec(&f, &spec);
    is_str(zone_state(&f, "t1"), "delayed", "added -> delayed");
    zone_pass(&f, 10 * QT_SECOND - 1);
    is_str(zone_told(&f, anna), "", "nothing before its time");
    zone_pass(&f, 1);
    is_str(zone_where(&f, "t1"), "offered anna", "delayed -> ready -> offered, on the microsecond");
}

static void test_ready_offered(void)
{
    apr_uint64_t anna = offered();

    is_str(zone_where(&f, "t1"), "offered anna", "ready -> offered (QT-30, QT-34)");
    is_str(zone_told(&f, anna), "task:t1", "his stream is told once (QT-35)");
    is_str(zone_told(&f, anna), "", "and not again");
    is_str(zone_queue(&f), "anna:selects", "he selects (QT-33)");
    fresh();
    zone_add(&f, "t1");
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "task:t1", "joining and looking are one step: no lost wake-up (QT-50)");
}

static void test_offered_assigned(void)
{
    apr_uint64_t anna = offered();

    zone_told(&f, anna);
    is_int(zone_do(&f, QT_ASSIGN, "boris", "t1"), QT_E_NOT_OFFERED, "not by one to whom it is not on offer (QT-3)");
    is_int(zone_do(&f, QT_ASSIGN, "anna", "t1"), APR_SUCCESS, "offered -> assigned");
    is_str(zone_where(&f, "t1"), "assigned anna", "it is his");
    is_str(zone_told(&f, anna), "closed:t1=assigned", "his tabs are told");
    is_str(zone_queue(&f), "anna:busy", "he is busy until he completes");
    is_int(zone_do(&f, QT_ASSIGN, "anna", "t1"), QT_E_NOT_OFFERED, "once: the second tab is late (QT-54)");
}

static void test_assigned_done(void)
{
    offered();
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    zone_add(&f, "t2");
    is_str(zone_where(&f, "t2"), "ready", "nothing more while his capacity is used");
    is_int(zone_do(&f, QT_COMPLETE, "boris", "t1"), QT_E_NOT_OFFERED, "complete: only his");
    is_int(zone_do(&f, QT_COMPLETE, "anna", "t1"), APR_SUCCESS, "assigned -> done");
    is_str(zone_state(&f, "t1"), "done", "done");
    is_str(zone_where(&f, "t2"), "offered anna", "complete frees him for the next");
    zone_pass(&f, QT_MEMORY - 1);
    is_str(zone_state(&f, "t1"), "done", "readable for an hour");
    zone_pass(&f, 1);
    is_str(zone_state(&f, "t1"), "unknown", "then forgotten");
}

static void test_offered_ready_by_reject(void)
{
    apr_uint64_t anna = offered(), boris = zone_join(&f, "boris", "");

    zone_told(&f, anna);
    is_int(zone_do(&f, QT_REJECT, "anna", "t1"), APR_SUCCESS, "reject");
    is_str(zone_where(&f, "t1"), "offered boris", "offered -> ready -> offered to the next (QT-37)");
    is_str(zone_told(&f, anna), "closed:t1=rejected", "the rejecter's tabs are told");
    is_str(zone_told(&f, boris), "", "(the other's event was collected by the same child)");
    is_str(zone_queue(&f), "boris:selects anna:free", "the rejecter is at the tail (A-10)");
    zone_do(&f, QT_REJECT, "boris", "t1");
    is_str(zone_where(&f, "t1"), "ready", "who refused does not get it at once, though nobody else can (QT-67)");
    zone_pass(&f, 60 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "offered anna", "after the cooldown he does");
    is_int((int)zone_get(&f, "t1")->attempt, 3, "attempts are counted");
}

static void test_offered_ready_by_timeout(void)
{
    apr_uint64_t anna = offered();

    zone_join(&f, "boris", "");
    zone_told(&f, anna);
    zone_pass(&f, 40 * QT_SECOND - 1);
    is_str(zone_where(&f, "t1"), "offered anna", "his for the whole window (QT-20)");
    zone_pass(&f, 1);
    is_str(zone_where(&f, "t1"), "offered boris", "offered -> ready by time-out, on the microsecond, and on (QT-23)");
    is_str(zone_told(&f, anna), "closed:t1=expired", "he is told");
    is_int(zone_do(&f, QT_ASSIGN, "anna", "t1"), QT_E_NOT_OFFERED, "late is late (QT-56)");
    is_str(zone_queue(&f), "boris:selects anna:free", "he goes to the tail");
    zone_pass(&f, 80 * QT_SECOND);
    is_int((int)zone_get(&f, "t1")->attempt, 4, "between two who sleep it goes to and fro: 40 s each");
}

static void test_judge_is_the_clock(void)
{
    offered();
    f.now += 40 * QT_SECOND;
    is_int(zone_do(&f, QT_ASSIGN, "anna", "t1"), QT_E_NOT_OFFERED, "an assign at the deadline is late even before the tick came (QT-56)");
}

static void test_offered_ready_by_loss(void)
{
    apr_uint64_t anna = offered();

    zone_join(&f, "boris", "");
    zone_leave(&f, anna);
    zone_pass(&f, 5 * QT_SECOND - 1);
    is_str(zone_where(&f, "t1"), "offered anna", "a broken connection keeps the offer for the grace");
    is_str(zone_queue(&f), "anna:selects boris:free", "and his status and place");
    zone_pass(&f, 1);
    is_str(zone_where(&f, "t1"), "offered boris", "offered -> ready by loss when he does not come back (QT-62)");
    is_str(zone_queue(&f), "boris:selects", "and he is out of the queue (QT-60)");
}

static void test_back_within_grace(void)
{
    apr_uint64_t anna = offered();

    zone_told(&f, anna);
    zone_leave(&f, anna);
    zone_pass(&f, 4 * QT_SECOND);
    anna = zone_join(&f, "anna", "");
    is_str(zone_told(&f, anna), "task:t1", "a reconnect during the decision shows the same offer again (QT-53)");
    zone_add(&f, "t2");
    is_str(zone_where(&f, "t2"), "ready", "and never makes him free (QT-53)");
    zone_pass(&f, 36 * QT_SECOND - 1);
    is_str(zone_where(&f, "t1"), "offered anna", "the window runs on");
    zone_pass(&f, 1);
    is_int((int)zone_get(&f, "t1")->nhistory, 2, "and ends when it would have ended");
}

static void test_ready_expired(void)
{
    qt_spec spec = { .id = QT_STR_LIT("t1"), .ttl = 10 * QT_SECOND };

    fresh();
    zone_add_spec(&f, &spec);
    zone_pass(&f, 10 * QT_SECOND);
    is_str(zone_state(&f, "t1"), "expired", "ready -> expired at its ttl");
    fresh();
    zone_join(&f, "anna", "");
    zone_add_spec(&f, &spec);
    zone_pass(&f, 20 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "offered anna", "the ttl of a task on offer counts when it comes back");
    zone_pass(&f, 20 * QT_SECOND);
    is_str(zone_state(&f, "t1"), "expired", "and then at once");
}

static void test_offered_dead(void)
{
    qt_spec spec = { .id = QT_STR_LIT("t1"), .max_offers = 2 };

    fresh();
    zone_join(&f, "anna", "");
    zone_add_spec(&f, &spec);
    zone_pass(&f, 80 * QT_SECOND);
    is_str(zone_state(&f, "t1"), "dead", "offered -> dead after MaxOffers");
    is_int(zone_do(&f, QT_REQUEUE, NULL, "t1"), APR_SUCCESS, "requeue");
    is_str(zone_where(&f, "t1"), "offered anna", "dead -> ready");
    is_int(zone_do(&f, QT_REQUEUE, NULL, "t1"), QT_E_CONFLICT, "only the dead are brought back");
}

static void test_withdrawn(void)
{
    apr_uint64_t anna = offered();

    zone_told(&f, anna);
    zone_add(&f, "t2");
    is_int(zone_do(&f, QT_WITHDRAW, NULL, "t1"), APR_SUCCESS, "withdraw an offer");
    is_str(zone_state(&f, "t1"), "withdrawn", "offered -> withdrawn");
    is_str(zone_where(&f, "t2"), "offered anna", "he is free for the next at once");
    is_str(zone_told(&f, anna), "closed:t1=withdrawn task:t2", "and told of both");
    zone_do(&f, QT_ASSIGN, "anna", "t2");
    zone_add(&f, "t3");
    zone_do(&f, QT_WITHDRAW, NULL, "t2");
    is_str(zone_state(&f, "t2"), "withdrawn", "assigned -> withdrawn");
    is_str(zone_where(&f, "t3"), "offered anna", "his capacity is freed");
    is_int(zone_do(&f, QT_WITHDRAW, NULL, "t2"), APR_SUCCESS, "again is no error");
    zone_do(&f, QT_ASSIGN, "anna", "t3");
    zone_do(&f, QT_COMPLETE, "anna", "t3");
    is_int(zone_do(&f, QT_WITHDRAW, NULL, "t3"), QT_E_CONFLICT, "what is done stays done");
    is_int(zone_do(&f, QT_WITHDRAW, NULL, "nix"), QT_E_UNKNOWN, "unknown is unknown");
}

static apr_status_t settle(qt_verdict verdict)
{
    f.call = (qt_call){ .verb = QT_SETTLE, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .verdict = verdict };
    return zone_call(&f);
}

static void ask(void)
{
    offered();
    f.call = (qt_call){ .verb = QT_ASSIGN, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .flag = 1 };
    zone_call(&f);
}

static void test_assigning(void)
{
    ask();
    is_str(zone_where(&f, "t1"), "assigning anna", "offered -> assigning while the host is asked (QT-55)");
    zone_pass(&f, 50 * QT_SECOND);
    is_str(zone_where(&f, "t1"), "assigning anna", "the window does not end while the host thinks");
    is_int(settle(QT_HOST_YES), APR_SUCCESS, "the host says yes");
    is_str(zone_where(&f, "t1"), "assigned anna", "assigning -> assigned");
    ask();
    settle(QT_HOST_TAKEN);
    is_str(zone_state(&f, "t1"), "withdrawn", "assigning -> withdrawn: somebody else's (QT-36)");
    is_str(zone_queue(&f), "anna:free", "and he keeps his place and is free (QT-61)");
    ask();
    zone_join(&f, "boris", "");
    settle(QT_HOST_NOT_HIM);
    is_str(zone_where(&f, "t1"), "offered boris", "assigning -> ready: another may have it (A-16)");
    ask();
    settle(QT_HOST_SILENT);
    is_str(zone_where(&f, "t1"), "offered anna", "assigning -> offered when the host did not answer (QT-55)");
    ask();
    zone_join(&f, "boris", "");
    zone_do(&f, QT_EXIT, "anna", NULL);
    is_str(zone_where(&f, "t1"), "assigning anna", "exit does not cut the host off");
    settle(QT_HOST_SILENT);
    is_str(zone_where(&f, "t1"), "offered boris", "but what nobody decides goes to the next at once");
    ask();
    zone_pass(&f, 121 * QT_SECOND);
    is_int(settle(QT_HOST_YES), QT_E_NOT_OFFERED, "an answer that never came leaves no task behind");
    is_str(zone_where(&f, "t1"), "offered anna", "it is on offer again");
}

static void test_assigned_ready(void)
{
    offered();
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    is_int(zone_do(&f, QT_RELEASE, "anna", "t1"), APR_SUCCESS, "release");
    is_str(zone_where(&f, "t1"), "offered anna", "assigned -> ready: back to him when it fits nobody else");
    zone_join(&f, "boris", "");
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    zone_do(&f, QT_RELEASE, "anna", "t1");
    is_str(zone_where(&f, "t1"), "offered boris", "to another when there is one");
    zone_do(&f, QT_ASSIGN, "boris", "t1");
    f.call = (qt_call){ .verb = QT_RELEASE, .who = QT_STR_LIT("boris"), .task = QT_STR_LIT("t1"), .operator_id = QT_STR_LIT("anna") };
    zone_call(&f);
    is_str(zone_where(&f, "t1"), "assigned anna", "release to a named operator assigns it to him");
    f.call = (qt_call){ .verb = QT_RELEASE, .who = QT_STR_LIT("anna"), .task = QT_STR_LIT("t1"), .relabel = 1 };
    f.call.labels = QT_STR_LIT("vip");
    zone_call(&f);
    is_str(zone_where(&f, "t1"), "ready", "release with labels changes whom it fits");
    zone_join(&f, "carla", "vip");
    is_str(zone_where(&f, "t1"), "offered carla", "and it goes to one who has them");
}

static void test_released_waits_for_the_busy(void)
{
    apr_uint64_t boris;

    offered();
    zone_do(&f, QT_ASSIGN, "anna", "t1");
    boris = zone_join(&f, "boris", "");
    zone_add(&f, "t2");
    zone_do(&f, QT_RELEASE, "anna", "t1");
    is_str(zone_where(&f, "t1"), "ready", "a released task waits for another whom it fits, though he is deciding");
    zone_leave(&f, boris);
    is_str(zone_where(&f, "t1"), "offered anna", "until he is gone: then the releaser has it back");
}

int main(void)
{
    apr_initialize();
    test_added_ready();
    test_delayed_ready();
    test_ready_offered();
    test_offered_assigned();
    test_assigned_done();
    test_offered_ready_by_reject();
    test_offered_ready_by_timeout();
    test_judge_is_the_clock();
    test_offered_ready_by_loss();
    test_back_within_grace();
    test_ready_expired();
    test_offered_dead();
    test_withdrawn();
    test_assigning();
    test_assigned_ready();
    test_released_waits_for_the_busy();
    return done_testing();
}
