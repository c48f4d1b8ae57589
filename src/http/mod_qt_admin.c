/* Section "admin": the zone as a whole, and lists of what is in it. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_message.h"
#include "http/mod_qt_open.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "http/mod_qt_shape.h"
#include "wire/qt_labels.h"

/* Entries of a page of a list, where the query does not say, and the most that it may say. */
#define PAGE 1000
#define PAGE_MOST 10000

static apr_status_t run(mod_qt_ask *ask, qt_call *call)
{
    return qt_store_call(ask->zone, call, ask->r->pool);
}

/* Figures; with ?check every invariant of the zone is looked at first, and a broken one is the answer: 500 and its name. */
int mod_qt_do_stats(mod_qt_ask *ask)
{
    qt_call check = { .verb = QT_CHECK }, call = { .verb = QT_STATS };
    apr_status_t status = APR_SUCCESS;
    qt_buf buf;

    if (qt_query_get(ask->query, "check").p) {
        status = run(ask, &check);
        ask->why = check.why;
    }
    if (status == APR_SUCCESS) {
        status = run(ask, &call);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    mod_qt_shape_stats(&buf, qt_zone_name(ask->zone), call.stats);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

static int switch_zone(mod_qt_ask *ask, int pause)
{
    qt_call call = { .verb = QT_SWITCH };
    apr_status_t status;

    call.flag = pause & 1;
    status = run(ask, &call);
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    return mod_qt_reply(ask, HTTP_OK, pause ? QT_STR_LIT("{\"paused\":true}") : QT_STR_LIT("{\"paused\":false}"));
}

int mod_qt_do_pause_zone(mod_qt_ask *ask)
{
    return switch_zone(ask, 1);
}

int mod_qt_do_resume_zone(mod_qt_ask *ask)
{
    return switch_zone(ask, 0);
}

int mod_qt_do_requeue_task(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_REQUEUE, .task = ask->match.value[0] };
    apr_status_t status = run(ask, &call);
    qt_buf buf;

    if (status == QT_E_CONFLICT) {
        ask->why = "the task is not dead";
    }
    if (status == QT_E_UNKNOWN) {
        ask->why = "there is no such task";
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    mod_qt_shape_outcome(&buf, &call.tasks[0]);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

/* ---- lists ---- */

/* Writes entry `i` of the answer. */
typedef void (*shape_fn)(qt_buf *buf, const qt_call *call, apr_uint32_t i);

/* ?limit= and ?after=, which is the name that the page before ended with. */
static apr_status_t page_of(mod_qt_ask *ask, qt_call *call, int (*fit)(qt_str))
{
    qt_str limit = qt_query_get(ask->query, "limit");
    apr_uint64_t n = PAGE;

    call->from = qt_query_get(ask->query, "after");
    if (limit.p && (!mod_qt_message_number(limit, &n) || n < 1 || n > PAGE_MOST)) {
        ask->why = "limit is a number from 1 to 10000";
        return QT_E_MALFORMED;
    }
    if (call->from.p && !fit(call->from)) {
        ask->why = "after is the name that the page before ended with";
        return QT_E_MALFORMED;
    }
    call->limit = (apr_uint32_t)n;
    return APR_SUCCESS;
}

/* A verb looks at so many records only: it is asked until the page is full or nothing is left. What it answers goes each time: a page
 * of which few are wanted may take a thousand verbs. */
static apr_status_t fill_page(mod_qt_ask *ask, qt_call *call, qt_json_out *list, shape_fn shape)
{
    char from[QT_NAME_MAX + 1]; /* a mailbox is a topic, too, with one byte before the name */
    apr_pool_t *scratch;
    apr_status_t status = apr_pool_create(&scratch, ask->r->pool);

    while (status == APR_SUCCESS && (status = qt_store_call(ask->zone, call, scratch)) == APR_SUCCESS) {
        for (apr_uint32_t i = 0; i < call->n; i++) {
            qt_json_name(list, NULL);
            shape(list->buf, call, i);
        }
        call->limit -= call->n;
        if (!call->more || !call->limit) {
            break;
        }
        memcpy(from, call->last.p, call->last.n);
        call->from = (qt_str){ from, call->last.n };
        apr_pool_clear(scratch);
    }
    return status;
}

static int answer_list(mod_qt_ask *ask, qt_call *call, int (*fit)(qt_str), shape_fn shape)
{
    apr_status_t status = page_of(ask, call, fit);
    qt_buf buf;
    qt_json_out list;

    qt_buf_init(&buf, ask->r->pool);
    list = qt_json_open(&buf, '[');
    if (status == APR_SUCCESS) {
        status = fill_page(ask, call, &list, shape);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_json_close(&list);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

static void shape_task(qt_buf *buf, const qt_call *call, apr_uint32_t i)
{
    mod_qt_shape_listed(buf, &call->tasks[i]);
}

static void shape_user(qt_buf *buf, const qt_call *call, apr_uint32_t i)
{
    mod_qt_shape_user(buf, &call->users[i]);
}

static void shape_topic(qt_buf *buf, const qt_call *call, apr_uint32_t i)
{
    mod_qt_shape_topic(buf, &call->topic_views[i], call->epoch);
}

static void shape_queue(qt_buf *buf, const qt_call *call, apr_uint32_t i)
{
    mod_qt_shape_queue(buf, &call->queues[i]);
}

int mod_qt_do_topics(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_TOPICS };

    return answer_list(ask, &call, qt_topic_ok, shape_topic);
}

int mod_qt_do_queues(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_QUEUES };

    return answer_list(ask, &call, qt_name_ok, shape_queue);
}

/* The bit of the query's value among `names`: all of them when the query does not say, 0 when it is none of them. */
static apr_uint32_t which_of(const mod_qt_ask *ask, const char *field, const char *const *names, unsigned n)
{
    qt_str value = qt_query_get(ask->query, field);

    for (unsigned i = 0; value.p && i < n; i++) {
        if (qt_str_eq(value, qt_str_of(names[i]))) {
            return 1U << i;
        }
    }
    return value.p ? 0 : (1U << n) - 1;
}

int mod_qt_do_tasks(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_TASKS, .which = which_of(ask, "state", qt_state_names, QT_STATES) };

    if (!call.which) {
        return mod_qt_fail_why(ask, QT_E_MALFORMED,
                               "state is delayed, ready, offered, assigning, assigned, done, expired, withdrawn or dead");
    }
    return answer_list(ask, &call, qt_name_ok, shape_task);
}

/* ---- people ---- */

int mod_qt_do_operators(mod_qt_ask *ask)
{
    return mod_qt_do_queue_operators(ask);
}

int mod_qt_do_users(mod_qt_ask *ask)
{
    static const char *const statuses[] = { "disconnected", "connected" }; /* as the bits of QT_USERS */
    qt_call call = { .verb = QT_USERS, .which = which_of(ask, "status", statuses, 2) };

    if (!call.which) {
        return mod_qt_fail_why(ask, QT_E_MALFORMED, "status is connected or disconnected");
    }
    return answer_list(ask, &call, qt_name_ok, shape_user);
}

static int fail_user(mod_qt_ask *ask, apr_status_t status)
{
    return status == QT_E_UNKNOWN ? mod_qt_fail_why(ask, status, "there is no such user") : mod_qt_fail(ask, status);
}

int mod_qt_do_user(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_USER, .who = ask->match.value[0] };
    apr_status_t status = run(ask, &call);
    qt_buf buf;

    if (status != APR_SUCCESS) {
        return fail_user(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    mod_qt_shape_user(&buf, &call.users[0]);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

int mod_qt_do_kick(mod_qt_ask *ask)
{
    qt_str reconnect = qt_query_get(ask->query, "reconnect");
    int allow = qt_str_eq(reconnect, QT_STR_LIT("allow"));
    qt_call call = { .verb = QT_KICK, .who = ask->match.value[0] };
    apr_status_t status;

    if (reconnect.p && !allow) {
        return mod_qt_fail_why(ask, QT_E_MALFORMED, "reconnect is allow, or not given");
    }
    call.flag = !allow;
    status = run(ask, &call);
    return status == APR_SUCCESS ? mod_qt_reply(ask, HTTP_OK, QT_STR_NONE) : fail_user(ask, status);
}

/* ---- the feed ---- */

/* This section knows no callers: the feed's are told apart by httpd's own user, where there is one. */
int mod_qt_do_feed(mod_qt_ask *ask)
{
    qt_str user = qt_str_of(ask->r->user);
    qt_call join = { .kind = QT_K_FEED, .who = qt_name_ok(user) ? user : QT_STR_LIT("admin") };
    mod_qt_stream_conf stream = { .keepalive = 0 };

    return mod_qt_open(ask, &join, &stream);
}
