/* Fuzzes what else a request says in text: its query, its Accept header, lists of labels, and a task described by a query. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "base/qt_buf.h"
#include "wire/qt_accept.h"
#include "wire/qt_labels.h"
#include "wire/qt_query.h"
#include "wire/qt_spec.h"

unsigned long fuzz_accepted;

#define PAYLOAD_MAX 256

/* Input: all of it is an Accept header, a list of labels and a query; the query's `b` is the body of a task. */

static void check_accept(qt_str header)
{
    static const char *const types[] = { "application/json", "text/event-stream" };
    unsigned i;

    for (i = 0; i < 2; i++) {
        MUST(!qt_accept_names(header, types[i]) || qt_accept_admits(header, types[i]));
    }
}

/* A canonical list is its own canonical list, if no name holds a comma (which text cannot say). */
static void check_labels(qt_str text, apr_pool_t *pool)
{
    qt_str list, again, rest, name, last = QT_STR_NONE, names[QT_LABELS_MAX];
    unsigned n = 0;

    if (qt_labels_parse(&list, text, pool) != APR_SUCCESS) {
        MUST(!list.p);
        return;
    }
    MUST(list.n <= QT_LABELS_BYTES);
    rest = list;
    for (name = qt_labels_next(&rest); name.n; name = qt_labels_next(&rest)) {
        MUST(qt_name_ok(name) && !qt_str_eq(name, last) && n < QT_LABELS_MAX);
        names[n++] = last = name;
    }
    MUST(!rest.n);
    MUST(qt_labels_make(&again, names, n, pool) == APR_SUCCESS);
    MUST(qt_str_eq(list, again));
}

static void encode(qt_buf *buf, qt_str text)
{
    size_t i;

    for (i = 0; i < text.n; i++) {
        qt_buf_addf(buf, "%%%02X", (unsigned char)text.p[i]);
    }
}

/* The values of one name, percent-encoded throughout, read back as they were. */
static void check_values(const qt_query *query, const char *name, apr_pool_t *pool)
{
    unsigned here = 0, there = 0;
    const char *why;
    qt_query *again;
    qt_str value;
    qt_buf buf;

    qt_buf_init(&buf, pool);
    for (value = qt_query_next(query, name, &here); value.p; value = qt_query_next(query, name, &here)) {
        MUST(qt_utf8_ok(value));
        qt_buf_adds(&buf, name);
        qt_buf_addc(&buf, '=');
        encode(&buf, value);
        qt_buf_addc(&buf, '&');
    }
    MUST(qt_query_parse(&again, qt_buf_str(&buf), pool, &why) == APR_SUCCESS);
    here = 0;
    do {
        value = qt_query_next(query, name, &here);
        MUST(qt_str_eq(value, qt_query_next(again, name, &there)));
    } while (value.p);
}

static void check_task(const qt_query *query, apr_pool_t *pool)
{
    const char *why = NULL;
    qt_spec spec;
    qt_str body = qt_query_get(query, "b");
    apr_status_t rv = qt_spec_from_query(&spec, QT_STR_LIT("1"), query, body, qt_query_get(query, "j").p != NULL, PAYLOAD_MAX, pool,
                                         &why);

    if (rv != APR_SUCCESS) {
        MUST(why && (rv == QT_E_MALFORMED || rv == QT_E_TOO_LARGE));
        return;
    }
    MUST((spec.payload.p != NULL) == (body.n > 0));
    MUST(spec.payload.n <= PAYLOAD_MAX);
    fuzz_accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    qt_str text = { (const char *)data, size };
    const char *why = NULL;
    qt_query *query;

    check_accept(text);
    check_labels(text, pool);
    if (qt_query_parse(&query, text, pool, &why) != APR_SUCCESS) {
        MUST(why && !query);
        return 0;
    }
    check_values(query, "b", pool);
    check_values(query, "labels", pool);
    check_task(query, pool);
    return 0;
}
