/* Users and their streams. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_user.h"
#include "core/qt_feed.h"
#include "core/qt_queue.h"

/* Users forgotten in one verb. */
#define QT_FORGET_BATCH 64

qt_user *qt_user_find(qt_zone *z, qt_str id)
{
    return qt_zone_find(z, &z->users, id);
}

/* ---- presence ---- */

static void set_online(qt_zone *z, qt_user *user, int online, qt_time now)
{
    QT_EDIT(z, user);
    user->online = online != 0;
    user->since = now;
    qt_zone_due(z, &user->due, QT_DUE_USER, 0);
    QT_PUT(z, z->stats.online, online ? z->stats.online + 1 : z->stats.online - 1);
    qt_feed_user(z, user, now);
}

qt_user *qt_user_came(qt_zone *z, qt_str id, qt_time grace, qt_time now)
{
    qt_user *user = qt_user_find(z, id);
    int known = user != NULL;

    if (!user) {
        user = qt_zone_new(z, &z->users, sizeof(*user), id);
    }
    if (!user) {
        return NULL;
    }
    if (!user->online) {
        if (known) {
            qt_list_remove(QT_B(z), &z->gone, &user->gone);
        }
        set_online(z, user, 1, now);
    }
    qt_zone_due(z, &user->due, QT_DUE_USER, 0);
    QT_PUT(z, user->grace, grace);
    return user;
}

void qt_user_gone(qt_zone *z, qt_user *user, qt_time now)
{
    if (user->online) {
        set_online(z, user, 0, now);
        qt_list_append(QT_B(z), &z->gone, &user->gone);
    }
}

void qt_user_left(qt_zone *z, qt_user *user, qt_time now)
{
    if (user->streams.count || !user->online) {
        return;
    }
    if (user->grace > 0 && user->ban_until <= now) {
        qt_zone_due(z, &user->due, QT_DUE_USER, now + user->grace);
    }
    else {
        qt_user_gone(z, user, now);
    }
}

qt_time qt_users_due(qt_zone *z)
{
    const qt_node *oldest = qt_list_at(QT_B(z), z->gone.first);
    const qt_user *user = oldest ? QT_AROUND(oldest, qt_user, gone) : NULL;

    if (!user) {
        return 0;
    }
    return user->since + QT_MEMORY > user->ban_until ? user->since + QT_MEMORY : user->ban_until;
}

int qt_users_forget(qt_zone *z, qt_time now, int only_old)
{
    qt_node *node;
    int n = 0;

    while ((node = qt_list_at(QT_B(z), z->gone.first)) != NULL && n < QT_FORGET_BATCH && qt_undo_room(QT_B(z))) {
        qt_user *user = QT_AROUND(node, qt_user, gone);

        if ((only_old && user->since + QT_MEMORY > now) || user->ban_until > now) {
            break;
        }
        qt_list_remove(QT_B(z), &z->gone, node);
        qt_zone_drop(z, &z->users, user);
        n++;
    }
    return n > 0;
}

/* ---- streams ---- */

qt_stream *qt_stream_find(qt_zone *z, apr_uint64_t serial)
{
    return qt_zone_find(z, &z->streams, (qt_str){ (const char *)&serial, sizeof(serial) });
}

qt_stream *qt_stream_new(qt_zone *z, qt_user *user, const qt_call *call)
{
    apr_uint64_t serial = z->serials + 1;
    qt_stream *stream = qt_zone_new(z, &z->streams, sizeof(*stream), (qt_str){ (const char *)&serial, sizeof(serial) });

    if (!stream) {
        return NULL;
    }
    QT_PUT(z, z->serials, serial);
    stream->serial = serial;
    stream->cookie = call->cookie;
    stream->child = call->child;
    stream->kind = (apr_byte_t)call->kind;
    stream->skip = call->skip;
    stream->user = QT_OF(z, user);
    qt_list_append(QT_B(z), &user->streams, &stream->of_user);
    qt_list_append(QT_B(z), &z->children[call->child].streams, &stream->of_child);
    return stream;
}

int qt_stream_wants(qt_zone *z, const qt_stream *stream)
{
    if (stream->ended || stream->end || stream->held) {
        return stream->end && !stream->ended;
    }
    if (stream->kind == QT_K_WAIT) {
        return stream->fresh || stream->cursor != QT_REC(z, qt_operator, stream->operator)->logged;
    }
    return stream->kind == QT_K_READER && qt_reader_wants(z, QT_REC(z, qt_reader, stream->reader));
}

void qt_stream_mark(qt_zone *z, qt_stream *stream)
{
    if (!qt_stream_wants(z, stream)) {
        return;
    }
    qt_zone_wake(z, stream->child);
    if (!stream->marked) {
        QT_EDIT(z, stream);
        stream->marked = 1;
        qt_list_append(QT_B(z), &z->children[stream->child].dirty, &stream->dirty);
    }
}

void qt_stream_end(qt_zone *z, qt_stream *stream, int replaced)
{
    QT_EDIT(z, stream);
    stream->end = 1;
    stream->replaced = replaced != 0;
    qt_stream_mark(z, stream);
}

void qt_stream_drop(qt_zone *z, qt_stream *stream)
{
    qt_user *user = QT_REC(z, qt_user, stream->user);
    qt_child *child = &z->children[stream->child];

    if (stream->marked) {
        qt_list_remove(QT_B(z), &child->dirty, &stream->dirty);
    }
    qt_list_remove(QT_B(z), &child->streams, &stream->of_child);
    qt_list_remove(QT_B(z), &user->streams, &stream->of_user);
    qt_zone_drop(z, &z->streams, stream);
}
