/* Messages in their envelopes, and the feed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_message.h"

#include "wire/qt_chars.h"
#include "wire/qt_json.h"

int qt_message_admits(const qt_str *keys, apr_uint32_t nkeys, qt_str key)
{
    apr_uint32_t i = 0;

    if (nkeys == 0 || !key.n) {
        return 1;
    }
    while (i < nkeys && !qt_str_eq(keys[i], key)) {
        i++;
    }
    return i < nkeys;
}

static int is_json(qt_str text)
{
    const char *why;
    json_t *root;

    if (qt_json_parse(&root, text, &why) != APR_SUCCESS) {
        return 0;
    }
    json_decref(root);
    return 1;
}

void qt_message_envelope(qt_buf *buf, qt_str topic, qt_str key, qt_str type, qt_str data)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "topic", topic);
    qt_json_put_str(&out, "key", key.n ? key : QT_STR_NONE);
    qt_json_put_str(&out, "type", type.n ? type : QT_STR_LIT("message"));
    if (is_json(data)) {
        qt_json_put_raw(&out, "data", data);
    }
    else {
        qt_json_put_str(&out, "data", data.n ? data : QT_STR_LIT(""));
    }
    qt_json_close(&out);
}

#define FIELDS_MAX 4

static const struct {
    const char *type;
    const char *names[FIELDS_MAX];
} kinds[] = {
    { "task", { "taskId", "state", "operatorId", "outcome" } },
    { "operator", { "operatorId", "status" } },
    { "user", { "userId", "status" } },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

void qt_message_feed(qt_buf *buf, qt_str type, qt_str fields)
{
    apr_size_t kind = 0;
    qt_json_out out;

    while (kind < KINDS && !qt_str_eq(type, qt_str_of(kinds[kind].type))) {
        kind++;
    }
    if (kind == KINDS) {
        qt_json_str(buf, fields);
        return;
    }
    out = qt_json_open(buf, '{');
    for (apr_size_t i = 0; i < FIELDS_MAX && kinds[kind].names[i]; i++) {
        qt_str field = fields.n ? qt_cut(&fields, '\n') : QT_STR_NONE;

        qt_json_put_str(&out, kinds[kind].names[i], field.n ? field : QT_STR_NONE);
    }
    qt_json_close(&out);
}
