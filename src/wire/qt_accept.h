/* What an Accept header admits (RFC 9110, section 12.5.1). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_ACCEPT_H
#define QT_ACCEPT_H

#include "base/qt_base.h"

/*
 * Whether the header admits a media type ("application/json"): the most specific range that matches has the word, and q=0
 * excludes. Of a range's parameters charset=utf-8 is what we give, any other is not. An absent or empty header admits
 * everything; an element that is no media range counts for nothing ("*" is read as all types).
 */
int qt_accept_admits(qt_str header, const char *type);
/* Whether the header names the type itself, not by a wildcard, and does not exclude it. An absent header names nothing. */
int qt_accept_names(qt_str header, const char *type);

#endif
