/* Readers of task descriptions: one table of fields, two sources. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_spec.h"

#include <stddef.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "wire/qt_json.h"
#include "wire/qt_labels.h"
#include "wire/qt_query.h"

/* Longest member name that a refusal repeats. */
#define NAME_SHOWN 64

typedef enum kind { KIND_ID, KIND_NAME, KIND_TIME, KIND_INT, KIND_LABELS, KIND_PAYLOAD } kind;

/* Where a field lies in qt_spec, and its greatest value: seconds of a time, or a number that fits 31 bits. */
typedef struct field {
    const char *name;
    kind kind;
    apr_size_t offset;
    apr_int64_t max;
} field;

#define SECONDS_MAX (QT_SPEC_TIME_MAX / QT_SECOND)

static const field fields[] = {
    { "taskId", KIND_ID, offsetof(qt_spec, id), 0 },
    { "operatorId", KIND_NAME, offsetof(qt_spec, operator_id), 0 },
    { "prefer", KIND_NAME, offsetof(qt_spec, prefer), 0 },
    { "preferFor", KIND_TIME, offsetof(qt_spec, prefer_for), SECONDS_MAX },
    { "priority", KIND_INT, offsetof(qt_spec, priority), APR_INT32_MAX },
    { "delay", KIND_TIME, offsetof(qt_spec, delay), SECONDS_MAX },
    { "ttl", KIND_TIME, offsetof(qt_spec, ttl), SECONDS_MAX },
    { "window", KIND_TIME, offsetof(qt_spec, window), SECONDS_MAX },
    { "maxOffers", KIND_INT, offsetof(qt_spec, max_offers), APR_INT32_MAX },
    { "labels", KIND_LABELS, offsetof(qt_spec, labels), 0 },
    { "payload", KIND_PAYLOAD, offsetof(qt_spec, payload), 0 },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* What a reader carries along. */
typedef struct reader {
    qt_spec *spec;
    apr_size_t max_payload;
    apr_pool_t *pool;
    const char **why;
} reader;

static void *place(const reader *r, const field *f)
{
    return (char *)r->spec + f->offset;
}

static apr_status_t refuse(const reader *r, const field *f, const char *text)
{
    *r->why = apr_psprintf(r->pool, "\"%s\" %s", f->name, text);
    return QT_E_MALFORMED;
}

/* ---- setting one field ---- */

static apr_status_t set_name(const reader *r, const field *f, qt_str name)
{
    if (!qt_name_ok(name)) {
        return refuse(r, f, "must be a name: 1 to 128 bytes of UTF-8 without control characters, not . or ..");
    }
    *(qt_str *)place(r, f) = (qt_str){ apr_pmemdup(r->pool, name.p, name.n), name.n };
    return APR_SUCCESS;
}

/* To the nearest microsecond, but nothing given becomes 0: that would mean "not given". */
static qt_time to_time(double seconds)
{
    qt_time time = (qt_time)(seconds * QT_SECOND + 0.5);

    return time == 0 && seconds > 0 ? 1 : time;
}

static apr_status_t set_time(const reader *r, const field *f, const json_t *value)
{
    double seconds = json_number_value(value);

    if (!json_is_number(value) || !(seconds >= 0 && seconds <= (double)f->max)) {
        return refuse(r, f, apr_psprintf(r->pool, "must be a number of seconds from 0 to %" APR_INT64_T_FMT, f->max));
    }
    *(qt_time *)place(r, f) = to_time(seconds);
    return APR_SUCCESS;
}

static apr_status_t set_int(const reader *r, const field *f, const json_t *value)
{
    json_int_t number = json_integer_value(value);
    apr_int32_t small = (apr_int32_t)number;

    if (!json_is_integer(value) || number < 0 || number > f->max) {
        return refuse(r, f, apr_psprintf(r->pool, "must be a whole number from 0 to %" APR_INT64_T_FMT, f->max));
    }
    memcpy(place(r, f), &small, sizeof(small));
    return APR_SUCCESS;
}

static apr_status_t labels_status(const reader *r, const field *f, apr_status_t rv)
{
    if (rv == QT_E_MALFORMED) {
        return refuse(r, f, "must be a list of names");
    }
    if (rv != APR_SUCCESS) {
        refuse(r, f, apr_psprintf(r->pool, "must be at most %d names of %d bytes together", QT_LABELS_MAX, QT_LABELS_BYTES));
    }
    return rv;
}

static apr_status_t set_labels(const reader *r, const field *f, const json_t *value)
{
    qt_str names[QT_LABELS_MAX];
    apr_size_t n = json_array_size(value), i;

    if (!json_is_array(value)) {
        return labels_status(r, f, QT_E_MALFORMED);
    }
    for (i = 0; i < n && i < QT_LABELS_MAX; i++) {
        names[i] = qt_json_text(json_array_get(value, i));
    }
    return labels_status(r, f, qt_labels_make(place(r, f), names, n, r->pool));
}

static apr_status_t set_payload(const reader *r, const field *f, const json_t *value)
{
    qt_buf buf;

    qt_buf_init(&buf, r->pool);
    qt_json_dump(&buf, value);
    if (buf.n > r->max_payload) {
        refuse(r, f, "is too large");
        return QT_E_TOO_LARGE;
    }
    *(qt_str *)place(r, f) = qt_buf_str(&buf);
    return APR_SUCCESS;
}

/* ---- from JSON ---- */

static const field *find_field(const char *name)
{
    unsigned i;

    for (i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

static apr_status_t set_json(const reader *r, const field *f, const json_t *value)
{
    if (json_is_null(value) && f->kind != KIND_ID && f->kind != KIND_PAYLOAD) {
        return APR_SUCCESS;
    }
    switch (f->kind) {
    case KIND_ID:
    case KIND_NAME:
        return set_name(r, f, qt_json_text(value));
    case KIND_TIME:
        return set_time(r, f, value);
    case KIND_INT:
        return set_int(r, f, value);
    case KIND_LABELS:
        return set_labels(r, f, value);
    case KIND_PAYLOAD:
        return set_payload(r, f, value);
    }
    return APR_EGENERAL;
}

static apr_status_t unknown_member(const reader *r, const char *name)
{
    *r->why = "the task has an unknown member";
    if (strlen(name) <= NAME_SHOWN) {
        *r->why = apr_psprintf(r->pool, "the task has an unknown member \"%s\"", name);
    }
    return QT_E_MALFORMED;
}

apr_status_t qt_spec_from_json(qt_spec *spec, const json_t *object, apr_size_t max_payload, apr_pool_t *pool,
                               const char **why)
{
    reader r = { spec, max_payload, pool, why };
    json_t *members = (json_t *)object; /* jansson iterates over non-const only, and changes nothing */
    void *at;

    memset(spec, 0, sizeof(*spec));
    if (!json_is_object(object)) {
        *why = "a task must be a JSON object";
        return QT_E_MALFORMED;
    }
    for (at = json_object_iter(members); at; at = json_object_iter_next(members, at)) {
        const char *name = json_object_iter_key(at);
        const field *f = find_field(name);
        apr_status_t rv = f ? set_json(&r, f, json_object_iter_value(at)) : unknown_member(&r, name);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    qt_spec_print(spec, json_object_get(object, "payload"), pool);
    return APR_SUCCESS;
}

/* ---- from a query and a body ---- */

/* A number's text is read as JSON, so that both sources know the same numbers. */
static apr_status_t set_number_text(const reader *r, const field *f, qt_str text)
{
    const char *ignored;
    json_t *value;
    apr_status_t rv = qt_json_parse(&value, text, &ignored);

    if (rv == APR_ENOMEM) {
        return rv;
    }
    rv = f->kind == KIND_TIME ? set_time(r, f, value) : set_int(r, f, value);
    json_decref(value);
    return rv;
}

static apr_status_t set_text(const reader *r, const field *f, qt_str text)
{
    switch (f->kind) {
    case KIND_NAME:
        return set_name(r, f, text);
    case KIND_TIME:
    case KIND_INT:
        return set_number_text(r, f, text);
    case KIND_LABELS:
        return labels_status(r, f, qt_labels_parse(place(r, f), text, r->pool));
    case KIND_ID:
    case KIND_PAYLOAD: /* the path and the body have these */
        return APR_SUCCESS;
    }
    return APR_EGENERAL;
}

/* The body as a value that the pool owns; NULL for an empty one. */
static apr_status_t read_body(const reader *r, qt_str body, int is_json, json_t **payload)
{
    apr_status_t rv = APR_SUCCESS;

    *payload = NULL;
    if (body.n && is_json) {
        rv = qt_json_parse(payload, body, r->why);
    }
    else if (body.n) {
        *payload = json_stringn(body.p, body.n);
        if (!*payload) {
            *r->why = "the payload is not valid UTF-8";
            rv = QT_E_MALFORMED;
        }
    }
    qt_json_own(*payload, r->pool);
    return rv;
}

apr_status_t qt_spec_from_query(qt_spec *spec, qt_str id, const qt_query *query, qt_str body, int is_json,
                                apr_size_t max_payload, apr_pool_t *pool, const char **why)
{
    reader r = { spec, max_payload, pool, why };
    json_t *payload = NULL;
    apr_status_t rv;
    unsigned i;

    memset(spec, 0, sizeof(*spec));
    rv = set_name(&r, find_field("taskId"), id);
    for (i = 0; rv == APR_SUCCESS && i < FIELDS; i++) {
        qt_str text = qt_query_get(query, fields[i].name);

        rv = text.p ? set_text(&r, &fields[i], text) : APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = read_body(&r, body, is_json, &payload);
    }
    if (rv == APR_SUCCESS && payload) {
        rv = set_payload(&r, find_field("payload"), payload);
    }
    if (rv == APR_SUCCESS) {
        qt_spec_print(spec, payload, pool);
    }
    return rv;
}

/* ---- the fingerprint ---- */

/* Each text with its length before it, so that no two contents run together to the same bytes. */
static void add_text(qt_buf *buf, qt_str text)
{
    qt_buf_addf(buf, "%" APR_SIZE_T_FMT ":", text.n);
    qt_buf_add(buf, text.p, text.n);
}

static void add_field(qt_buf *buf, const qt_spec *spec, const field *f)
{
    const char *at = (const char *)spec + f->offset;
    apr_int32_t number;

    switch (f->kind) {
    case KIND_NAME:
    case KIND_LABELS:
        add_text(buf, *(const qt_str *)at);
        break;
    case KIND_TIME:
        qt_buf_addf(buf, "%" APR_INT64_T_FMT ";", *(const qt_time *)at);
        break;
    case KIND_INT:
        memcpy(&number, at, sizeof(number));
        qt_buf_addf(buf, "%d;", (int)number);
        break;
    case KIND_ID:
    case KIND_PAYLOAD:
        break;
    }
}

void qt_spec_print(qt_spec *spec, const json_t *payload, apr_pool_t *pool)
{
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    qt_buf buf;
    unsigned i;

    qt_buf_init(&buf, pool);
    for (i = 0; i < FIELDS; i++) {
        add_field(&buf, spec, &fields[i]);
    }
    if (payload) {
        qt_json_sorted(&buf, payload);
    }
    apr_sha1_init(&sha);
    apr_sha1_update_binary(&sha, (const unsigned char *)buf.p, (unsigned int)buf.n);
    apr_sha1_final(digest, &sha);
    memcpy(spec->print, digest, sizeof(spec->print));
}
