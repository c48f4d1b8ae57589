/* Linked into a module that is built with QT_PROVE: children die at a random touch inside a verb, lock in hand, when a test orders it. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/qt_block.h"

/* The file that QT_KILL_FILE names: two words in the machine's order, written by the test. */
typedef struct qt_orders {
    apr_uint32_t left; /* children that have yet to die; counted down by those that do */
    apr_uint32_t span; /* a child dies within so many touches after it has read the order */
} qt_orders;

static qt_orders *orders;
static pid_t mine;
static unsigned dice, touches_left;

static void draw(void)
{
    if (mine != getpid()) {
        mine = getpid();
        dice = (unsigned)mine * 7919;
    }
    touches_left = 1 + (unsigned)rand_r(&dice) % (orders->span ? orders->span : 1);
}

/* Touches happen under the store's lock alone, so one child at a time comes here, with one thread. */
static void die_there(void)
{
    apr_uint32_t left = __atomic_load_n(&orders->left, __ATOMIC_SEQ_CST);

    /* The main thread is the parent's, or that of a child which begins. */
    if (left == 0 || gettid() == getpid()) {
        return;
    }
    if (mine != getpid() || touches_left == 0) {
        draw();
    }
    if (--touches_left == 0 && __atomic_compare_exchange_n(&orders->left, &left, left - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        kill(getpid(), SIGKILL);
    }
}

__attribute__((constructor)) static void obey(void)
{
    const char *path = getenv("QT_KILL_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *memory = fd >= 0 ? mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0) {
        close(fd);
    }
    if (memory != MAP_FAILED) {
        orders = memory;
        qt_prove_touch = die_there;
    }
}
