/* Tasks, moments and tokens as text. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_view.h"

#include <stdio.h>
#include "store/qt_store.h"
#include "wire/qt_json.h"

void mod_qt_token_print(qt_buf *buf, apr_uint64_t token)
{
    qt_buf_addf(buf, "%" APR_UINT64_T_HEX_FMT, token);
}

/* The value of a lower-case hex digit, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

apr_uint64_t mod_qt_token_parse(qt_str text)
{
    apr_uint64_t token = 0;
    apr_size_t i;

    if (text.n > MOD_QT_TOKEN_MAX || (text.n && text.p[0] == '0')) {
        return 0;
    }
    for (i = 0; i < text.n; i++) {
        int value = hex_value(text.p[i]);

        if (value < 0) {
            return 0;
        }
        token = token << 4 | (apr_uint64_t)value;
    }
    return token;
}

void mod_qt_view_moment(qt_buf *buf, qt_time moment)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, qt_store_wall(moment));
    qt_buf_addf(buf, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
                t.tm_usec / 1000);
}

/* A member whose text is our own and needs no escaping. */
static void put_moment(qt_json_out *out, const char *name, qt_time moment)
{
    qt_json_name(out, name);
    qt_buf_addc(out->buf, '"');
    mod_qt_view_moment(out->buf, moment);
    qt_buf_addc(out->buf, '"');
}

static void put_token(qt_json_out *out, apr_uint64_t token)
{
    qt_json_name(out, "offer");
    qt_buf_addc(out->buf, '"');
    mod_qt_token_print(out->buf, token);
    qt_buf_addc(out->buf, '"');
}

void mod_qt_view_task(qt_buf *buf, const qt_task_view *task, qt_time now)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "taskId", task->id);
    qt_json_put_bool(&out, "assigned", task->assigned);
    if (task->offer) {
        put_token(&out, task->offer);
    }
    put_moment(&out, "serverTime", now);
    if (!task->assigned && task->expires) {
        qt_time left = task->expires > now ? task->expires - now : 0;

        put_moment(&out, "expiresAt", task->expires);
        qt_json_put_int(&out, "secondsLeft", (left + QT_SECOND - 1) / QT_SECOND);
    }
    qt_json_put_int(&out, "attempt", task->attempt);
    if (task->payload.n) {
        qt_json_put_raw(&out, "payload", task->payload);
    }
    qt_json_close(&out);
}
