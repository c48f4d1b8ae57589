/* The host application inside httpd: its hooks, asked; our functions, offered (include/mod_queuetasks.h). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_HOST_H
#define MOD_QT_HOST_H

#include "http/mod_qt_ask.h"

/* Whether the caller may wait for tasks, or take one, now. */
int mod_qt_host_lets_wait(const mod_qt_ask *ask);
/* Whether anybody has a word in assignments: then QT_ASSIGN and QT_TAKE are called with flag 1, and settled. */
int mod_qt_host_has_word(void);
/* Ask whether the caller gets this task. *text is set with a no. */
qt_verdict mod_qt_host_try_assign(const mod_qt_ask *ask, qt_str task, qt_str payload, const char **text);

/* register_hooks: the optional functions. */
void mod_qt_host_register(apr_pool_t *p);

#endif
