/* Matching: who gets what. The only place with policy. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_MATCH_H
#define QT_MATCH_H

#include "core/qt_operator.h"
#include "core/qt_task.h"

/*
 * The invariant (api.md, section 4): never a ready task and a free operator that fits it at the same time. "Fits": he has all its
 * labels, it does not rest from him, and it does not wait for another one. Whoever makes a task ready calls qt_match_task;
 * whoever makes an operator free calls qt_match_operator.
 */

/* Offer a ready task to the first free operator that fits; an addressed one is told when its operator has a stream. */
void qt_match_task(qt_zone *z, qt_task *task, qt_time now);
/* Offer a free operator what fits him, by priority and age, as long as he is free. Cut off after a bounded number: goes on by itself. */
void qt_match_operator(qt_zone *z, qt_operator *op, qt_time now);
/* The best ready task for him, whether he is free or not; NULL when there is none. Addressed ones first. */
qt_task *qt_match_best(qt_zone *z, qt_operator *op);
/* He went (or paused): who released a task may be the only one left whom it fits. Call after the refresh that made him not present. */
void qt_match_left(qt_zone *z, qt_operator *op, qt_time now);
/* The addressed tasks that wait for him become his, and his streams are told. */
void qt_match_tell(qt_zone *z, qt_operator *op, qt_time now);
/* It becomes his: state assigned, history, capacity; his other tabs are told that the offer ended. With `once` this ends it (done). */
void qt_match_grant(qt_zone *z, qt_task *task, qt_operator *op, qt_why why, qt_time now);
/* An offered or assigning task goes back, or is buried when it was offered too often; the task and the operator are matched anew
 * by the caller. Its preference is used up. */
void qt_match_back(qt_zone *z, qt_task *task, qt_outcome outcome, qt_reason reason, qt_time now);
/* Why they don't belong together just now, or NULL when the task may be offered to him. For qt_check, too. */
int qt_match_fits(qt_zone *z, qt_task *task, qt_operator *op);

#endif
