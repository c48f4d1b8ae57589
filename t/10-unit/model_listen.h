/* The model of listeners: a child's fan-out as src/stream does it, clients that break off, and what they must have heard. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_MODEL_LISTEN_H
#define TEST_MODEL_LISTEN_H

#include "model.h"

#define TOPICS 6                /* of which 4 deliver all, then one last, one none */
#define KEYS 4                  /* 0: none */
#define SUBSCRIBERS 50
#define USERS 8
#define DEVICES 16              /* two of each user */
#define LISTENERS (SUBSCRIBERS + DEVICES)

typedef struct listener {
    int user;                   /* -1: a subscriber */
    unsigned topics, keys;      /* bits; no key: no filter */
    /* -- the child's side -- */
    apr_uint64_t stream, seen, until, groups[TOPICS];
    unsigned child, ngroups;
    unsigned behind : 1, warned : 1, clogged : 1, resumed : 1;
    /* -- the client's side -- */
    int knows;                  /* it has an id */
    apr_uint64_t last;          /* this one: it has heard all up to it */
    apr_uint64_t excuse;        /* it was told of a gap: what is missing up to here is no wonder */
    lately told;
} listener;

static listener listeners[LISTENERS];
static apr_uint64_t collected[CHILDREN], heard[CHILDREN];
static apr_uint64_t latest[TOPICS][KEYS]; /* message */
static apr_uint64_t user_gap[USERS];      /* was told that mail up to this one may be missing */
static qt_topic_rules topic_rules[TOPICS];
static qt_mailbox box;
static unsigned long gaps, resumes, events_told;

/* ---- what must be heard ---- */

static int admits(const listener *l, apr_uint64_t seq)
{
    const sent *s = &log_of[seq];

    return s->to == TO_TOPIC && (l->topics >> s->which & 1) && (!l->keys || !s->key || (l->keys >> s->key & 1));
}

static int may_miss(const listener *l, apr_uint64_t seq)
{
    const sent *s = &log_of[seq];
    qt_delivery delivery = topic_rules[s->which].delivery;

    if (seq <= l->excuse) {
        return 1;
    }
    return seq <= l->until && (delivery == QT_DELIVER_NONE || (delivery == QT_DELIVER_LAST && latest[s->which][s->key] > seq));
}

/* It is at `seq` now: was there anything between that it has not heard? */
static void check_seam(listener *l, apr_uint64_t seq)
{
    for (apr_uint64_t at = l->last + 1; l->user < 0 && at < seq; at++) {
        should(!admits(l, at) || may_miss(l, at), "a hole without a gap", at);
    }
}

static void hear(listener *l, const qt_event *event)
{
    apr_uint64_t seq = event->seq;

    should(seq > l->last, "out of order, or again", seq);
    check_seam(l, seq);
    should(l->user >= 0 || admits(l, seq), "a message for somebody else", seq);
    should(l->user < 0 || log_of[seq].to == TO_NOBODY || (log_of[seq].to == TO_USER && log_of[seq].which == l->user), "another's mail", seq);
    should(qt_str_eq(event->data, number_text(seq)), "another text", seq);
    log_of[seq].got += l->user >= 0 && log_of[seq].got < 200;
    l->last = seq;
    l->knows = 1;
    note_told(&l->told, seq);
    events_told++;
}

/* ---- the child's fan-out ---- */

static apr_uint64_t seen_by(const listener *l)
{
    return !l->behind && collected[l->child] > l->seen ? collected[l->child] : l->seen;
}

static void get_stuck(listener *l)
{
    l->seen = seen_by(l);
    l->behind = l->clogged = 1;
}

/* 0: it takes no more for now. */
static int give(listener *l, const qt_event *event)
{
    l->seen = event->seq;
    hear(l, event);
    if (rnd(60) == 0) {
        get_stuck(l);
    }
    return !l->clogged;
}

static int is_member(const listener *l, apr_uint64_t group)
{
    for (unsigned i = 0; i < l->ngroups; i++) {
        if (l->groups[i] == group) {
            return 1;
        }
    }
    return 0;
}

static int passes(const listener *l, qt_str key)
{
    return !key.n || !l->keys || (l->keys >> (key.p[1] - '0') & 1);
}

static void tell_group(unsigned child, const qt_event *event)
{
    heard[child] = event->kind == QT_EV_MESSAGE ? event->seq : heard[child];
    for (listener *l = listeners; l < listeners + LISTENERS; l++) {
        if (!l->stream || l->child != child || !is_member(l, event->group)) {
            continue;
        }
        if (event->kind == QT_EV_LOST) {
            l->behind = 1;
        }
        else if (!l->behind && l->seen < event->seq && passes(l, event->key)) {
            give(l, event);
        }
    }
}

static void tell_reader(apr_uint64_t stream, const qt_event *event);

static int collect_once(unsigned child)
{
    f.call = (qt_call){ .verb = QT_COLLECT, .child = child };
    should(ask() == APR_SUCCESS, "a collect that failed", 0);
    for (apr_uint32_t i = 0; i < f.call.n; i++) {
        const qt_event *event = &f.call.events[i];

        if (event->group) {
            tell_group(child, event);
        }
        else {
            tell_reader(event->stream, event);
        }
    }
    if (!f.call.more) {
        collected[child] = heard[child];
    }
    return f.call.more;
}

static void warn(listener *l)
{
    l->warned = 1;
    gaps++;
    should(!generous, "a gap where all is kept", l->seen);
}

/* One gap is told for all that goes missing until it has caught up. */
static void excuse(listener *l)
{
    if (l->warned && l->user >= 0) {
        user_gap[l->user] = f.zone->seq;
    }
    l->excuse = l->warned ? f.zone->seq : l->excuse;
}

static void catch_up_once(listener *l)
{
    qt_str keys[KEYS];
    apr_uint32_t n = 0;
    int more = 1;

    for (unsigned k = 1; k < KEYS; k++) {
        if (l->keys >> k & 1) {
            keys[n++] = name_of('k', k);
        }
    }
    f.call = (qt_call){ .verb = QT_CATCH_UP, .stream = l->stream, .after = l->seen, .until = l->until, .flag = l->resumed, .skip = l->warned,
                        .keys = keys, .nkeys = n };
    should(ask() == APR_SUCCESS, "a catch-up that failed", l->stream);
    if (f.call.lost) {
        warn(l);
    }
    excuse(l);
    for (apr_uint32_t i = 0; !f.call.lost && more && i < f.call.n; i++) {
        more = give(l, &f.call.events[i]);
    }
    if (!f.call.lost && more) {
        l->seen = f.call.after;
        l->behind = f.call.more;
        l->warned = f.call.more && l->warned;
    }
}

/* ---- coming and going ---- */

static void join_call(listener *l, qt_str *topics, qt_str *who)
{
    qt_cursor since = { .given = l->knows != 0, .epoch = f.zone->epoch, .seq = l->last };

    l->topics = l->topics ? l->topics : 1 + rnd((1 << TOPICS) - 1);
    l->child = rnd(CHILDREN);
    f.call = (qt_call){ .verb = QT_JOIN, .kind = l->user >= 0 ? QT_K_NOTICES : QT_K_EVENTS, .who = *who, .grace = GRACE, .child = l->child,
                        .since = since, .topics = topics };
    for (unsigned t = 0; t < TOPICS; t++) {
        if (l->topics >> t & 1) {
            topics[f.call.ntopics++] = name_of('t', t);
        }
    }
}

static void come(listener *l)
{
    qt_str topics[TOPICS], who = l->user >= 0 ? name_of('u', (unsigned)l->user) : name_of('s', (unsigned)(l - listeners));

    if (rnd(30) == 0) {
        l->knows = 0; /* a new page */
        l->topics = 0;
        l->keys = rnd(2) ? 0 : 2u << rnd(KEYS - 1);
    }
    join_call(l, topics, &who);
    if (!should(ask() == APR_SUCCESS || !generous, "a join that failed", 0) || !f.call.stream) {
        return;
    }
    resumes += l->knows != 0;
    l->resumed = l->knows != 0;
    l->stream = f.call.stream;
    l->seen = f.call.after;
    l->until = f.call.seq;
    l->last = f.call.after;
    l->told = (lately){ .base = l->last };
    l->knows = l->user < 0 || l->knows;
    l->behind = 1;
    l->warned = l->clogged = 0;
    l->excuse = 0;
    l->ngroups = f.call.n;
    memcpy(l->groups, f.call.groups, f.call.n * sizeof(l->groups[0]));
}

/* The connection breaks; what was on its way may not have come. */
static void lose_some(listener *l)
{
    unsigned lost = rnd(4) ? 0 : rnd(8);

    while (lost-- > 0 && l->told.n && (l->user < 0 || l->told.at[l->told.n - 1] > f.now - GRACE)) {
        l->told.n--;
        log_of[l->told.seq[l->told.n]].got -= l->user >= 0;
        l->last = l->told.n ? l->told.seq[l->told.n - 1] : l->told.base;
    }
    l->knows = l->user < 0 || l->last > 0;
}

static void go(listener *l)
{
    f.call = (qt_call){ .verb = QT_LEAVE, .stream = l->stream };
    should(ask() == APR_SUCCESS, "a leave that failed", l->stream);
    l->stream = 0;
    lose_some(l);
}

/* An id without an event, as a keep-alive has it. */
static void checkpoint(listener *l)
{
    apr_uint64_t seen = seen_by(l);

    if (l->stream && l->user < 0 && seen > l->last) {
        check_seam(l, seen + 1);
        l->last = seen;
        l->told = (lately){ .base = seen };
    }
}

/* What a device has had for the grace is acknowledged. */
static void acknowledge(const listener *l)
{
    qt_ack ack = { .who = name_of('u', (unsigned)l->user) };

    for (unsigned i = 0; i < l->told.n; i++) {
        if (l->told.at[i] <= f.now - GRACE) {
            ack.seq = l->told.seq[i];
        }
    }
    if (l->stream && ack.seq) {
        f.call = (qt_call){ .verb = QT_ACK, .acks = &ack, .nacks = 1 };
        should(ask() == APR_SUCCESS, "an acknowledgement that failed", ack.seq);
    }
}

static void read_one(const listener *l)
{
    if (l->stream && l->told.n) {
        apr_uint64_t seq = l->told.seq[rnd(l->told.n)];

        if (log_of[seq].to == TO_USER) {
            f.call = (qt_call){ .verb = QT_READ, .who = name_of('u', (unsigned)l->user), .seq = seq };
            should(ask() == APR_SUCCESS, "a read that failed", seq);
            log_of[seq].got = 200;
        }
    }
}

/* ---- sending ---- */

static void publish_one(void)
{
    unsigned topic = rnd(TOPICS), key = rnd(KEYS);
    qt_str name = name_of('t', topic);

    f.call = (qt_call){ .verb = QT_PUBLISH, .topics = &name, .ntopics = 1, .key = key ? name_of('k', key) : QT_STR_NONE,
                        .data = number_text(f.zone->seq + 1), .topic_rules = &topic_rules[topic] };
    if (should(ask() == APR_SUCCESS || !generous, "a publish that failed", f.zone->seq) && f.call.seq == f.zone->seq) {
        log_of[f.call.seq] = (sent){ .to = TO_TOPIC, .which = (unsigned char)topic, .key = (unsigned char)key };
        latest[topic][key] = f.call.seq;
    }
}

static void notify_one_or_all(void)
{
    unsigned user = rnd(USERS);
    int all = rnd(8) == 0;

    f.call = (qt_call){ .verb = QT_NOTIFY, .who = all ? QT_STR_NONE : name_of('u', user), .data = number_text(f.zone->seq + 1),
                        .mailbox = &box, .grace = generous ? 100000 * QT_SECOND : GRACE };
    if (should(ask() == APR_SUCCESS || !generous, "a notify that failed", f.zone->seq) && f.call.seq == f.zone->seq) {
        log_of[f.call.seq] = (sent){ .to = all ? TO_NOBODY : TO_USER, .which = (unsigned char)user };
    }
}

/* ---- at rest ---- */

static void settle_listeners(void)
{
    for (unsigned child = 0; child < CHILDREN; child++) {
        while (collect_once(child)) {
        }
    }
    for (listener *l = listeners; l < listeners + LISTENERS; l++) {
        for (l->clogged = 0; l->stream && l->behind && !wrong; l->clogged = 0) {
            catch_up_once(l);
        }
        if (l->stream) {
            check_seam(l, f.zone->seq + 1);
        }
    }
}

/* Everybody comes with an empty hand: what no device has had is there, or a gap was told. */
static void check_mail(void)
{
    for (listener *l = listeners + SUBSCRIBERS; l < listeners + LISTENERS; l++) {
        if (l->stream) {
            go(l);
        }
        l->knows = 0;
        come(l);
        if (!l->stream) {
            return; /* no room: nothing can be said */
        }
    }
    settle_listeners();
    for (apr_uint64_t seq = 1; seq <= f.zone->seq; seq++) {
        const sent *s = &log_of[seq];

        should(s->to != TO_USER || s->got || seq <= user_gap[s->which], "mail that nobody has read", seq);
    }
}

#endif
