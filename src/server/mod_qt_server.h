/* The module's life in httpd's processes: start, restarts, children, end. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_SERVER_H
#define MOD_QT_SERVER_H

#include <httpd.h>
#include <http_config.h>
#include <ap_mpm.h>

/* Hooks of those names. */
int mod_qt_server_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);
int mod_qt_server_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);
void mod_qt_server_child_init(apr_pool_t *pchild, server_rec *s);
void mod_qt_server_child_stopping(apr_pool_t *pchild, int graceful);
void mod_qt_server_child_status(server_rec *s, pid_t pid, ap_generation_t generation, int slot, mpm_child_status state);

#endif
