/* The lowest output filter of a suspended connection: what keeps httpd's core from waiting for the client. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_FILTER_H
#define MOD_QT_FILTER_H

#include <httpd.h>
#include <util_filter.h>

/*
 * httpd's core output filter waits for the client when it meets a FLUSH bucket or holds more than FlushMaxThreshold. This
 * filter, just above it, takes FLUSH buckets out (the filters above have acted upon them), hands the core no more than it takes
 * without waiting, lets it write what the socket takes, and keeps the rest. While anything is kept, here or in the core,
 * c->data_in_output_filters is 1: "clogged".
 */
void mod_qt_filter_register(void);
/* Put it into the chain of r's connection, for the rest of the connection's life; the thread that owns r. */
void mod_qt_filter_add(request_rec *r);
/* It, in the chain of a connection to which it was added. */
ap_filter_t *mod_qt_filter_of(conn_rec *c);
/* Whether anything above has ever let a FLUSH bucket through: a filter that swallows them keeps events back. */
int mod_qt_filter_flushed(const ap_filter_t *filter);
/* The socket is writable again: write what it takes. An error: the client is gone. */
apr_status_t mod_qt_filter_push(ap_filter_t *filter);

#endif
