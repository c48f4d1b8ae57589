/* Strict reading with jansson, and NDJSON's lines. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_json.h"

#include "wire/qt_chars.h"

/* jansson's error codes as texts of ours: its own repeat the client's bytes. */
static const struct {
    enum json_error_code code;
    const char *text;
} reasons[] = {
    { json_error_invalid_utf8, "the JSON is not valid UTF-8" },
    { json_error_premature_end_of_input, "the JSON ends too early" },
    { json_error_end_of_input_expected, "something follows the JSON value" },
    { json_error_duplicate_key, "a member of a JSON object is named twice" },
    { json_error_numeric_overflow, "a number in the JSON is too big" },
    { json_error_null_byte_in_key, "a member's name in the JSON holds a NUL" },
    { json_error_out_of_memory, "there is no memory to read the JSON" },
};

static const char *reason(enum json_error_code code)
{
    unsigned i;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].code == code) {
            return reasons[i].text;
        }
    }
    return "the JSON is malformed";
}

/* Where the string ends that begins before text[i]: just past its closing quote, or the text's end. */
static apr_size_t skip_string(qt_str text, apr_size_t i)
{
    for (; i < text.n && text.p[i] != '"'; i++) {
        if (text.p[i] == '\\') {
            i++;
        }
    }
    return i + 1;
}

/* jansson recurses 2,048 levels deep; a thread's stack and our own walks want fewer. Right for any text that is JSON. */
static int too_deep(qt_str text)
{
    unsigned depth = 0;
    apr_size_t i = 0;

    while (i < text.n) {
        char c = text.p[i++];

        if (c == '"') {
            i = skip_string(text, i);
        }
        else if (c == '[' || c == '{') {
            if (++depth > QT_JSON_DEPTH) {
                return 1;
            }
        }
        else if ((c == ']' || c == '}') && depth) {
            depth--;
        }
    }
    return 0;
}

apr_status_t qt_json_parse(json_t **root, qt_str text, const char **why)
{
    json_error_t error;

    *root = NULL;
    /* A bare NUL is never JSON, but jansson overlooks one behind a number or word. */
    if (text.n && memchr(text.p, '\0', text.n)) {
        *why = "the JSON is malformed";
        return QT_E_MALFORMED;
    }
    if (too_deep(text)) {
        *why = "the JSON is nested too deeply";
        return QT_E_MALFORMED;
    }
    *root = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (!*root) {
        enum json_error_code code = json_error_code(&error);

        *why = reason(code);
        return code == json_error_out_of_memory ? APR_ENOMEM : QT_E_MALFORMED;
    }
    return APR_SUCCESS;
}

static apr_status_t release(void *root)
{
    json_decref(root);
    return APR_SUCCESS;
}

void qt_json_own(json_t *root, apr_pool_t *pool)
{
    if (root) {
        apr_pool_cleanup_register(pool, root, release, apr_pool_cleanup_null);
    }
}

qt_str qt_json_text(const json_t *value)
{
    if (!json_is_string(value)) {
        return QT_STR_NONE;
    }
    return (qt_str){ json_string_value(value), json_string_length(value) };
}

static int is_blank(qt_str line)
{
    apr_size_t i;

    for (i = 0; i < line.n; i++) {
        if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\r') {
            return 0;
        }
    }
    return 1;
}

qt_str qt_json_line(qt_str *rest)
{
    while (rest->n) {
        qt_str line = qt_cut(rest, '\n');

        if (!is_blank(line)) {
            line.n -= line.p[line.n - 1] == '\r';
            return line;
        }
    }
    return QT_STR_NONE;
}
