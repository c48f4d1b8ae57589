/* One stream of messages as the pump keeps it: what it listens to and how far it has come. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_SUBSCRIBER_H
#define MOD_QT_SUBSCRIBER_H

#include <apr_ring.h>
#include "stream/mod_qt_transport.h"

/* How the events of a stream are written. */
typedef enum mod_qt_form { MOD_QT_PLAIN, MOD_QT_ENVELOPE, MOD_QT_FEED, MOD_QT_FORMS } mod_qt_form;

typedef struct mod_qt_seat mod_qt_seat;
typedef struct mod_qt_receipt mod_qt_receipt;
typedef struct mod_qt_keys mod_qt_keys;

/* A stream's place among the members of a group. */
struct mod_qt_seat {
    mod_qt_seat *next;        /* NULL: in no group yet, */
    union {
        mod_qt_seat *before;
        apr_uint64_t number;  /* which is to be of this number */
    } at;
    mod_qt_subscriber *of;    /* NULL: the group itself, where its ring begins and ends */
};

/*
 * Made by the handler's thread after QT_JOIN, the pump's alone from its hand-over to its end. A stream is `live` when everything
 * up to what the pump has collected was told to it or need not be; else it is `behind` and catches up by itself.
 * About 110 bytes for a stream with one topic; a mailbox takes a seat and a receipt more.
 */
struct mod_qt_subscriber {
    APR_RING_ENTRY(mod_qt_subscriber) link; /* in the line of those who catch up, or among those who are over */
    union {
        mod_qt_stream *stream;
        apr_uint64_t cookie;  /* of a blocking stream, which is reached by a pin only */
    } at;
    apr_uint64_t number;      /* the zone's name for the stream */
    apr_uint64_t seen;        /* everything up to here was told or need not be; while it is live, perhaps more */
    apr_uint64_t until;       /* the zone's last when it joined: what is older comes by the topics' delivery rules */
    apr_uint64_t told;        /* the last id that its client was sent */
    mod_qt_keys *keys;        /* NULL: all */
    mod_qt_receipt *receipt;  /* NOTICES, else NULL */
    unsigned owned : 1;       /* at.stream holds */
    unsigned entered : 1;     /* its seats are in their groups */
    unsigned behind : 1;
    unsigned in_line : 1;
    unsigned clogged : 1;     /* its client takes nothing for now; born so, until the stream flows */
    unsigned over : 1;
    unsigned fresh : 1;       /* nothing was said about where it begins */
    unsigned announced : 1;   /* it begins by `synchronizing` */
    unsigned foreign : 1;     /* it came with an id that is none of this zone's life */
    unsigned resumed : 1;     /* it came with one that is */
    unsigned skip : 1;        /* too far behind it goes on with a gap; else it is ended */
    unsigned warned : 1;      /* of a gap, which may reach up to gap_end */
    unsigned form : 2;        /* mod_qt_form */
    unsigned nseats : 16;
    apr_uint32_t gap_end;     /* the lower half of a place in the sequence */
    mod_qt_seat seats[];      /* of a mailbox: the first is its user's own */
};

/* The filter of a stream: its own copy. */
struct mod_qt_keys {
    apr_uint32_t n;
    qt_str list[];
};

/* What `join` gave, for a stream that has come through it; conf of its Location. */
mod_qt_subscriber *mod_qt_subscriber_make(mod_qt_stream *stream, const qt_call *join, const mod_qt_stream_conf *conf);
/* It stands in no line and no group, its receipt's timer is stopped. */
void mod_qt_subscriber_free(mod_qt_subscriber *subscriber);
/* Whether its filter lets an event with this key through. */
int mod_qt_subscriber_admits(const mod_qt_subscriber *subscriber, qt_str key);

#endif
