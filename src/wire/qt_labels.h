/* Names, and lists of labels in their one canonical form. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_LABELS_H
#define QT_LABELS_H

#include <apr_pools.h>
#include "base/qt_base.h"
#include "base/qt_status.h"
#include "wire/qt_chars.h"

/* Whether `name` may be an id or label: 1..QT_NAME_MAX bytes of UTF-8 without control characters, not "." or "..". */
int qt_name_ok(qt_str name);
/* Whether `name` may be a topic: a name whose parts between slashes are none empty, "." or "..". */
int qt_topic_ok(qt_str name);

/*
 * Canonical list: names sorted bytewise, none twice, joined by '\n'; empty when there are none.
 * From `n` names: QT_E_MALFORMED for a bad name, QT_E_TOO_LARGE for more than QT_LABELS_MAX of them
 * or a list of more than QT_LABELS_BYTES (base/qt_base.h). *list is absent then.
 */
apr_status_t qt_labels_make(qt_str *list, const qt_str *names, apr_size_t n, apr_pool_t *pool);
/* The same from comma-separated text; blanks around names and empty places are skipped. */
apr_status_t qt_labels_parse(qt_str *list, qt_str text, apr_pool_t *pool);
/* Walk: the next name of the list, or n == 0 at its end. `*rest` starts as the list. */
qt_str qt_labels_next(qt_str *rest);

#endif
