/* A counter for each child, so that a child that dies leaves nothing taken. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/mod_qt_quota.h"

#include <apr_atomic.h>
#include <apr_shm.h>
#include <unistd.h>

typedef struct share {
    apr_uint32_t pid; /* 0: nobody's */
    apr_uint32_t n;
} share;

struct mod_qt_quota {
    share *shares;     /* QT_CHILDREN_MAX of them, in memory of all children */
    apr_uint32_t slot; /* this child's */
    apr_uint32_t most;
};

apr_status_t mod_qt_quota_create(mod_qt_quota **quota, apr_pool_t *pconf)
{
    apr_size_t size = QT_CHILDREN_MAX * sizeof(share);
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, size, NULL, pconf);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *quota = apr_pcalloc(pconf, sizeof(**quota));
    (*quota)->shares = apr_shm_baseaddr_get(shm);
    memset((*quota)->shares, 0, size);
    return APR_SUCCESS;
}

void mod_qt_quota_child(mod_qt_quota *quota, apr_uint32_t slot, apr_uint32_t most)
{
    quota->slot = slot;
    quota->most = most;
    apr_atomic_set32(&quota->shares[slot].n, 0);
    apr_atomic_set32(&quota->shares[slot].pid, (apr_uint32_t)getpid());
}

/* Takes first and looks then: two that come together may both be refused, but never both be let in. */
int mod_qt_quota_take(mod_qt_quota *quota)
{
    apr_uint64_t all = 0;
    unsigned i;

    apr_atomic_inc32(&quota->shares[quota->slot].n);
    for (i = 0; i < QT_CHILDREN_MAX; i++) {
        all += apr_atomic_read32(&quota->shares[i].n);
    }
    if (all <= quota->most) {
        return 1;
    }
    mod_qt_quota_give(quota);
    return 0;
}

void mod_qt_quota_give(mod_qt_quota *quota)
{
    apr_atomic_dec32(&quota->shares[quota->slot].n);
}

void mod_qt_quota_ended(mod_qt_quota *quota, apr_int32_t pid)
{
    unsigned i;

    for (i = 0; i < QT_CHILDREN_MAX; i++) {
        if (apr_atomic_read32(&quota->shares[i].pid) == (apr_uint32_t)pid) {
            apr_atomic_set32(&quota->shares[i].pid, 0);
            apr_atomic_set32(&quota->shares[i].n, 0);
        }
    }
}
