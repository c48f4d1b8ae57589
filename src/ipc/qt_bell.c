/* Bells. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/qt_bell.h"

#include <apr_portable.h>

apr_status_t qt_bell_make(qt_bell *bell, apr_pool_t *pool)
{
    return apr_file_pipe_create_ex(&bell->out, &bell->in, APR_FULL_NONBLOCK, pool);
}

int qt_bell_fd(const qt_bell *bell)
{
    apr_os_file_t fd = -1;

    apr_os_file_get(&fd, bell->out);
    return fd;
}

void qt_bell_ring(const qt_bell *bell, apr_uint32_t *rung, int force)
{
    char c = 0;
    apr_size_t n = 1;

    if (__atomic_exchange_n(rung, 1, __ATOMIC_SEQ_CST) && !force) {
        return;
    }
    apr_file_write(bell->in, &c, &n); /* a full pipe rings, too */
}

void qt_bell_clear(const qt_bell *bell, apr_uint32_t *rung)
{
    char buf[64];
    apr_size_t n;

    do {
        n = sizeof(buf);
    } while (apr_file_read(bell->out, buf, &n) == APR_SUCCESS && n == sizeof(buf));
    __atomic_store_n(rung, 0, __ATOMIC_SEQ_CST);
}
