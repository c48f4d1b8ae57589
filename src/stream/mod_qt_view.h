/* A task as its operator reads it: the JSON of task events and of my-tasks. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_VIEW_H
#define MOD_QT_VIEW_H

#include "base/qt_buf.h"
#include "core/qt_call.h"

/* Longest text of an offer token. */
#define MOD_QT_TOKEN_MAX 16
/* Length of a moment's text: 2000-01-31T23:59:59.000Z. */
#define MOD_QT_MOMENT_LEN 24

/*
 * {"taskId":...,"assigned":...,"offer","serverTime","expiresAt","secondsLeft","attempt","payload"}: the first two are always
 * there and first (QT-12); offer and payload when there is one; the window's two only for an open offer. `now` is monotonic;
 * seconds are rounded up.
 */
void mod_qt_view_task(qt_buf *buf, const qt_task_view *task, qt_time now);

/* A monotonic moment as ISO-8601 UTC with milliseconds, without quotes. */
void mod_qt_view_moment(qt_buf *buf, qt_time moment);

/* The text of an offer token: lower-case hex without leading zeroes. Reading anything else gives 0, the token that is none. */
void mod_qt_token_print(qt_buf *buf, apr_uint64_t token);
apr_uint64_t mod_qt_token_parse(qt_str text);

#endif
