/* Tickets: a stream's URL in place of its caller's identification, for clients that can't send headers and for other origins. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_TICKET_H
#define MOD_QT_TICKET_H

#include "http/mod_qt_ask.h"

/*
 * `?ticket=` is read as it stands in the raw query, lower-case hex digits, the name unescaped, so that what is taken for a ticket and
 * what is masked can't differ.
 */

/* Hook post_perdir_config: takes the ticket out of all that a log may show of the request, but for its first digits. */
int mod_qt_ticket_mask(request_rec *r);
/* Hook check_authn: a request for a stream that brings a good ticket is its caller's; what authorization says to him still counts. */
int mod_qt_ticket_authenticate(request_rec *r);
/*
 * The caller by his ticket -> ask->who, labels, ticket, which stays good until the stream is open. QT_E_NOBODY: none was
 * sent, or none that is good now. For streams alone.
 */
apr_status_t mod_qt_ticket_identify(mod_qt_ask *ask);
/* QueueTasksStreamOrigin: 307 with a ticket of its own for a stream that came over HTTP/2; DECLINED: serve it here. The caller is known. */
int mod_qt_ticket_redirect(mod_qt_ask *ask);

#endif
