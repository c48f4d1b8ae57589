/* A host application for the tests: asked by mod_queuetasks about operators and tasks, and adding tasks from within httpd. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include "mod_queuetasks.h"

/*
 * What it says depends on how ids begin, so that a test needs no other way to tell it:
 *
 *   operator  barred-   may not wait or take; so may nobody while his request says "X-Shift: over"
 *   operator  slow-     is asked for at the gate
 *   task      the prefixes of `verdicts`, below
 *   task      nothim-X- is not for operator X, but for others
 *   task      told-     refused with a text that tells what the host was told
 *   task      slow-     is decided at the gate
 *
 * To anything else it has nothing to say. Every question stands in the log.
 *
 * The gate is a FIFO (QtTestHostGate): who is asked there waits until the test writes a letter. A writer that can open it without
 * waiting knows that somebody stands there.
 */

/* Longest wait at the gate: a test that fails must not hold the server for ever. */
#define GATE_MILLISECONDS 20000

extern module AP_MODULE_DECLARE_DATA qt_testhost_module;
APLOG_USE_MODULE(qt_testhost);
/* One gate for the whole server: set while the configuration is read. */
static const char *gate;

static const struct {
    const char *prefix;
    int word;
    const char *text;
} verdicts[] = {
    { "yes-", OK, NULL },
    { "taken-", QUEUETASKS_TAKEN, "Задача уже назначена: \"другой оператор\"" },
    { "mute-", QUEUETASKS_TAKEN, NULL },
    { "garbled-", QUEUETASKS_TAKEN, "a\xff" "b\n\"c\"" },
    { "never-", QUEUETASKS_NOT_HIM, "not for you" },
    { "silent-", QUEUETASKS_NO_ANSWER, "nobody reads this" },
    { "odd-", 4711, NULL },
};

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The letter that the test writes, or 0 when none comes. */
static char wait_at_gate(request_rec *r)
{
    struct pollfd at = { .fd = gate ? open(gate, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1, .events = POLLIN };
    char letter = 0;

    if (at.fd < 0) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, errno, r, "testhost: there is no gate");
        return 0;
    }
    if (poll(&at, 1, GATE_MILLISECONDS) != 1 || read(at.fd, &letter, 1) != 1) {
        letter = 0;
    }
    close(at.fd);
    return letter;
}

/* ---- asked ---- */

static int can_wait(request_rec *r, const char *operator_id)
{
    const char *shift = apr_table_get(r->headers_in, "X-Shift");

    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "testhost: can_wait %s", operator_id);
    if (begins(operator_id, "barred-") || (shift && strcmp(shift, "over") == 0)) {
        return HTTP_FORBIDDEN;
    }
    if (begins(operator_id, "slow-")) {
        return wait_at_gate(r) == 'y' ? OK : HTTP_FORBIDDEN;
    }
    return DECLINED;
}

static int decide_at_gate(request_rec *r, const char **text)
{
    *text = "decided at the gate";
    switch (wait_at_gate(r)) {
    case 'y':
        return OK;
    case 't':
        return QUEUETASKS_TAKEN;
    case 'n':
        return QUEUETASKS_NOT_HIM;
    default:
        return QUEUETASKS_NO_ANSWER;
    }
}

/* "nothim-X-...": X is this operator. */
static int excludes(const char *task_id, const char *operator_id)
{
    const char *name = task_id + strlen("nothim-");

    return begins(task_id, "nothim-") && begins(name, operator_id) && name[strlen(operator_id)] == '-';
}

static int try_assign(request_rec *r, const char *operator_id, const char *task_id, const char *payload, const char **text)
{
    ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, r, "testhost: try_assign %s %s", operator_id, task_id);
    if (begins(task_id, "slow-")) {
        return decide_at_gate(r, text);
    }
    if (begins(task_id, "told-")) {
        *text = apr_psprintf(r->pool, "%s|%s|%s", operator_id, task_id, payload ? payload : "none");
        return QUEUETASKS_TAKEN;
    }
    if (excludes(task_id, operator_id)) {
        *text = apr_psprintf(r->pool, "not for %s", operator_id);
        return QUEUETASKS_NOT_HIM;
    }
    for (apr_size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        if (begins(task_id, verdicts[i].prefix)) {
            *text = verdicts[i].text;
            return verdicts[i].word;
        }
    }
    return DECLINED;
}

/* Another module that is asked too and never has anything to say. */
static int no_opinion(request_rec *r, const char *operator_id, const char *task_id, const char *payload, const char **text)
{
    (void)r, (void)operator_id, (void)task_id, (void)payload, (void)text;
    return DECLINED;
}

/* ---- adding ---- */

/* One call of ours, made here or in a thread of its own. */
typedef struct job {
    APR_OPTIONAL_FN_TYPE(queuetasks_add) *add;
    APR_OPTIONAL_FN_TYPE(queuetasks_withdraw) *withdraw;
    const char *zone, *task;
    apr_pool_t *pool;
    apr_status_t status;
    const char *why;
} job;

static void do_job(job *j)
{
    j->status = j->add ? j->add(j->zone, j->task, j->pool, &j->why) : j->withdraw(j->zone, j->task, j->pool);
}

static void *APR_THREAD_FUNC do_job_elsewhere(apr_thread_t *thread, void *data)
{
    do_job(data);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void run(request_rec *r, job *j)
{
    apr_thread_t *thread;
    apr_status_t ended;

    if (!apr_table_get(r->headers_in, "X-Thread")) {
        do_job(j);
        return;
    }
    j->status = apr_thread_create(&thread, NULL, do_job_elsewhere, j, r->pool);
    if (j->status == APR_SUCCESS) {
        apr_thread_join(&ended, thread);
    }
}

static const char *name_of(apr_status_t status)
{
    switch (status) {
    case APR_SUCCESS:
        return "APR_SUCCESS";
    case APR_EINVAL:
        return "APR_EINVAL";
    case APR_EEXIST:
        return "APR_EEXIST";
    case APR_ENOSPC:
        return "APR_ENOSPC";
    case APR_NOTFOUND:
        return "APR_NOTFOUND";
    default:
        return "another status";
    }
}

/* POST: adds the task (JSON) of the header X-Task; DELETE: withdraws the task (id) there. X-Zone: the zone; X-Thread: from a thread. */
static int handler(request_rec *r)
{
    job j = { .pool = r->pool, .zone = apr_table_get(r->headers_in, "X-Zone"), .task = apr_table_get(r->headers_in, "X-Task") };

    if (!r->handler || strcmp(r->handler, "qt-testhost") != 0) {
        return DECLINED;
    }
    if (r->method_number == M_POST) {
        j.add = APR_RETRIEVE_OPTIONAL_FN(queuetasks_add);
    }
    else {
        j.withdraw = APR_RETRIEVE_OPTIONAL_FN(queuetasks_withdraw);
    }
    ap_set_content_type(r, "text/plain; charset=utf-8");
    if (!j.add && !j.withdraw) {
        ap_rputs("absent\n", r);
        return OK;
    }
    run(r, &j);
    ap_rprintf(r, "%s\n%s", name_of(j.status), j.why ? j.why : "");
    return OK;
}

static const char *set_gate(cmd_parms *cmd, void *dir, const char *path)
{
    (void)cmd, (void)dir;
    gate = path;
    return NULL;
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("QtTestHostGate", set_gate, NULL, RSRC_CONF, "the FIFO at which slow questions are answered"),
    { NULL }
};

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(queuetasks, queuetasks_can_wait, can_wait, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(queuetasks, queuetasks_try_assign, no_opinion, NULL, NULL, APR_HOOK_FIRST);
    APR_OPTIONAL_HOOK(queuetasks, queuetasks_try_assign, try_assign, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA qt_testhost_module = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, directives, register_hooks, AP_MODULE_FLAG_NONE
};
