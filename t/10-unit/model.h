/* What the model of delivery is made of: a zone, chance, and what was sent. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include "tap.h"
#include "zone.h"

#define CHILDREN 3
#define GRACE (5 * QT_SECOND)
#define SENT_MAX 400000

static zone_fixture f;
static apr_uint64_t state;
static const char *wrong;       /* the first thing that was */
static apr_uint64_t wrong_seq;
static int generous;            /* this round everything that could be missed is kept */

static apr_uint32_t rnd(apr_uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (apr_uint32_t)((state >> 16) % n);
}

static int should(int truth, const char *what, apr_uint64_t seq)
{
    if (!truth && !wrong) {
        wrong = what;
        wrong_seq = seq;
    }
    return truth;
}

/* Where a number of the sequence went: a topic, a mailbox, a queue, or to everybody. */
enum { TO_NOBODY, TO_TOPIC, TO_USER, TO_QUEUE };

typedef struct sent {
    unsigned char to, which, key;
    /* mail: how many devices have it; queues: */
    unsigned char got, final;
    unsigned char perhaps;      /* final, unless a tick came first */
    unsigned short holder;      /* 0: nobody */
    apr_uint64_t stream;        /* that it was told to last */
    qt_time until;              /* its holder's alone until then */
} sent;

static sent log_of[SENT_MAX];

static qt_str number_text(apr_uint64_t n)
{
    static char text[8][24];
    static int at;

    at = (at + 1) % 8;
    snprintf(text[at], sizeof(text[at]), "%" APR_UINT64_T_FMT, n);
    return qt_str_of(text[at]);
}

static qt_str name_of(char what, unsigned i)
{
    static char text[8][8];
    static int at;

    at = (at + 1) % 8;
    snprintf(text[at], sizeof(text[at]), "%c%u", what, i);
    return qt_str_of(text[at]);
}

/* As the store does it: a buffer that is too small grows. */
static apr_status_t ask(void)
{
    apr_status_t rv;

    f.call.out = (qt_out){ .p = f.out, .cap = rnd(16) ? sizeof(f.out) : 4096 + rnd(4096) };
    rv = qt_core_call(f.zone, f.now, &f.call);
    if (rv == QT_E_SPACE) {
        f.call.out = (qt_out){ .p = f.out, .cap = sizeof(f.out) };
        rv = qt_core_call(f.zone, f.now, &f.call);
    }
    return rv;
}

/* What somebody was told lately: what is on its way may be lost with the connection. */
#define LATELY 512
typedef struct lately {
    apr_uint64_t seq[LATELY];
    qt_time at[LATELY];
    unsigned n;
    apr_uint64_t base;          /* what came before them */
} lately;

static void note_told(lately *t, apr_uint64_t seq)
{
    if (t->n == LATELY) {
        t->n = LATELY / 2;
        t->base = t->seq[t->n - 1];
        memmove(t->seq, t->seq + t->n, t->n * sizeof(t->seq[0]));
        memmove(t->at, t->at + t->n, t->n * sizeof(t->at[0]));
    }
    t->seq[t->n] = seq;
    t->at[t->n++] = f.now;
}

#endif
