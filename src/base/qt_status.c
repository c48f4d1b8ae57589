/* The texts of the statuses. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "base/qt_status.h"

#include <stddef.h>

#define QT_STATUS_TEXT(name, text) text,
static const char *const texts[] = { QT_STATUS_LIST(QT_STATUS_TEXT) };
#undef QT_STATUS_TEXT

const char *qt_status_text(apr_status_t status)
{
    if (status < APR_OS_START_USERERR || status >= APR_OS_START_USERERR + QT_N_END) {
        return NULL;
    }
    return texts[status - APR_OS_START_USERERR];
}
