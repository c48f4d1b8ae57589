/* What other modules may ask of mod_queuetasks and be asked by it. The only installed header. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QUEUETASKS_H
#define MOD_QUEUETASKS_H

#include <httpd.h>
#include <apr_optional.h>
#include <apr_optional_hooks.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * mod_queuetasks exports no symbol but its module record: hooks and functions are found by name when httpd runs. A module that
 * uses this header loads, and works, without mod_queuetasks.
 *
 * ---- Hooks: questions to the host application ----
 *
 * They run in the thread of the caller's request, outside any lock of ours; take the time that a request may take.
 * Register in register_hooks:
 *
 *     APR_OPTIONAL_HOOK(queuetasks, queuetasks_can_wait, my_can_wait, NULL, NULL, APR_HOOK_MIDDLE);
 *
 * All registered functions are asked, until one says something other than OK or DECLINED.
 */

/*
 * May this operator wait for tasks, or take one, now? OK or DECLINED: nothing against it. HTTP_FORBIDDEN (or anything else): no;
 * take-free answers 400 with errorCode 2, wait-sse 204, which ends an EventSource for good.
 */
APR_DECLARE_EXTERNAL_HOOK(queuetasks, AP, int, queuetasks_can_wait, (request_rec *r, const char *operator_id))

/* Words of queuetasks_try_assign beside OK and DECLINED. */
#define QUEUETASKS_TAKEN 1     /* no: it is somebody else's already; the task is dropped */
#define QUEUETASKS_NOT_HIM 2   /* no, but others may have it; it is offered to the next */
#define QUEUETASKS_NO_ANSWER 3 /* can't be told now: nothing changes, the offer stands, the caller gets 502 */

/*
 * Really assign the task to the operator in the host's own data, atomically. OK (or DECLINED: not mine to say): done.
 * `payload` is JSON text, or NULL. *text, in r->pool or constant: what the operator is told with a no (errorCode 910).
 * The task is held in the state "assigning" meanwhile: nobody else can have it.
 */
APR_DECLARE_EXTERNAL_HOOK(queuetasks, AP, int, queuetasks_try_assign,
                          (request_rec *r, const char *operator_id, const char *task_id, const char *payload, const char **text))

/*
 * ---- Functions: tasks from within httpd ----
 *
 * Any thread of any child may call them; not the parent process. `zone` NULL is the zone "default". They never block for long.
 *
 *     APR_OPTIONAL_FN_TYPE(queuetasks_add) *add = APR_RETRIEVE_OPTIONAL_FN(queuetasks_add);
 *     if (add) {
 *         status = add(NULL, "{\"taskId\":\"20\",\"operatorId\":\"anna\"}", pool, &why);
 *     }
 */

/*
 * Add a task: one JSON object as in `POST tasks`, taskId required. Without operatorId it is offered to the first operator that
 * fits; with it, it is assigned to him already and he is told. Adding the same task again is APR_SUCCESS and does nothing.
 *   APR_EINVAL    the object is not one of a task; *why says what is wrong
 *   APR_EEXIST    another task has this id
 *   APR_ENOSPC    the zone is full
 *   APR_NOTFOUND  there is no such zone
 *   others        an error of the lock: nothing was done
 */
APR_DECLARE_OPTIONAL_FN(apr_status_t, queuetasks_add, (const char *zone, const char *task, apr_pool_t *pool, const char **why));

/* Withdraw a task, offered or assigned too; doing it again is APR_SUCCESS. APR_NOTFOUND: no such zone or task, or it is done. */
APR_DECLARE_OPTIONAL_FN(apr_status_t, queuetasks_withdraw, (const char *zone, const char *task_id, apr_pool_t *pool));

#ifdef __cplusplus
}
#endif

#endif
