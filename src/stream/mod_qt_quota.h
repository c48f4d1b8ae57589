/* How many streams of the whole server may hold a thread. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_QUOTA_H
#define MOD_QT_QUOTA_H

#include <apr_pools.h>
#include "stream/mod_qt_transport.h"

/* Before the fork: counters that the parent and all children of a generation share. */
apr_status_t mod_qt_quota_create(mod_qt_quota **quota, apr_pool_t *pconf);
/* In a child: it counts in `slot` (of the store, < QT_CHILDREN_MAX) from now on, up to `most` (>= 1) over all children. */
void mod_qt_quota_child(mod_qt_quota *quota, apr_uint32_t slot, apr_uint32_t most);
/* One more stream that holds a thread: 1, or 0 when there are enough. Any thread. */
int mod_qt_quota_take(mod_qt_quota *quota);
void mod_qt_quota_give(mod_qt_quota *quota);
/* In the parent: what the child with this pid had is free again. */
void mod_qt_quota_ended(mod_qt_quota *quota, apr_int32_t pid);

#endif
