/* Verbs about users: who is there, and sending somebody away. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_match.h"
#include "core/qt_page.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"
#include "core/qt_view.h"

static apr_uint32_t mail_of(qt_zone *z, const qt_user *user)
{
    char name[QT_NAME_MAX + 1];
    const qt_topic *mail = qt_topic_find(z, qt_topic_hidden(name, QT_NAME_MAIL, qt_id(user)));

    return mail ? mail->ring.count : 0;
}

static int lay_user(qt_zone *z, qt_call *call, const qt_user *user)
{
    qt_user_view *view = &call->users[call->n];
    apr_uint64_t *streams = qt_lay(&call->out, user->streams.count * sizeof(*streams));
    apr_uint32_t i = 0;

    *view = (qt_user_view){ .since = user->since, .streams = streams, .nstreams = user->streams.count, .mail = mail_of(z, user),
                            .online = user->online };
    if (!streams || !qt_lay_str(&call->out, qt_id(user), &view->id)) {
        return 0;
    }
    QT_EACH(QT_B(z), n, next, &user->streams) {
        streams[i++] = QT_AROUND(n, qt_stream, of_user)->serial;
    }
    call->n++;
    return 1;
}

static int lay_wanted(qt_zone *z, qt_call *call, const void *record)
{
    const qt_user *user = record;

    if (qt_user_is_hidden(user) || !(call->which & (user->online ? QT_ONLINE_USERS : QT_AWAY_USERS))) {
        return 1;
    }
    return lay_user(z, call, user);
}

apr_status_t qt_do_users(qt_zone *z, qt_time now, qt_call *call)
{
    (void)now;
    call->users = qt_page_lay(call, sizeof(*call->users));
    return call->users ? qt_page_of(z, call, &z->users, lay_wanted) : QT_E_SPACE;
}

apr_status_t qt_do_user(qt_zone *z, qt_time now, qt_call *call)
{
    const qt_user *user = qt_user_find(z, call->who);

    (void)now;
    if (!user) {
        return QT_E_UNKNOWN;
    }
    call->users = qt_lay(&call->out, sizeof(*call->users));
    return call->users && lay_user(z, call, user) ? APR_SUCCESS : QT_E_SPACE;
}

/* His place in the queue and his offers go with him, when he is not to come back. */
static void unseat(qt_zone *z, qt_str who, qt_time now)
{
    qt_operator *op = qt_operator_find(z, who);

    if (op && op->queued) {
        qt_pass_on(z, op, now);
        qt_operator_let_go(z, op, now);
    }
}

apr_status_t qt_do_kick(qt_zone *z, qt_time now, qt_call *call)
{
    qt_user *user = qt_user_find(z, call->who);

    if (!user) {
        return QT_E_UNKNOWN;
    }
    if (call->flag) {
        QT_PUT(z, user->ban_until, now + QT_KICK_BAN);
        unseat(z, call->who, now);
    }
    QT_EACH(QT_B(z), n, next, &user->streams) {
        qt_stream_end(z, QT_AROUND(n, qt_stream, of_user), 0);
    }
    if (!user->streams.count && call->flag) {
        qt_user_gone(z, user, now);
    }
    return APR_SUCCESS;
}
