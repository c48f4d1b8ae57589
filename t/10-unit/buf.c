/* The growing buffer: grows, keeps bytes, formats. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "base/qt_buf.h"
#include "tap.h"

static void grows(apr_pool_t *pool)
{
    qt_buf buf;
    int i, same = 1;

    qt_buf_init(&buf, pool);
    is_int(buf.n, 0, "a new buffer is empty");
    for (i = 0; i < 5000; i++) {
        qt_buf_addc(&buf, (char)('a' + i % 26));
    }
    is_int(buf.n, 5000, "all bytes were counted");
    ok(buf.cap >= buf.n, "capacity holds the content");
    for (i = 0; i < 5000; i++) {
        same = same && buf.p[i] == (char)('a' + i % 26);
    }
    ok(same, "growing keeps what was written");
}

static void writes(apr_pool_t *pool)
{
    qt_buf buf;
    qt_str text;

    qt_buf_init(&buf, pool);
    qt_buf_adds(&buf, "id: ");
    qt_buf_addf(&buf, "%d-%s", 7, "x");
    qt_buf_add(&buf, "\0\n", 2);
    qt_buf_add(&buf, NULL, 0);
    text = qt_buf_str(&buf);
    is_mem(text.p, text.n, "id: 7-x\0\n", 9, "pieces follow each other, NUL included");
}

int main(void)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    grows(pool);
    writes(pool);
    apr_terminate();
    return done_testing();
}
