/* Slots with generations: a cookie of a stream that is gone finds nothing, however often its slot was used since. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_registry.h"

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <stdlib.h>
#include "ipc/qt_shield.h"
#include "stream/mod_qt_slab.h"

#define SLOTS_FIRST 64
#define NO_SLOT ((apr_uint32_t)-1)

typedef struct slot {
    mod_qt_stream *stream;   /* NULL: free */
    apr_uint32_t generation; /* of its present or next stream; never 0 */
    apr_uint32_t next_free;
} slot;

struct mod_qt_registry {
    apr_thread_mutex_t *mutex; /* guards all that follows */
    apr_thread_cond_t *unpinned;
    mod_qt_slab objects;
    slot *slots;
    apr_uint32_t nslots, first_free;
    mod_qt_stream *arrivals, **arrivals_end;
    apr_uint32_t *zone_counts;
    int draining;
};

void mod_qt_registry_lock(mod_qt_registry *registry)
{
    qt_shield_raise();
    apr_thread_mutex_lock(registry->mutex);
}

void mod_qt_registry_unlock(mod_qt_registry *registry)
{
    apr_thread_mutex_unlock(registry->mutex);
    qt_shield_lower();
}

static apr_status_t free_slots(void *data)
{
    mod_qt_registry *registry = data;

    mod_qt_slab_free(&registry->objects);
    free(registry->slots);
    registry->slots = NULL;
    registry->nslots = 0;
    registry->first_free = NO_SLOT;
    return APR_SUCCESS;
}

apr_status_t mod_qt_registry_create(mod_qt_registry **registry, qt_store *store, apr_size_t object_size, apr_pool_t *pool)
{
    mod_qt_registry *made = apr_pcalloc(pool, sizeof(*made));
    unsigned zones = 0;
    apr_status_t rv = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_thread_cond_create(&made->unpinned, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (qt_store_zone(store, zones)) {
        zones++;
    }
    mod_qt_slab_init(&made->objects, object_size);
    made->zone_counts = apr_pcalloc(pool, (zones + 1) * sizeof(*made->zone_counts));
    made->first_free = NO_SLOT;
    made->arrivals_end = &made->arrivals;
    apr_pool_cleanup_register(pool, made, free_slots, apr_pool_cleanup_null);
    *registry = made;
    return APR_SUCCESS;
}

/* Under the mutex: more slots, all free. The number of streams is bounded by descriptors, so doubling cannot wrap. */
static void grow(mod_qt_registry *registry)
{
    apr_uint32_t n = registry->nslots ? registry->nslots * 2 : SLOTS_FIRST, i;

    registry->slots = ap_realloc(registry->slots, n * sizeof(*registry->slots));
    for (i = n; i-- > registry->nslots;) {
        registry->slots[i] = (slot){ .generation = 1, .next_free = registry->first_free };
        registry->first_free = i;
    }
    registry->nslots = n;
}

/* Under the mutex. */
static void take_slot(mod_qt_registry *registry, mod_qt_stream *stream)
{
    apr_uint32_t i;

    if (registry->first_free == NO_SLOT) {
        grow(registry);
    }
    i = registry->first_free;
    registry->first_free = registry->slots[i].next_free;
    registry->slots[i].stream = stream;
    stream->cookie = (apr_uint64_t)registry->slots[i].generation << 32 | i;
}

static unsigned zone_index(qt_store *store, qt_zone_ref *zone)
{
    unsigned i = 0;
    qt_zone_ref *at;

    while ((at = qt_store_zone(store, i)) && at != zone) {
        i++;
    }
    return i;
}

/* Under the mutex. */
static mod_qt_stream *make(mod_qt_child *child, const mod_qt_transport *transport, qt_zone_ref *zone, qt_str who)
{
    mod_qt_stream *stream = mod_qt_slab_take(&child->registry->objects);

    stream->child = child;
    stream->transport = transport;
    stream->zone = zone;
    stream->zone_index = zone_index(child->store, zone);
    stream->opened = qt_store_now();
    stream->who = ap_malloc(who.n + 1);
    memcpy(stream->who, who.p, who.n);
    stream->who[who.n] = '\0';
    take_slot(child->registry, stream);
    child->registry->zone_counts[stream->zone_index]++;
    return stream;
}

mod_qt_stream *mod_qt_registry_open(mod_qt_child *child, const mod_qt_transport *transport, qt_zone_ref *zone, qt_str who)
{
    mod_qt_stream *stream;

    mod_qt_registry_lock(child->registry);
    stream = child->registry->draining ? NULL : make(child, transport, zone, who);
    mod_qt_registry_unlock(child->registry);
    return stream;
}

/* Under the mutex, which it may give up for a while. */
static void wait_for_pins(mod_qt_registry *registry, const mod_qt_stream *stream)
{
    while (stream->pins) {
        apr_thread_cond_wait(registry->unpinned, registry->mutex);
    }
}

void mod_qt_registry_change(mod_qt_stream *stream, const mod_qt_transport *transport)
{
    mod_qt_registry *registry = stream->child->registry;

    mod_qt_registry_lock(registry);
    wait_for_pins(registry, stream);
    stream->transport = transport;
    memset(stream + 1, 0, registry->objects.size - sizeof(*stream));
    mod_qt_registry_unlock(registry);
}

void mod_qt_registry_release(mod_qt_stream *stream)
{
    mod_qt_registry *registry = stream->child->registry;
    apr_uint32_t i = (apr_uint32_t)stream->cookie;
    slot *home;

    mod_qt_registry_lock(registry);
    wait_for_pins(registry, stream);
    home = &registry->slots[i];
    home->stream = NULL;
    home->generation = home->generation == APR_UINT32_MAX ? 1 : home->generation + 1;
    home->next_free = registry->first_free;
    registry->first_free = i;
    registry->zone_counts[stream->zone_index]--;
    mod_qt_registry_unlock(registry);
    if (stream->transport->dismiss) {
        stream->transport->dismiss(stream);
    }
    free(stream->who);
    mod_qt_registry_lock(registry);
    mod_qt_slab_give(&registry->objects, stream);
    mod_qt_registry_unlock(registry);
}

mod_qt_stream *mod_qt_registry_pin(mod_qt_registry *registry, apr_uint64_t cookie)
{
    apr_uint32_t i = (apr_uint32_t)cookie;
    mod_qt_stream *found = NULL;

    mod_qt_registry_lock(registry);
    if (i < registry->nslots && registry->slots[i].generation == cookie >> 32 && registry->slots[i].stream) {
        found = registry->slots[i].stream;
        found->pins++;
    }
    mod_qt_registry_unlock(registry);
    return found;
}

mod_qt_stream *mod_qt_registry_pin_at(mod_qt_registry *registry, unsigned index, int *end)
{
    mod_qt_stream *found = NULL;

    mod_qt_registry_lock(registry);
    *end = index >= registry->nslots;
    if (!*end && registry->slots[index].stream) {
        found = registry->slots[index].stream;
        found->pins++;
    }
    mod_qt_registry_unlock(registry);
    return found;
}

void mod_qt_registry_unpin(mod_qt_stream *stream)
{
    mod_qt_registry *registry = stream->child->registry;

    mod_qt_registry_lock(registry);
    if (--stream->pins == 0) {
        apr_thread_cond_broadcast(registry->unpinned);
    }
    mod_qt_registry_unlock(registry);
}

void mod_qt_registry_hand_over(mod_qt_stream *stream)
{
    mod_qt_registry *registry = stream->child->registry;

    mod_qt_registry_lock(registry);
    stream->life = MOD_QT_LIVE;
    stream->next = NULL;
    *registry->arrivals_end = stream;
    registry->arrivals_end = &stream->next;
    mod_qt_registry_unlock(registry);
}

mod_qt_stream *mod_qt_registry_arrivals(mod_qt_registry *registry)
{
    mod_qt_stream *first;

    mod_qt_registry_lock(registry);
    first = registry->arrivals;
    registry->arrivals = NULL;
    registry->arrivals_end = &registry->arrivals;
    mod_qt_registry_unlock(registry);
    return first;
}

void mod_qt_registry_set_life(mod_qt_stream *stream, mod_qt_life life)
{
    mod_qt_registry_lock(stream->child->registry);
    stream->life = life;
    mod_qt_registry_unlock(stream->child->registry);
}

void mod_qt_registry_ask_end(mod_qt_stream *stream)
{
    mod_qt_registry_lock(stream->child->registry);
    stream->end_asked = 1;
    mod_qt_registry_unlock(stream->child->registry);
}

int mod_qt_registry_end_asked(mod_qt_stream *stream)
{
    int asked;

    mod_qt_registry_lock(stream->child->registry);
    asked = stream->end_asked;
    mod_qt_registry_unlock(stream->child->registry);
    return asked;
}

void mod_qt_registry_drain(mod_qt_registry *registry)
{
    mod_qt_registry_lock(registry);
    registry->draining = 1;
    mod_qt_registry_unlock(registry);
}

apr_uint32_t mod_qt_registry_count(mod_qt_registry *registry, unsigned zone_index)
{
    apr_uint32_t n;

    mod_qt_registry_lock(registry);
    n = registry->zone_counts[zone_index];
    mod_qt_registry_unlock(registry);
    return n;
}

unsigned mod_qt_registry_slots(mod_qt_registry *registry)
{
    unsigned n;

    mod_qt_registry_lock(registry);
    n = registry->nslots;
    mod_qt_registry_unlock(registry);
    return n;
}

apr_array_header_t *mod_qt_registry_list(mod_qt_registry *registry, unsigned most, unsigned *all, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 16, sizeof(mod_qt_stream_view));
    apr_uint32_t i;

    *all = 0;
    mod_qt_registry_lock(registry);
    for (i = 0; i < registry->nslots; i++) {
        const mod_qt_stream *stream = registry->slots[i].stream;

        if (stream && (*all)++ < most) {
            APR_ARRAY_PUSH(list, mod_qt_stream_view) = (mod_qt_stream_view){
                .who = apr_pstrdup(pool, stream->who), .zone = qt_zone_name(stream->zone), .transport = stream->transport->name,
                .kind = qt_kind_names[stream->kind], .opened = stream->opened
            };
        }
    }
    mod_qt_registry_unlock(registry);
    return list;
}
