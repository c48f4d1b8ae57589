/* Who the caller is, and what he can do (labels), as his Location's expressions say. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_IDENTITY_H
#define MOD_QT_IDENTITY_H

#include "http/mod_qt_ask.h"

/*
 * Fill ask->who and ask->labels. QT_E_NOBODY when the expression gives nothing; QT_E_MALFORMED (ask->why) when it gives what can't
 * be a name or labels; APR_EGENERAL when it can't be evaluated (logged).
 */
apr_status_t mod_qt_identify(mod_qt_ask *ask);

#endif
