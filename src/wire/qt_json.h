/* JSON, read strictly and written compactly. The reader is jansson's; this says how it is used. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_JSON_H
#define QT_JSON_H

#include <jansson.h>
#include "base/qt_buf.h"
#include "base/qt_status.h"

/* ---- reading ---- */

/* Deepest nesting of arrays and objects that is read. */
#define QT_JSON_DEPTH 64

/*
 * Read one JSON text of any top-level type. Refused: anything but valid UTF-8, a member named twice, a NUL in a member's name
 * (NUL in strings is fine), lone surrogates, integers beyond 64 bits and reals beyond double, nesting over QT_JSON_DEPTH, and
 * anything after the value. The size is the caller's to limit.
 * APR_SUCCESS: the caller owns *root (json_decref, or qt_json_own). QT_E_MALFORMED or APR_ENOMEM: *root is NULL and *why a
 * constant text for people that repeats nothing of the client's bytes.
 */
apr_status_t qt_json_parse(json_t **root, qt_str text, const char **why);
/* Give the caller's reference to the pool: released when it is cleared. NULL is fine. */
void qt_json_own(json_t *root, apr_pool_t *pool);
/* The bytes of a JSON string (they live as long as `value`, and may hold NUL); absent for anything else, NULL too. */
qt_str qt_json_text(const json_t *value);
/* The next line of NDJSON that is not blank, without its LF or CRLF; absent at the end. `*rest` starts as the whole. */
qt_str qt_json_line(qt_str *rest);

/* ---- writing ---- */

/* A JSON string with its quotes. Control characters are escaped, bytes that are no UTF-8 become U+FFFD: always valid JSON. */
void qt_json_str(qt_buf *buf, qt_str text);
/* A finite real as JSON into `out`, which has QT_JSON_REAL_MAX bytes; its length. It needs no memory and reads back as a real. */
#define QT_JSON_REAL_MAX 64
int qt_json_real(char *out, double value);
/* Compact, members in their order; reals with the fewest digits (15 to 17) that read back to the same double. */
void qt_json_dump(qt_buf *buf, const json_t *value);
/* The same with every object's members sorted bytewise: equal values give equal text. */
void qt_json_sorted(qt_buf *buf, const json_t *value);

/* An object or array that is being written; commas come by themselves. One may be opened inside another's value. */
typedef struct qt_json_out {
    qt_buf *buf;
    char end;   /* its closing bracket */
    char comma; /* 1 after the first member */
} qt_json_out;

/* Start one at the end of `buf`: bracket is '{' or '['. */
qt_json_out qt_json_open(qt_buf *buf, char bracket);
void qt_json_close(qt_json_out *out);
/* Comma and name; the value is what the caller writes next. In an array `name` is NULL. Names are our own: not escaped. */
void qt_json_name(qt_json_out *out, const char *name);
/* A whole member (or, with name NULL, element). put_str writes null for an absent text; put_raw takes finished JSON. */
void qt_json_put_str(qt_json_out *out, const char *name, qt_str text);
void qt_json_put_raw(qt_json_out *out, const char *name, qt_str json);
void qt_json_put_int(qt_json_out *out, const char *name, apr_int64_t number);
void qt_json_put_bool(qt_json_out *out, const char *name, int yes);

#endif
