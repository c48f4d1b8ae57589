/* One stream as its child holds it, and what a transport does for it. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_TRANSPORT_H
#define MOD_QT_TRANSPORT_H

#include <apr_poll.h>
#include <httpd.h>
#include <util_filter.h>
#include "stream/mod_qt_frame.h"
#include "stream/mod_qt_stream.h"
#include "stream/mod_qt_timer.h"

typedef struct mod_qt_stream mod_qt_stream;
typedef struct mod_qt_registry mod_qt_registry;
typedef struct mod_qt_pump mod_qt_pump;
typedef struct mod_qt_quota mod_qt_quota;
typedef struct mod_qt_fanout mod_qt_fanout;
typedef struct mod_qt_subscriber mod_qt_subscriber;

/* What the streams of this process share. */
typedef struct mod_qt_child {
    qt_store *store;
    server_rec *server;        /* for the log */
    mod_qt_registry *registry;
    mod_qt_quota *quota;       /* of blocking streams */
    mod_qt_pump *pump;
    mod_qt_fanout **fanouts;   /* by zone: messages and who listens to them */
} mod_qt_child;

/*
 * How the bytes of a stream get to its client. Calls for one stream never overlap, but for `write` and `end` (see there). What may
 * be NULL says so.
 */
typedef struct mod_qt_transport {
    const char *name;
    apr_size_t size; /* of its streams' objects, which begin with a mod_qt_stream and come zeroed */

    /* -- the handler's thread -- */
    /* Whether it can carry a stream of this connection; the first that can, in the table of mod_qt_stream.c, is chosen. */
    int (*can)(const mod_qt_child *child, request_rec *r, const mod_qt_stream_conf *conf);
    /* May this stream be carried now? QT_E_CROWDED. Also of one that another has left to it (`fits`). What it takes is given back when
     * the slot is released (`dismiss`). NULL: yes. */
    apr_status_t (*admit)(mod_qt_stream *stream);
    /* The first bytes, before anything else; the head goes out with them. */
    apr_status_t (*greet)(mod_qt_stream *stream, const char *p, apr_size_t n);
    /* The head is sent, and the filters are those that stay: 0 leaves the stream to the next that can, as if it had greeted. NULL: 1. */
    int (*fits)(mod_qt_stream *stream);
    /* Carry on until the end, or leave it to the pump; what the handler returns. The stream is not the handler's any more. */
    int (*carry)(mod_qt_stream *stream);
    /* The last call, in any thread: give back what `admit` took. May be NULL. */
    void (*dismiss)(mod_qt_stream *stream);

    /* -- the pump's thread. A blocking stream is pinned here and belongs to its handler's thread: only these two come, at any time -- */
    /* A whole frame, in order; copied or sent before it returns, never waited for. Thrown away when the stream is ending. */
    void (*write)(mod_qt_stream *stream, const mod_qt_frame *frame);
    /* Nothing more comes: finish the response. Once or more often, also while it is arriving. Frees nothing at once: the caller
     * has a pin. */
    void (*end)(mod_qt_stream *stream);

    /* -- the pump's thread, of streams that were handed to it -- */
    void (*adopt)(mod_qt_stream *stream);
    void (*ready)(mod_qt_stream *stream, apr_int16_t events); /* of its socket, as it asked by mod_qt_pump_watch */
    void (*due)(mod_qt_stream *stream);                       /* its timer has run out */
    void (*kill)(mod_qt_stream *stream);                      /* the pump ends: destroy it now */
} mod_qt_transport;

extern const mod_qt_transport mod_qt_blocking;

enum { MOD_QT_TIMER_NEXT /* `due` */, MOD_QT_TIMER_LIFE /* `end` */ };

typedef enum mod_qt_life { MOD_QT_ARRIVING, MOD_QT_LIVE, MOD_QT_ENDING } mod_qt_life;

struct mod_qt_stream {
    /* -- constant from before the hand-over -- */
    mod_qt_child *child;
    const mod_qt_transport *transport;
    qt_zone_ref *zone;
    unsigned zone_index;       /* of qt_store_zone */
    qt_kind kind;              /* what it is for */
    apr_uint64_t cookie;
    char *who;                 /* the user's id, for the log; NULL: nobody's yet */
    mod_qt_stream_conf conf;
    qt_time opened;
    /* -- guarded by the registry's mutex -- */
    mod_qt_life life;
    int end_asked;             /* somebody wants it ended */
    unsigned pins;
    mod_qt_stream *next;       /* among those handed over and not adopted yet */
    /* -- the owner's -- */
    apr_uint64_t number;       /* the zone's name for it; 0: not joined, or left */
    mod_qt_subscriber *subscriber; /* of messages (mod_qt_fanout.h), or NULL. A blocking one's is cleared under the registry's mutex */
    request_rec *r;            /* NULL once httpd has destroyed it */
    conn_rec *c;
    apr_bucket_brigade *bb;    /* to write with; empty between calls */
    /* -- the pump's, of streams that were handed to it -- */
    mod_qt_timer timer, life_timer; /* of kind MOD_QT_TIMER_NEXT, MOD_QT_TIMER_LIFE */
    apr_pollfd_t pfd;          /* reqevents 0: its socket is not watched */
};

/* Give bytes, flushed, to a filter of the chain and those behind it. An error: the client is gone. The owner. */
apr_status_t mod_qt_transport_pass(mod_qt_stream *stream, ap_filter_t *to, qt_str bytes);
/*
 * Its client takes nothing for now, or more again; it is over (once). The owner, but for holding a blocking stream, which is the
 * pump's. The zone is told (QT_HOLD, QT_LEAVE), but that streams of messages are held by this child alone. `pool` is for scratch.
 */
apr_status_t mod_qt_transport_hold(mod_qt_stream *stream, int hold, apr_pool_t *pool);
void mod_qt_transport_leave(mod_qt_stream *stream, apr_pool_t *pool);
/* The descriptor of a primary connection; -1: it has none. */
int mod_qt_transport_fd(conn_rec *c);
/* Have the kernel give up on a client that acknowledges nothing for the server's Timeout: keep-alives find peers that are half open. */
void mod_qt_transport_mind(mod_qt_stream *stream);
/* Take what the client sent out of its socket and throw it away, without waiting: streams go one way. 0: it is gone, or talks too much. */
int mod_qt_transport_listen(int fd, apr_size_t *heard);
/* The pump, of a stream that was handed to it: something was written, so the silence begins anew; and the word that ends it. */
void mod_qt_transport_rest(mod_qt_stream *stream);
void mod_qt_transport_speak(mod_qt_stream *stream);

#endif
