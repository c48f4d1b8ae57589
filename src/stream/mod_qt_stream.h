/* Long-lived responses: how a handler opens one and what the pump does with it. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_STREAM_H
#define MOD_QT_STREAM_H

#include <httpd.h>
#include "store/qt_store.h"

/*
 * Whose is a stream, and when.
 *
 *   arriving   The handler's thread owns r, c and the stream: it takes a slot, joins the zone (held: the zone gives it nothing
 *              but its end), sends the head. The pump may know its cookie, and then only marks it "end asked".
 *   live       detached: the pump owns the stream, which has a descriptor and nothing else of httpd's, from the moment that it is
 *              handed over in the handler; httpd finishes request and connection, to which it believes the client lost.
 *              suspended: the pump owns r, c and the stream from the moment that the suspend_connection hook returns. No other
 *              thread writes to them but the MPM, which is still on its way out of that hook: it clears c->sbh and sets one flag.
 *              blocking: the handler's thread owns r, c and the stream as before; the pump puts frames into its queue and marks its end.
 *   ending     The same owner finishes the response. It has left the zone. detached: the last chunk, then the socket lingers.
 *              suspended: nothing is finished before the MPM has
 *              let go (c->sbh is NULL, a turn of the pump and a moment have passed); then the request ends, what the client
 *              has not read yet drains, the connection lingers like any other of httpd, its pool is destroyed.
 *
 * The slots, a stream's place in this life, its pins and the queues of blocking streams are guarded by the registry's mutex. It
 * is held for a few instructions, never over a write, a verb of the store or a log line. Whoever is not the owner pins a stream
 * to look at it; the owner waits for pins to go before he frees it. r->invoke_mtx is not needed (httpd lets go of it before the
 * hook) and never taken, since it would die with r->pool. A stream that dies early, before the hand-over, is cleaned up by
 * r->pool in the thread that destroys it.
 * The module's slot in c->conn_config belongs to this floor: it carries the stream from the handler to the hook.
 */

typedef enum mod_qt_keepalive { MOD_QT_KA_EVENT, MOD_QT_KA_COMMENT, MOD_QT_KA_NONE } mod_qt_keepalive;

/* What a stream's Location says. Times in microseconds. */
typedef struct mod_qt_stream_conf {
    apr_interval_time_t keepalive;  /* silence after which a keep-alive is sent; > 0 */
    mod_qt_keepalive keepalive_form;
    apr_interval_time_t retry;      /* sent as `retry:` first; 0: not sent */
    apr_interval_time_t life;       /* it is ended after so long, and up to a tenth more; 0: never */
    const qt_str *keys;             /* EVENTS: only events of these keys, and those without one; copied */
    apr_uint32_t nkeys;             /* 0: all events; <= QT_KEYS_MAX */
    unsigned detach : 1;            /* 1: it may leave httpd's hands where nothing but plain HTTP/1.x is to be done */
    unsigned skip : 1;              /* EVENTS, NOTICES, FEED: who is a whole ring behind goes on with a gap; 0: it is ended */
    unsigned envelope : 1;          /* EVENTS: data is {"topic","key","type","data"} */
} mod_qt_stream_conf;

/*
 * Answer `r` with an event stream of any kind. The caller has checked identity and method and filled `join` (verb QT_JOIN: kind, who,
 * limits, and what the kind needs: labels and rules; topics and since; queue; grace, alone); this adds child and cookie, joins, sends
 * the head at once and gives the response to the pump, or writes it
 * itself when the connection can't be suspended. Headers of the caller's own (CORS) stand in r->headers_out before.
 * A join->ticket is used up by this stream.
 * Returns SUSPENDED or OK: the stream is under way or over, return it to httpd. Any other failure is in *status, with
 * nothing sent yet and DECLINED returned: the caller answers (QT_E_STAY_AWAY: 204, ...). Of this floor's own:
 *   QT_E_DRAINING  this child is stopping
 *   QT_E_CROWDED   no thread is left for a stream that needs one, or no descriptors to spare (or what QT_JOIN says by it)
 *   QT_E_NOBODY    another stream has used the ticket
 *   QT_E_UNKNOWN   r is a subrequest: there is no stream inside another document
 */
int mod_qt_stream_open(request_rec *r, qt_zone_ref *zone, qt_call *join, const mod_qt_stream_conf *conf, apr_status_t *status);

/*
 * Answer `r` with a complete short stream: 200, `retry:` with jitter (one to two times `retry`; 0 stands for three seconds),
 * `event: busy` with the reason as its data, end (api.md, Overload); the connection is closed. Returns OK.
 */
int mod_qt_stream_busy(request_rec *r, apr_interval_time_t retry, const char *reason);

/* One stream of this child, for the status page. */
typedef struct mod_qt_stream_view {
    const char *who, *zone, *transport, *kind;
    qt_time opened;
} mod_qt_stream_view;

/* The first `most` streams of this child (mod_qt_stream_view, in `pool`); *all is how many there are. NULL: it has no pump. */
const apr_array_header_t *mod_qt_stream_list(unsigned most, unsigned *all, apr_pool_t *pool);

/* ---- for the face and the server floor ---- */

/* register_hooks: the filter and the suspend_connection hook. */
void mod_qt_stream_register(apr_pool_t *p);
/* post_config, each generation: the count of blocking streams that all its children share. */
apr_status_t mod_qt_stream_post_config(apr_pool_t *pconf);
typedef struct mod_qt_stream_limits {
    apr_uint32_t blocking;     /* streams of the whole server that may hold a thread; 0: a quarter of all threads, at least 1 */
    apr_interval_time_t drain; /* a child that stops gracefully spreads the ends of its streams over so long */
} mod_qt_stream_limits;

/* child_init, after qt_store_child_init: starts the pump, which is joined in a pre-cleanup of pchild. */
apr_status_t mod_qt_stream_child_init(qt_store *store, server_rec *s, apr_pool_t *pchild, const mod_qt_stream_limits *limits);
/* child_stopping: ends all streams of this child, gracefully one after the other. Any thread, any number of times, before
 * child_init too; waits for nothing. */
void mod_qt_stream_child_stopping(int graceful);
/* child_status, in the parent: the child with this pid is gone, and with it its share of blocking streams. */
void mod_qt_stream_child_ended(apr_int32_t pid);

#endif
