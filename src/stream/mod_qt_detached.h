/* The detached transport: what else the floor needs to know of it. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_DETACHED_H
#define MOD_QT_DETACHED_H

#include "stream/mod_qt_transport.h"

/*
 * A plain HTTP/1.x response whose output chain holds nothing but httpd's own protocol and core filters needs no httpd any more once
 * its head is sent. The pump gets a duplicate of the socket; httpd finishes the request on a connection that is marked aborted:
 * so it writes neither the last chunk nor shuts the socket down, logs the request, closes its own descriptor and takes its pools
 * back. From then on a stream is an object of some 300 bytes and a descriptor.
 * httpd does not count such a socket and waits for none: limits, drain and the line in the log at the end are this floor's.
 */
extern const mod_qt_transport mod_qt_detached;

#endif
