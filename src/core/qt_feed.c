/* The feed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_feed.h"
#include "core/qt_task.h"
#include "core/qt_text.h"
#include "core/qt_topic.h"
#include "core/qt_user.h"

static const qt_topic_rules feed_rules = { .age = QT_FEED_KEPT, .retain = 1000, .delivery = QT_DELIVER_ALL };

/* Fields joined by line ends: no id holds one. */
static qt_str join(char *buffer, const qt_str *fields, int n)
{
    apr_size_t at = 0;

    for (int i = 0; i < n; i++) {
        if (i) {
            buffer[at++] = '\n';
        }
        if (fields[i].n) {
            memcpy(buffer + at, fields[i].p, fields[i].n);
        }
        at += fields[i].n;
    }
    return (qt_str){ buffer, at };
}

/* The sequence goes on without it: who listens or comes back finds a gap, also when there is no room to note for which topic. */
static void miss(qt_zone *z, qt_topic *feed)
{
    if (feed) {
        qt_topic_miss(z, feed);
        return;
    }
    QT_PUT(z, z->seq, z->seq + 1);
    QT_PUT(z, z->owed, z->seq);
}

static int post(qt_zone *z, qt_topic *feed, const char *type, qt_str text, qt_time now)
{
    qt_draft draft = { .type = qt_str_of(type), .text = qt_text_new(z, text) };

    if (draft.text && qt_topic_post(z, feed, &draft, now)) {
        return 1;
    }
    qt_text_free(z, draft.text);
    return 0;
}

/* What it lacks room for is no reason to make some: the verb that it is about goes on. */
static void put(qt_zone *z, const char *type, const qt_str *fields, int n, qt_time now)
{
    char name = QT_NAME_FEED, buffer[4 * (QT_NAME_MAX + 1)];
    apr_uint32_t starved = z->starved;
    qt_topic *feed = qt_undo_room(QT_B(z)) ? qt_topic_get(z, (qt_str){ &name, 1 }) : qt_topic_find(z, (qt_str){ &name, 1 });

    if (feed) {
        QT_PUT(z, feed->rules, feed_rules);
    }
    if (!feed || !qt_undo_room(QT_B(z)) || !post(z, feed, type, join(buffer, fields, n), now)) {
        miss(z, feed);
    }
    z->starved = starved;
    if (feed) {
        qt_topic_trim(z, feed, now);
        qt_topic_let_go(z, feed);
    }
}

static int is_on(const qt_zone *z, qt_time now)
{
    return z->fed > now;
}

void qt_feed_task(qt_zone *z, const qt_task *task, qt_time now)
{
    const qt_operator *op = QT_AT(z, qt_operator, task->operator);

    if (is_on(z, now)) {
        qt_outcome outcome = qt_past_last(z, task);
        qt_str fields[] = { qt_id(task), qt_str_of(qt_state_names[task->state]), op ? qt_id(op) : QT_STR_NONE,
                            outcome == QT_O_OPEN ? QT_STR_NONE : qt_str_of(qt_outcome_names[outcome]) };

        put(z, "task", fields, 4, now);
    }
}

void qt_feed_operator(qt_zone *z, const qt_operator *op, qt_op_status status, qt_time now)
{
    if (is_on(z, now)) {
        qt_str fields[] = { qt_id(op), qt_str_of(qt_op_status_names[status]) };

        put(z, "operator", fields, 2, now);
    }
}

void qt_feed_user(qt_zone *z, const qt_user *user, qt_time now)
{
    if (is_on(z, now) && !qt_user_is_hidden(user)) {
        qt_str fields[] = { qt_id(user), user->online ? QT_STR_LIT("connected") : QT_STR_LIT("disconnected") };

        put(z, "user", fields, 2, now);
    }
}

apr_status_t qt_feed_begin(qt_zone *z, int back, qt_time now)
{
    char name = QT_NAME_FEED;
    qt_topic *feed = qt_topic_get(z, (qt_str){ &name, 1 });

    if (!feed) {
        return QT_E_FULL;
    }
    if (back && !is_on(z, now)) {
        qt_topic_miss(z, feed);
    }
    qt_feed_until(z, QT_NEVER);
    return APR_SUCCESS;
}

void qt_feed_until(qt_zone *z, qt_time until)
{
    QT_PUT(z, z->fed, until);
}
