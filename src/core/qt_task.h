/* Tasks: THE transition table, the one door for a change of state, and what a task remembers. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_TASK_H
#define QT_TASK_H

#include "core/qt_zone.h"

/*
 *             due            offer               grant             complete
 *  added --> delayed ----> ready ------> offered ------> assigned ------> done
 *    |                     ^ | \           |  ^  \          |
 *    |                     | |  \ ask      |  |   \ ask     | give back (release)
 *    +---------------------+ |   \         |  |    v        v
 *                            |    +------> | (silent)  assigning --> ready, assigned, withdrawn (taken)
 *                            |             | give back (reject, time-out, lost): ready, or bury: dead
 *                            +-- expire: expired (also from delayed)     withdraw: withdrawn, from every state but done
 */
typedef enum qt_step {
    QT_S_DUE,      /* its delay is over */
    QT_S_OFFER,
    QT_S_GRANT,    /* it is his */
    QT_S_ASK,      /* he wants it, the host is asked */
    QT_S_SILENT,   /* the host said nothing */
    QT_S_TAKEN,    /* the host: it is somebody else's */
    QT_S_BACK,     /* it goes back to the others */
    QT_S_BURY,     /* it was offered too often */
    QT_S_COMPLETE,
    QT_S_EXPIRE,
    QT_S_WITHDRAW,
    QT_S_REQUEUE,
    QT_STEPS
} qt_step;

/* The state after a step, or QT_STATES when the step is not allowed there. */
qt_state qt_task_after(qt_state state, qt_step step);

qt_task *qt_task_find(qt_zone *z, qt_str id);
/* A new task of that description in state delayed or ready, in no operator's hands and matched with nobody yet; NULL: no room. */
qt_task *qt_task_new(qt_zone *z, const qt_spec *spec, qt_time now);
/* The next time that matters in its state; 0: none. */
qt_time qt_task_time(const qt_task *task);
/* The door: takes the step, which the table must allow, and moves the task to where tasks of its new state stand.
 * `op` is who gets it, for steps that give it to somebody; else NULL. */
void qt_task_step(qt_zone *z, qt_task *task, qt_step step, qt_operator *op, qt_time now);
/* An ended task is forgotten altogether. */
void qt_task_forget(qt_zone *z, qt_task *task, qt_time now);
/* Takes a ready task out of its line and puts it into the right one: after prefer or labels have changed. */
void qt_task_requeue(qt_zone *z, qt_task *task);
/* Only he may have it now (addressed, or preferring him), or NULL. */
qt_operator *qt_task_for_one(qt_zone *z, const qt_task *task);
/* Ask for other labels; QT_E_FULL. */
apr_status_t qt_task_relabel(qt_zone *z, qt_task *task, qt_str labels);
/* Prefer or address `op` from now on (NULL: nobody). */
void qt_task_prefer(qt_zone *z, qt_task *task, qt_operator *op, int addressed);

/* It came to `op`; an entry of its history opens. Left out when there is no room. */
void qt_past_open(qt_zone *z, qt_task *task, qt_operator *op, qt_why why, qt_time now);
/* What became of it there. */
void qt_past_close(qt_zone *z, qt_task *task, qt_outcome outcome);
/* What its history ends with; QT_O_OPEN also when it has none. */
qt_outcome qt_past_last(qt_zone *z, const qt_task *task);
/* All of it goes; who is mentioned nowhere else is let go. */
void qt_past_forget(qt_zone *z, qt_task *task, qt_time now);

#endif
