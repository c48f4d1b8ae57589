/* The making of subscribers. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_subscriber.h"

#include <stdlib.h>
#include "stream/mod_qt_receipt.h"
#include "wire/qt_message.h"

static mod_qt_keys *copy_keys(const qt_str *keys, apr_uint32_t n)
{
    apr_size_t bytes = 0;
    mod_qt_keys *copy;
    char *p;

    for (apr_uint32_t i = 0; i < n; i++) {
        bytes += keys[i].n;
    }
    copy = ap_malloc(sizeof(*copy) + n * sizeof(*keys) + bytes);
    copy->n = n;
    p = (char *)&copy->list[n];
    for (apr_uint32_t i = 0; i < n; i++) {
        copy->list[i] = (qt_str){ p, keys[i].n };
        memcpy(p, keys[i].p, keys[i].n);
        p += keys[i].n;
    }
    return copy;
}

/* A topic that was named twice is one group: no stream has two seats in a group. */
static void add_seat(mod_qt_subscriber *subscriber, apr_uint64_t group)
{
    unsigned i = 0;

    while (i < subscriber->nseats && subscriber->seats[i].at.number != group) {
        i++;
    }
    if (i == subscriber->nseats) {
        subscriber->seats[i] = (mod_qt_seat){ .at.number = group, .of = subscriber };
        subscriber->nseats = (i + 1) & 0xffff;
    }
}

/* How the stream begins. */
static void set_begin(mod_qt_subscriber *subscriber, const qt_call *join)
{
    int given = join->since.given;

    subscriber->seen = join->after;
    subscriber->until = join->seq;
    subscriber->behind = subscriber->clogged = subscriber->fresh = 1;
    subscriber->foreign = join->foreign;
    subscriber->resumed = given && !join->foreign;
    subscriber->told = subscriber->resumed ? join->since.seq : 0;
    subscriber->announced = !given && join->kind != QT_K_NOTICES;
}

mod_qt_subscriber *mod_qt_subscriber_make(mod_qt_stream *stream, const qt_call *join, const mod_qt_stream_conf *conf)
{
    mod_qt_subscriber *made = ap_calloc(1, sizeof(*made) + join->n * sizeof(*made->seats));

    APR_RING_ELEM_INIT(made, link);
    made->owned = stream->transport->adopt != NULL;
    if (made->owned) {
        made->at.stream = stream;
    }
    else {
        made->at.cookie = stream->cookie;
    }
    made->number = stream->number;
    made->keys = conf->nkeys ? copy_keys(conf->keys, conf->nkeys) : NULL;
    made->skip = conf->skip ? 1 : 0;
    made->form = join->kind == QT_K_FEED ? MOD_QT_FEED : conf->envelope ? MOD_QT_ENVELOPE : MOD_QT_PLAIN;
    set_begin(made, join);
    for (apr_uint32_t i = 0; i < join->n; i++) {
        add_seat(made, join->groups[i]);
    }
    if (join->kind == QT_K_NOTICES && join->n) {
        made->receipt = mod_qt_receipt_make(made, join->groups[0], join->grace);
    }
    return made;
}

void mod_qt_subscriber_free(mod_qt_subscriber *subscriber)
{
    free(subscriber->keys);
    free(subscriber->receipt);
    free(subscriber);
}

int mod_qt_subscriber_admits(const mod_qt_subscriber *subscriber, qt_str key)
{
    return !subscriber->keys || qt_message_admits(subscriber->keys->list, subscriber->keys->n, key);
}
