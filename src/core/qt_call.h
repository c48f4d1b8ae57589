/* The contract of the rules: one call is one verb with what it takes and what it gives. The store carries calls; the core executes them. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_CALL_H
#define QT_CALL_H

#include "base/qt_base.h"
#include "base/qt_status.h"
#include "wire/qt_cursor.h"
#include "wire/qt_items.h"
#include "wire/qt_spec.h"

/*
 * A verb happens wholly or returns a status and changes nothing. Statuses that any verb may return:
 *   QT_E_SPACE  `out` is too small (out.need says a size worth trying); the store grows it by itself
 *   QT_E_FULL   there is no room in the zone
 * The others are named beside the verb. "who" is always the user's id, "task" the task's.
 */
typedef enum qt_verb {
    /* -- operators -- */
    QT_JOIN,     /* a stream of `who` opens (kind, grace, alone, child, cookie, skip; max_*) -> stream, epoch, seq.
                    WAIT (labels, rules) and READER (queue, since): held until QT_HOLD(0).
                    EVENTS (topics), NOTICES, FEED (since) -> n = groups, after, foreign.
                    STAY_AWAY, LIMIT, CROWDED. flag 1: only whether he may, and nothing changes */
    QT_LEAVE,    /* `stream` is over (any cause); OK also when it is unknown */
    QT_HOLD,     /* `flag` 1: give `stream` nothing for now, 0: go on */
    QT_TAKE,     /* `who` (labels, rules) asks for a task -> n = 0 or 1 tasks, assigned (flag: assigning, see QT_SETTLE) */
    QT_ASSIGN,   /* `who` takes `task` (offer). flag 1: the host has a word, state assigning until QT_SETTLE. NOT_OFFERED, GONE */
    QT_SETTLE,   /* the host's word on an assigning `task` of `who`: `verdict`. NOT_OFFERED when it was withdrawn meanwhile */
    QT_REJECT,   /* `who` refuses `task` (offer, reason). NOT_OFFERED, GONE */
    QT_COMPLETE, /* `who` is done with `task` (offer). NOT_OFFERED, GONE */
    QT_EXTEND,   /* `who` wants one more window for `task` (offer) -> n = 1. NOT_OFFERED, GONE, LIMIT */
    QT_RELEASE,  /* `who` gives an assigned `task` back (offer; operator or labels change whom it fits). NOT_OFFERED, GONE */
    QT_PAUSE,    /* `who` is offered nothing. UNKNOWN when he has no place in the queue */
    QT_READY,    /* `who` is offered tasks again. UNKNOWN */
    QT_EXIT,     /* `who` leaves: streams end, offers pass on, joins are STAY_AWAY for QT_EXIT_BAN. OK also when unknown */
    QT_OPERATORS,/* -> operators, in queue order */
    QT_MINE,     /* -> tasks offered or assigned to `who` */
    QT_TICKET,   /* `ticket` stands for `who` (labels) for QT_TICKET_LIFE. CONFLICT */
    QT_REDEEM,   /* `ticket` is used up -> who, labels; flag 1: it is only looked at. NOBODY */
    /* -- messages -- */
    QT_PUBLISH,  /* `data` (type, key, message_id, version, topic_rules, items) to topics[0] -> seq (0: waits to be merged), listeners,
                    repeated, stale. TOO_LARGE: more items than one event holds */
    QT_NOTIFY,   /* `data` (type, mailbox, grace) to `who`, absent: to all who are there -> seq, delivered, stored */
    QT_READ,     /* message `seq` of `who` leaves his mailbox; OK also when it is not there, or of another life (since, if given) */
    QT_ACK,      /* streams have kept what they were given: `acks` leave their mailboxes */
    QT_CATCH_UP, /* what `stream` (EVENTS, NOTICES, FEED) has to hear after `after`: up to `until` by the topics' delivery rules, and
                    broadcasts only with flag 1 (it came back); past it all; filtered by `keys` -> events, after, seq (the zone's
                    last), more. lost: some of it is gone; nothing is given. skip 1: it knows that, go on with what there is. UNKNOWN */
    QT_PUSH,     /* `texts` to the end of `queue`, all or nothing -> n = seqs. CONFLICT: it is closed */
    QT_CLOSE,    /* nothing more comes to `queue`; OK also when it is closed already */
    QT_DRAIN,    /* `who` takes what `queue` has, at most QT_DRAIN_MAX -> events, the terminator last, stream (of the loan), more */
    QT_DRAINED,  /* flag 1: the loan `stream` of `queue` has been read; 0: it goes back */
    /* -- people -- */
    QT_USER,     /* `who` -> n = 1. UNKNOWN */
    QT_KICK,     /* streams of `who` end; flag 1: and he is STAY_AWAY for QT_KICK_BAN. UNKNOWN */
    /* -- lists: at most `limit` (> 0), from the one after `from` on (absent: the first; it may be gone meanwhile), in an order of their own
          that stays -> last, more: to go on, also when fewer were found -- */
    QT_TASKS,    /* -> tasks of the states in `which`, without payload and history */
    QT_USERS,    /* -> users in `which`: QT_AWAY_USERS, QT_ONLINE_USERS */
    QT_TOPICS,   /* -> topic_views */
    QT_QUEUES,   /* -> queues */
    /* -- producers -- */
    QT_ADD,      /* `specs`, all or nothing -> n = nspecs tasks (task.fresh). CONFLICT, TOO_LARGE; `bad` is the index of the culprit */
    QT_GET,      /* -> n = 1, with history. UNKNOWN */
    QT_WITHDRAW, /* `task` leaves -> n = 1; OK also when it was withdrawn before. UNKNOWN; CONFLICT when it is done */
    QT_REQUEUE,  /* a dead `task` becomes ready -> n = 1. UNKNOWN; CONFLICT when it is not dead */
    /* -- the zone -- */
    QT_SWITCH,   /* `flag` 1: offer nothing; 0: offer again */
    QT_STATS,    /* -> stats */
    QT_CHECK,    /* every invariant in one walk. BROKEN; `why` says which */
    QT_TICK,     /* do what is due, at most a bounded part of it */
    QT_COLLECT,  /* what the streams of `child` are to be told -> events; `more` when not all fitted */
    QT_ORPHANS,  /* `child` has died: some of its streams are over; `more` when there are others */
    QT_VERBS     /* their number */
} qt_verb;

/* What a stream is for. */
typedef enum qt_kind {
    QT_K_WAIT,    /* an operator's, for tasks */
    QT_K_EVENTS,  /* topics */
    QT_K_NOTICES, /* the user's own messages, and broadcasts */
    QT_K_READER,  /* a queue */
    QT_K_FEED,    /* what happens in the zone */
    QT_KINDS
} qt_kind;
extern const char *const qt_kind_names[QT_KINDS];

/* Bits of `which` in QT_USERS. */
#define QT_AWAY_USERS 1U
#define QT_ONLINE_USERS 2U

/* Who was kicked is not let in again for this long (api.md, DELETE users/{id}). */
#define QT_KICK_BAN (30 * QT_SECOND)
/* Most topics of one stream, and most filter keys. */
#define QT_TOPICS_MAX 256
#define QT_KEYS_MAX 256
/* Most messages that one poll of a queue takes. */
#define QT_DRAIN_MAX 256
/* A closed queue is remembered for this long, and so is one that nobody reads from or adds to, whatever it holds. */
#define QT_CLOSED_LIFE (3600 * QT_SECOND)
#define QT_QUEUE_LIFE (24 * 3600 * QT_SECOND)
/* Who left is not let in again for this long (api.md, DELETE exit). */
#define QT_EXIT_BAN (10 * QT_SECOND)
/* How long a ticket waits to be used. */
#define QT_TICKET_LIFE (30 * QT_SECOND)
/* Ended tasks stay readable for this long, room permitting. */
#define QT_MEMORY (3600 * QT_SECOND)
/* Most children of one httpd, old generations included. */
#define QT_CHILDREN_MAX 256
/* Most tasks in one QT_ADD. */
#define QT_ADD_MAX 4096

/* The transitions' states, in the order of a task's life; the first five are alive. */
typedef enum qt_state {
    QT_DELAYED, QT_WAITING /* "ready" */, QT_OFFERED, QT_ASSIGNING, QT_ASSIGNED,
    QT_DONE, QT_EXPIRED, QT_WITHDRAWN, QT_DEAD,
    QT_STATES
} qt_state;
extern const char *const qt_state_names[QT_STATES];

typedef enum qt_op_status { QT_FREE, QT_SELECTS, QT_BUSY, QT_PAUSED, QT_AWAY, QT_OP_STATUSES } qt_op_status;
extern const char *const qt_op_status_names[QT_OP_STATUSES];

/* How a task came to an operator, and what became of it there (history). */
typedef enum qt_why { QT_BY_OFFER, QT_BY_PREFERENCE, QT_BY_ADDRESS /* operatorId */, QT_BY_TAKE, QT_WHYS } qt_why;
extern const char *const qt_why_names[QT_WHYS];
typedef enum qt_outcome {
    QT_O_OPEN, QT_O_ASSIGNED, QT_O_COMPLETED, QT_O_REJECTED, QT_O_TIMEOUT, QT_O_LOST, QT_O_RELEASED, QT_O_REFUSED, QT_O_WITHDRAWN,
    QT_OUTCOMES
} qt_outcome;
extern const char *const qt_outcome_names[QT_OUTCOMES];

/* Why an offer ended, or, REPLACED, a stream: the `reason` of the closed event. */
typedef enum qt_reason { QT_R_ASSIGNED, QT_R_REJECTED, QT_R_EXPIRED, QT_R_WITHDRAWN, QT_R_REPLACED, QT_REASONS } qt_reason;
extern const char *const qt_reason_names[QT_REASONS];

/* The host's verdict on an assignment (QT_SETTLE). */
typedef enum qt_verdict {
    QT_HOST_YES,     /* it is his */
    QT_HOST_TAKEN,   /* no: it is somebody else's already; dropped (QT-36) */
    QT_HOST_NOT_HIM, /* no, but others may have it */
    QT_HOST_SILENT   /* no answer: the offer stands */
} qt_verdict;

/* What the Location of an operator says about him. Times in microseconds. */
typedef struct qt_rules {
    qt_time window;        /* > 0: decision window */
    qt_time grace;         /* >= 0: a broken connection keeps its place */
    qt_time cooldown;      /* >= 0: rest of a task from its rejecter */
    qt_time wrap_up;       /* >= 0: pause after complete */
    apr_uint32_t capacity; /* >= 1, <= QT_CAPACITY_MAX */
    apr_uint32_t max_offers; /* 0: no limit */
    apr_uint32_t max_extends;
    unsigned once : 1;     /* QueueTasksTurn once */
    unsigned pause_on_timeout : 1;
} qt_rules;

#define QT_CAPACITY_MAX 1000

typedef struct qt_past {
    qt_str operator_id;
    qt_time at;
    qt_why why;
    qt_outcome outcome;
} qt_past;

/* A task as it is told. Times are monotonic; 0 is "none". Strings and history live in the call's out buffer. */
typedef struct qt_task_view {
    qt_str id, operator_id, prefer, labels, payload;
    qt_state state;
    apr_int32_t priority;
    apr_uint32_t attempt;    /* offers so far */
    apr_uint64_t offer;      /* token of the running offer or of the one that led to the assignment; 0: none */
    qt_time created, changed, expires /* of the offer */, delay_until, ttl_until;
    unsigned assigned : 1;   /* to be told as his already (QT-18) */
    unsigned fresh : 1;      /* QT_ADD: added now, not there before */
    const qt_past *history;
    apr_uint32_t nhistory;
} qt_task_view;

typedef struct qt_operator_view {
    qt_str id, labels;
    qt_time since;           /* when he took his place */
    qt_op_status status;
    const qt_str *tasks;     /* ids of offered and assigned tasks */
    apr_uint32_t ntasks;
} qt_operator_view;

/* ---- messages ---- */

typedef enum qt_delivery { QT_DELIVER_LAST /* of each key */, QT_DELIVER_NONE, QT_DELIVER_ALL } qt_delivery;
typedef enum qt_merge { QT_MERGE_LAST, QT_MERGE_COUNT, QT_MERGE_SUM, QT_MERGE_UNION } qt_merge;

/* What a topic's QueueTasksTopic lines say. */
typedef struct qt_topic_rules {
    qt_time age;          /* > 0: older messages are dropped */
    qt_time coalesce;     /* 0: every message is an event; else those of a key within so long are one */
    apr_uint32_t retain;  /* messages kept for who comes back */
    qt_delivery delivery; /* which of them he is given */
    qt_merge merge;
} qt_topic_rules;

typedef struct qt_mailbox {
    apr_uint32_t most;    /* messages; 0: none is kept */
    qt_time age;          /* > 0 */
} qt_mailbox;

typedef struct qt_ack {
    qt_str who;
    apr_uint64_t seq;     /* this one and all before it */
} qt_ack;

typedef struct qt_user_view {
    qt_str id;
    qt_time since;        /* of his status */
    const apr_uint64_t *streams;
    apr_uint32_t nstreams;
    apr_uint32_t mail;    /* messages in his mailbox */
    unsigned online : 1;  /* has a stream, or had one within the grace */
} qt_user_view;

typedef struct qt_topic_view {
    qt_str name;
    apr_uint32_t messages, listeners;
    apr_uint64_t seq;     /* of the last one; 0: none is kept */
} qt_topic_view;

typedef struct qt_queue_view {
    qt_str name;
    apr_uint32_t messages, in_flight, readers;
    unsigned closed : 1;
} qt_queue_view;

typedef enum qt_event_kind {
    QT_EV_TASK,      /* task, as in view */
    QT_EV_CLOSED,    /* task.id, reason */
    QT_EV_GAP,       /* WAIT: the stream was too far behind; what is open now follows */
    QT_EV_MESSAGE,   /* seq, topic, key, type, data; for the streams of `group` in this child, or, 0, for `cookie` alone */
    QT_EV_LOST,      /* streams of `group` that are not behind yet miss messages that are gone: they must catch up */
    QT_EV_TERMINATE, /* READER: the queue is closed and empty; END follows */
    QT_EV_END        /* nothing more comes: end the response. reason REPLACED: told before */
} qt_event_kind;

typedef struct qt_event {
    apr_uint64_t cookie;     /* whose stream: what QT_JOIN was given */
    apr_uint64_t stream;
    qt_event_kind kind;
    qt_reason reason;
    apr_uint64_t group;      /* MESSAGE, LOST: see there; else 0 */
    union {
        qt_task_view task;
        struct {
            apr_uint64_t seq;
            qt_str topic, key, type, data; /* key and type may be absent. FEED: data is fields, see below */
        };
    };
} qt_event;

/*
 * An event of the feed: type "task", "operator" or "user", and fields joined by '\n', which no id holds:
 *   task      id, state, operator or empty, outcome or empty
 *   operator  id, status
 *   user      id, connected or disconnected
 */

typedef struct qt_stats {
    apr_uint64_t tasks[QT_STATES];      /* there now */
    apr_uint64_t operators[QT_OP_STATUSES];
    apr_uint64_t streams;
    apr_uint64_t topics, messages /* kept in topics and mailboxes */, users /* known */, online, queues, queued /* messages in them */;
    apr_uint64_t published, merged, notified, pushed, read;
    apr_uint64_t added, offered, assigned, rejected, timed_out, lost, completed, released, expired, withdrawn, dead;
    apr_uint64_t bytes, bytes_used, rollbacks;
    unsigned paused : 1;
} qt_stats;

/* Where a call's answers are laid: 8-byte aligned memory of the caller. */
typedef struct qt_out {
    char *p;
    apr_size_t cap, len;
    apr_size_t need; /* with QT_E_SPACE: a size worth trying */
} qt_out;

typedef struct qt_call {
    qt_verb verb;
    /* -- in -- */
    qt_str who;
    qt_str task;
    qt_str reason;           /* QT_REJECT: for the record, may be absent */
    qt_str labels;           /* canonical; of the caller, or QT_RELEASE: the task's new ones */
    qt_str ticket;           /* TICKET, REDEEM: bytes that nobody can guess. QT_JOIN of a stream that came by one: for its opener */
    qt_str operator_id;      /* QT_RELEASE: assign it to him */
    const qt_rules *rules;   /* JOIN, TAKE */
    apr_uint64_t offer;      /* token; only when fenced */
    unsigned fenced : 1;     /* the caller sent a token (offer 0: one that is none) */
    unsigned relabel : 1;    /* QT_RELEASE: labels is given */
    unsigned flag : 1;       /* see the verb */
    unsigned skip : 1;       /* QT_JOIN: too far behind the stream is told so, and what is open; else it is ended */
    qt_verdict verdict;
    apr_uint32_t child;
    apr_uint64_t stream;     /* in, and QT_JOIN: out. Never 0, never used twice */
    apr_uint64_t cookie;
    apr_uint32_t max_streams, max_streams_per_user; /* QT_JOIN; 0: no limit */
    qt_kind kind;            /* QT_JOIN */
    unsigned alone : 1;      /* QT_JOIN: older streams of the user of this kind end, replaced (QueueTasksDevices one) */
    unsigned versioned : 1;  /* QT_PUBLISH: version is given */
    qt_time grace;           /* JOIN, NOTIFY, DRAIN: how long who broke off is waited for */
    qt_cursor since;         /* JOIN, DRAIN: the last event that the client has; READ: of which life the message is */
    qt_str queue;
    const qt_str *topics;    /* JOIN, PUBLISH */
    apr_uint32_t ntopics;
    const qt_str *keys;      /* CATCH_UP: the stream's filter; none: everything */
    apr_uint32_t nkeys;
    const qt_str *texts;     /* PUSH */
    apr_uint32_t ntexts;
    qt_str data, type, key, message_id; /* PUBLISH, NOTIFY. type absent: "message" */
    apr_uint64_t version;
    const qt_topic_rules *topic_rules;
    const qt_item *items;    /* PUBLISH, when the topic merges by sum or union */
    apr_uint32_t nitems;
    const qt_mailbox *mailbox;
    const qt_ack *acks;
    apr_uint32_t nacks;
    apr_uint64_t until;      /* CATCH_UP */
    apr_uint32_t limit;      /* lists */
    qt_str from;
    apr_uint32_t which;      /* TASKS: bits by qt_state; USERS */
    /* -- in and out -- */
    apr_uint64_t after;      /* CATCH_UP, and JOIN: out. What the stream has seen of the sequence */
    apr_uint64_t seq;        /* READ: in. Else out: of the message; JOIN: the zone's last */
    const qt_spec *specs;
    apr_uint32_t nspecs;
    /* -- out -- */
    qt_out out;
    apr_uint32_t n;          /* length of the list given */
    apr_uint32_t bad;        /* QT_ADD: index of the spec that was refused */
    qt_task_view *tasks;
    qt_operator_view *operators;
    qt_event *events;
    qt_stats *stats;
    const char *why;         /* QT_CHECK */
    apr_uint64_t epoch;      /* with every seq that is given */
    const apr_uint64_t *groups; /* JOIN: one for each topic: what its messages come for */
    const apr_uint64_t *seqs;   /* PUSH */
    qt_user_view *users;
    qt_topic_view *topic_views;
    qt_queue_view *queues;
    apr_uint32_t listeners;
    qt_str last;             /* lists: `from` of the next page */
    unsigned foreign : 1;    /* JOIN: `since` is none of this zone's life */
    unsigned repeated : 1;   /* PUBLISH: message_id was there before */
    unsigned stale : 1;      /* PUBLISH: a newer version is there */
    unsigned delivered : 1, stored : 1; /* NOTIFY */
    unsigned lost : 1;
    unsigned more : 1;
    qt_time next;            /* every verb: when QT_TICK is due in this zone, or QT_NEVER */
    apr_uint64_t wake[QT_CHILDREN_MAX / 64]; /* every verb: bit i set: child i has something to collect (for the store) */
} qt_call;

#endif
