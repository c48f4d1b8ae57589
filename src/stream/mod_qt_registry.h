/* This child's streams: slots that cookies name. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_REGISTRY_H
#define MOD_QT_REGISTRY_H

#include "stream/mod_qt_transport.h"

/* Thread-safe. Its mutex is its own business but for the three at the end. */
/* object_size: of the largest transport's objects. */
apr_status_t mod_qt_registry_create(mod_qt_registry **registry, qt_store *store, apr_size_t object_size, apr_pool_t *pool);

/*
 * A new object of the transport in a slot of its own, arriving; NULL when the child is draining. Gone by `release`.
 * `who` is copied. All objects have room for any transport's.
 */
mod_qt_stream *mod_qt_registry_open(mod_qt_child *child, const mod_qt_transport *transport, qt_zone_ref *zone, qt_str who);
/* An arriving stream becomes another transport's, all of whose own members are zero. */
void mod_qt_registry_change(mod_qt_stream *stream, const mod_qt_transport *transport);
/* Give the slot back and free the object, as its owner; waits for pins. */
void mod_qt_registry_release(mod_qt_stream *stream);

/* Whose cookie it is, pinned; NULL: it is gone. At `index` (from 0): the stream there, pinned; *end is 1 past the last slot. */
mod_qt_stream *mod_qt_registry_pin(mod_qt_registry *registry, apr_uint64_t cookie);
mod_qt_stream *mod_qt_registry_pin_at(mod_qt_registry *registry, unsigned index, int *end);
void mod_qt_registry_unpin(mod_qt_stream *stream);

/* Hand it over to the pump: it is live from now, and not the caller's any more (ring the bell). */
void mod_qt_registry_hand_over(mod_qt_stream *stream);
/* All that were handed over since, linked by `next`, oldest first. */
mod_qt_stream *mod_qt_registry_arrivals(mod_qt_registry *registry);
void mod_qt_registry_set_life(mod_qt_stream *stream, mod_qt_life life);
/* Ask for its end, and whether somebody did. */
void mod_qt_registry_ask_end(mod_qt_stream *stream);
int mod_qt_registry_end_asked(mod_qt_stream *stream);

/* From now on nobody gets in. */
void mod_qt_registry_drain(mod_qt_registry *registry);
/* There are so many, used or not. */
unsigned mod_qt_registry_slots(mod_qt_registry *registry);
/* How many streams of this child are in the zone with this index. */
apr_uint32_t mod_qt_registry_count(mod_qt_registry *registry, unsigned zone_index);

/* The first `most` of this child's streams as mod_qt_stream_view, copied into `pool`; *all is how many there are. */
apr_array_header_t *mod_qt_registry_list(mod_qt_registry *registry, unsigned most, unsigned *all, apr_pool_t *pool);

/* For the queues of blocking streams. */
void mod_qt_registry_lock(mod_qt_registry *registry);
void mod_qt_registry_unlock(mod_qt_registry *registry);

#endif
