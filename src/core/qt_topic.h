/* Topics: rings of messages in the zone's one sequence, and the children that listen to them. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_TOPIC_H
#define QT_TOPIC_H

#include "core/qt_zone.h"

/* What is to become a message. */
typedef struct qt_draft {
    qt_str key, type;    /* may be absent */
    qt_ref text;         /* qt_text, which the message takes over */
    qt_ref pieces;       /* merged: the same, of qt_piece */
    apr_uint32_t count;
    qt_merge merge;
    unsigned merged : 1;
} qt_draft;

/* The topic of that name, or NULL; the same, made when there is none (NULL: no room). */
qt_topic *qt_topic_find(qt_zone *z, qt_str name);
qt_topic *qt_topic_get(qt_zone *z, qt_str name);
/* The name of a topic that nobody can name: one of QT_NAME_*, and the user's id. `buffer` has QT_NAME_MAX + 1 bytes. */
qt_str qt_topic_hidden(char *buffer, char prefix, qt_str who);
/* Forget it when nothing is left of it: no message, listener or merge. Called last in a verb that took something from it. */
void qt_topic_let_go(qt_zone *z, qt_topic *topic);

/* Append a message: listening children have something to tell, and what the rules keep no longer goes. NULL: no room. */
qt_message *qt_topic_post(qt_zone *z, qt_topic *topic, const qt_draft *draft, qt_time now);
/* What the rules keep no longer goes, as far as children were told it. */
void qt_topic_trim(qt_zone *z, qt_topic *topic, qt_time now);
/* Children were told everything up to `seq`: it may go. */
int qt_topic_told(qt_zone *z, const qt_topic *topic, apr_uint64_t seq);
/* There is no room for a message: it takes its number, and who listens or comes back finds a gap. */
void qt_topic_miss(qt_zone *z, qt_topic *topic);
/* It goes. `lost`: somebody may miss it; 0: it was read. */
void qt_message_drop(qt_zone *z, qt_message *message, int lost);
/* A bounded number of the oldest messages of all topics that are no mailboxes make room: whether any did. */
int qt_topics_make_room(qt_zone *z);

/* The message of a node of a ring, or NULL. */
static inline qt_message *qt_message_at(qt_zone *z, qt_ref node)
{
    return node ? QT_AROUND(qt_list_at(QT_B(z), node), qt_message, line) : NULL;
}
static inline qt_str qt_message_key(const qt_message *message)
{
    qt_str id = qt_entry_id(message);

    return id.n > QT_SERIAL ? (qt_str){ id.p + QT_SERIAL, id.n - QT_SERIAL } : QT_STR_NONE;
}
static inline qt_str qt_message_type(const qt_message *message)
{
    qt_str id = qt_entry_id(message);

    return message->ntype ? (qt_str){ id.p + id.n, message->ntype } : QT_STR_NONE;
}

/* The stream listens from now on; QT_E_FULL. */
apr_status_t qt_outlet_join(qt_zone *z, qt_topic *topic, qt_stream *stream);
/* It listens to nothing any more. */
void qt_outlets_leave(qt_zone *z, qt_stream *stream, qt_time now);
/* The outlet's child has been told its next message; or that some are gone. */
void qt_outlet_advance(qt_zone *z, qt_outlet *outlet);
void qt_outlet_told_loss(qt_zone *z, qt_outlet *outlet);

#endif
