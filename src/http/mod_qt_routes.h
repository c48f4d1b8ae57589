/* THE table of endpoints: everything that a Location of ours may serve. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_ROUTES_H
#define MOD_QT_ROUTES_H

#include "http/mod_qt_ask.h"

#define MOD_QT_JSON "application/json"
#define MOD_QT_STREAM "text/event-stream"

/*
 * X(name, method, pattern, section, type given): the function is mod_qt_do_<name>. CALLER: operator and subscribe, whose endpoints
 * know the caller; the others are guarded by httpd's own Require alone. Where two sections have the same path and method and one
 * Location serves both ("POST pause"), the upper line is found.
 */
#define MOD_QT_ENDPOINTS(X)                                                     \
    X(take_free, POST, "take-free", OPERATOR, MOD_QT_JSON)                      \
    X(wait_sse, GET, "wait-sse", OPERATOR, MOD_QT_STREAM)                       \
    X(assign, POST, "{taskId}/assign", OPERATOR, MOD_QT_JSON)                   \
    X(reject, POST, "{taskId}/reject", OPERATOR, MOD_QT_JSON)                   \
    X(complete, POST, "{taskId}/complete", OPERATOR, MOD_QT_JSON)               \
    X(extend, POST, "{taskId}/extend", OPERATOR, MOD_QT_JSON)                   \
    X(release, POST, "{taskId}/release", OPERATOR, MOD_QT_JSON)                 \
    X(my_tasks, GET, "my-tasks", OPERATOR, MOD_QT_JSON)                         \
    X(pause, POST, "pause", OPERATOR, MOD_QT_JSON)                              \
    X(ready, POST, "ready", OPERATOR, MOD_QT_JSON)                              \
    X(exit, DELETE, "exit", OPERATOR, MOD_QT_JSON)                              \
    X(give_ticket, POST, "tickets", CALLER, MOD_QT_JSON)                        \
    X(queue_operators, GET, "queue-operators", OPERATOR, MOD_QT_JSON)           \
    X(events, GET, "events", SUBSCRIBE, MOD_QT_STREAM)                          \
    X(notifications, GET, "notifications", SUBSCRIBE, MOD_QT_STREAM)            \
    X(read_notification, DELETE, "notifications/{id}", SUBSCRIBE, MOD_QT_JSON)  \
    X(read_queue, GET, "queues/{queueId}/messages", SUBSCRIBE, MOD_QT_STREAM)   \
    X(add_tasks, POST, "tasks", PUBLISH, MOD_QT_JSON)                           \
    X(put_task, PUT, "tasks/{taskId}", PUBLISH, MOD_QT_JSON)                    \
    X(get_task, GET, "tasks/{taskId}", PUBLISH, MOD_QT_JSON)                    \
    X(withdraw_task, DELETE, "tasks/{taskId}", PUBLISH, MOD_QT_JSON)            \
    X(publish, POST, "topics/{topic...}", PUBLISH, MOD_QT_JSON)                 \
    X(notify_all, POST, "users/messages", PUBLISH, MOD_QT_JSON)                 \
    X(notify, POST, "users/{userId}/messages", PUBLISH, MOD_QT_JSON)            \
    X(push, POST, "queues/{queueId}/messages", PUBLISH, MOD_QT_JSON)            \
    X(close_queue, POST, "queues/{queueId}/close", PUBLISH, MOD_QT_JSON)        \
    X(stats, GET, "stats", ADMIN, MOD_QT_JSON)                                  \
    X(tasks, GET, "tasks", ADMIN, MOD_QT_JSON)                                  \
    X(operators, GET, "operators", ADMIN, MOD_QT_JSON)                          \
    X(users, GET, "users", ADMIN, MOD_QT_JSON)                                  \
    X(user, GET, "users/{userId}", ADMIN, MOD_QT_JSON)                          \
    X(kick, DELETE, "users/{userId}", ADMIN, MOD_QT_JSON)                       \
    X(topics, GET, "topics", ADMIN, MOD_QT_JSON)                                \
    X(queues, GET, "queues", ADMIN, MOD_QT_JSON)                                \
    X(feed, GET, "feed", ADMIN, MOD_QT_STREAM)                                  \
    X(pause_zone, POST, "pause", ADMIN, MOD_QT_JSON)                            \
    X(resume_zone, POST, "resume", ADMIN, MOD_QT_JSON)                          \
    X(requeue_task, POST, "tasks/{taskId}/requeue", ADMIN, MOD_QT_JSON)

/* Each answers the request: it returns what the handler is to return. */
#define MOD_QT_DECLARE(name, method, pattern, section, type) int mod_qt_do_##name(mod_qt_ask *ask);
MOD_QT_ENDPOINTS(MOD_QT_DECLARE)
#undef MOD_QT_DECLARE

#endif
