/* The same work by beanstalkd over its socket, by the module over HTTP and by the module's rules without a socket, side by side. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#define JOBS 30000
#define TIMES 3
#define ADD 1000 /* tasks in one POST */

static const char *place;
static unsigned added, run; /* each run has operators of its own: those of the last may still hold a task */

/* ---- beanstalkd: put; reserve, delete ---- */

static size_t beanstalk_whole(const talk *t)
{
    const char *end = strstr(t->in, "\r\n");
    size_t n = end ? (size_t)(end - t->in) + 2 : 0, size;

    if (n && sscanf(t->in, "RESERVED %*u %zu", &size) == 1) {
        n += size + 2;
    }
    return t->n >= n ? n : 0;
}

static void beanstalk_heard(talk *t)
{
    if (sscanf(t->in, "RESERVED %63s", t->note) != 1 && strncmp(t->in, "INSERTED", 8) != 0 && strncmp(t->in, "DELETED", 7) != 0) {
        die("beanstalkd answered", t->in);
    }
}

static size_t say_put(talk *t, char *out, size_t room)
{
    (void)t;
    return (size_t)snprintf(out, room, "put 0 0 40 17\r\n{\"customer\":4711}\r\n");
}

static size_t say_reserve_delete(talk *t, char *out, size_t room)
{
    return (size_t)(t->asked % 2 == 0 ? snprintf(out, room, "reserve\r\n") : snprintf(out, room, "delete %s\r\n", t->note));
}

static const tongue puts_jobs = { say_put, beanstalk_whole, beanstalk_heard };
static const tongue works_jobs = { say_reserve_delete, beanstalk_whole, beanstalk_heard };

/* ---- the module: POST tasks; take-free, complete ---- */

static size_t say_add(talk *t, char *out, size_t room)
{
    static char body[1 << 17];
    size_t n = 0;

    (void)t;
    for (unsigned i = 0; i < ADD; i++) {
        n += (size_t)snprintf(body + n, sizeof(body) - n, "%c{\"taskId\":\"p%u\",\"payload\":{\"customer\":4711}}", i ? ',' : '[', ++added);
    }
    return (size_t)snprintf(out, room, "POST /%s/internal/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%s]", place, n + 1, body);
}

static size_t say_take_complete(talk *t, char *out, size_t room)
{
    const char *path = t->asked % 2 == 0 ? "take-free" : t->note;

    return (size_t)snprintf(out, room, "POST /%s/api/%s HTTP/1.1\r\nHost: localhost\r\nX-User: o%u-%u\r\nContent-Length: 0\r\n\r\n",
                            place, path, run, t->number);
}

static void take_heard(talk *t)
{
    const char *id = strstr(t->in, "\"result\":{\"taskId\":\"");
    char text[40];

    http_2xx(t);
    if (id && sscanf(id + 20, "%39[^\"]", text) == 1) {
        snprintf(t->note, sizeof(t->note), "%s/complete", text);
    }
    else if (t->asked % 2 == 1) {
        die("there was nothing to take", t->in);
    }
}

static const tongue adds_tasks = { say_add, http_whole, http_2xx };
static const tongue works_tasks = { say_take_complete, http_whole, take_heard };

/* ---- taking and finishing, per second ---- */

typedef struct figure {
    double rate; /* pairs a second */
    double cpu;  /* the server's microseconds for a pair */
} figure;

/* Each run fills first, with some more than it takes: of several connections not all end after a whole pair. */
static figure pairs(int port, pid_t server, const tongue *fill, unsigned fills, const tongue *work, unsigned connections)
{
    double rate[TIMES], cpu[TIMES];

    for (unsigned n = 0; n < TIMES; n++) {
        double before;

        run++;
        converse(port, fill, 1, fills);
        before = server_cpu(server);
        rate[n] = JOBS / converse(port, work, connections, 2 * JOBS);
        cpu[n] = (server_cpu(server) - before) / JOBS * 1e6;
    }
    qsort(rate, TIMES, sizeof(double), by_size);
    qsort(cpu, TIMES, sizeof(double), by_size);
    return (figure){ rate[TIMES / 2], cpu[TIMES / 2] };
}

static helper beanstalkd_start(int port)
{
    char number[16];
    const char *argv[] = { "beanstalkd", "-l", "127.0.0.1", "-p", number, NULL };
    helper h;
    int fd = -1;

    snprintf(number, sizeof(number), "%d", port);
    h = helper_start(argv);
    for (int i = 0; i < 100 && fd < 0; i++) {
        poll(NULL, 0, 50);
        fd = try_port(port);
    }
    if (fd < 0) {
        die("beanstalkd", "does not start (Debian: package beanstalkd)");
    }
    close(fd);
    return h;
}

static void peer(figure of[2])
{
    int port = free_port();
    helper h = beanstalkd_start(port);

    of[0] = pairs(port, h.pid, &puts_jobs, JOBS + 100, &works_jobs, 1);
    of[1] = pairs(port, h.pid, &puts_jobs, JOBS + 100, &works_jobs, 8);
    kill(h.pid, SIGTERM);
    helper_stop(&h);
}

static void ours(figure of[2])
{
    int port = free_port();
    helper h;
    pid_t server = server_start(&h, port);

    place = "g";
    of[0] = pairs(port, server, &adds_tasks, JOBS / ADD + 1, &works_tasks, 1);
    place = "h";
    of[1] = pairs(port, server, &adds_tasks, JOBS / ADD + 1, &works_tasks, 8);
    helper_stop(&h);
}

/* The slowest of what the program of that name beside this one measures, and its fastest. */
static void rules(const char *self, double rate[2])
{
    char path[1024], line[256];
    const char *slash = strrchr(self, '/');
    FILE *in;

    snprintf(path, sizeof(path), "%.*score_bench", slash ? (int)(slash - self) + 1 : 0, self);
    in = popen(path, "r");
    rate[0] = rate[1] = 0;
    while (in && fgets(line, sizeof(line), in)) {
        sscanf(line, "slowest %lf/s, fastest %lf", &rate[0], &rate[1]);
    }
    if (!in || pclose(in) != 0 || rate[0] == 0) {
        die("no figure from", path);
    }
}

static void row(const char *what, const figure of[2])
{
    printf("%-62s %-14.0f %-14.0f %-14.0f %.0f\n", what, of[0].rate, of[1].rate, of[0].cpu, of[1].cpu);
}

int main(int argc, char **argv)
{
    figure theirs[2], http[2];
    double core[2];

    (void)argc;
    if (system("command -v beanstalkd >/dev/null") != 0) {
        printf("beanstalkd is not here: nothing to compare with (Debian: package beanstalkd)\n");
        return 0;
    }
    peer(theirs);
    ours(http);
    rules(argv[0], core);
    printf("taking a job and finishing it, %d jobs, median of %d: pairs a second, and the server's CPU us a pair\n", JOBS, TIMES);
    printf("%-62s %-14s %-14s %-14s %s\n", "", "1 connection", "8 connections", "CPU us (1)", "CPU us (8)");
    row("beanstalkd, in memory: reserve, delete", theirs);
    row("the module over HTTP/1.1 keep-alive: take-free, complete", http);
    printf("%-62s %-14.2f %-14.2f %-14.2f %.2f\n", "ratio, module to beanstalkd", http[0].rate / theirs[0].rate,
           http[1].rate / theirs[1].rate, http[0].cpu / theirs[0].cpu, http[1].cpu / theirs[1].cpu);
    printf("\nthe rules alone (add, offer, collect, assign, complete; no lock, no socket): %.0f to %.0f cycles/s\n", core[0], core[1]);
    printf("that is %.0f to %.0f times beanstalkd's reserve and delete with 8 connections, which pay for sockets\n",
           core[0] / theirs[1].rate, core[1] / theirs[1].rate);
    return 0;
}
