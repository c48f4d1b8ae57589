/* What the benchmarks over sockets share: helpers that are started and stopped, conversations on open connections, clocks. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A benchmark that meets something unexpected has no figures to show. */
static inline void die(const char *what, const char *more)
{
    fprintf(stderr, "%s: %s\n", what, more);
    exit(1);
}

static inline double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* ---- connections ---- */

static inline int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
        die("no free port", strerror(errno));
    }
    close(fd);
    return ntohs(at.sin_port);
}

/* A connection to the port, or -1. */
static inline int try_port(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

    if (connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    return fd;
}

static inline void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent <= 0) {
            die("send", strerror(errno));
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

/* ---- conversations: on each connection one request at a time ---- */

#define TALK_IN 65536

typedef struct talk {
    int fd;
    unsigned number; /* of this connection */
    unsigned asked;  /* requests sent so far */
    size_t n;
    char in[TALK_IN];
    char note[64];   /* what the last reply said that the next request needs */
} talk;

/* The kind of conversation. */
typedef struct tongue {
    size_t (*say)(talk *t, char *out, size_t room);  /* the next request */
    size_t (*whole)(const talk *t);                  /* length of the reply that has come, 0: not yet whole */
    void (*heard)(talk *t);                          /* looks at the reply; its text ends in 0 */
} tongue;

static inline void talk_read(talk *t)
{
    ssize_t n = recv(t->fd, t->in + t->n, TALK_IN - 1 - t->n, 0);

    if (n <= 0) {
        die("the server closed the connection", t->in);
    }
    t->n += (size_t)n;
    t->in[t->n] = 0;
}

static inline void talk_say(talk *t, const tongue *how)
{
    static char out[1 << 20];

    send_all(t->fd, out, how->say(t, out, sizeof(out)));
    t->asked++;
}

/* One reply is there: take it out. */
static inline int talk_took(talk *t, const tongue *how)
{
    size_t n = how->whole(t);

    if (!n) {
        return 0;
    }
    how->heard(t);
    memmove(t->in, t->in + n, t->n - n + 1);
    t->n -= n;
    return 1;
}

/* `rounds` requests over `n` connections, one under way on each; seconds that it took. */
static inline double converse(int port, const tongue *how, unsigned n, unsigned rounds)
{
    talk *talks = calloc(n, sizeof(*talks));
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    unsigned said = 0, heard = 0;
    double began;

    for (unsigned i = 0; i < n; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &talks[i] };

        talks[i].fd = try_port(port);
        talks[i].number = i;
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, talks[i].fd, &event);
    }
    began = seconds();
    for (; said < n; said++) {
        talk_say(&talks[said], how);
    }
    while (heard < rounds) {
        struct epoll_event events[64];
        int ready = epoll_wait(poll_fd, events, 64, 10000);

        if (ready <= 0) {
            die("no reply in ten seconds", "");
        }
        for (int i = 0; i < ready; i++) {
            talk *t = events[i].data.ptr;

            talk_read(t);
            if (!talk_took(t, how)) {
                continue;
            }
            heard++;
            if (said < rounds) {
                talk_say(t, how);
                said++;
            }
        }
    }
    began = seconds() - began;
    for (unsigned i = 0; i < n; i++) {
        close(talks[i].fd);
    }
    close(poll_fd);
    free(talks);
    return began;
}

/* ---- HTTP ---- */

static inline size_t http_whole(const talk *t)
{
    const char *end = strstr(t->in, "\r\n\r\n"), *length = strcasestr(t->in, "\r\nContent-Length: ");
    size_t n;

    if (!end || !length || length > end) {
        return 0;
    }
    n = (size_t)(end - t->in) + 4 + strtoul(length + 18, NULL, 10);
    return t->n >= n ? n : 0;
}

static inline void http_2xx(talk *t)
{
    if (strncmp(t->in, "HTTP/1.1 2", 10) != 0) {
        die("the server answered", t->in);
    }
}

/* One request and its answer on a connection of its own kind. */
static inline void http_ask(talk *t, const char *method, const char *path, const char *user, const char *body)
{
    char out[4096];
    int n = snprintf(out, sizeof(out), "%s %s HTTP/1.1\r\nHost: localhost\r\nX-User: %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s", method, path, user, strlen(body), body);
    size_t whole;

    send_all(t->fd, out, (size_t)n);
    while ((whole = http_whole(t)) == 0) {
        talk_read(t);
    }
    http_2xx(t);
    memmove(t->in, t->in + whole, t->n - whole + 1);
    t->n -= whole;
}

/* ---- helpers: other programs, started here and stopped here ---- */

typedef struct helper {
    pid_t pid;
    int in, out; /* its standard input and output */
} helper;

static inline helper helper_start(const char *const *argv)
{
    int in[2], out[2];
    helper h;

    if (pipe(in) != 0 || pipe(out) != 0) {
        die("pipe", strerror(errno));
    }
    h.pid = fork();
    if (h.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* whatever becomes of the benchmark */
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execvp(argv[0], (char *const *)(size_t)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    fcntl(in[1], F_SETFD, FD_CLOEXEC);
    fcntl(out[0], F_SETFD, FD_CLOEXEC);
    h.in = in[1];
    h.out = out[0];
    return h;
}

/* Ends its input; waits for its end. */
static inline void helper_stop(helper *h)
{
    int status;

    close(h->in);
    close(h->out);
    waitpid(h->pid, &status, 0);
}

/* The private httpd on the port: its process. */
static inline pid_t server_start(helper *h, int port)
{
    char number[16], line[64] = "";
    const char *argv[] = { "sh", "t/bench/http_server.sh", number, NULL };
    int pid = 0;

    snprintf(number, sizeof(number), "%d", port);
    *h = helper_start(argv);
    if (read(h->out, line, sizeof(line) - 1) <= 0 || sscanf(line, "ready %d", &pid) != 1) {
        die("the server does not start", line);
    }
    return (pid_t)pid;
}

/* ---- CPU time ---- */

/* Reads pid's parent and CPU ticks. */
static inline int process_ticks(int pid, int *parent, unsigned long *ticks)
{
    char path[64], text[1024], *at;
    unsigned long user, system;
    FILE *in;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    in = fopen(path, "r");
    if (!in) {
        return 0;
    }
    n = fread(text, 1, sizeof(text) - 1, in);
    fclose(in);
    text[n] = 0;
    at = strrchr(text, ')');
    if (!at || sscanf(at + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", parent, &user, &system) != 3) {
        return 0;
    }
    *ticks = user + system;
    return 1;
}

/* Seconds of CPU that a server and its children have used. */
static inline double server_cpu(pid_t server)
{
    DIR *dir = opendir("/proc");
    unsigned long sum = 0, ticks;
    struct dirent *entry;
    int parent;

    while (dir && (entry = readdir(dir)) != NULL) {
        int pid = (int)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && process_ticks(pid, &parent, &ticks) && (pid == server || parent == server)) {
            sum += ticks;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return (double)sum / (double)sysconf(_SC_CLK_TCK);
}

#endif
