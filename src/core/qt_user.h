/* Users and their streams: who is there. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_USER_H
#define QT_USER_H

#include "core/qt_zone.h"

/* The user of that id, or NULL: nobody knows him, or not any more. */
qt_user *qt_user_find(qt_zone *z, qt_str id);
/* His stream has come: he is made, if need be, and online. NULL: no room. */
qt_user *qt_user_came(qt_zone *z, qt_str id, qt_time grace, qt_time now);
/* One of his streams is over; when it was the last his grace begins. */
void qt_user_left(qt_zone *z, qt_user *user, qt_time now);
/* He is not online any more, whatever his grace: he must have no stream. */
void qt_user_gone(qt_zone *z, qt_user *user, qt_time now);
/* Forget a bounded number of those who went longest ago (only those past QT_MEMORY, or any): whether any was forgotten. */
int qt_users_forget(qt_zone *z, qt_time now, int only_old);
/* When the next one is to be forgotten; 0: none. */
qt_time qt_users_due(qt_zone *z);

/* The one that stands for all who watch the feed. */
static inline int qt_user_is_hidden(const qt_user *user)
{
    return qt_entry_id(user).p[0] == QT_NAME_FEED;
}

/* ---- streams ---- */

qt_stream *qt_stream_find(qt_zone *z, apr_uint64_t serial);
/* A new one of that user, as the call has it; NULL: no room. */
qt_stream *qt_stream_new(qt_zone *z, qt_user *user, const qt_call *call);
/* Put it in line for its child when there is something to tell to it alone, and it may be told. */
void qt_stream_mark(qt_zone *z, qt_stream *stream);
/* Whether there is. */
int qt_stream_wants(qt_zone *z, const qt_stream *stream);
/* It is to be ended; `replaced`: for the sake of a newer one. */
void qt_stream_end(qt_zone *z, qt_stream *stream, int replaced);
/* The stream's record goes; whoever it served has let it go before. */
void qt_stream_drop(qt_zone *z, qt_stream *stream);

#endif
