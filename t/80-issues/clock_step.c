/* Preloaded into a server under test: its wall clock is off by as many seconds as a file says; the monotonic clocks are left alone. */
/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* One number in the file that QT_CLOCK_FILE names, in the machine's order, written by the test. */
static const volatile long long *off;

__attribute__((constructor)) static void look(void)
{
    const char *path = getenv("QT_CLOCK_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *memory = fd >= 0 ? mmap(NULL, sizeof(*off), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0) {
        close(fd);
    }
    if (memory != MAP_FAILED) {
        off = memory;
    }
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    static int (*real)(clockid_t, struct timespec *);
    int rv;

    if (!real) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    rv = real(id, t);
    if (rv == 0 && id == CLOCK_REALTIME && off) {
        t->tv_sec += *off;
    }
    return rv;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec t;
    int rv = clock_gettime(CLOCK_REALTIME, &t);

    (void)zone;
    now->tv_sec = t.tv_sec;
    now->tv_usec = t.tv_nsec / 1000;
    return rv;
}

time_t time(time_t *now)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (now) {
        *now = t.tv_sec;
    }
    return t.tv_sec;
}
