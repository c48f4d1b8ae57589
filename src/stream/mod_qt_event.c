/* The frames of streams. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_event.h"

#include "stream/mod_qt_view.h"
#include "wire/qt_json.h"
#include "wire/qt_sse.h"

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

void mod_qt_event_frame(qt_buf *buf, const qt_event *event, qt_time now)
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
    case QT_EV_MESSAGE: /* mod_qt_event_message */
    case QT_EV_LOST:    /* no event: who misses something catches up */
    case QT_EV_END:
        return;
    }
    qt_sse_put(buf, &(qt_sse_event){ .type = qt_str_of(types[event->kind]), .data = qt_buf_str(&data) });
}

void mod_qt_event_message(qt_buf *buf, const qt_event *event, apr_uint64_t epoch, int envelope)
{
    qt_buf id;

    (void)envelope;
    qt_buf_init(&id, buf->pool);
    qt_cursor_print(&id, epoch, event->seq);
    qt_sse_put(buf, &(qt_sse_event){ .id = qt_buf_str(&id), .type = event->type, .data = event->data });
}

void mod_qt_event_keepalive(qt_buf *buf, mod_qt_keepalive form)
{
    if (form == MOD_QT_KA_EVENT) {
        qt_sse_put(buf, &(qt_sse_event){
            .type = QT_STR_LIT("connection"), .data = QT_STR_LIT("\"Повторное подключение\"")
        });
    }
    else if (form == MOD_QT_KA_COMMENT) {
        qt_sse_comment(buf, QT_STR_NONE);
    }
}

void mod_qt_event_busy(qt_buf *buf, const char *reason)
{
    qt_sse_put(buf, &(qt_sse_event){ .type = QT_STR_LIT("busy"), .data = qt_str_of(reason) });
}
