/* The statuses of the project: apr_status_t values that travel unchanged to the one table that answers (http/mod_qt_reply.c). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_STATUS_H
#define QT_STATUS_H

#include <apr_errno.h>

/* X(name, text): one line a status, in the order of their numbers. The text is what the caller reads. */
#define QT_STATUS_LIST(X)                                                        \
    X(MALFORMED, "the request is malformed")                                     \
    X(NOT_NOW, "no right to take or wait for tasks now")                         \
    X(NOBODY, "nobody is identified")                                            \
    X(FORBIDDEN, "this is not allowed")                                          \
    X(NOT_OFFERED, "the task is not on offer to the caller")                     \
    X(REFUSED, "the host application refused the assignment")                    \
    X(UNKNOWN, "there is no such thing")                                         \
    X(METHOD, "wrong method")                                                    \
    X(CONFLICT, "the id is taken by other content")                              \
    X(TOO_LARGE, "the body or payload is too large")                             \
    X(MEDIA, "the content type is not understood")                               \
    X(ACCEPT, "the Accept header excludes what is given here")                   \
    X(GONE, "the offer is gone")                                                 \
    X(LIMIT, "a limit of this caller is reached")                                \
    X(FULL, "the zone is full")                                                  \
    X(CROWDED, "there are too many streams")                                     \
    X(DRAINING, "the server is shutting down")                                   \
    X(HOST, "the host application did not answer")                               \
    X(STAY_AWAY, "the caller was told to stay away")                             \
    X(SPACE, "the caller's buffer is too small")                                 \
    X(BROKEN, "an invariant does not hold")

#define QT_STATUS_NUMBER(name, text) QT_N_##name,
enum { QT_STATUS_LIST(QT_STATUS_NUMBER) QT_N_END };
#undef QT_STATUS_NUMBER

#define QT_E(name) ((apr_status_t)(APR_OS_START_USERERR + QT_N_##name))

#define QT_E_MALFORMED QT_E(MALFORMED)
#define QT_E_NOT_NOW QT_E(NOT_NOW)
#define QT_E_NOBODY QT_E(NOBODY)
#define QT_E_FORBIDDEN QT_E(FORBIDDEN)
#define QT_E_NOT_OFFERED QT_E(NOT_OFFERED)
#define QT_E_REFUSED QT_E(REFUSED)
#define QT_E_UNKNOWN QT_E(UNKNOWN)
#define QT_E_METHOD QT_E(METHOD)
#define QT_E_CONFLICT QT_E(CONFLICT)
#define QT_E_TOO_LARGE QT_E(TOO_LARGE)
#define QT_E_MEDIA QT_E(MEDIA)
#define QT_E_ACCEPT QT_E(ACCEPT)
#define QT_E_GONE QT_E(GONE)
#define QT_E_LIMIT QT_E(LIMIT)
#define QT_E_FULL QT_E(FULL)
#define QT_E_CROWDED QT_E(CROWDED)
#define QT_E_DRAINING QT_E(DRAINING)
#define QT_E_HOST QT_E(HOST)
#define QT_E_STAY_AWAY QT_E(STAY_AWAY)
#define QT_E_SPACE QT_E(SPACE)
#define QT_E_BROKEN QT_E(BROKEN)

/* The text of one of ours, or NULL when the status is APR's. */
const char *qt_status_text(apr_status_t status);

#endif
