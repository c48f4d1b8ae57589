/* The embedded store: zones in shared memory under one global mutex, with a bell for each child. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "store/qt_store.h"

#include <apr_general.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/qt_core.h"
#include "ipc/qt_bell.h"
#include "ipc/qt_clock.h"
#include "ipc/qt_lock.h"

/*
 *  shared:   qt_common {lock's face, slots of children}     one anonymous segment a zone
 *  private:  qt_store, its zones' refs (copied by fork): slot of this child, what it knows of due times
 */

typedef enum qt_slot_state { QT_SLOT_EMPTY, QT_SLOT_TAKEN, QT_SLOT_DEAD } qt_slot_state;

typedef struct qt_slot {
    apr_int32_t pid;    /* whose it is; 0: nobody's. The child claims it by this word */
    apr_uint32_t state; /* EMPTY -> TAKEN by the child, -> DEAD by the parent, -> EMPTY under the lock, by whoever buried its streams */
    apr_uint32_t rung;  /* see qt_bell.h */
    apr_uint32_t unused;
} qt_slot;

typedef struct qt_common {
    qt_lock_face lock;
    qt_slot slots[QT_CHILDREN_MAX];
} qt_common;

struct qt_zone_ref {
    qt_store *store;
    qt_zone_ref *next;
    const char *name;
    qt_zone *zone;
    apr_size_t size;
    qt_time due; /* as far as this process knows */
};

struct qt_store {
    apr_pool_t *pool;
    const char *mutex_file;
    unsigned children;
    qt_lock lock;
    qt_common *common;
    qt_bell *bells;
    qt_zone_ref *zones, *last_zone;
    apr_uint32_t slot; /* of this child */
};

/* First size of the answer; QT_E_SPACE makes it grow, which costs the verb once more. */
#define QT_OUT_SMALL 64
#define QT_OUT_FIRST 4096
#define QT_OUT_MANY (64 * 1024) /* a batch of events */
#define QT_OUT_MAX ((apr_size_t)1 << 30)

qt_time qt_store_now(void)
{
    return qt_clock_now();
}

apr_time_t qt_store_wall(qt_time moment)
{
    return apr_time_now() - (qt_clock_now() - moment);
}

/* ---- verbs ---- */

static apr_size_t first_size(qt_verb verb)
{
    static const apr_size_t sizes[QT_VERBS] = {
        [QT_JOIN] = QT_OUT_SMALL, [QT_LEAVE] = QT_OUT_SMALL, [QT_HOLD] = QT_OUT_SMALL, [QT_TICK] = QT_OUT_SMALL,
        [QT_PUBLISH] = QT_OUT_SMALL, [QT_NOTIFY] = QT_OUT_SMALL, [QT_READ] = QT_OUT_SMALL, [QT_ACK] = QT_OUT_SMALL,
        [QT_CLOSE] = QT_OUT_SMALL, [QT_DRAINED] = QT_OUT_SMALL, [QT_KICK] = QT_OUT_SMALL,
        [QT_COLLECT] = QT_OUT_MANY, [QT_CATCH_UP] = QT_OUT_MANY, [QT_DRAIN] = QT_OUT_MANY
    };

    return sizes[verb] ? sizes[verb] : QT_OUT_FIRST;
}

static void ring(qt_store *store, apr_uint32_t slot, int force)
{
    qt_bell_ring(&store->bells[slot], &store->common->slots[slot].rung, force);
}

static void ring_children(qt_store *store, const qt_call *call)
{
    for (unsigned i = 0; i < store->children; i++) {
        if (call->wake[i / 64] & ((apr_uint64_t)1 << (i % 64))) {
            ring(store, i, 0);
        }
    }
}

/* The pump of this child must not sleep past `next`; it reads the time itself after its own verbs. */
static void note_due(qt_zone_ref *zone, const qt_call *call)
{
    qt_time before = __atomic_exchange_n(&zone->due, call->next, __ATOMIC_SEQ_CST);

    if (call->next < before && call->verb != QT_TICK && call->verb != QT_COLLECT) {
        ring(zone->store, zone->store->slot, 0);
    }
}

static apr_status_t locked_call(qt_zone_ref *zone, qt_call *call)
{
    qt_store *store = zone->store;
    qt_time now;
    apr_status_t rv = qt_lock_take(&store->lock, &now);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = qt_core_call(zone->zone, now, call);
    qt_lock_give(&store->lock);
    return rv;
}

apr_status_t qt_store_call(qt_zone_ref *zone, qt_call *call, apr_pool_t *pool)
{
    apr_size_t size = first_size(call->verb);
    apr_status_t rv;

    do {
        call->out = (qt_out){ .p = apr_palloc(pool, size), .cap = size };
        memset(call->wake, 0, sizeof(call->wake));
        call->next = zone->due;
        rv = locked_call(zone, call);
        size = call->out.need > size * 2 ? call->out.need : size * 2;
    } while (rv == QT_E_SPACE && size <= QT_OUT_MAX);
    ring_children(zone->store, call);
    note_due(zone, call);
    return rv == QT_E_SPACE ? QT_E_TOO_LARGE : rv;
}

qt_time qt_store_due(const qt_zone_ref *zone)
{
    return __atomic_load_n(&zone->due, __ATOMIC_SEQ_CST);
}

/* ---- a child's side ---- */

apr_status_t qt_store_child_init(qt_store *store, apr_pool_t *pchild)
{
    apr_status_t rv = apr_global_mutex_child_init(&store->lock.mutex, store->mutex_file, pchild);

    store->lock.pid = (apr_int32_t)getpid();
    for (unsigned i = 0; rv == APR_SUCCESS && i < store->children; i++) {
        qt_slot *slot = &store->common->slots[i];
        apr_int32_t nobody = 0;

        if (__atomic_compare_exchange_n(&slot->pid, &nobody, store->lock.pid, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
            __atomic_store_n(&slot->state, QT_SLOT_TAKEN, __ATOMIC_SEQ_CST);
            store->slot = i;
            ring(store, i, 1); /* there may be dead children that nobody else is left to bury */
            return APR_SUCCESS;
        }
    }
    return rv == APR_SUCCESS ? QT_E_FULL : rv;
}

apr_uint32_t qt_store_child(qt_store *store)
{
    return store->slot;
}

int qt_store_bell_fd(qt_store *store)
{
    return qt_bell_fd(&store->bells[store->slot]);
}

void qt_store_bell_clear(qt_store *store)
{
    qt_bell_clear(&store->bells[store->slot], &store->common->slots[store->slot].rung);
}

void qt_store_bell_self(qt_store *store)
{
    ring(store, store->slot, 0);
}

void qt_store_bell_force(qt_store *store)
{
    ring(store, store->slot, 1);
}

qt_zone_ref *qt_store_zone(qt_store *store, unsigned index)
{
    qt_zone_ref *zone = store->zones;

    while (zone && index-- > 0) {
        zone = zone->next;
    }
    return zone;
}

/* One step of the burial: some streams of the slot in one zone, or, when no zone has any left, the slot itself.
 * The slot's state changes from DEAD only under the lock, so no new child can have it while its streams are given up. */
static int bury_some(qt_store *store, apr_uint32_t child, apr_pool_t *scratch)
{
    qt_slot *slot = &store->common->slots[child];
    qt_time now;
    int more = 0;

    if (qt_lock_take(&store->lock, &now) != APR_SUCCESS) {
        return 0;
    }
    for (qt_zone_ref *zone = store->zones; zone && slot->state == QT_SLOT_DEAD && !more; zone = zone->next) {
        qt_call call = { .verb = QT_ORPHANS, .child = child };

        call.out = (qt_out){ .p = apr_palloc(scratch, QT_OUT_SMALL), .cap = QT_OUT_SMALL };
        more = qt_core_call(zone->zone, now, &call) == APR_SUCCESS && call.more;
        ring_children(store, &call);
        note_due(zone, &call);
    }
    if (!more && slot->state == QT_SLOT_DEAD) {
        __atomic_store_n(&slot->state, QT_SLOT_EMPTY, __ATOMIC_SEQ_CST);
        __atomic_store_n(&slot->pid, 0, __ATOMIC_SEQ_CST);
    }
    qt_lock_give(&store->lock);
    return more;
}

void qt_store_bury(qt_store *store, apr_pool_t *scratch)
{
    for (unsigned i = 0; i < store->children; i++) {
        int more = __atomic_load_n(&store->common->slots[i].state, __ATOMIC_SEQ_CST) == QT_SLOT_DEAD;

        while (more) {
            more = bury_some(store, i, scratch);
        }
    }
}

/* ---- the parent's side ---- */

static apr_status_t share(void **memory, apr_size_t size, apr_pool_t *pool)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, size + QT_LINE, NULL, pool);

    if (rv == APR_SUCCESS) {
        char *base = apr_shm_baseaddr_get(shm);

        /* APR keeps something of its own in front, so that this is not where a line begins. */
        *memory = base + (QT_LINE - (apr_uintptr_t)base % QT_LINE) % QT_LINE;
        memset(*memory, 0, size < QT_ZONE_MIN ? size : 0); /* fresh anonymous pages are zero: don't touch those of a zone */
    }
    return rv;
}

apr_status_t qt_store_create(qt_store **store, const qt_store_setup *setup, apr_pool_t *pool)
{
    qt_store *s = apr_pcalloc(pool, sizeof(*s));
    void *memory;
    apr_status_t rv;

    if (setup->children == 0 || setup->children > QT_CHILDREN_MAX) {
        return APR_EINVAL;
    }
    s->pool = pool;
    s->children = setup->children;
    s->mutex_file = setup->mutex_file ? apr_pstrdup(pool, setup->mutex_file) : NULL;
    rv = share(&memory, sizeof(*s->common), pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    s->common = memory;
    s->lock = (qt_lock){ .mutex = setup->mutex, .face = &s->common->lock };
    s->bells = apr_pcalloc(pool, s->children * sizeof(*s->bells));
    for (unsigned i = 0; i < s->children && rv == APR_SUCCESS; i++) {
        rv = qt_bell_make(&s->bells[i], pool);
    }
    *store = s;
    return rv;
}

static apr_status_t make_zone(qt_zone_ref *zone, apr_size_t size)
{
    unsigned char seed[16];
    void *memory;
    apr_status_t rv = apr_generate_random_bytes(seed, sizeof(seed));

    rv = rv == APR_SUCCESS ? share(&memory, size, zone->store->pool) : rv;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    zone->zone = memory;
    zone->size = size;
    /* Numbers start from the wall clock, so that tokens of an earlier life of the server mean nothing in this one. */
    return qt_zone_init(memory, size, seed, (apr_uint64_t)apr_time_now());
}

apr_status_t qt_store_open(qt_zone_ref **zone, qt_store *store, const char *name, apr_size_t size, apr_size_t *kept_size)
{
    qt_zone_ref *at = store->zones;
    apr_status_t rv;

    while (at && strcmp(at->name, name) != 0) {
        at = at->next;
    }
    if (!at) {
        at = apr_pcalloc(store->pool, sizeof(*at));
        at->store = store;
        at->name = apr_pstrdup(store->pool, name);
        rv = make_zone(at, size);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (store->last_zone) {
            store->last_zone->next = at;
        }
        else {
            store->zones = at;
        }
        store->last_zone = at;
    }
    *kept_size = at->size;
    *zone = at;
    return APR_SUCCESS;
}

const char *qt_zone_name(const qt_zone_ref *zone)
{
    return zone->name;
}

void qt_store_child_ended(qt_store *store, apr_int32_t pid)
{
    for (unsigned i = 0; i < store->children; i++) {
        qt_slot *slot = &store->common->slots[i];

        if (slot->pid == pid) {
            __atomic_store_n(&slot->state, QT_SLOT_DEAD, __ATOMIC_SEQ_CST);
        }
    }
    for (unsigned i = 0; i < store->children; i++) {
        if (store->common->slots[i].state == QT_SLOT_TAKEN) {
            ring(store, i, 1);
        }
    }
}
