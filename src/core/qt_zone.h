/* The records of a zone and where each stands. Private to core: others know the verbs of qt_call.h only. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_ZONE_H
#define QT_ZONE_H

#include <stddef.h>
#include "core/qt_arena.h"
#include "core/qt_call.h"
#include "core/qt_table.h"

/*
 * Two halves: work (tasks, operators) and talk (users, topics, queues), which meet in streams and in time.
 *
 *   zone ── tasks (by id) ─┬─ ready:   in set.ready (by priority, age), or in operator.mine when only he may have it
 *    │                     ├─ offered, assigning, assigned: in operator.held
 *    │                     └─ ended:   in zone.ended, oldest first
 *    ├───── operators (by id) ── place: in zone.queue while he has one
 *    ├───── sets (by canonical labels) ── link ── operator: one link for each operator that has all labels of the set;
 *    │                                    the link stands in set.free while he is free
 *    ├───── tickets (by their secret)
 *    ├───── streams (by serial) ── in user.streams, child.streams and, by kind, operator.streams; in child.dirty while
 *    │                             there is something to tell to just this one
 *    ├───── users (by id): whoever has or had a stream ── not there: in zone.gone, oldest first
 *    ├───── topics (by name) ┬─ ring ── message: but for mail in zone.log too, by the sequence; in zone.latest while
 *    │                       │          it is the newest of its key
 *    │                       ├─ outlets ── one for each child that listens: in child.outlets; in child.telling while it
 *    │                       │             has not been told all, by the sequence
 *    │                       └─ pendings (zone.pendings, by topic and key): what waits to be one message
 *    ├───── receipts (by topic, and message id or key): what was published once, which version was the last
 *    ├───── queues (by id) ┬─ ready ── parcel: one message
 *    │                     └─ readers ── reader: a stream, one that broke, or a loan; its flight: parcels that it has
 *    └───── due: what happens at a time (task, operator, bar, ticket, user, topic, merge, queue, reader)
 * All times are monotonic microseconds; 0 is "not set".
 */

/* Magic and version of the layout: a block of another version is never read (full restart). */
#define QT_MAGIC 0x5154303030303033ULL

/* What a branch in zone.due belongs to: the low bits of its tie. */
#define QT_DUE_BITS 4
typedef enum qt_due_kind {
    QT_DUE_TASK, QT_DUE_OPERATOR, QT_DUE_BAR, QT_DUE_TICKET, QT_DUE_USER, QT_DUE_TOPIC, QT_DUE_MERGE, QT_DUE_QUEUE, QT_DUE_READER,
    QT_DUE_KINDS
} qt_due_kind;

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
    /* From here to `logged`: what qt_operator_edit saves. */
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
    unsigned fed : 3;       /* the status that the feed told last */
    unsigned spent : 1;     /* once: his stream ended with its task event, so no grace runs */
    apr_uint64_t logged;    /* events ever noted */
    qt_note log[QT_LOG];
} qt_operator;

typedef struct qt_stream {
    qt_entry entry;         /* key: the serial's eight bytes */
    apr_uint64_t serial;
    apr_uint64_t cookie;
    apr_uint64_t cursor;    /* WAIT: events of the operator's log that were told */
    qt_node of_user, of_operator, of_child, dirty;
    qt_ref user;
    qt_ref operator;        /* WAIT */
    qt_ref reader;          /* READER */
    qt_ref outlets;         /* EVENTS, NOTICES, FEED: a cell of refs */
    apr_uint32_t child;
    apr_uint16_t noutlets;
    apr_byte_t kind;        /* qt_kind */
    unsigned held : 1;      /* WAIT, READER: takes nothing now */
    unsigned marked : 1;    /* stands in child.dirty */
    unsigned fresh : 1;     /* WAIT: to be told what is open, instead of the log */
    unsigned end : 1;       /* to be told that it is over */
    unsigned ended : 1;     /* was told so: nothing more comes */
    unsigned replaced : 1;  /* end: for the sake of a newer one */
    unsigned skip : 1;      /* WAIT: too far behind, it goes on with what is open */
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

/* ---- talk ---- */

/* Whoever has a stream, or had one lately. */
typedef struct qt_user {
    qt_entry entry;
    qt_branch due;          /* the end of his grace */
    qt_list streams;        /* of any kind */
    qt_node gone;           /* in zone.gone while he is not online */
    qt_time since;          /* of being online, or not */
    qt_time grace;          /* as his latest stream's Location has it */
    qt_time ban_until;      /* kicked */
    unsigned online : 1;    /* has a stream, or had one within the grace */
} qt_user;

/* First byte of the names of topics that nobody can name: names hold no control characters. A user's mailbox is the topic of this
 * byte and his id; the two others have just the byte for a name. */
#define QT_NAME_MAIL '\1'
#define QT_NAME_ALL '\2'
#define QT_NAME_FEED '\3'

typedef struct qt_topic {
    qt_entry entry;
    qt_branch due;          /* its oldest message becomes too old */
    qt_list ring;           /* messages, oldest first */
    qt_list outlets;
    apr_uint64_t serial;    /* its group: never used twice */
    apr_uint64_t owed;      /* the last message of those gone that its rules owed to who comes back; 0: none */
    qt_time owed_until;     /* a mailbox is kept for that so long */
    apr_uint64_t dropped;   /* the last message of those gone: what a slow listener may miss */
    qt_topic_rules rules;   /* as it was last published to */
    apr_uint32_t listeners; /* streams */
    apr_uint32_t merges;    /* that wait */
} qt_topic;

/* The streams of one child that listen to one topic. */
typedef struct qt_outlet {
    qt_branch telling;      /* in child.telling while lost or next is set; key: its seq, or the first lost one's */
    qt_node of_topic, of_child;
    qt_ref topic;
    qt_ref next;            /* the first message that the child was not told; 0: it knows all that is there */
    apr_uint32_t child;
    apr_uint32_t streams;
    unsigned lost : 1;      /* a message went before the child was told */
} qt_outlet;

/* A message of a topic. Behind it: the topic's serial (8 bytes) and the key, which are its id, and the type. */
#define QT_SERIAL sizeof(apr_uint64_t)
typedef struct qt_message {
    qt_entry entry;         /* in zone.latest while it is the newest of its key */
    qt_node line;           /* in topic.ring */
    qt_node log;            /* in zone.log, unless it is mail */
    apr_uint64_t seq;
    qt_time at;
    qt_ref topic;
    qt_ref text;            /* qt_text */
    qt_ref pieces;          /* qt_piece: the text of a merged one */
    apr_uint32_t count;     /* merged by count: the text */
    apr_uint16_t ntype;
    apr_byte_t merge;       /* qt_merge, when it was merged */
    unsigned merged : 1;
    unsigned newest : 1;
} qt_message;

/* A piece of a merged text: see qt_item. Behind it: name and text. */
typedef struct qt_piece {
    qt_ref next;
    apr_uint32_t nname, ntext;
    unsigned fraction : 1;
    apr_int64_t whole;
    double real;
} qt_piece;

/* Messages of one key that are to be one. Id as a message's. */
typedef struct qt_pending {
    qt_entry entry;
    qt_branch due;          /* always set */
    qt_ref topic;
    qt_ref text;            /* merge last: the latest */
    qt_ref pieces;          /* sum, union: in their order */
    apr_uint32_t npieces;
    apr_uint32_t count;
    apr_uint16_t ntype;
    apr_byte_t merge;       /* qt_merge */
    char type[64];
} qt_pending;

/* What a topic has had. Id: its name, '\n', and 'm' with a message id or 'v' with a key. */
typedef struct qt_receipt {
    qt_entry entry;
    qt_node line;           /* in zone.receipts_line, oldest first */
    qt_time at;
    apr_uint64_t number;    /* the message's seq, or the version */
} qt_receipt;

typedef struct qt_parcel {
    qt_node line;           /* in queue.ready or reader.flight */
    apr_uint64_t seq;
    qt_time told;           /* in flight; 0: not yet */
    qt_ref text;
} qt_parcel;

typedef struct qt_queue {
    qt_entry entry;
    qt_branch due;          /* always set: `until`, or earlier when giving was cut off */
    qt_time until;          /* it is forgotten then */
    qt_list ready;          /* parcels, first first */
    qt_list readers;        /* with a stream that takes something; who waits longest first */
    qt_list others;         /* held ones, broken ones, loans */
    unsigned closed : 1;
} qt_queue;

/* Whoever has parcels of a queue, or waits for them. Behind it: the user's id. */
typedef struct qt_reader {
    qt_node of_queue;
    qt_branch due;          /* with a stream: the oldest of its parcels has been his for the grace. Else: they go back */
    qt_list flight;         /* parcels, first first */
    qt_ref queue;
    qt_ref stream;          /* 0: broken, or a loan */
    apr_uint64_t serial;    /* the stream's, or the loan's */
    qt_time grace;
    apr_uint32_t nwho;
    apr_uint32_t untold;    /* of flight, the last ones */
    unsigned able : 1;      /* stands in queue.readers */
    unsigned loan : 1;
} qt_reader;

typedef struct qt_child {
    qt_list streams, dirty;
    qt_list outlets;
    qt_tree telling;
} qt_child;

typedef struct qt_zone {
    qt_block block;         /* must be first */
    /* Scratch of one verb: never saved, cleared at its begin. */
    apr_uint64_t wake[QT_CHILDREN_MAX / 64];
    apr_uint32_t starved;   /* a cell was wanted and not to be had */
    apr_uint32_t unused;
    qt_arena arena;
    qt_table tasks, operators, sets, streams, tickets;
    qt_table users, topics, latest, pendings, receipts, queues;
    qt_tree due;
    qt_tree queue;
    qt_list ended;
    qt_list idle;           /* sets that no task needs, kept for their many links until room is wanted */
    qt_ref everybody;       /* the empty set */
    apr_uint32_t paused;
    apr_uint32_t sweeping;  /* everybody in the queue is matched anew, from sweep_seat on, a part in each tick */
    apr_uint64_t sweep_seat;
    apr_uint64_t soft_bars; /* there are now */
    qt_list gone;           /* users */
    qt_list log;            /* messages of topics, oldest first: they make room for others */
    apr_uint64_t mails;     /* messages of mailboxes, which do not */
    qt_list receipts_line;
    apr_uint64_t owed;      /* the largest of topics that are gone themselves: new ones begin with it */
    qt_time fed;            /* somebody listened to the feed, last */
    apr_uint64_t epoch;
    apr_uint64_t seq;       /* of the last message, 1 the first */
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

/* Save an operator's own state before editing it; his lists, trees and log are saved by what changes them. */
static inline void qt_operator_edit(qt_zone *z, qt_operator *op)
{
    qt_touch(QT_B(z), &op->seat, offsetof(qt_operator, logged) - offsetof(qt_operator, seat));
}

static inline qt_str qt_id(const void *record)
{
    return qt_entry_id(record);
}

/* Set, move or clear (when 0) a record's time in zone.due. */
void qt_zone_due(qt_zone *z, qt_branch *branch, qt_due_kind kind, qt_time when);
/* The child has something to collect. */
static inline void qt_zone_wake(qt_zone *z, apr_uint32_t child)
{
    z->wake[child / 64] |= (apr_uint64_t)1 << (child % 64);
}
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
