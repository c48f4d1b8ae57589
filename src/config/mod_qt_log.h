/* How the module logs: its own message numbers, and httpd's LogLevel queuetasks:... */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_LOG_H
#define MOD_QT_LOG_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include "base/qt_status.h"

/*
 * A message's number, five digits, written before its text as QTLOGNO(00001) "zone %s: ..." One number a place, never used
 * again for another. The text begins with what it is about (zone, operator, task, child), then says what happened.
 * Ranges: 00001-00099 server, 00100-00199 http, 00200-00299 stream.
 */
#define QTLOGNO(number) "QT" #number ": "

APLOG_USE_MODULE(queuetasks);

/* A status of ours means nothing to httpd's logger: its text goes into the message, and the logger gets 0. APR's own go to the logger. */
static inline const char *mod_qt_log_text(apr_status_t status)
{
    const char *text = qt_status_text(status);

    return text ? text : "system error";
}

static inline apr_status_t mod_qt_log_status(apr_status_t status)
{
    return qt_status_text(status) ? APR_SUCCESS : status;
}

#endif
