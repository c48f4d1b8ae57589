/* Groups, the line of those who catch up, and the words of other threads. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_fanout.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>
#include "config/mod_qt_log.h"
#include "stream/mod_qt_event.h"
#include "stream/mod_qt_receipt.h"
#include "stream/mod_qt_registry.h"

typedef struct group {
    apr_uint64_t number;
    mod_qt_seat members; /* a ring through this one; nobody else: the group goes */
} group;

typedef enum word { FLOWS, SPEAK, LEFT } word;

/* What the thread of a blocking stream has to say. */
typedef struct news news;
struct news {
    news *next;
    mod_qt_subscriber *of;
    word word;
};

APR_RING_HEAD(line, mod_qt_subscriber);

struct mod_qt_fanout {
    mod_qt_child *child;
    apr_hash_t *groups;        /* by number */
    struct line line;          /* those who are behind, not clogged, and not `asked` */
    struct line dead;          /* freed when no loop can be at them any more: in the next turn */
    mod_qt_subscriber *asked;  /* whose answer is awaited */
    mod_qt_timers receipts;
    qt_time now;               /* as this turn has it */
    apr_uint64_t epoch;
    apr_uint64_t heard;        /* of the last event for a group, */
    apr_uint64_t collected;    /* and of the last before the zone had nothing more */
    /* -- guarded by the registry's mutex -- */
    news *news, **news_end;
};

/* An event on its way, with the frames that somebody wanted so far. */
typedef struct letter {
    const qt_event *event;
    apr_uint64_t epoch;
    apr_pool_t *pool;
    mod_qt_frame frames[MOD_QT_FORMS];
} letter;

mod_qt_fanout *mod_qt_fanout_create(mod_qt_child *child, apr_pool_t *pool)
{
    mod_qt_fanout *made = apr_pcalloc(pool, sizeof(*made));

    made->child = child;
    made->groups = apr_hash_make(pool);
    APR_RING_INIT(&made->line, mod_qt_subscriber, link);
    APR_RING_INIT(&made->dead, mod_qt_subscriber, link);
    mod_qt_timers_init(&made->receipts, pool);
    made->news_end = &made->news;
    return made;
}

int mod_qt_fanout_serves(qt_kind kind)
{
    return kind == QT_K_EVENTS || kind == QT_K_NOTICES || kind == QT_K_FEED;
}

static mod_qt_fanout *home_of(const mod_qt_stream *stream)
{
    return stream->child->fanouts[stream->zone_index];
}

/* ---- groups ---- */

static group *group_of(mod_qt_fanout *fanout, apr_uint64_t number)
{
    group *found = apr_hash_get(fanout->groups, &number, sizeof(number));

    if (!found) {
        found = ap_malloc(sizeof(*found));
        found->number = number;
        found->members = (mod_qt_seat){ .next = &found->members, .at.before = &found->members };
        apr_hash_set(fanout->groups, &found->number, sizeof(found->number), found);
    }
    return found;
}

static void sit_down(mod_qt_fanout *fanout, mod_qt_seat *seat)
{
    mod_qt_seat *first = &group_of(fanout, seat->at.number)->members;

    seat->next = first;
    seat->at.before = first->at.before;
    first->at.before->next = seat;
    first->at.before = seat;
}

static void get_up(mod_qt_fanout *fanout, mod_qt_seat *seat)
{
    mod_qt_seat *next = seat->next;

    next->at.before = seat->at.before;
    next->at.before->next = next;
    if (next->next == next) {
        group *empty = (group *)((char *)next - offsetof(group, members));

        apr_hash_set(fanout->groups, &empty->number, sizeof(empty->number), NULL);
        free(empty);
    }
}

static void enter(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber)
{
    subscriber->entered = 1;
    for (unsigned i = 0; i < subscriber->nseats; i++) {
        sit_down(fanout, &subscriber->seats[i]);
    }
}

/* ---- the line ---- */

/* While it waits for an answer it stands in no line. */
static void line_up(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber)
{
    if (!subscriber->in_line && subscriber->behind && !subscriber->clogged && !subscriber->over && subscriber != fanout->asked) {
        subscriber->in_line = 1;
        APR_RING_INSERT_TAIL(&fanout->line, subscriber, mod_qt_subscriber, link);
    }
}

static void leave_line(mod_qt_subscriber *subscriber)
{
    if (subscriber->in_line) {
        subscriber->in_line = 0;
        APR_RING_REMOVE(subscriber, link);
    }
}

/* What it has seen for certain. A live stream has seen all that was collected: whatever was not written was not for it. */
static apr_uint64_t seen_by(const mod_qt_fanout *fanout, const mod_qt_subscriber *subscriber)
{
    return !subscriber->behind && fanout->collected > subscriber->seen ? fanout->collected : subscriber->seen;
}

static void set_flow(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, int flows)
{
    if (flows) {
        subscriber->clogged = 0;
        if (!subscriber->entered) {
            enter(fanout, subscriber);
        }
        line_up(fanout, subscriber);
        return;
    }
    subscriber->clogged = 1;
    subscriber->seen = seen_by(fanout, subscriber);
    subscriber->behind = 1;
    leave_line(subscriber);
}

/* Out of everything; its memory goes with the turn, since a loop may be at it. */
static void drop(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber)
{
    leave_line(subscriber);
    for (unsigned i = 0; subscriber->entered && i < subscriber->nseats; i++) {
        get_up(fanout, &subscriber->seats[i]);
    }
    if (subscriber->receipt) {
        mod_qt_timer_stop(&subscriber->receipt->timer);
    }
    subscriber->over = 1;
    APR_RING_INSERT_TAIL(&fanout->dead, subscriber, mod_qt_subscriber, link);
}

/* ---- word of other threads ---- */

static void leave_word(mod_qt_stream *stream, word what)
{
    mod_qt_fanout *fanout = home_of(stream);
    news *said = ap_malloc(sizeof(*said));

    *said = (news){ .of = stream->subscriber, .word = what };
    mod_qt_registry_lock(stream->child->registry);
    if (what == LEFT) {
        stream->subscriber = NULL; /* the pump, which may be writing to the stream, finds none from now on */
    }
    *fanout->news_end = said;
    fanout->news_end = &said->next;
    mod_qt_registry_unlock(stream->child->registry);
    qt_store_bell_self(stream->child->store);
}

static news *take_news(mod_qt_fanout *fanout)
{
    news *taken;

    mod_qt_registry_lock(fanout->child->registry);
    taken = fanout->news;
    fanout->news = NULL;
    fanout->news_end = &fanout->news;
    mod_qt_registry_unlock(fanout->child->registry);
    return taken;
}

/* ---- the stream's owner ---- */

void mod_qt_fanout_join(mod_qt_stream *stream, const qt_call *join, const mod_qt_stream_conf *conf)
{
    stream->subscriber = mod_qt_subscriber_make(stream, join, conf);
}

/* That of a blocking stream, in the pump's thread: what it finds lasts until it hears that the stream has left. */
static mod_qt_subscriber *still_there(mod_qt_stream *stream)
{
    mod_qt_subscriber *found;

    mod_qt_registry_lock(stream->child->registry);
    found = stream->subscriber;
    mod_qt_registry_unlock(stream->child->registry);
    return found;
}

void mod_qt_fanout_flow(mod_qt_stream *stream, int flows)
{
    mod_qt_subscriber *subscriber;

    if (flows && !stream->transport->adopt) {
        leave_word(stream, FLOWS);
        return;
    }
    subscriber = stream->transport->adopt ? stream->subscriber : still_there(stream);
    if (subscriber) {
        set_flow(home_of(stream), subscriber, flows);
    }
}

/* What was not handed over yet, nobody knows. */
void mod_qt_fanout_leave(mod_qt_stream *stream)
{
    mod_qt_subscriber *subscriber = stream->subscriber;

    if (!subscriber) {
        return;
    }
    if (stream->life != MOD_QT_ARRIVING && !stream->transport->adopt) {
        leave_word(stream, LEFT);
        return;
    }
    stream->subscriber = NULL;
    if (stream->life == MOD_QT_ARRIVING) {
        mod_qt_subscriber_free(subscriber);
    }
    else {
        drop(home_of(stream), subscriber);
    }
}

void mod_qt_fanout_nudge(mod_qt_stream *stream)
{
    if (stream->subscriber) {
        leave_word(stream, SPEAK);
    }
}

/* ---- writing ---- */

/* The stream, to be written to; NULL: it is gone, and word of it on the way. */
static mod_qt_stream *reach(const mod_qt_fanout *fanout, const mod_qt_subscriber *subscriber)
{
    if (subscriber->owned) {
        return subscriber->over ? NULL : subscriber->at.stream;
    }
    return mod_qt_registry_pin(fanout->child->registry, subscriber->at.cookie);
}

static void let_go(const mod_qt_subscriber *subscriber, mod_qt_stream *stream)
{
    if (!subscriber->owned) {
        mod_qt_registry_unpin(stream);
    }
}

static int takes_more(const mod_qt_subscriber *subscriber)
{
    return !subscriber->clogged && !subscriber->over;
}

static const mod_qt_frame *frame_of(letter *what, mod_qt_form form)
{
    mod_qt_frame *frame = &what->frames[form];
    qt_buf text;

    if (!frame->text.p) {
        mod_qt_frame_begin(&text, what->pool);
        if (form == MOD_QT_FEED) {
            mod_qt_event_feed(&text, what->event, what->epoch);
        }
        else {
            mod_qt_event_message(&text, what->event, what->epoch, form == MOD_QT_ENVELOPE);
        }
        *frame = mod_qt_frame_end(&text);
    }
    return frame;
}

/* What is handed to a transport is given, taken by the client at once or not. 0: the stream takes no more for now, or ever. */
static int give(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, letter *what)
{
    mod_qt_stream *stream = reach(fanout, subscriber);

    if (!stream) {
        return 0;
    }
    subscriber->seen = subscriber->told = what->event->seq;
    if (subscriber->receipt) {
        mod_qt_receipt_note(subscriber->receipt, what->event, &fanout->receipts, fanout->now);
    }
    stream->transport->write(stream, frame_of(what, (mod_qt_form)subscriber->form));
    let_go(subscriber, stream);
    return takes_more(subscriber);
}

/* Words of ours, of which `id` is the place that they tell. */
static int say(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, qt_buf *text, apr_uint64_t id)
{
    mod_qt_stream *stream = reach(fanout, subscriber);
    mod_qt_frame frame;

    if (!stream) {
        return 0;
    }
    subscriber->told = id;
    frame = mod_qt_frame_end(text);
    stream->transport->write(stream, &frame);
    let_go(subscriber, stream);
    return takes_more(subscriber);
}

static void end(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber)
{
    mod_qt_stream *stream = reach(fanout, subscriber);

    if (stream) {
        stream->transport->end(stream);
        let_go(subscriber, stream);
    }
    subscriber->over = 1;
}

/* ---- what was collected ---- */

/* Whoever is written to may be lost by it, and leaves his seat: the next is known before. */
static void tell_members(mod_qt_fanout *fanout, mod_qt_seat *members, letter *what)
{
    const qt_event *event = what->event;
    mod_qt_seat *seat, *next;

    for (seat = members->next; seat != members; seat = next) {
        mod_qt_subscriber *subscriber = seat->of;

        next = seat->next;
        if (!subscriber->behind && subscriber->seen < event->seq && mod_qt_subscriber_admits(subscriber, event->key)) {
            give(fanout, subscriber, what);
        }
    }
}

/* What they have seen is only what they were told: how much of the rest was given to their groups, nobody knows any more. */
static void lose_members(mod_qt_fanout *fanout, mod_qt_seat *members)
{
    for (mod_qt_seat *seat = members->next; seat != members; seat = seat->next) {
        seat->of->behind = 1;
        line_up(fanout, seat->of);
    }
}

void mod_qt_fanout_tell(mod_qt_fanout *fanout, const qt_event *event, apr_uint64_t epoch, apr_pool_t *scratch)
{
    group *home = apr_hash_get(fanout->groups, &event->group, sizeof(event->group));
    letter what = { .event = event, .epoch = epoch, .pool = scratch };

    fanout->epoch = epoch;
    if (event->kind == QT_EV_MESSAGE) {
        fanout->heard = event->seq;
    }
    if (!home) {
        return;
    }
    if (event->kind == QT_EV_MESSAGE) {
        tell_members(fanout, &home->members, &what);
    }
    else if (event->kind == QT_EV_LOST) {
        lose_members(fanout, &home->members);
    }
}

void mod_qt_fanout_told(mod_qt_fanout *fanout)
{
    fanout->collected = fanout->heard;
}

/* ---- catching up ---- */

int mod_qt_fanout_ask(mod_qt_fanout *fanout, qt_call *call)
{
    mod_qt_subscriber *first = APR_RING_FIRST(&fanout->line);

    if (APR_RING_EMPTY(&fanout->line, mod_qt_subscriber, link)) {
        return 0;
    }
    leave_line(first);
    fanout->asked = first;
    call->verb = QT_CATCH_UP;
    call->stream = first->number;
    call->after = first->seen;
    call->until = first->until;
    call->flag = first->resumed;
    call->skip = first->warned;
    if (first->keys) {
        call->keys = first->keys->list;
        call->nkeys = first->keys->n;
    }
    return 1;
}

/* It is told that something may be missing up to here: what else goes after that is another gap. */
static int say_gap(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, apr_uint64_t last, const char *reason, apr_pool_t *pool)
{
    qt_buf text;

    subscriber->warned = 1;
    subscriber->gap_end = (apr_uint32_t)last;
    mod_qt_frame_begin(&text, pool);
    mod_qt_event_gap(&text, fanout->epoch, subscriber->seen, reason);
    return say(fanout, subscriber, &text, subscriber->seen);
}

static int is_past_gap(const mod_qt_subscriber *subscriber, apr_uint64_t seq)
{
    return (apr_int32_t)((apr_uint32_t)seq - subscriber->gap_end) > 0;
}

/* All that was left inside the gap is given: from its end on nothing may be missing. */
static void leave_gap(mod_qt_subscriber *subscriber)
{
    subscriber->warned = 0;
    subscriber->seen += (apr_uint32_t)(subscriber->gap_end - (apr_uint32_t)subscriber->seen);
}

/* Where it begins, once. */
static int say_begin(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, const qt_call *call, apr_pool_t *pool)
{
    qt_buf text;

    if (!subscriber->fresh) {
        return 1;
    }
    subscriber->fresh = 0;
    if (subscriber->foreign) {
        return say_gap(fanout, subscriber, call->seq, "unknown-id", pool);
    }
    if (!subscriber->announced) {
        return 1;
    }
    mod_qt_frame_begin(&text, pool);
    mod_qt_event_synchronizing(&text, fanout->epoch, subscriber->until);
    return say(fanout, subscriber, &text, subscriber->until);
}

/* Some of what it missed is gone: it is told so once, and then given what is left; a slow client only if its Location wants it. */
static void warn(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, const qt_call *call, apr_pool_t *pool)
{
    int late = subscriber->seen < subscriber->until;

    if (subscriber->warned) {
        return;
    }
    if (!late && !subscriber->skip) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, fanout->child->server, QTLOGNO(00230) "stream %" APR_UINT64_T_FMT ": closed, since its "
                     "client reads too slowly: what it missed is gone", subscriber->number);
        end(fanout, subscriber);
        return;
    }
    say_gap(fanout, subscriber, call->seq, late ? "evicted" : "slow", pool);
}

/* 0: not all, the client takes no more or a gap ends here; it goes on after the last that was written. */
static int give_all(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, const qt_call *call, apr_pool_t *pool)
{
    int more = 1;

    for (apr_uint32_t i = 0; more && i < call->n; i++) {
        letter what = { .event = &call->events[i], .epoch = call->epoch, .pool = pool };

        if (subscriber->warned && is_past_gap(subscriber, what.event->seq)) {
            leave_gap(subscriber);
            return 0;
        }
        more = give(fanout, subscriber, &what);
    }
    return more;
}

static void go_on(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, const qt_call *call, apr_pool_t *pool)
{
    if (!say_begin(fanout, subscriber, call, pool)) {
        return;
    }
    if (call->lost) {
        warn(fanout, subscriber, call, pool);
    }
    else if (!give_all(fanout, subscriber, call, pool)) {
        return;
    }
    else if (subscriber->warned && is_past_gap(subscriber, call->after)) {
        leave_gap(subscriber);
    }
    else {
        subscriber->seen = call->after;
        subscriber->behind = call->more;
        subscriber->warned = call->more && subscriber->warned;
    }
}

void mod_qt_fanout_answer(mod_qt_fanout *fanout, const qt_call *call, apr_status_t rv, apr_pool_t *scratch)
{
    mod_qt_subscriber *subscriber = fanout->asked;

    if (rv == APR_SUCCESS) {
        fanout->epoch = call->epoch;
        go_on(fanout, subscriber, call, scratch);
    }
    else if (rv == QT_E_UNKNOWN) {
        end(fanout, subscriber);
    }
    fanout->asked = NULL;
    line_up(fanout, subscriber);
}

/* ---- acknowledgements ---- */

/* The user's id, as his stream has it; absent: the stream is gone. */
static qt_str who_has(const mod_qt_fanout *fanout, const mod_qt_subscriber *subscriber, apr_pool_t *pool)
{
    mod_qt_stream *stream = reach(fanout, subscriber);
    qt_str who = QT_STR_NONE;

    if (stream) {
        who = qt_str_of(apr_pstrdup(pool, stream->who));
        let_go(subscriber, stream);
    }
    return who;
}

int mod_qt_fanout_acks(mod_qt_fanout *fanout, qt_time now, qt_call *call, apr_pool_t *scratch)
{
    mod_qt_subscriber *of;
    apr_uint64_t seq;
    qt_ack *acks;

    if (mod_qt_timers_next(&fanout->receipts) > now) {
        return 0;
    }
    acks = apr_palloc(scratch, MOD_QT_ACKS_MAX * sizeof(*acks));
    while (call->nacks < MOD_QT_ACKS_MAX && (seq = mod_qt_receipt_pop(&fanout->receipts, now, &of)) != 0) {
        acks[call->nacks] = (qt_ack){ .who = who_has(fanout, of, scratch), .seq = seq };
        call->nacks += acks[call->nacks].who.n > 0;
    }
    call->verb = QT_ACK;
    call->acks = acks;
    return call->nacks > 0;
}

/* ---- turns and silence ---- */

static apr_uint64_t checkpoint(const mod_qt_fanout *fanout, mod_qt_subscriber *subscriber)
{
    apr_uint64_t seen = seen_by(fanout, subscriber);

    if (subscriber->fresh || seen <= subscriber->told) {
        return 0;
    }
    subscriber->told = seen;
    return seen;
}

apr_uint64_t mod_qt_fanout_checkpoint(mod_qt_stream *stream, apr_uint64_t *epoch)
{
    mod_qt_fanout *fanout = home_of(stream);

    *epoch = fanout->epoch;
    return stream->subscriber ? checkpoint(fanout, stream->subscriber) : 0;
}

static void speak(mod_qt_fanout *fanout, mod_qt_subscriber *subscriber, apr_pool_t *pool)
{
    apr_uint64_t seq = takes_more(subscriber) ? checkpoint(fanout, subscriber) : 0;
    qt_buf text;

    if (seq) {
        mod_qt_frame_begin(&text, pool);
        mod_qt_event_keepalive(&text, MOD_QT_KA_COMMENT, fanout->epoch, seq);
        say(fanout, subscriber, &text, seq);
    }
}

static void hear(mod_qt_fanout *fanout, const news *said, apr_pool_t *pool)
{
    switch (said->word) {
    case FLOWS:
        set_flow(fanout, said->of, 1);
        break;
    case SPEAK:
        speak(fanout, said->of, pool);
        break;
    case LEFT:
        drop(fanout, said->of);
        break;
    }
}

static void bury(mod_qt_fanout *fanout)
{
    while (!APR_RING_EMPTY(&fanout->dead, mod_qt_subscriber, link)) {
        mod_qt_subscriber *dead = APR_RING_FIRST(&fanout->dead);

        APR_RING_REMOVE(dead, link);
        mod_qt_subscriber_free(dead);
    }
}

void mod_qt_fanout_look(mod_qt_fanout *fanout, qt_time now, int rang, apr_pool_t *scratch)
{
    news *said = rang ? take_news(fanout) : NULL;

    fanout->now = now;
    bury(fanout);
    while (said) {
        news *next = said->next;

        hear(fanout, said, scratch);
        free(said);
        said = next;
    }
}

qt_time mod_qt_fanout_due(const mod_qt_fanout *fanout)
{
    return APR_RING_EMPTY(&fanout->line, mod_qt_subscriber, link) ? mod_qt_timers_next(&fanout->receipts) : 0;
}
