/* Fuzzes JSON: what is read is JSON by a second grammar, and what is written reads back equal; and tasks described in it. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "wire/qt_json.h"
#include "wire/qt_labels.h"
#include "wire/qt_spec.h"

unsigned long fuzz_accepted;

#define PAYLOAD_MAX 1024

/* ---- the grammar of RFC 8259, without strings' escapes in depth; each returns what follows, or NULL ---- */

typedef struct cursor {
    const char *p, *end;
    unsigned depth;
} cursor;

static int at(const cursor *c, const char *set)
{
    return c->p < c->end && *c->p && strchr(set, *c->p);
}

static int eat(cursor *c, const char *set)
{
    if (!at(c, set)) {
        return 0;
    }
    c->p++;
    return 1;
}

static void blanks(cursor *c)
{
    while (eat(c, " \t\r\n")) {
    }
}

static int word(cursor *c, const char *text)
{
    size_t n = strlen(text);

    if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0) {
        return 0;
    }
    c->p += n;
    return 1;
}

static int digits(cursor *c)
{
    int some = 0;

    while (eat(c, "0123456789")) {
        some = 1;
    }
    return some;
}

static int number(cursor *c)
{
    eat(c, "-");
    if (!eat(c, "0") && !digits(c)) {
        return 0;
    }
    if (eat(c, ".") && !digits(c)) {
        return 0;
    }
    if (eat(c, "eE")) {
        eat(c, "+-");
        return digits(c);
    }
    return 1;
}

static int string(cursor *c)
{
    if (!eat(c, "\"")) {
        return 0;
    }
    while (c->p < c->end && *c->p != '"') {
        if ((unsigned char)*c->p < 0x20) {
            return 0;
        }
        if (eat(c, "\\") && !at(c, "\"\\/bfnrtu")) {
            return 0;
        }
        c->p++;
    }
    return eat(c, "\"");
}

static int value(cursor *c);

static int list(cursor *c, const char *end, int named)
{
    blanks(c);
    if (eat(c, end)) {
        return 1;
    }
    do {
        blanks(c);
        if (named) {
            if (!string(c)) {
                return 0;
            }
            blanks(c);
            if (!eat(c, ":")) {
                return 0;
            }
        }
        if (!value(c)) {
            return 0;
        }
    } while (eat(c, ","));
    return eat(c, end);
}

static int value(cursor *c)
{
    int good;

    blanks(c);
    if (at(c, "[{")) {
        int named = *c->p++ == '{';

        MUST(++c->depth <= QT_JSON_DEPTH);
        good = list(c, named ? "}" : "]", named);
        c->depth--;
    }
    else if (at(c, "\"")) {
        good = string(c);
    }
    else {
        good = word(c, "true") || word(c, "false") || word(c, "null") || number(c);
    }
    blanks(c);
    return good;
}

/* ---- oracles ---- */

static void must_be_json(qt_str text)
{
    cursor c = { text.p, text.p + text.n, 0 };

    MUST(value(&c));
    MUST(c.p == c.end);
    MUST(qt_utf8_ok(text));
}

static json_t *read_again(const qt_buf *buf)
{
    const char *why;
    json_t *root;

    must_be_json(qt_buf_str(buf));
    MUST(!memchr(buf->p, '\n', buf->n));
    MUST(qt_json_parse(&root, qt_buf_str(buf), &why) == APR_SUCCESS);
    return root;
}

static void check_writers(const json_t *root, apr_pool_t *pool)
{
    void (*const writers[])(qt_buf *, const json_t *) = { qt_json_dump, qt_json_sorted };
    unsigned i;

    for (i = 0; i < 2; i++) {
        qt_buf first, second;
        json_t *back;

        qt_buf_init(&first, pool);
        qt_buf_init(&second, pool);
        writers[i](&first, root);
        back = read_again(&first);
        MUST(json_equal((json_t *)root, back));
        writers[i](&second, back);
        MUST(qt_str_eq(qt_buf_str(&first), qt_buf_str(&second)));
        json_decref(back);
    }
}

/* Any bytes become a JSON string, and valid ones come out of it again. */
static void check_string(qt_str text, apr_pool_t *pool)
{
    qt_buf buf;
    json_t *back;

    qt_buf_init(&buf, pool);
    qt_json_str(&buf, text);
    back = read_again(&buf);
    MUST(json_is_string(back));
    if (qt_utf8_ok(text)) {
        MUST(qt_str_eq(qt_json_text(back), text));
    }
    json_decref(back);
}

static void check_lines(qt_str text)
{
    const char *after = text.p;
    qt_str rest = text, one;

    for (one = qt_json_line(&rest); one.p; one = qt_json_line(&rest)) {
        MUST(one.n > 0 && !memchr(one.p, '\n', one.n));
        MUST(one.p >= after && one.p + one.n <= text.p + text.n);
        after = one.p + one.n;
    }
}

static void check_name(qt_str name)
{
    MUST(!name.p || qt_name_ok(name));
}

static void check_fields(const qt_spec *spec)
{
    check_name(spec->id);
    check_name(spec->operator_id);
    check_name(spec->prefer);
    MUST(spec->labels.n <= QT_LABELS_BYTES);
    MUST(spec->payload.n <= PAYLOAD_MAX);
    MUST(spec->prefer_for >= 0 && spec->prefer_for <= QT_SPEC_TIME_MAX);
    MUST(spec->delay >= 0 && spec->delay <= QT_SPEC_TIME_MAX);
    MUST(spec->ttl >= 0 && spec->ttl <= QT_SPEC_TIME_MAX);
    MUST(spec->window >= 0 && spec->window <= QT_SPEC_TIME_MAX);
    MUST(spec->priority >= 0 && spec->max_offers <= APR_INT32_MAX);
}

/* A task that is read has good fields, and its members in another order make the same task. */
static void check_spec(const json_t *root, apr_pool_t *pool)
{
    const char *why = NULL;
    qt_spec spec, sorted;
    apr_status_t rv = qt_spec_from_json(&spec, root, PAYLOAD_MAX, pool, &why);
    qt_buf buf;
    json_t *back;

    if (rv != APR_SUCCESS) {
        MUST(why && (rv == QT_E_MALFORMED || rv == QT_E_TOO_LARGE));
        return;
    }
    check_fields(&spec);
    qt_buf_init(&buf, pool);
    qt_json_sorted(&buf, root);
    back = read_again(&buf);
    MUST(qt_spec_from_json(&sorted, back, PAYLOAD_MAX, pool, &why) == APR_SUCCESS);
    MUST(memcmp(spec.print, sorted.print, sizeof(spec.print)) == 0);
    json_decref(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    qt_str text = { (const char *)data, size };
    const char *why = NULL;
    json_t *root;
    apr_status_t rv;

    check_string(text, pool);
    check_lines(text);
    rv = qt_json_parse(&root, text, &why);
    if (rv != APR_SUCCESS) {
        MUST(rv == QT_E_MALFORMED && !root && why);
        return 0;
    }
    must_be_json(text);
    check_writers(root, pool);
    check_spec(root, pool);
    json_decref(root);
    fuzz_accepted++;
    return 0;
}
