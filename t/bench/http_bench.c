/* What HTTP costs: from POST of a task to its offer on an operator's stream, and adding tasks alone, with the server's CPU for each. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#define TASKS 3000
#define WARM 300
#define STREAMS_MAX 1000
/* How often each figure is taken; the median is shown. */
#define TIMES 3

static int port;
static pid_t server;
static unsigned ids;

/* ---- operators with streams, one task at a time ---- */

typedef struct stream {
    int fd;
    unsigned number;
    size_t n;
    char in[4096];
} stream;

typedef struct scene {
    const char *place;
    unsigned nstreams;
    stream *streams;
    talk back_end, operators; /* connections that stay open */
    int poll_fd;
    char task[32], path[128], user[32];
} scene;

static void watch(const scene *s, int fd, void *data)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = data };

    epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void stream_read(stream *in)
{
    ssize_t n = recv(in->fd, in->in + in->n, sizeof(in->in) - 1 - in->n, 0);

    if (n <= 0) {
        die("a stream has ended", in->in);
    }
    in->n += (size_t)n;
    in->in[in->n] = 0;
}

/* The stream is there when its first comment is. */
static void stream_open(scene *s, unsigned i)
{
    stream *in = &s->streams[i];
    char out[256];
    int n = snprintf(out, sizeof(out), "GET /%s/api/wait-sse HTTP/1.1\r\nHost: localhost\r\nX-User: o%u\r\n"
                     "Accept: text/event-stream\r\n\r\n", s->place, i);

    in->number = i;
    in->fd = try_port(port);
    send_all(in->fd, out, (size_t)n);
    while (!strstr(in->in, "\n:")) {
        stream_read(in);
    }
    in->n = 0;
    watch(s, in->fd, in);
}

/* Whether the offer of the task under way stands in what has come; then whose it is. */
static int stream_offer(scene *s, stream *in)
{
    char *at = strstr(in->in, s->task);

    if (!at || !strstr(at, "\n\n")) {
        /* Keep-alives and ends of earlier offers pass by. */
        in->n = in->n > sizeof(in->in) / 2 ? 0 : in->n;
        return 0;
    }
    in->n = 0;
    snprintf(s->user, sizeof(s->user), "o%u", in->number);
    return 1;
}

static void post(scene *s)
{
    char out[512], body[128];

    snprintf(s->task, sizeof(s->task), "\"taskId\":\"t%u\"", ++ids);
    snprintf(body, sizeof(body), "{%s,\"payload\":{\"customer\":4711}}", s->task);
    send_all(s->back_end.fd, out, (size_t)snprintf(out, sizeof(out), "POST /%s/internal/tasks HTTP/1.1\r\nHost: localhost\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", s->place, strlen(body), body));
}

/* From before the POST is sent until its offer has been read: seconds. Both come in any order: the answer and the offer. */
static double post_to_offer(scene *s)
{
    double began = seconds(), took = 0;
    int answered = 0;
    size_t whole;

    post(s);
    while (took == 0 || !answered) {
        struct epoll_event events[16];
        int ready = epoll_wait(s->poll_fd, events, 16, 10000);

        if (ready <= 0) {
            die("no offer in ten seconds", s->task);
        }
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr == &s->back_end) {
                talk_read(&s->back_end);
                continue;
            }
            stream_read(events[i].data.ptr);
            if (stream_offer(s, events[i].data.ptr)) {
                took = seconds() - began;
            }
        }
        whole = http_whole(&s->back_end);
        if (whole) {
            http_2xx(&s->back_end);
            s->back_end.n = 0;
            s->back_end.in[0] = 0;
            answered = 1;
        }
    }
    return took;
}

static void decide(scene *s, const char *verb)
{
    snprintf(s->path, sizeof(s->path), "/%s/api/t%u/%s", s->place, ids, verb);
    http_ask(&s->operators, "POST", s->path, s->user, "");
}

/* One task's whole life; the time to its offer. */
static double life(scene *s)
{
    double took = post_to_offer(s);

    decide(s, "assign");
    decide(s, "complete");
    return took;
}

static void scene_open(scene *s, const char *place, unsigned nstreams)
{
    memset(s, 0, sizeof(*s));
    s->place = place;
    s->nstreams = nstreams;
    s->streams = calloc(nstreams, sizeof(*s->streams));
    s->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->back_end.fd = try_port(port);
    s->operators.fd = try_port(port);
    watch(s, s->back_end.fd, &s->back_end);
    for (unsigned i = 0; i < nstreams; i++) {
        stream_open(s, i);
    }
}

static void scene_close(scene *s)
{
    for (unsigned i = 0; i < s->nstreams; i++) {
        close(s->streams[i].fd);
    }
    close(s->back_end.fd);
    close(s->operators.fd);
    close(s->poll_fd);
    free(s->streams);
}

static void latency(const char *place, unsigned nstreams)
{
    static double took[TASKS];
    double p50[TIMES], p99[TIMES], rate[TIMES], cpu[TIMES];
    scene s;

    scene_open(&s, place, nstreams);
    for (unsigned i = 0; i < WARM; i++) {
        life(&s);
    }
    for (unsigned n = 0; n < TIMES; n++) {
        double began = seconds(), before = server_cpu(server);

        for (unsigned i = 0; i < TASKS; i++) {
            took[i] = life(&s);
        }
        rate[n] = TASKS / (seconds() - began);
        cpu[n] = (server_cpu(server) - before) / TASKS * 1e6;
        qsort(took, TASKS, sizeof(*took), by_size);
        p50[n] = took[TASKS / 2] * 1e6;
        p99[n] = took[TASKS * 99 / 100] * 1e6;
    }
    scene_close(&s);
    qsort(p50, TIMES, sizeof(double), by_size);
    qsort(p99, TIMES, sizeof(double), by_size);
    qsort(rate, TIMES, sizeof(double), by_size);
    qsort(cpu, TIMES, sizeof(double), by_size);
    printf("%-10u %-10.0f %-10.0f %-12.0f %.0f\n", nstreams, p50[TIMES / 2], p99[TIMES / 2], rate[TIMES / 2], cpu[TIMES / 2]);
    fflush(stdout);
}

/* ---- requests alone ---- */

static const char *post_place;
static unsigned batch;

static size_t say_post(talk *t, char *out, size_t room)
{
    static char body[1 << 19];
    size_t n = 0;

    (void)t;
    for (unsigned i = 0; i < batch; i++) {
        const char *before = i ? "," : batch > 1 ? "[" : "", *behind = batch > 1 && i == batch - 1 ? "]" : "";

        n += (size_t)snprintf(body + n, sizeof(body) - n, "%s{\"taskId\":\"p%u\",\"payload\":{\"customer\":4711}}%s",
                              before, ++ids, behind);
    }
    return (size_t)snprintf(out, room, "POST /%s/internal/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%s", post_place, n, body);
}

static size_t say_get(talk *t, char *out, size_t room)
{
    (void)t;
    return (size_t)snprintf(out, room, "GET /file.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

static const tongue posts = { say_post, http_whole, http_2xx };
static const tongue gets = { say_get, http_whole, http_2xx };

/* `tasks` a request; 0: an ordinary file instead. */
static void requests(const char *what, const char *place, unsigned tasks, unsigned connections, unsigned rounds)
{
    double rate[TIMES], cpu[TIMES];

    post_place = place;
    batch = tasks;
    for (unsigned n = 0; n < TIMES; n++) {
        double before = server_cpu(server);

        rate[n] = rounds / converse(port, tasks ? &posts : &gets, connections, rounds);
        cpu[n] = (server_cpu(server) - before) / rounds * 1e6;
    }
    qsort(rate, TIMES, sizeof(double), by_size);
    qsort(cpu, TIMES, sizeof(double), by_size);
    printf("%-28s %-12u %-12.0f %-12.0f %.0f\n", what, connections, rate[TIMES / 2], rate[TIMES / 2] * (tasks ? tasks : 1), cpu[TIMES / 2]);
    fflush(stdout);
}

int main(void)
{
    helper h;

    port = free_port();
    server = server_start(&h, port);
    printf("POST of a task to its offer on the operator's stream; then he assigns and completes it.\n"
           "One task at a time, %d tasks, median of %d\n", TASKS, TIMES);
    printf("%-10s %-10s %-10s %-12s %s\n", "streams", "p50 us", "p99 us", "tasks/s", "server CPU us a task (3 requests, 2 events)");
    latency("a", 1);
    latency("b", 100);
    latency("c", STREAMS_MAX);
    printf("\nrequests alone, nobody waits\n%-28s %-12s %-12s %-12s %s\n", "", "connections", "requests/s", "tasks/s",
           "server CPU us a request");
    requests("GET of a file (httpd itself)", NULL, 0, 1, 20000);
    requests("GET of a file (httpd itself)", NULL, 0, 8, 20000);
    requests("POST of one task", "d", 1, 1, 20000);
    requests("POST of one task", "e", 1, 8, 20000);
    requests("POST of 100 tasks", "f", 100, 1, 400);
    helper_stop(&h);
    return 0;
}
