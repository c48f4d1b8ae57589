/* Label sets: who has which labels, kept so that neither a task nor an operator ever looks through all of the others. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_SET_H
#define QT_SET_H

#include "core/qt_zone.h"

/* The set of a canonical list, made and given its links when it is new; NULL when there is no room. Costs the members of its
 * rarest label when it is new, a look-up otherwise. It lives while a task or an operator's link needs it. */
qt_set *qt_set_get(qt_zone *z, qt_str labels);
/* A task refers to it, or no longer does. */
void qt_set_hold(qt_zone *z, qt_set *set);
void qt_set_release(qt_zone *z, qt_set *set);
/* Drop the set when nothing needs it; one with many links waits in zone.idle instead. */
void qt_set_tidy(qt_zone *z, qt_set *set);
/* Drop the set that was idle longest; 0 when there is none. The links of one set may fill half the undo log. */
int qt_set_drop_idle(qt_zone *z);
/* Give the operator (who stands in no free tree) just the labels of `labels`; QT_E_FULL when there is no room. */
apr_status_t qt_set_enrol(qt_zone *z, qt_operator *op, qt_str labels);
/* Take all his links away. */
void qt_set_strike(qt_zone *z, qt_operator *op);
/* His labels. */
qt_str qt_set_labels(qt_zone *z, const qt_operator *op);
/* Whether every name of the canonical list `part` is in `whole`. */
int qt_set_within(qt_str part, qt_str whole);

#endif
