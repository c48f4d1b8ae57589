/* Lists by pages: what administrators leaf through. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QT_PAGE_H
#define QT_PAGE_H

#include "core/qt_zone.h"

/* Records that one verb looks at: so long the lock is held for a list in which few are wanted. */
#define QT_LOOK_MAX 1024

/* Room for the entries of a page, each of `size`; NULL: it does not fit. */
void *qt_page_lay(qt_call *call, apr_size_t size);
/* Lays the record as the call's next answer unless it is not wanted; 0: it does not fit. */
typedef int (*qt_page_fn)(qt_zone *z, qt_call *call, const void *record);
/* A page of the table from the record after `from` on: fills n, last and more. The order is the table's own and stays the same; `from`
 * need not be there any more. QT_E_SPACE. */
apr_status_t qt_page_of(qt_zone *z, qt_call *call, const qt_table *table, qt_page_fn lay);

#endif
