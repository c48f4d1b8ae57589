/* Verbs of tickets: who holds one may open one stream, within its time, as the caller it was given to. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "core/qt_core.h"
#include "core/qt_task.h"
#include "core/qt_text.h"
#include "core/qt_view.h"

/* One part of the zone that tickets may take: they are anybody's for the asking. */
#define QT_TICKETS_PART 32

void qt_ticket_drop(qt_zone *z, qt_ticket *ticket)
{
    qt_zone_due(z, &ticket->due, QT_DUE_TICKET, 0);
    qt_text_free(z, ticket->text);
    qt_zone_drop(z, &z->tickets, ticket);
}

/* The caller's id and labels, one behind the other. */
static qt_ref join_text(qt_zone *z, qt_str who, qt_str labels)
{
    char both[QT_NAME_MAX + QT_LABELS_BYTES];

    if (who.n > QT_NAME_MAX || labels.n > QT_LABELS_BYTES) {
        return 0;
    }
    memcpy(both, who.p, who.n);
    if (labels.n) {
        memcpy(both + who.n, labels.p, labels.n);
    }
    return qt_text_new(z, (qt_str){ both, who.n + labels.n });
}

apr_status_t qt_do_ticket(qt_zone *z, qt_time now, qt_call *call)
{
    qt_ticket *ticket;

    if (!call->ticket.n || !call->who.n || qt_zone_find(z, &z->tickets, call->ticket)) {
        return QT_E_CONFLICT;
    }
    if ((z->tickets.count + 1) * (apr_uint64_t)sizeof(*ticket) > z->block.size / QT_TICKETS_PART) {
        return QT_E_FULL;
    }
    ticket = qt_zone_new(z, &z->tickets, sizeof(*ticket), call->ticket);
    if (!ticket) {
        return QT_E_FULL;
    }
    ticket->nwho = (apr_uint32_t)call->who.n;
    ticket->text = join_text(z, call->who, call->labels);
    qt_zone_due(z, &ticket->due, QT_DUE_TICKET, now + QT_TICKET_LIFE);
    return ticket->text ? APR_SUCCESS : QT_E_FULL;
}

apr_status_t qt_do_redeem(qt_zone *z, qt_time now, qt_call *call)
{
    qt_ticket *ticket = qt_zone_find(z, &z->tickets, call->ticket);
    apr_size_t n;
    char *text;

    if (!ticket || ticket->due.key <= now) {
        return QT_E_NOBODY;
    }
    n = qt_text_size(z, ticket->text);
    text = qt_lay(&call->out, n);
    if (!text) {
        return QT_E_SPACE;
    }
    qt_text_copy(z, ticket->text, text);
    call->who = (qt_str){ text, ticket->nwho };
    call->labels = (qt_str){ text + ticket->nwho, n - ticket->nwho };
    if (!call->flag) {
        qt_ticket_drop(z, ticket);
    }
    return APR_SUCCESS;
}
