/* The pump: this child's one thread that carries what the zones have to tell to the streams, and minds their sockets and times. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_PUMP_H
#define MOD_QT_PUMP_H

#include "stream/mod_qt_transport.h"

/*
 * Start it; joined in a pre-cleanup of pchild, which first ends and destroys all streams that were handed to it,
 * and waits for a graceful drain.
 */
apr_status_t mod_qt_pump_start(mod_qt_child *child, qt_time drain_time, apr_pool_t *pchild);
/* End all streams, one after the other over the drain time or (fast) at once, without waiting for any client. Any thread, a signal
 * handler too; takes no lock. */
void mod_qt_pump_drain(mod_qt_pump *pump, int fast);

/* ---- for transports, in the pump's thread ---- */

/* Now, as this turn has it; how many turns there were. */
qt_time mod_qt_pump_now(const mod_qt_pump *pump);
apr_uint64_t mod_qt_pump_turn(const mod_qt_pump *pump);
/* Cleared each turn. */
apr_pool_t *mod_qt_pump_scratch(const mod_qt_pump *pump);
apr_thread_t *mod_qt_pump_thread(const mod_qt_pump *pump);
int mod_qt_pump_draining(const mod_qt_pump *pump);
int mod_qt_pump_fast(const mod_qt_pump *pump);

/* Call `ready` when one of the events (0: none; an error or hang-up comes unasked) is there. stream->pfd.desc.s names the socket. */
apr_status_t mod_qt_pump_watch(mod_qt_stream *stream, apr_int16_t events);
/* The same for a bare descriptor, which pfd need not name. Only where takes_fds says so: elsewhere a poll needs an object for each. */
apr_status_t mod_qt_pump_watch_fd(mod_qt_stream *stream, int fd, apr_int16_t events);
int mod_qt_pump_takes_fds(const mod_qt_pump *pump);
/* Call `due` after `interval` microseconds, instead of any time that was set before; at 0 before the pump sleeps again. */
void mod_qt_pump_timer(mod_qt_stream *stream, qt_time interval);
/* The stream, which `adopt` was called for, is about to be destroyed: forget its socket and timer. */
void mod_qt_pump_forget(mod_qt_stream *stream);

#endif
