/* A task as a producer describes it: read from JSON or from a query, with the fingerprint that tells a repeat from a conflict. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_SPEC_H
#define QT_SPEC_H

#include <apr_pools.h>
#include "base/qt_base.h"
#include "base/qt_status.h"

/* A task as it is added. Zero and absent mean "not given". */
typedef struct qt_spec {
    qt_str id;       /* a name (qt_name_ok), or absent: the caller gives it one */
    qt_str operator_id; /* assigned to him already, or absent */
    qt_str prefer;   /* offered to him first, or absent */
    qt_str labels;   /* canonical list (wire/qt_labels.h), may be empty */
    qt_str payload;  /* compact JSON text, or absent */
    qt_time prefer_for; /* 0: until ttl */
    qt_time delay;   /* 0: none */
    qt_time ttl;     /* 0: lives until somebody ends it */
    qt_time window;  /* 0: the operator's */
    apr_int32_t priority; /* >= 0; higher goes first */
    apr_uint32_t max_offers; /* 0: the operator's */
    unsigned char print[16]; /* fingerprint of the content: the same content gives the same bytes */
} qt_spec;

/* Longest delay, ttl, window or preferFor: ten years. */
#define QT_SPEC_TIME_MAX ((qt_time)3653 * 86400 * QT_SECOND)

struct json_t;
struct qt_query;

/*
 * Both readers fill the whole of *spec, print included; its strings live in `pool`. QT_E_MALFORMED or QT_E_TOO_LARGE (payload
 * over max_payload bytes of compact JSON, too many labels) with *why for people, in `pool` or constant.
 * Common rules: seconds may be fractions, to the microsecond; no number is negative; 0 is "not given".
 *
 * From a JSON object of `POST tasks` (api.md, section 5). A member it does not know is refused by name: a mistyped
 * "operatorid" would else give the task to just anybody. A null member counts as absent, but for taskId (an id that is no
 * string) and payload (the JSON value null).
 */
apr_status_t qt_spec_from_json(qt_spec *spec, const struct json_t *object, apr_size_t max_payload, apr_pool_t *pool,
                               const char **why);
/*
 * From the query and body of `PUT tasks/{taskId}`: the same fields as parameters, labels comma-separated. Other parameters are
 * not ours to refuse (identity may be read from the query). An empty body is no payload; `is_json`: the body is JSON, else it
 * becomes a JSON string.
 */
apr_status_t qt_spec_from_query(qt_spec *spec, qt_str id, const struct qt_query *query, qt_str body, int is_json,
                                apr_size_t max_payload, apr_pool_t *pool, const char **why);
/* Fill spec->print from its fields but the id, and from the payload as a value: member order and white space don't count. */
void qt_spec_print(qt_spec *spec, const struct json_t *payload, apr_pool_t *pool);

#endif
