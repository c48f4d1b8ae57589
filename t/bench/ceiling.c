/* The least that a server of streams can do: one thread, and one send() of a chunk, framed once, for each delivery. ceiling PORT */
/* SPDX-License-Identifier: Apache-2.0 */
#include "http_client.h"

#define PEERS_MAX 65536
#define REQUEST_MAX 16384
#define BATCH 256

static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";
static const char done[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

/* By descriptor. */
typedef struct peer {
    char *in; /* of its request so far; NULL: nothing */
    size_t n;
    int name; /* a stream's number; -1: it is none */
} peer;

static peer peers[PEERS_MAX];
static int by_name[PEERS_MAX]; /* descriptors; 0: nobody */
static int top;                /* 1 past the highest descriptor so far */
static int poll_fd;

static void forget(int fd)
{
    peer *p = &peers[fd];

    if (p->name >= 0 && by_name[p->name] == fd) {
        by_name[p->name] = 0;
    }
    free(p->in);
    *p = (peer){ .name = -1 };
    close(fd);
}

static void deliver(int fd, const char *frame, size_t n)
{
    if (send(fd, frame, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n) {
        forget(fd); /* slow or gone */
    }
}

/* To stream `name`, or (-1) to all. */
static void publish(int name, const char *body, int length)
{
    static char frame[REQUEST_MAX + 64];
    size_t n = (size_t)snprintf(frame, sizeof(frame), "%x\r\ndata: %.*s\n\n\r\n", (unsigned)length + 8, length, body);

    if (name >= 0) {
        if (by_name[name]) {
            deliver(by_name[name], frame, n);
        }
        return;
    }
    for (int fd = 0; fd < top; fd++) {
        if (peers[fd].name >= 0) {
            deliver(fd, frame, n);
        }
    }
}

/* "?c=all" or "?c=oNUMBER". */
static int name_in(const char *request)
{
    const char *at = strstr(request, "?c=o");
    unsigned long name = at ? strtoul(at + 4, NULL, 10) : PEERS_MAX;

    return name < PEERS_MAX ? (int)name : -1;
}

static void serve_stream(int fd, const char *user)
{
    unsigned long name = user ? strtoul(user + 9, NULL, 10) : PEERS_MAX;

    if (name >= PEERS_MAX || send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(head) - 1) {
        forget(fd);
        return;
    }
    free(peers[fd].in);
    peers[fd] = (peer){ .name = (int)name };
    by_name[name] = fd;
}

/* One whole request, if it is there. */
static void serve(int fd)
{
    peer *p = &peers[fd];
    const char *body = strstr(p->in, "\r\n\r\n"), *length = strstr(p->in, "Content-Length: ");
    size_t n;

    if (!body) {
        return;
    }
    if (p->in[0] == 'G') {
        serve_stream(fd, strstr(p->in, "X-User: o"));
        return;
    }
    n = length ? strtoul(length + 16, NULL, 10) : 0;
    if (p->n < (size_t)(body + 4 - p->in) + n) {
        return;
    }
    p->n = 0;
    send(fd, done, sizeof(done) - 1, MSG_NOSIGNAL);
    publish(name_in(p->in), body + 4, (int)n);
}

static void hear(int fd)
{
    peer *p = &peers[fd];
    ssize_t n;

    if (!p->in) {
        p->in = malloc(REQUEST_MAX);
    }
    n = recv(fd, p->in + p->n, REQUEST_MAX - 1 - p->n, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) {
        return; /* the event was of an earlier peer with this descriptor */
    }
    if (n <= 0 || p->name >= 0) {
        forget(fd);
        return;
    }
    p->n += (size_t)n;
    p->in[p->n] = 0;
    serve(fd);
}

static void greet(int listener)
{
    struct epoll_event event = { .events = EPOLLIN };
    int fd, yes = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        if (fd >= PEERS_MAX) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        peers[fd] = (peer){ .name = -1 };
        top = fd >= top ? fd + 1 : top;
        event.data.fd = fd;
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_on(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event event = { .events = EPOLLIN };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 511) != 0) {
        die("can't listen", strerror(errno));
    }
    event.data.fd = fd;
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[BATCH];
    int listener;

    if (argc != 2) {
        die("usage", "ceiling PORT");
    }
    for (int i = 0; i < PEERS_MAX; i++) {
        peers[i].name = -1;
    }
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    listener = listen_on(atoi(argv[1]));
    for (;;) {
        int ready = epoll_wait(poll_fd, events, BATCH, -1);

        for (int i = 0; i < ready; i++) {
            if (events[i].data.fd == listener) {
                greet(listener);
            }
            else {
                hear(events[i].data.fd);
            }
        }
    }
}
