/* What the publishing endpoints share: a message from a request, its id in an answer, numbers in queries. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_MESSAGE_H
#define MOD_QT_MESSAGE_H

#include "http/mod_qt_ask.h"
#include "wire/qt_json.h"

/*
 * The body, any UTF-8 of any Content-Type and not absent when it is empty, into call->data, ?type= into call->type.
 * QT_E_MALFORMED, and what mod_qt_body_read says.
 */
apr_status_t mod_qt_message_read(mod_qt_ask *ask, qt_call *call);

/* The body alone. */
apr_status_t mod_qt_message_body(mod_qt_ask *ask, qt_str *body);

/* A member, or with name NULL an element: the id of the message `seq`, or null for 0. */
void mod_qt_message_id(qt_json_out *out, const char *name, apr_uint64_t epoch, apr_uint64_t seq);

/* Digits, and nothing else, into a number; 0 when they are none or too many. */
int mod_qt_message_number(qt_str text, apr_uint64_t *number);

#endif
