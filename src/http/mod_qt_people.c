/* People: messages to users (section "publish") and the users' side of them (section "subscribe"). */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http/mod_qt_message.h"
#include "http/mod_qt_open.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_routes.h"

/* ---- section "publish" ---- */

static int reply_notified(mod_qt_ask *ask, const qt_call *call)
{
    qt_buf buf;
    qt_json_out out;

    qt_buf_init(&buf, ask->r->pool);
    out = qt_json_open(&buf, '{');
    mod_qt_message_id(&out, "id", call->epoch, call->seq);
    qt_json_put_bool(&out, "delivered", call->delivered);
    qt_json_put_bool(&out, "stored", call->stored);
    qt_json_close(&out);
    return mod_qt_reply(ask, HTTP_OK, qt_buf_str(&buf));
}

/* To one user, or, `who` absent, to all who are there. */
static int notify(mod_qt_ask *ask, qt_str who)
{
    qt_mailbox mailbox = mod_qt_conf_mailbox(ask->conf);
    qt_call call = { .verb = QT_NOTIFY, .who = who, .mailbox = &mailbox, .grace = mod_qt_conf_grace(ask->conf) };
    apr_status_t status = mod_qt_message_read(ask, &call);

    if (status == APR_SUCCESS) {
        status = qt_store_call(ask->zone, &call, ask->r->pool);
    }
    return status == APR_SUCCESS ? reply_notified(ask, &call) : mod_qt_fail(ask, status);
}

int mod_qt_do_notify(mod_qt_ask *ask)
{
    return notify(ask, ask->match.value[0]);
}

int mod_qt_do_notify_all(mod_qt_ask *ask)
{
    return notify(ask, QT_STR_NONE);
}

/* ---- section "subscribe" ---- */

int mod_qt_do_notifications(mod_qt_ask *ask)
{
    qt_call join = { .kind = QT_K_NOTICES };
    mod_qt_stream_conf stream = { .keepalive = 0 };

    return mod_qt_open(ask, &join, &stream);
}

/* Idempotent: an id that is none, or of a zone's earlier life, is read already. */
int mod_qt_do_read_notification(mod_qt_ask *ask)
{
    qt_cursor id = qt_cursor_parse(ask->match.value[0]);
    qt_call call = { .verb = QT_READ, .who = ask->who, .since = id, .seq = id.seq };
    apr_status_t status = id.epoch ? qt_store_call(ask->zone, &call, ask->r->pool) : APR_SUCCESS;

    return status == APR_SUCCESS ? mod_qt_reply(ask, HTTP_OK, QT_STR_NONE) : mod_qt_fail(ask, status);
}
