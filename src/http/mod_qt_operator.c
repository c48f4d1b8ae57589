/* Section "operator": taking, waiting, deciding. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_strings.h>
#include "http/mod_qt_body.h"
#include "http/mod_qt_host.h"
#include "http/mod_qt_open.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "http/mod_qt_shape.h"
#include "stream/mod_qt_view.h"
#include "wire/qt_json.h"
#include "wire/qt_labels.h"

/* Most tasks that take-free tries on the host's word before it gives the caller none. */
#define TAKE_TRIES 32
/* Longest reason of a rejection, in bytes. */
#define REASON_MAX 1024

static apr_status_t run(mod_qt_ask *ask, qt_call *call)
{
    return qt_store_call(ask->zone, call, ask->r->pool);
}

/* Answer with nothing but whether it went well. */
static int done(mod_qt_ask *ask, apr_status_t status)
{
    return status == APR_SUCCESS ? mod_qt_reply(ask, HTTP_OK, QT_STR_NONE) : mod_qt_fail(ask, status);
}

/* A verb of the caller on the task in the path, fenced when he sent an offer's token. */
static qt_call verb_on_task(const mod_qt_ask *ask, qt_verb verb)
{
    qt_str offer = qt_query_get(ask->query, "offer");
    qt_call call = { .verb = verb, .who = ask->who, .task = ask->match.value[0] };

    call.fenced = offer.p != NULL;
    call.offer = mod_qt_token_parse(offer);
    return call;
}

static int decide(mod_qt_ask *ask, qt_verb verb)
{
    qt_call call = verb_on_task(ask, verb);

    return done(ask, run(ask, &call));
}

/* ---- the host's word ---- */

/* Ask the host about a task that is assigning, and settle it. QT_E_REFUSED (ask->why), QT_E_HOST; QT_E_NOT_OFFERED: it went meanwhile. */
static apr_status_t settle(mod_qt_ask *ask, qt_str task, qt_str payload)
{
    const char *text;
    qt_call call = { .verb = QT_SETTLE, .who = ask->who, .task = task };
    apr_status_t status;

    call.verdict = mod_qt_host_try_assign(ask, task, payload, &text);
    status = run(ask, &call);
    if (status != APR_SUCCESS || call.verdict == QT_HOST_YES) {
        return status;
    }
    if (call.verdict == QT_HOST_SILENT) {
        return QT_E_HOST;
    }
    ask->why = text;
    return QT_E_REFUSED;
}

/* The payload of the task that is being assigned: the host's function is given it. */
static qt_str payload_of(mod_qt_ask *ask, qt_str task)
{
    qt_call call = { .verb = QT_GET, .task = task };

    return run(ask, &call) == APR_SUCCESS ? call.tasks[0].payload : QT_STR_NONE;
}

int mod_qt_do_assign(mod_qt_ask *ask)
{
    qt_call call = verb_on_task(ask, QT_ASSIGN);
    apr_status_t status;

    call.flag = mod_qt_host_has_word();
    status = run(ask, &call);
    if (status == APR_SUCCESS && call.flag) {
        status = settle(ask, call.task, payload_of(ask, call.task));
    }
    return done(ask, status);
}

/* ---- take-free ---- */

static int reply_taken(mod_qt_ask *ask, const qt_task_view *task)
{
    qt_buf buf;
    qt_json_out out;

    qt_buf_init(&buf, ask->r->pool);
    out = qt_json_open(&buf, '{');
    qt_json_put_str(&out, "taskId", task ? task->id : QT_STR_NONE);
    if (task && task->payload.n) {
        qt_json_put_raw(&out, "payload", task->payload);
    }
    qt_json_close(&out);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

/* One task is taken and settled: *task is NULL when there is none. QT_E_REFUSED: another may be tried. */
static apr_status_t take(mod_qt_ask *ask, const qt_task_view **task)
{
    qt_rules rules;
    qt_call call = { .verb = QT_TAKE, .who = ask->who, .labels = ask->labels, .rules = &rules };
    apr_status_t status;

    mod_qt_conf_rules(ask->conf, &rules);
    call.flag = mod_qt_host_has_word();
    status = run(ask, &call);
    *task = status == APR_SUCCESS && call.n ? &call.tasks[0] : NULL;
    /* A task that was his already (operatorId) is the host's own assignment: nothing to ask. */
    if (*task && call.flag && (*task)->state == QT_ASSIGNING) {
        status = settle(ask, (*task)->id, (*task)->payload);
    }
    return status;
}

int mod_qt_do_take_free(mod_qt_ask *ask)
{
    const qt_task_view *task = NULL;
    apr_status_t status = QT_E_REFUSED;

    if (!mod_qt_host_lets_wait(ask)) {
        return mod_qt_fail(ask, QT_E_NOT_NOW);
    }
    for (int tries = 0; tries < TAKE_TRIES && (status == QT_E_REFUSED || status == QT_E_NOT_OFFERED); tries++) {
        status = take(ask, &task);
    }
    if (status == QT_E_REFUSED || status == QT_E_NOT_OFFERED) {
        task = NULL;
        status = APR_SUCCESS;
    }
    return status == APR_SUCCESS ? reply_taken(ask, task) : mod_qt_fail(ask, status);
}

/* ---- wait-sse ---- */

/* ?turn= in place of QueueTasksTurn, for this stream. */
static apr_status_t turn_of(mod_qt_ask *ask, qt_rules *rules)
{
    qt_str turn = qt_query_get(ask->query, "turn");

    if (!turn.p) {
        return APR_SUCCESS;
    }
    rules->once = qt_str_eq(turn, QT_STR_LIT("once"));
    if (!rules->once && !qt_str_eq(turn, QT_STR_LIT("persistent"))) {
        ask->why = "turn is once or persistent";
        return QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}

int mod_qt_do_wait_sse(mod_qt_ask *ask)
{
    qt_rules rules;
    qt_call join = { .kind = QT_K_WAIT, .rules = &rules };
    mod_qt_stream_conf stream = { .keepalive = 0 };
    apr_status_t status;

    mod_qt_conf_rules(ask->conf, &rules);
    if ((status = turn_of(ask, &rules)) != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    return mod_qt_host_lets_wait(ask) ? mod_qt_open(ask, &join, &stream) : mod_qt_reply_nothing(ask);
}

/* ---- the other verbs ---- */

int mod_qt_do_reject(mod_qt_ask *ask)
{
    qt_call call = verb_on_task(ask, QT_REJECT);
    json_t *root, *reason;
    apr_status_t status = mod_qt_body_json(ask, &root);

    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    reason = json_object_get(root, "reason");
    call.reason = qt_json_text(reason);
    if ((root && !json_is_object(root)) || (reason && !json_is_null(reason) && !call.reason.p)) {
        return mod_qt_fail_why(ask, QT_E_MALFORMED, "the body is an object whose reason is a string");
    }
    if (call.reason.n > REASON_MAX) {
        return mod_qt_fail_why(ask, QT_E_TOO_LARGE, "the reason is longer than 1024 bytes");
    }
    return done(ask, run(ask, &call));
}

int mod_qt_do_complete(mod_qt_ask *ask)
{
    return decide(ask, QT_COMPLETE);
}

int mod_qt_do_extend(mod_qt_ask *ask)
{
    qt_call call = verb_on_task(ask, QT_EXTEND);
    apr_status_t status = run(ask, &call);
    qt_buf buf;
    qt_json_out out;

    if (status == QT_E_LIMIT) {
        ask->why = "the window may not be extended again";
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    out = qt_json_open(&buf, '{');
    qt_json_put_str(&out, "taskId", call.tasks[0].id);
    qt_json_name(&out, "expiresAt");
    mod_qt_shape_moment(&buf, call.tasks[0].expires);
    qt_json_close(&out);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

/* The list under "labels", canonical; absent or null: none given. */
static apr_status_t labels_given(mod_qt_ask *ask, const json_t *list, qt_call *call)
{
    apr_size_t n = json_array_size(list);
    qt_str names[QT_LABELS_MAX];

    if (!list || json_is_null(list)) {
        return APR_SUCCESS;
    }
    ask->why = "labels is a list of at most 32 names";
    if (!json_is_array(list) || n > QT_LABELS_MAX) {
        return n > QT_LABELS_MAX ? QT_E_TOO_LARGE : QT_E_MALFORMED;
    }
    for (apr_size_t i = 0; i < n; i++) {
        names[i] = qt_json_text(json_array_get(list, i));
    }
    call->relabel = 1;
    return qt_labels_make(&call->labels, names, n, ask->r->pool);
}

int mod_qt_do_release(mod_qt_ask *ask)
{
    qt_call call = verb_on_task(ask, QT_RELEASE);
    json_t *root, *to;
    apr_status_t status = mod_qt_body_json(ask, &root);

    if (status == APR_SUCCESS) {
        status = labels_given(ask, json_object_get(root, "labels"), &call);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    ask->why = NULL;
    to = json_object_get(root, "operatorId");
    call.operator_id = qt_json_text(to);
    if ((root && !json_is_object(root)) || (to && !json_is_null(to) && !qt_name_ok(call.operator_id))) {
        return mod_qt_fail_why(ask, QT_E_MALFORMED, "the body is an object with operatorId and labels");
    }
    return done(ask, run(ask, &call));
}

int mod_qt_do_my_tasks(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_MINE, .who = ask->who };
    apr_status_t status = run(ask, &call);
    qt_time now = qt_store_now();
    qt_buf buf;
    qt_json_out list;

    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    list = qt_json_open(&buf, '[');
    for (apr_uint32_t i = 0; i < call.n; i++) {
        qt_task_view task = call.tasks[i];

        /* A page that was reloaded must tell what it may still refuse from what is its operator's by now. */
        task.assigned = task.assigned || task.state == QT_ASSIGNED;
        qt_json_name(&list, NULL);
        mod_qt_view_task(&buf, &task, now);
    }
    qt_json_close(&list);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

/* A verb on the caller himself. */
static int himself(mod_qt_ask *ask, qt_verb verb)
{
    qt_call call = { .verb = verb, .who = ask->who };
    apr_status_t status = run(ask, &call);

    if (status == QT_E_UNKNOWN) {
        ask->why = "the caller has no place in the queue";
    }
    return done(ask, status);
}

int mod_qt_do_pause(mod_qt_ask *ask)
{
    return himself(ask, QT_PAUSE);
}

int mod_qt_do_ready(mod_qt_ask *ask)
{
    return himself(ask, QT_READY);
}

int mod_qt_do_exit(mod_qt_ask *ask)
{
    return himself(ask, QT_EXIT);
}

int mod_qt_do_queue_operators(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_OPERATORS };
    apr_status_t status = run(ask, &call);
    qt_buf buf;
    qt_json_out list;

    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    qt_buf_init(&buf, ask->r->pool);
    list = qt_json_open(&buf, '[');
    for (apr_uint32_t i = 0; i < call.n; i++) {
        qt_json_name(&list, NULL);
        mod_qt_shape_operator(&buf, &call.operators[i]);
    }
    qt_json_close(&list);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}
