/* kill -9 inside verbs: children die at random touches while they hold the lock; nothing that was acknowledged is lost or doubled. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tap.h"
#include "core/qt_block.h"
#include "store/qt_store.h"

#define KILLS 1000
#define ZONE (32 * 1024 * 1024)
#define TASKS_MAX 60000

/* What a child got an answer for, told to the parent through a pipe before it does anything else. */
typedef struct ack {
    char kind; /* 'a' added, 'g' assigned */
    char op[16];
    char task[24];
} ack;

static apr_pool_t *pool;
static qt_store *store;
static qt_zone_ref *zone;
static ack *acks;
static unsigned nacks;
static unsigned touches_left;

static void die_there(void)
{
    if (--touches_left == 0) {
        kill(getpid(), SIGKILL);
    }
}

static apr_status_t call(qt_call *c, apr_pool_t *p)
{
    return qt_store_call(zone, c, p);
}

static const qt_rules rules = { .window = 600 * QT_SECOND, .grace = 0, .capacity = 3, .cooldown = 1 };

/* ---- a child ---- */

static void tell(int fd, char kind, const char *op, const char *task)
{
    ack a = { .kind = kind };

    snprintf(a.op, sizeof(a.op), "%s", op);
    snprintf(a.task, sizeof(a.task), "%s", task);
    if (write(fd, &a, sizeof(a)) != sizeof(a)) {
        _exit(3);
    }
}

static void add(int fd, const char *task, apr_pool_t *p)
{
    qt_spec spec = { .id = qt_str_of(task), .payload = QT_STR_LIT("{\"a\":1}") };
    qt_call c = { .verb = QT_ADD, .specs = &spec, .nspecs = 1 };

    if (call(&c, p) == APR_SUCCESS) {
        tell(fd, 'a', "", task);
    }
}

/* Collect what the streams of this child are told; take or refuse each offer. */
static void decide(int fd, unsigned *dice, apr_pool_t *p)
{
    qt_call c = { .verb = QT_COLLECT, .child = qt_store_child(store) };

    if (call(&c, p) != APR_SUCCESS) {
        return;
    }
    for (apr_uint32_t i = 0; i < c.n; i++) {
        char op[16], task[24];
        qt_call d = { .verb = rand_r(dice) % 3 ? QT_ASSIGN : QT_REJECT, .task = c.events[i].task.id, .who = c.events[i].task.operator_id };

        if (c.events[i].kind != QT_EV_TASK) {
            continue;
        }
        snprintf(op, sizeof(op), "%.*s", (int)d.who.n, d.who.p);
        snprintf(task, sizeof(task), "%.*s", (int)d.task.n, d.task.p);
        if (call(&d, p) == APR_SUCCESS && d.verb == QT_ASSIGN) {
            tell(fd, 'g', op, task);
        }
    }
}

static void child(unsigned serial, int fd)
{
    unsigned dice = serial * 7919 + 13;
    char op[16];
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    if (qt_store_child_init(store, p) != APR_SUCCESS) {
        _exit(2);
    }
    snprintf(op, sizeof(op), "o%u", serial);
    qt_prove_cells = 0; /* as in production */
    touches_left = 1 + (unsigned)rand_r(&dice) % 900;
    qt_prove_touch = die_there;
    for (unsigned i = 0; i < 100; i++) {
        qt_call join = { .verb = QT_JOIN, .who = qt_str_of(op), .rules = &rules, .child = qt_store_child(store) };
        qt_call tick = { .verb = QT_TICK };
        char task[24];

        snprintf(task, sizeof(task), "t%u-%u", serial, i);
        add(fd, task, p);
        if (i % 3 == 0 && call(&join, p) == APR_SUCCESS) {
            qt_call go = { .verb = QT_HOLD, .stream = join.stream };

            call(&go, p);
        }
        decide(fd, &dice, p);
        call(&tick, p);
    }
    _exit(1); /* nobody may come this far alive */
}

/* ---- the parent ---- */

static void setup(void)
{
    apr_global_mutex_t *mutex;
    apr_size_t kept;
    qt_store_setup s = { .children = 16 };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    acks = calloc(TASKS_MAX, sizeof(*acks));
    if (apr_global_mutex_create(&mutex, NULL, APR_LOCK_PROC_PTHREAD, pool) != APR_SUCCESS) {
        abort();
    }
    s.mutex = mutex;
    if (qt_store_create(&store, &s, pool) != APR_SUCCESS || qt_store_open(&zone, store, "kill", ZONE, &kept) != APR_SUCCESS
        || qt_store_child_init(store, pool) != APR_SUCCESS) {
        abort();
    }
}

/* Two children at a time, so that one meets what the other left. */
static int generation(unsigned serial)
{
    int fds[2], status, killed = 0;
    pid_t pids[2];

    if (pipe(fds) != 0) {
        abort();
    }
    for (unsigned i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(fds[0]);
            child(serial * 2 + i, fds[1]);
        }
    }
    close(fds[1]);
    while (nacks < TASKS_MAX && read(fds[0], &acks[nacks], sizeof(ack)) == sizeof(ack)) {
        nacks++;
    }
    close(fds[0]);
    for (unsigned i = 0; i < 2; i++) {
        waitpid(pids[i], &status, 0);
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        qt_store_child_ended(store, pids[i]);
    }
    return killed;
}

static const char *check(apr_pool_t *p)
{
    qt_call c = { .verb = QT_CHECK };

    return call(&c, p) == APR_SUCCESS ? NULL : c.why ? c.why : "the lock could not be had";
}

static unsigned kill_them(const char **why)
{
    unsigned killed = 0;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    for (unsigned serial = 0; killed < KILLS && serial < KILLS && !*why; serial++) {
        killed += (unsigned)generation(serial);
        qt_store_bury(store, p);
        *why = check(p);
        apr_pool_clear(p);
    }
    return killed;
}

static int fate_is_right(const ack *a, apr_pool_t *p)
{
    qt_call get = { .verb = QT_GET, .task = qt_str_of(a->task) };
    unsigned assigned = 0;

    if (call(&get, p) != APR_SUCCESS) {
        note("task %s is lost", a->task);
        return 0;
    }
    for (apr_uint32_t i = 0; i < get.tasks->nhistory; i++) {
        assigned += get.tasks->history[i].outcome == QT_O_ASSIGNED;
    }
    if (assigned > 1 || (a->kind == 'g' && !qt_str_eq(get.tasks->operator_id, qt_str_of(a->op)))) {
        note("task %s was assigned %u times, last to %.*s", a->task, assigned, (int)get.tasks->operator_id.n, get.tasks->operator_id.p);
        return 0;
    }
    return 1;
}

static unsigned count_wrong(void)
{
    unsigned wrong = 0;
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    for (unsigned i = 0; i < nacks; i++) {
        wrong += !fate_is_right(&acks[i], p);
        apr_pool_clear(p);
    }
    return wrong;
}

int main(void)
{
    const char *why = NULL;
    unsigned killed;
    qt_call stats = { .verb = QT_STATS };

    setup();
    killed = kill_them(&why);
    is_int(killed >= KILLS, 1, "%u children were killed inside verbs, lock in hand (X-1)", killed);
    ok(why == NULL, "every invariant held after each: %s", why ? why : "yes");
    is_int(count_wrong(), 0, "of %u answers that children had got, none was lost and no task assigned twice", nacks);
    call(&stats, pool);
    ok(stats.stats->rollbacks >= KILLS / 2, "the next owner of the lock undid %d verbs", (int)stats.stats->rollbacks);
    is_int((int)stats.stats->streams, 0, "no stream of a dead child is left");
    note("added %d, assigned %d, lost offers passed on %d", (int)stats.stats->added, (int)stats.stats->assigned, (int)stats.stats->lost);
    return done_testing();
}
