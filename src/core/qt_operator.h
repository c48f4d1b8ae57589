/* Operators: their place, whether they are free, and what their streams are to be told. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_OPERATOR_H
#define QT_OPERATOR_H

#include "core/qt_zone.h"

/* The operator of that id, or NULL. */
qt_operator *qt_operator_find(qt_zone *z, qt_str id);
/* The same, made when there is none (knowing nothing of his labels and rules); NULL when there is no room. */
qt_operator *qt_operator_get(qt_zone *z, qt_str id);
/* He came through a Location: its rules, and his labels of today; he may be free now and must be matched. QT_E_FULL. */
apr_status_t qt_operator_meet(qt_zone *z, qt_operator *op, const qt_rules *rules, qt_str labels, qt_time now);
/* Forget him when nothing is left of him: no place, stream, task, bar, ban or mention. Called last in a verb that took
 * something from him. */
void qt_operator_let_go(qt_zone *z, qt_operator *op, qt_time now);
/* A task or its history mentions him (+1) or no longer does (-1). */
void qt_operator_refer(qt_zone *z, qt_operator *op, int by);

/* Take a place at the tail: the last number, and the time. Also for one who has a place already. */
void qt_operator_to_tail(qt_zone *z, qt_operator *op, qt_time now);
/* Give up the place. */
void qt_operator_leave_queue(qt_zone *z, qt_operator *op, qt_time now);
/* After any change of what he has: sets present and free anew, with the trees and counts that follow from them, and his next
 * time in zone.due. */
void qt_operator_refresh(qt_zone *z, qt_operator *op, qt_time now);
/* Whether he may be offered a task now. Time alone never changes it: what ends at a time ends in QT_TICK, which matches him then. */
int qt_operator_may_be_free(const qt_operator *op);
qt_op_status qt_operator_status(const qt_operator *op);

/* Note an event for all his streams. */
void qt_operator_note(qt_zone *z, qt_operator *op, const qt_task *task, qt_event_kind kind, qt_reason reason);

/* The task rests from him until `until`, or, QT_NEVER: while it fits others (soft). A second bar of the same pair replaces the first.
 * Never fails: when there is no room for the record the bar is left out. */
void qt_bar_add(qt_zone *z, qt_task *task, qt_operator *op, qt_time until);
void qt_bar_drop(qt_zone *z, qt_bar *bar);
/* The bar of the pair, or NULL. */
qt_bar *qt_bar_find(qt_zone *z, const qt_task *task, const qt_operator *op);

#endif
