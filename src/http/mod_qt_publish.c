/* Section "publish": what back ends do with tasks. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <apr_strings.h>
#include "http/mod_qt_body.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "http/mod_qt_shape.h"
#include "wire/qt_json.h"
#include "wire/qt_spec.h"

/* Random bytes of an id that we give. */
#define MINTED 16

static apr_size_t max_payload(const mod_qt_ask *ask)
{
    return (apr_size_t)mod_qt_conf_max_body(ask->conf);
}

/* An id for a task that was sent without one: unguessable, never met before. */
static apr_status_t mint(qt_str *id, apr_pool_t *pool)
{
    unsigned char bytes[MINTED];
    char *hex = apr_palloc(pool, 2 * MINTED + 1);
    apr_status_t status = apr_generate_random_bytes(bytes, sizeof(bytes));

    ap_bin2hex(bytes, sizeof(bytes), hex);
    *id = (qt_str){ hex, 2 * MINTED };
    return status;
}

static apr_status_t spec_of(mod_qt_ask *ask, const json_t *object, qt_spec *spec)
{
    apr_pool_t *p = ask->r->pool;
    apr_status_t status = qt_spec_from_json(spec, object, max_payload(ask), p, &ask->why);

    return status == APR_SUCCESS && !spec->id.p ? mint(&spec->id, p) : status;
}

static apr_status_t add(mod_qt_ask *ask, const qt_spec *specs, apr_size_t n, qt_call *call)
{
    *call = (qt_call){ .verb = QT_ADD, .specs = specs, .nspecs = (apr_uint32_t)n };
    return qt_store_call(ask->zone, call, ask->r->pool);
}

static void init(qt_buf *buf, const mod_qt_ask *ask)
{
    qt_buf_init(buf, ask->r->pool);
}

static int reply_outcome(mod_qt_ask *ask, const qt_task_view *task, int http)
{
    qt_buf buf;

    init(&buf, ask);
    mod_qt_shape_outcome(&buf, task);
    return mod_qt_reply(ask, http, qt_buf_str(&buf));
}

/* ---- POST tasks ---- */

static int add_one(mod_qt_ask *ask, const json_t *object)
{
    apr_pool_t *p = ask->r->pool;
    qt_spec spec;
    qt_call call;
    apr_status_t status = spec_of(ask, object, &spec);

    if (status == APR_SUCCESS) {
        status = add(ask, &spec, 1, &call);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    if (call.tasks[0].fresh) {
        apr_table_setn(ask->r->headers_out, "Location",
                       apr_pstrcat(p, ap_escape_uri(p, ask->base), "/tasks/",
                                   ap_escape_path_segment(p, apr_pstrmemdup(p, spec.id.p, spec.id.n)), NULL));
    }
    return reply_outcome(ask, &call.tasks[0], call.tasks[0].fresh ? HTTP_CREATED : HTTP_OK);
}

/* The answer's text says which of the many it was: counted from 0, as in the list that was sent. */
static int fail_at(mod_qt_ask *ask, apr_size_t i, apr_status_t status)
{
    const char *text = ask->why ? ask->why : qt_status_text(status);

    return mod_qt_fail_why(ask, status, apr_psprintf(ask->r->pool, "task %" APR_SIZE_T_FMT ": %s", i, text ? text : "internal error"));
}

static int reply_many(mod_qt_ask *ask, const qt_call *call)
{
    qt_buf buf;
    qt_json_out list;
    int fresh = 0;

    init(&buf, ask);
    list = qt_json_open(&buf, '[');
    for (apr_uint32_t i = 0; i < call->n; i++) {
        qt_json_name(&list, NULL);
        mod_qt_shape_outcome(&buf, &call->tasks[i]);
        fresh |= call->tasks[i].fresh;
    }
    qt_json_close(&list);
    return mod_qt_reply(ask, fresh ? HTTP_CREATED : HTTP_OK, qt_buf_str(&buf));
}

/* All or nothing. */
static int add_array(mod_qt_ask *ask, const json_t *array)
{
    apr_size_t n = json_array_size(array);
    qt_spec *specs;
    qt_call call = { .n = 0 };
    apr_status_t status;

    if (n > QT_ADD_MAX) {
        return mod_qt_fail_why(ask, QT_E_TOO_LARGE, "more tasks than one request may add");
    }
    specs = apr_palloc(ask->r->pool, (n + 1) * sizeof(*specs));
    for (apr_size_t i = 0; i < n; i++) {
        status = spec_of(ask, json_array_get(array, i), &specs[i]);
        if (status != APR_SUCCESS) {
            return fail_at(ask, i, status);
        }
    }
    if (n > 0 && (status = add(ask, specs, n, &call)) != APR_SUCCESS) {
        return status == QT_E_CONFLICT || status == QT_E_TOO_LARGE ? fail_at(ask, call.bad, status) : mod_qt_fail(ask, status);
    }
    return reply_many(ask, &call);
}

/* One line of NDJSON: its outcome, or its error in its place. */
static apr_status_t add_line(mod_qt_ask *ask, qt_str line, qt_json_out *list)
{
    json_t *root;
    qt_spec spec;
    qt_call call;
    qt_json_out out;
    apr_status_t status;

    ask->why = NULL;
    status = qt_json_parse(&root, line, &ask->why);
    qt_json_own(root, ask->r->pool);
    if (status == APR_SUCCESS) {
        status = spec_of(ask, root, &spec);
    }
    if (status == APR_SUCCESS) {
        status = add(ask, &spec, 1, &call);
    }
    qt_json_name(list, NULL);
    if (status == APR_SUCCESS) {
        mod_qt_shape_outcome(list->buf, &call.tasks[0]);
        return status;
    }
    out = qt_json_open(list->buf, '{');
    qt_json_put_str(&out, "error", qt_str_of(ask->why ? ask->why : qt_status_text(status)));
    qt_json_put_int(&out, "errorCode", mod_qt_reply_code(status));
    qt_json_close(&out);
    return status;
}

static int add_lines(mod_qt_ask *ask, qt_str body)
{
    qt_buf buf;
    qt_json_out list;
    int http = HTTP_CREATED;

    init(&buf, ask);
    list = qt_json_open(&buf, '[');
    for (qt_str line = qt_json_line(&body); line.p; line = qt_json_line(&body)) {
        if (add_line(ask, line, &list) != APR_SUCCESS) {
            http = HTTP_MULTI_STATUS;
        }
    }
    qt_json_close(&list);
    return mod_qt_reply(ask, http, qt_buf_str(&buf));
}

int mod_qt_do_add_tasks(mod_qt_ask *ask)
{
    mod_qt_media media = mod_qt_body_media(ask->r);
    json_t *root;
    qt_str body;
    apr_status_t status = media == MOD_QT_MEDIA_OTHER ? QT_E_MEDIA : mod_qt_body_read(ask, &body);

    if (status == APR_SUCCESS && media == MOD_QT_MEDIA_NDJSON) {
        return add_lines(ask, body);
    }
    if (status == APR_SUCCESS) {
        status = qt_json_parse(&root, body, &ask->why);
        qt_json_own(root, ask->r->pool);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    return json_is_array(root) ? add_array(ask, root) : add_one(ask, root);
}

/* ---- one task by its id ---- */

int mod_qt_do_put_task(mod_qt_ask *ask)
{
    mod_qt_media media = mod_qt_body_media(ask->r);
    qt_spec spec;
    qt_call call;
    qt_str body;
    apr_status_t status = mod_qt_body_read(ask, &body);

    if (status == APR_SUCCESS) {
        status = qt_spec_from_query(&spec, ask->match.value[0], ask->query, body, media == MOD_QT_MEDIA_JSON, max_payload(ask),
                                    ask->r->pool, &ask->why);
    }
    if (status == APR_SUCCESS) {
        status = add(ask, &spec, 1, &call);
    }
    if (status != APR_SUCCESS) {
        return mod_qt_fail(ask, status);
    }
    return reply_outcome(ask, &call.tasks[0], call.tasks[0].fresh ? HTTP_CREATED : HTTP_OK);
}

static int fail_task(mod_qt_ask *ask, apr_status_t status)
{
    return status == QT_E_UNKNOWN ? mod_qt_fail_why(ask, status, "there is no such task") : mod_qt_fail(ask, status);
}

int mod_qt_do_get_task(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_GET, .task = ask->match.value[0] };
    apr_status_t status = qt_store_call(ask->zone, &call, ask->r->pool);
    qt_buf buf;

    if (status != APR_SUCCESS) {
        return fail_task(ask, status);
    }
    init(&buf, ask);
    mod_qt_shape_task(&buf, &call.tasks[0]);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

int mod_qt_do_withdraw_task(mod_qt_ask *ask)
{
    qt_call call = { .verb = QT_WITHDRAW, .task = ask->match.value[0] };
    apr_status_t status = qt_store_call(ask->zone, &call, ask->r->pool);

    if (status == QT_E_CONFLICT) {
        ask->why = "the task is done";
    }
    return status == APR_SUCCESS ? reply_outcome(ask, &call.tasks[0], HTTP_OK) : fail_task(ask, status);
}
