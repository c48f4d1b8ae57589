/* The frames of streams. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_event.h"

#include "stream/mod_qt_view.h"
#include "wire/qt_json.h"
#include "wire/qt_message.h"
#include "wire/qt_sse.h"

/* A day: longer than whoever took the place is likely to need it. */
#define REPLACED_RETRY_MS 86400000

void mod_qt_event_first(qt_buf *buf, apr_interval_time_t retry)
{
    if (retry > 0) {
        qt_sse_retry(buf, apr_time_as_msec(retry));
    }
    qt_sse_comment(buf, QT_STR_NONE);
}

static void put_closed(qt_buf *buf, const qt_event *event)
{
    qt_json_out out = qt_json_open(buf, '{');

    qt_json_put_str(&out, "taskId", event->task.id);
    qt_json_put_str(&out, "reason", qt_str_of(qt_reason_names[event->reason]));
    qt_json_close(&out);
}

void mod_qt_event_frame(qt_buf *buf, const qt_event *event, apr_uint64_t epoch, qt_time now)
{
    static const char *const types[] = { [QT_EV_TASK] = "task", [QT_EV_CLOSED] = "closed", [QT_EV_GAP] = "gap",
                                         [QT_EV_TERMINATE] = "message" };
    qt_buf data;

    qt_buf_init(&data, buf->pool);
    switch (event->kind) {
    case QT_EV_TASK:
        mod_qt_view_task(&data, &event->task, now);
        break;
    case QT_EV_CLOSED:
        put_closed(&data, event);
        break;
    case QT_EV_GAP:
        qt_buf_adds(&data, "{\"reason\":\"slow\"}");
        break;
    case QT_EV_TERMINATE:
        qt_buf_adds(&data, QT_SSE_TERMINATOR);
        break;
    case QT_EV_MESSAGE:
        mod_qt_event_message(buf, event, epoch, 0);
        return;
    case QT_EV_LOST:
    case QT_EV_END:
        return;
    }
    qt_sse_put(buf, &(qt_sse_event){ .type = qt_str_of(types[event->kind]), .data = qt_buf_str(&data) });
}

static void put_with_id(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq, qt_str type, qt_str data)
{
    qt_buf id;

    qt_buf_init(&id, buf->pool);
    qt_cursor_print(&id, epoch, seq);
    qt_sse_put(buf, &(qt_sse_event){ .id = qt_buf_str(&id), .type = type, .data = data });
}

void mod_qt_event_message(qt_buf *buf, const qt_event *event, apr_uint64_t epoch, int envelope)
{
    qt_buf data;

    if (!envelope) {
        put_with_id(buf, epoch, event->seq, event->type, event->data);
        return;
    }
    qt_buf_init(&data, buf->pool);
    qt_message_envelope(&data, event->topic, event->key, event->type, event->data);
    put_with_id(buf, epoch, event->seq, event->type, qt_buf_str(&data));
}

void mod_qt_event_feed(qt_buf *buf, const qt_event *event, apr_uint64_t epoch)
{
    qt_buf data;

    qt_buf_init(&data, buf->pool);
    qt_message_feed(&data, event->type, event->data);
    put_with_id(buf, epoch, event->seq, event->type, qt_buf_str(&data));
}

void mod_qt_event_synchronizing(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq)
{
    put_with_id(buf, epoch, seq, QT_STR_LIT("synchronizing"), QT_STR_LIT("NULL"));
}

static qt_buf reason_data(apr_pool_t *pool, const char *reason)
{
    qt_buf data;

    qt_buf_init(&data, pool);
    qt_buf_addf(&data, "{\"reason\":\"%s\"}", reason);
    return data;
}

void mod_qt_event_gap(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq, const char *reason)
{
    qt_buf data = reason_data(buf->pool, reason);

    put_with_id(buf, epoch, seq, QT_STR_LIT("gap"), qt_buf_str(&data));
}

void mod_qt_event_replaced(qt_buf *buf)
{
    qt_buf data = reason_data(buf->pool, "replaced");

    qt_sse_retry(buf, REPLACED_RETRY_MS);
    qt_sse_put(buf, &(qt_sse_event){ .type = QT_STR_LIT("closed"), .data = qt_buf_str(&data) });
}

static void put_id(qt_buf *buf, apr_uint64_t epoch, apr_uint64_t seq)
{
    qt_buf_adds(buf, "id: ");
    qt_cursor_print(buf, epoch, seq);
    qt_buf_addc(buf, '\n');
}

void mod_qt_event_keepalive(qt_buf *buf, mod_qt_keepalive form, apr_uint64_t epoch, apr_uint64_t seq)
{
    if (form == MOD_QT_KA_EVENT) {
        if (seq) {
            put_id(buf, epoch, seq);
        }
        qt_sse_put(buf, &(qt_sse_event){
            .type = QT_STR_LIT("connection"), .data = QT_STR_LIT("\"Повторное подключение\"")
        });
    }
    else if (form == MOD_QT_KA_COMMENT && seq) {
        qt_buf_adds(buf, ":\n");
        put_id(buf, epoch, seq);
        qt_buf_addc(buf, '\n');
    }
    else if (form == MOD_QT_KA_COMMENT) {
        qt_sse_comment(buf, QT_STR_NONE);
    }
}

void mod_qt_event_busy(qt_buf *buf, const char *reason)
{
    qt_sse_put(buf, &(qt_sse_event){ .type = QT_STR_LIT("busy"), .data = qt_str_of(reason) });
}
