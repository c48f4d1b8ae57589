/* The records of a zone and where each stands. Private to core: others know the verbs of qt_call.h only. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_ZONE_H
#define QT_ZONE_H

#include <stddef.h>
#include "core/qt_arena.h"
#include "core/qt_call.h"
#include "core/qt_table.h"

/*
 *   zone ── tasks (by id) ─┬─ ready:   in set.ready (by priority, age), or in operator.mine when only he may have it
 *    │                     ├─ offered, assigning, assigned: in operator.held
 *    │                     └─ ended:   in zone.ended, oldest first
 *    ├───── operators (by id) ── place: in zone.queue while he has one
 *    ├───── sets (by canonical labels) ── link ── operator: one link for each operator that has all labels of the set;
 *    │                                    the link stands in set.free while he is free
 *    ├───── tickets (by their secret)
 *    ├───── streams (by serial) ── in operator.streams and child.streams; in child.dirty while there is something to tell
 *    └───── due: what happens at a time (task, operator, bar, ticket)
 * All times are monotonic microseconds; 0 is "not set".
 */

/* Magic and version of the layout: a block of another version is never read (full restart). */
#define QT_MAGIC 0x5154303030303032ULL

/* What a branch in zone.due belongs to: the low bits of its tie. */
typedef enum qt_due_kind { QT_DUE_TASK, QT_DUE_OPERATOR, QT_DUE_BAR, QT_DUE_TICKET, QT_DUE_KINDS } qt_due_kind;

/* A set of labels. Everybody's is the empty one. There is one for each label an operator has, and one for each list that a
 * task asks for. */
typedef struct qt_set {
    qt_entry entry;
    qt_tree ready;          /* tasks that ask for just these labels and wait for anybody */
    qt_tree free;           /* links of free operators, in queue order */
    qt_list links;          /* of all operators that have these labels */
    qt_list wards;          /* larger sets that are looked up through this one, their first label's */
    qt_node ward;           /* in the anchor's wards */
    qt_ref anchor;          /* set of the first label, for sets of two and more */
    apr_uint32_t present;   /* operators of links that are present */
    apr_uint32_t tasks;     /* that refer to this set, ended ones too */
    qt_node idle;           /* in zone.idle while is_idle: no task, but too many links to drop it on the way */
    unsigned is_idle : 1;
} qt_set;

typedef struct qt_link {
    qt_branch free;         /* in set.free; tie: the operator's seat */
    qt_node of_set, of_operator;
    qt_ref set, operator;
} qt_link;

/* What a stream is to be told: an operator's last events, for each of his streams to catch up with. */
#define QT_LOG 16
typedef struct qt_note {
    apr_uint64_t age;       /* of the task: tells a record used again */
    apr_uint64_t offer;     /* its token then: tells an offer that ended since */
    qt_ref task;
    apr_uint16_t kind;      /* qt_event_kind */
    apr_uint16_t reason;    /* qt_reason */
} qt_note;

typedef struct qt_operator {
    qt_entry entry;
    qt_branch place;        /* in zone.queue; tie: seat */
    qt_branch due;
    qt_tree mine;           /* ready tasks that only he may have: addressed or preferring him */
    qt_list links, held, streams, bars;
    qt_ref labels;          /* cell with his canonical list, 0: none */
    apr_uint32_t nlabels;   /* its bytes */
    qt_rules rules;         /* of the Location he came through last */
    apr_uint64_t seat;      /* his number in the queue: lower is nearer to the head */
    qt_time since;          /* when he took it */
    qt_time grace_until;    /* his last stream broke: keeps his place until then */
    qt_time wrap_until;     /* rests after complete; 0 again when that is over */
    qt_time ban_until;      /* after exit */
    qt_time retry_at;       /* matching was cut off: goes on then */
    apr_uint32_t offers;    /* of held: offered or assigning */
    apr_uint32_t refs;      /* from tasks and their history */
    apr_uint32_t counted;   /* scratch of qt_check: the refs it found */
    unsigned queued : 1;    /* has a place */
    unsigned paused : 1;
    unsigned present : 1;   /* queued, with a stream, not paused: counted in his sets */
    unsigned free : 1;      /* may be offered a task: stands in the free trees */
    unsigned served : 1;    /* once: his streams have got what they end with; a new stream starts afresh */
    unsigned spent : 1;     /* once: his stream ended with its task event, so no grace runs */
    apr_uint64_t logged;    /* events ever noted */
    qt_note log[QT_LOG];
} qt_operator;

typedef struct qt_stream {
    qt_entry entry;         /* key: the serial's eight bytes */
    apr_uint64_t serial;
    apr_uint64_t cookie;
    apr_uint64_t cursor;    /* events of the operator's log that were told */
    qt_node of_operator, of_child, dirty;
    qt_ref operator;
    apr_uint32_t child;
    unsigned held : 1;      /* takes nothing now */
    unsigned marked : 1;    /* stands in child.dirty */
    unsigned fresh : 1;     /* to be told what is open, instead of the log */
    unsigned end : 1;       /* to be told that it is over */
    unsigned skip : 1;      /* too far behind, it goes on with what is open */
} qt_stream;

/* A task's rest from one operator. */
typedef struct qt_bar {
    qt_branch due;
    qt_node of_task, of_operator;
    qt_ref task, operator;
    unsigned soft : 1;      /* he released it: he may have it back when it fits nobody else; ends with the task */
} qt_bar;

/* The right to open one stream as somebody. */
typedef struct qt_ticket {
    qt_entry entry;         /* key: the secret */
    qt_branch due;          /* always set */
    qt_ref text;            /* qt_text: his id, and behind it his canonical labels */
    apr_uint32_t nwho;      /* bytes of the id */
} qt_ticket;

/* Bars an operator may have before he is offered nothing more until one lapses: bounds the search past them. */
#define QT_BARS_MAX 256

typedef struct qt_task {
    qt_entry entry;
    qt_branch order;        /* in set.ready or operator.mine; key: -priority, tie: age */
    qt_branch due;
    qt_node line;           /* in operator.held or zone.ended */
    qt_list bars;
    apr_uint64_t age;       /* order of arrival; no two tasks ever have the same */
    apr_uint64_t offer;     /* token */
    qt_ref set;
    qt_ref operator;        /* offered or assigned to him, or done by him */
    qt_ref prefer;          /* waits for him first: while wanted */
    qt_ref payload;         /* qt_text */
    qt_ref past, past_last; /* qt_past_chunk */
    qt_time created, changed;
    qt_time delay_until, ttl_until, prefer_until;
    qt_time deadline;       /* of the offer */
    qt_time host_until;     /* assigning: back on offer then, when the host never answers */
    qt_time window;         /* 0: the operator's */
    apr_uint32_t max_offers;
    apr_uint32_t attempt, extends;
    apr_int32_t priority;
    apr_uint32_t npast;
    apr_byte_t state;      /* qt_state */
    unsigned addressed : 1; /* operatorId: his alone, told as assigned */
    unsigned by_take : 1;   /* assigning: he took it, it was not on offer */
    unsigned wanted : 1;    /* prefer still counts */
    unsigned unseen : 1;    /* addressed and assigned, but not told to a stream yet, or to one that broke at once */
    unsigned char print[16];
} qt_task;

#define QT_PAST_CHUNK 7
#define QT_PAST_MAX (4 * QT_PAST_CHUNK)
typedef struct qt_past_chunk {
    qt_ref next;
    apr_uint32_t n;
    struct qt_past_entry {
        qt_time at;
        qt_ref operator;
        apr_uint16_t why, outcome;
    } entries[QT_PAST_CHUNK];
} qt_past_chunk;

typedef struct qt_child {
    qt_list streams, dirty;
} qt_child;

typedef struct qt_zone {
    qt_block block;         /* must be first */
    /* Scratch of one verb: never saved, cleared at its begin. */
    apr_uint64_t wake[QT_CHILDREN_MAX / 64];
    apr_uint32_t starved;   /* a cell was wanted and not to be had */
    apr_uint32_t unused;
    qt_arena arena;
    qt_table tasks, operators, sets, streams, tickets;
    qt_tree due;
    qt_tree queue;
    qt_list ended;
    qt_list idle;           /* sets that no task needs, kept for their many links until room is wanted */
    qt_ref everybody;       /* the empty set */
    apr_uint32_t paused;
    apr_uint32_t sweeping;  /* everybody in the queue is matched anew, from sweep_seat on, a part in each tick */
    apr_uint64_t sweep_seat;
    apr_uint64_t soft_bars; /* there are now */
    apr_uint64_t ages, seats, serials, offers; /* last numbers given */
    unsigned char seed[16];
    qt_stats stats;         /* counters; what is there now */
    qt_child children[QT_CHILDREN_MAX];
} qt_zone;

/* Most sets an operator may be in, so that a step which takes him out of all of them fits the undo log. */
#define QT_LINKS_MAX(z) ((z)->block.undo.cap / 2048)

/* The block of a zone: a cast, so that no compiler takes the head of the block for the whole. */
#define QT_B(z) ((qt_block *)(void *)(z))
/* The record of a ref: QT_REC where there always is one, QT_AT where 0 gives NULL. */
#define QT_REC(z, type, ref) QT_PTR(QT_B(z), type, (ref))
#define QT_AT(z, type, ref) ((ref) ? QT_PTR(QT_B(z), type, (ref)) : NULL)
/* Ref of a record in its zone. */
#define QT_OF(z, ptr) QT_REF(QT_B(z), (ptr))
/* Save a whole record of the zone before editing it. */
#define QT_EDIT(z, ptr) qt_touch(QT_B(z), (ptr), sizeof(*(ptr)))
/* Save and change one lvalue of the zone. */
#define QT_PUT(z, lvalue, value) QT_SET(QT_B(z), lvalue, value)

static inline qt_str qt_id(const void *record)
{
    return qt_entry_id(record);
}

/* Set, move or clear (when 0) a record's time in zone.due. */
void qt_zone_due(qt_zone *z, qt_branch *branch, qt_due_kind kind, qt_time when);
/* Match everybody in the queue anew, soon. */
void qt_zone_sweep(qt_zone *z);
/* A cell of the zone's arena, or NULL. A verb that ends with QT_E_FULL is tried again after old ended tasks were dropped (qt_core.c). */
void *qt_zone_alloc(qt_zone *z, apr_size_t n, qt_need need);
void qt_zone_free(qt_zone *z, void *cell);
/* A fresh record with `id` behind it, cleared and put into `table`; NULL when there is no room. */
void *qt_zone_new(qt_zone *z, qt_table *table, apr_size_t size, qt_str id);
void *qt_zone_find(qt_zone *z, const qt_table *table, qt_str id);
/* Takes the record out of its table and frees it. */
void qt_zone_drop(qt_zone *z, qt_table *table, void *record);

#endif
