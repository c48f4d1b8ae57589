/* Topics over HTTP: publishing (section "publish") and subscribing (section "subscribe"). */
/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mod_qt_log.h"
#include "config/mod_qt_topic_rules.h"
#include "http/mod_qt_message.h"
#include "http/mod_qt_open.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"
#include "wire/qt_json.h"
#include "wire/qt_labels.h"

/* ---- what may be subscribed to ---- */

typedef struct filled {
    const qt_glob_part *parts;
    apr_size_t n;
} filled;

/* The Location's patterns for this caller; those that fit nothing are left out. */
static apr_array_header_t *patterns_of(request_rec *r, const mod_qt_conf *conf)
{
    apr_array_header_t *all = apr_array_make(r->pool, 4, sizeof(filled));

    for (int i = 0; conf->topics && i < conf->topics->nelts; i++) {
        const mod_qt_pattern *pattern = APR_ARRAY_IDX(conf->topics, i, const mod_qt_pattern *);
        const char *error;
        const qt_glob_part *parts = mod_qt_pattern_fill(r, pattern, &error);

        if (error) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, QTLOGNO(00103) "QueueTasksTopics: can't be evaluated: %s", error);
        }
        if (parts) {
            APR_ARRAY_PUSH(all, filled) = (filled){ parts, (apr_size_t)pattern->parts->nelts };
        }
    }
    return all;
}

static int fits(const apr_array_header_t *patterns, qt_str topic)
{
    for (int i = 0; i < patterns->nelts; i++) {
        const filled *pattern = &APR_ARRAY_IDX(patterns, i, filled);

        if (qt_glob_match(pattern->parts, pattern->n, topic)) {
            return 1;
        }
    }
    return 0;
}

/* All of them, or QT_E_FORBIDDEN. */
static apr_status_t allowed(mod_qt_ask *ask, const qt_str *topics, apr_uint32_t n)
{
    const apr_array_header_t *patterns = patterns_of(ask->r, ask->conf);

    for (apr_uint32_t i = 0; i < n; i++) {
        if (!fits(patterns, topics[i])) {
            ask->why = "the topic is not one that may be subscribed to here";
            return QT_E_FORBIDDEN;
        }
    }
    return APR_SUCCESS;
}

/* ---- GET events ---- */

static int is_among(const qt_str *list, apr_uint32_t n, qt_str text)
{
    while (n > 0 && !qt_str_eq(list[n - 1], text)) {
        n--;
    }
    return n > 0;
}

/* All parameters of that name, each once; QT_E_MALFORMED: one is not `fit`, or there are more than `most`. */
static apr_status_t collect(mod_qt_ask *ask, const char *name, int (*fit)(qt_str), apr_uint32_t most, const qt_str **list, apr_uint32_t *n)
{
    qt_str *all = apr_palloc(ask->r->pool, most * sizeof(*all));
    unsigned at = 0;

    *list = all;
    *n = 0;
    for (qt_str text = qt_query_next(ask->query, name, &at); text.p; text = qt_query_next(ask->query, name, &at)) {
        if (!fit(text)) {
            return QT_E_MALFORMED;
        }
        if (is_among(all, *n, text)) {
            continue;
        }
        if (*n == most) {
            return QT_E_MALFORMED;
        }
        all[(*n)++] = text;
    }
    return APR_SUCCESS;
}

static apr_status_t topics_of(mod_qt_ask *ask, qt_call *join)
{
    apr_status_t status = collect(ask, "topic", qt_topic_ok, QT_TOPICS_MAX, &join->topics, &join->ntopics);

    if (status != APR_SUCCESS || join->ntopics == 0) {
        ask->why = "topic is given once or more, up to 256 names of 1 to 128 bytes without control characters, empty parts, . or ..";
        return QT_E_MALFORMED;
    }
    return allowed(ask, join->topics, join->ntopics);
}

static apr_status_t filter_of(mod_qt_ask *ask, mod_qt_stream_conf *stream)
{
    qt_str envelope = qt_query_get(ask->query, "envelope");

    if (collect(ask, "key", qt_name_ok, QT_KEYS_MAX, &stream->keys, &stream->nkeys) != APR_SUCCESS) {
        ask->why = "key is given at most 256 times, each 1 to 128 bytes of UTF-8 without control characters";
        return QT_E_MALFORMED;
    }
    stream->envelope = qt_str_eq(envelope, QT_STR_LIT("1"));
    if (envelope.p && !stream->envelope && !qt_str_eq(envelope, QT_STR_LIT("0"))) {
        ask->why = "envelope is 1 or 0";
        return QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}

int mod_qt_do_events(mod_qt_ask *ask)
{
    qt_call join = { .kind = QT_K_EVENTS };
    mod_qt_stream_conf stream = { .keepalive = 0 };
    apr_status_t status = topics_of(ask, &join);

    if (status == APR_SUCCESS) {
        status = filter_of(ask, &stream);
    }
    return status == APR_SUCCESS ? mod_qt_open(ask, &join, &stream) : mod_qt_fail(ask, status);
}

/* ---- POST topics/{topic} ---- */

/* A parameter that is a name, where it is given. */
static apr_status_t name_given(mod_qt_ask *ask, const char *parameter, qt_str *name)
{
    *name = qt_query_get(ask->query, parameter);
    if (name->p && !qt_name_ok(*name)) {
        ask->why = "key and messageId are 1 to 128 bytes of UTF-8 without control characters, and not . or ..";
        return QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}

/* ?version=, digits alone. */
static apr_status_t version_given(mod_qt_ask *ask, qt_call *call)
{
    qt_str text = qt_query_get(ask->query, "version");

    call->versioned = text.p != NULL;
    if (text.p && !mod_qt_message_number(text, &call->version)) {
        ask->why = "version is a whole number from 0 on";
        return QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}

/* Topics that add up or collect take their messages apart. */
static apr_status_t items_of(mod_qt_ask *ask, qt_call *call)
{
    apr_pool_t *p = ask->r->pool;

    if (!call->topic_rules->coalesce) {
        return APR_SUCCESS;
    }
    if (call->topic_rules->merge == QT_MERGE_SUM) {
        return qt_items_sum(&call->items, &call->nitems, call->data, p, &ask->why);
    }
    if (call->topic_rules->merge == QT_MERGE_UNION) {
        return qt_items_union(&call->items, &call->nitems, call->data, p, &ask->why);
    }
    return APR_SUCCESS;
}

static int reply_published(mod_qt_ask *ask, const qt_call *call)
{
    qt_buf buf;
    qt_json_out out;

    qt_buf_init(&buf, ask->r->pool);
    out = qt_json_open(&buf, '{');
    mod_qt_message_id(&out, "id", call->epoch, call->stale ? 0 : call->seq);
    qt_json_put_int(&out, "listeners", call->listeners);
    if (call->stale) {
        qt_json_put_bool(&out, "stale", 1);
    }
    else if (!call->seq) {
        qt_json_put_bool(&out, "coalesced", 1);
    }
    qt_json_close(&out);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

int mod_qt_do_publish(mod_qt_ask *ask)
{
    qt_topic_rules rules;
    qt_call call = { .verb = QT_PUBLISH, .topics = ask->match.value, .ntopics = 1, .topic_rules = &rules };
    apr_status_t status = mod_qt_message_read(ask, &call);

    mod_qt_topic_rules(ask->r, call.topics[0], &rules);
    if (status == APR_SUCCESS) {
        status = name_given(ask, "key", &call.key);
    }
    if (status == APR_SUCCESS) {
        status = name_given(ask, "messageId", &call.message_id);
    }
    if (status == APR_SUCCESS) {
        status = version_given(ask, &call);
    }
    if (status == APR_SUCCESS) {
        status = items_of(ask, &call);
    }
    if (status == APR_SUCCESS) {
        status = qt_store_call(ask->zone, &call, ask->r->pool);
    }
    return status == APR_SUCCESS ? reply_published(ask, &call) : mod_qt_fail(ask, status);
}
