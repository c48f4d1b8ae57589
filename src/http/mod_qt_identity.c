/* Evaluates QueueTasksUser and QueueTasksLabels. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include "config/mod_qt_log.h"
#include "http/mod_qt_identity.h"
#include "wire/qt_labels.h"

static apr_status_t evaluate(request_rec *r, const ap_expr_info_t *expr, const char *directive, const char **value)
{
    const char *error = NULL;

    *value = ap_expr_str_exec(r, expr, &error);
    if (error) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, QTLOGNO(00101) "%s: can't be evaluated: %s", directive, error);
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

/* 401 asks for credentials where httpd would know what to do with them. */
static apr_status_t nobody(request_rec *r)
{
    if (!r->user && ap_auth_type(r)) {
        ap_note_auth_failure(r);
    }
    return QT_E_NOBODY;
}

apr_status_t mod_qt_identify(mod_qt_ask *ask)
{
    request_rec *r = ask->r;
    const char *user = r->user, *labels = NULL;
    apr_status_t status = APR_SUCCESS;

    if (ask->conf->user) {
        status = evaluate(r, ask->conf->user, "QueueTasksUser", &user);
    }
    if (status == APR_SUCCESS && ask->conf->labels) {
        status = evaluate(r, ask->conf->labels, "QueueTasksLabels", &labels);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (!user || !*user) {
        return nobody(r);
    }
    ask->who = qt_str_of(user);
    if (!qt_name_ok(ask->who)) {
        ask->why = "the caller's name can't be one here";
        return QT_E_MALFORMED;
    }
    if (qt_labels_parse(&ask->labels, qt_str_of(labels), r->pool) != APR_SUCCESS) {
        ask->why = "the caller's labels can't be read";
        return QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}
