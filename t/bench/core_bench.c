/* What the rules cost without lock or network: cycles of add, offer, assign, complete with many tasks waiting and many operators. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/qt_core.h"
#include "ipc/qt_clock.h"

#define ZONE ((apr_size_t)512 * 1024 * 1024)
#define CYCLES 200000
#define NAME 32

static qt_zone *z;
static qt_time now = 1000 * QT_SECOND;
static char out[1 << 16];
static const qt_rules rules = { .window = 40 * QT_SECOND, .grace = 5 * QT_SECOND, .cooldown = 60 * QT_SECOND, .capacity = 1 };

static void must(qt_call *call)
{
    call->out = (qt_out){ .p = out, .cap = sizeof(out) };
    now += 1;
    if (qt_core_call(z, now, call) != APR_SUCCESS) {
        fprintf(stderr, "verb %d failed\n", call->verb);
        exit(1);
    }
}

/* "t4711": by hand, since printf would be a twentieth of what is measured. */
static qt_str name(char *text, char kind, unsigned i)
{
    char *end = text + NAME - 1, *at = end;

    *end = 0;
    do {
        *--at = (char)('0' + i % 10);
    } while ((i /= 10) > 0);
    *--at = kind;
    return (qt_str){ at, (apr_size_t)(end - at) };
}

static void add(unsigned i)
{
    char text[NAME];
    qt_spec spec = { .id = name(text, 't', i), .payload = QT_STR_LIT("{\"customer\":4711}") };
    qt_call call = { .verb = QT_ADD, .specs = &spec, .nspecs = 1 };

    must(&call);
}

static void join(unsigned i)
{
    char text[NAME];
    qt_call call = { .verb = QT_JOIN, .who = name(text, 'o', i), .rules = &rules };
    qt_call go = { .verb = QT_HOLD };

    must(&call);
    go.stream = call.stream;
    must(&go);
}

/* Who works on what, in the order of assignment. */
#define PEOPLE_MAX 10000
static struct job {
    char task[NAME], op[NAME];
} jobs[PEOPLE_MAX];
static unsigned first_job, njobs;

static void verb(qt_verb verb, const struct job *job)
{
    qt_call call = { .verb = verb, .task = qt_str_of(job->task), .who = qt_str_of(job->op) };

    must(&call);
}

static void keep(char *to, qt_str from)
{
    memcpy(to, from.p, from.n);
    to[from.n] = 0;
}

/* Hear what is on offer and take all of it. */
static void decide(void)
{
    qt_call c = { .verb = QT_COLLECT };
    unsigned from = njobs;

    must(&c);
    for (apr_uint32_t i = 0; i < c.n; i++) {
        if (c.events[i].kind == QT_EV_TASK) {
            struct job *job = &jobs[(first_job + njobs++) % PEOPLE_MAX];

            keep(job->task, c.events[i].task.id);
            keep(job->op, c.events[i].task.operator_id);
        }
    }
    for (; from < njobs; from++) {
        verb(QT_ASSIGN, &jobs[(first_job + from) % PEOPLE_MAX]);
    }
}

/* One cycle: a task is added; the one who has worked longest completes, is offered the oldest waiting task, and takes it. */
static void cycle(unsigned id)
{
    add(id);
    verb(QT_COMPLETE, &jobs[first_job]);
    first_job = (first_job + 1) % PEOPLE_MAX;
    njobs--;
    decide();
}

static void fill(unsigned waiting, unsigned operators)
{
    static const unsigned char key[16] = "benchmark key";

    memset(z, 0, ZONE);
    first_job = njobs = 0;
    if (qt_zone_init(z, ZONE, key, 1) != APR_SUCCESS) {
        exit(1);
    }
    for (unsigned i = 0; i < operators; i++) {
        join(i);
        add(i);
    }
    while (njobs < operators) {
        decide();
    }
    for (unsigned i = 0; i < waiting; i++) {
        add(operators + i);
    }
}

static double run(unsigned waiting, unsigned operators)
{
    unsigned id = waiting + operators, i;
    qt_time began;

    fill(waiting, operators);
    for (i = 0; i < 20000; i++) {
        cycle(id++);
    }
    began = qt_clock_now();
    for (i = 0; i < CYCLES; i++) {
        cycle(id++);
    }
    return (double)CYCLES * 1e6 / (double)(qt_clock_now() - began);
}

/* What a table of figures must be read with: how long this machine takes, now, for a read that no cache has. Nanoseconds. */
static double cold_read(void)
{
    const apr_uint64_t *words = (const apr_uint64_t *)(const void *)z;
    apr_uint64_t at = 0;
    qt_time began = qt_clock_now();

    for (unsigned i = 0; i < 2000000; i++) {
        at = (at * 6364136223846793005U + 1442695040888963407U + words[(at >> 20) % (ZONE / sizeof(*words))]);
    }
    return (double)(qt_clock_now() - began) / 2000 + (double)(at == 1); /* `at` must be of use, or no compiler would look for it */
}

int main(void)
{
    static const unsigned tasks[] = { 10, 1000, 100000 }, people[] = { 10, 100, 1000, 10000 };
    double least = 0, most = 0;

    apr_initialize();
    z = aligned_alloc(4096, ZONE);
    memset(z, 0, ZONE);
    printf("a read that no cache has: %.0f ns\n", cold_read());
    printf("%-10s %-10s %s\n", "waiting", "operators", "cycles/s (add, offer, collect, assign, complete; one process, no lock)");
    for (unsigned t = 0; t < 3; t++) {
        for (unsigned p = 0; p < 4; p++) {
            double rate = run(tasks[t], people[p]);

            least = least == 0 || rate < least ? rate : least;
            most = rate > most ? rate : most;
            printf("%-10u %-10u %.0f\n", tasks[t], people[p], rate);
            fflush(stdout);
        }
    }
    printf("slowest %.0f/s, fastest %.0f/s: %.2f apart\n", least, most, most / least);
    return 0;
}
