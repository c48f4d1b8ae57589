/* The flat block that holds a zone: references inside it, and the undo log that makes every verb happen wholly or not at all. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_BLOCK_H
#define QT_BLOCK_H

#include "base/qt_base.h"

/*
 * Nothing in the block is a pointer: a qt_ref is an offset from its start in units of eight bytes, 0 is "none".
 * Before a byte of the block is changed inside a verb, qt_touch() saves it; qt_rollback() puts all saved bytes back, last first.
 * The log lives in the block itself, so whoever takes the lock after a child was killed inside a verb can roll back.
 */
typedef apr_uint32_t qt_ref;

typedef struct qt_undo {
    apr_uint64_t used;  /* bytes of the log in use; > 0: a verb is under way, or was when its child died */
    apr_uint64_t cap;
    apr_uint64_t at;    /* offset of the log in the block */
} qt_undo;

/* What stands first in every block. */
typedef struct qt_block {
    apr_uint64_t magic;
    apr_uint64_t size;
    qt_undo undo;
    apr_uint64_t rollbacks; /* verbs undone, failed ones and those of dead children */
    apr_uint32_t verb;      /* number of the verb under way: tells cells freed in it */
} qt_block;

#define QT_PTR(b, type, ref) ((type *)((char *)(b) + (apr_size_t)(ref) * 8))
#define QT_REF(b, ptr) ((qt_ref)(((const char *)(ptr) - (const char *)(b)) / 8))
/* The record around one of its members. */
#define QT_AROUND(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#ifdef QT_PROVE
/* The proving build. qt_prove_touch is called at every touch: a test stops the verb there. With qt_prove_cells (on by default)
 * whole cells are saved when they are handed out and poisoned when they are freed, so that a rollback can be compared to the byte. */
extern void (*qt_prove_touch)(void);
extern int qt_prove_cells;
#endif

/* Save `n` bytes at `p` before they change. Aborts the process when the log is full: the next owner of the lock rolls back. */
void qt_touch_slow(qt_block *b, const void *p, apr_size_t n);

static inline void qt_touch(qt_block *b, const void *p, apr_size_t n)
{
    apr_size_t padded = (n + 7) & ~(apr_size_t)7;
    char *log = (char *)b + b->undo.at + b->undo.used;
    apr_uint64_t offset = (apr_uint64_t)((const char *)p - (const char *)b);
    apr_uint64_t trailer = (offset << 16) | n;

#ifdef QT_PROVE
    if (qt_prove_touch) {
        qt_prove_touch();
    }
#endif
    if (n > 0xffff || b->undo.cap - b->undo.used < padded + 8) {
        qt_touch_slow(b, p, n);
        return;
    }
    memcpy(log, p, n);
    memcpy(log + padded, &trailer, 8);
    /* The entry must be whole before it counts, and must count before the caller changes a byte. */
    __atomic_store_n(&b->undo.used, b->undo.used + padded + 8, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

/* A line of the processor's cache, and how many of them are worth fetching ahead. */
#define QT_LINE 64
#define QT_FETCH_MAX 4

/* Bring memory near that is wanted soon, all of it at once: in a large zone what is old is cold. */
static inline void qt_fetch(const void *p, apr_size_t n)
{
    for (apr_size_t at = 0; at < n && at < QT_FETCH_MAX * QT_LINE; at += QT_LINE) {
        __builtin_prefetch((const char *)p + at, 1);
    }
}

/* Save, then change one lvalue of the block. */
#define QT_SET(b, lvalue, value)                       \
    do {                                               \
        qt_touch((b), &(lvalue), sizeof(lvalue));      \
        (lvalue) = (value);                            \
    } while (0)

/* Whether another step of a loop may be taken in this verb: no step saves more than half of what the log holds. */
static inline int qt_undo_room(const qt_block *b)
{
    return b->undo.used <= b->undo.cap / 2;
}

/* A verb begins: undoes first what a dead owner of the lock left half done. */
void qt_begin(qt_block *b);
/* A verb ends: keeps its changes when `status` is APR_SUCCESS, else undoes them. Returns `status`. */
apr_status_t qt_end(qt_block *b, apr_status_t status);
/* Put back every saved byte. May itself be cut off and called again. */
void qt_rollback(qt_block *b);

#endif
