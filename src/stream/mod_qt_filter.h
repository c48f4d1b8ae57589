/* The lowest output filter of a suspended connection: what keeps httpd's core from waiting for the client. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_FILTER_H
#define MOD_QT_FILTER_H

#include <httpd.h>
#include <util_filter.h>

/*
 * httpd's core output filter waits for the client when it meets a FLUSH bucket or holds more than FlushMaxThreshold. This
 * filter, just above it, takes FLUSH buckets out (the filters above have acted upon them), writes data to the socket itself, as much
 * as that takes without waiting, and keeps the rest; the core sees only what is no data. While anything is kept, here or (from an
 * earlier answer) in the core, c->data_in_output_filters is 1: "clogged".
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
/* What would pass all filters above unchanged may come in by this door instead; copied where it must wait. An error: as above. */
apr_status_t mod_qt_filter_send(ap_filter_t *filter, const char *p, apr_size_t n);

/* ---- looking at chains ---- */

/* Filters that only frame a response, carry it or look for its end; whatever else stands in a chain may change what passes. */
int mod_qt_filter_is_plain(const ap_filter_t *f);
/* The first that is not plain, or `to` (NULL: the end). */
const ap_filter_t *mod_qt_filter_skip_plain(const ap_filter_t *from, const ap_filter_t *to);
/* Whether a filter of this name (in lower case) stands in the chain. */
int mod_qt_filter_has(const ap_filter_t *from, const char *name);

#endif
