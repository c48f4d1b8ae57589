/* Many event streams in one thread: opening them, reading their events, posting what they shall carry. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_CLIENT_H
#define STREAM_CLIENT_H

#include "http_client.h"
#include <stdint.h>
#ifdef BENCH_TLS
#include <openssl/ssl.h>
#else
typedef void SSL;
#endif

/*
 * Each message is "~NUMBER:STAMP~" and padding: its number in its stream, from 0, and the nanoseconds of the monotonic clock when it
 * was posted. Every process of the machine has the same clock.
 */

/* ---- a histogram of times: 64 steps to each doubling, so 1.6 % wide ---- */

#define STEPS 64

typedef struct histogram {
    unsigned long n, counts[STEPS * 40];
} histogram;

static inline void histogram_add(histogram *h, double t)
{
    unsigned long ns = t < 0 ? 0 : (unsigned long)(t * 1e9), top = ns < STEPS ? STEPS : ns;
    unsigned doubling = 63 - (unsigned)__builtin_clzl(top) - 6, at = doubling * STEPS + (unsigned)(ns >> doubling);

    h->counts[at < STEPS * 40 ? at : STEPS * 40 - 1]++;
    h->n++;
}

/* In microseconds; the middle of the step. */
static inline double histogram_us(const histogram *h, double share)
{
    unsigned long want = (unsigned long)((double)h->n * share), seen = 0;
    unsigned at = 0;

    while (at < STEPS * 40 - 1 && (seen += h->counts[at]) <= want) {
        at++;
    }
    if (at < 2 * STEPS) {
        return (at + 0.5) / 1e3;
    }
    return (double)((STEPS + at % STEPS) * 2 + 1) / 2 * (double)(1UL << (at / STEPS - 1)) / 1e3;
}

/* ---- streams ---- */

typedef enum phase { CLOSED, ASKING, HEAD, SIZE, DATA } phase;

typedef struct listener {
    int fd;
    phase phase;
    unsigned events;   /* what epoll looks for */
    SSL *tls;
    size_t left;       /* of the chunk; in SIZE: the digits so far */
    int digits;
    char *kept;        /* a head or line that is not whole yet */
    size_t nkept;
    unsigned due;      /* number of the next message */
    int has;           /* the event that is being read has a message: */
    unsigned number;
    unsigned long stamp;
    struct poster *poster; /* whose message is on its way here; NULL: it makes no difference */
} listener;

/* A connection that messages are posted on, one at a time. */
typedef struct poster {
    talk t;
    int waits_answer, waits_delivery;
    double asked;
} poster;

typedef struct load {
    const char *get;          /* paths: the channel comes behind */
    const char *post, *post_end; /* or between */
    const char *channel;      /* NULL: each stream listens to one of its own */
    int json, tls;
    int port, post_port;      /* posts never go by TLS */
    int poll_fd;
    unsigned n, up;           /* listeners there are; whose head has come */
    listener *listeners;
    unsigned nposters;
    poster *posters;
    unsigned long delivered, lost, repeated; /* repeated, or late behind a later one */
    histogram times, publish; /* from post to delivery, from post to answer */
    double last;              /* when something came last */
} load;

#define POSTER ((uint64_t)1 << 32)
/* Opens under way at a time. */
#define OPENING 128

static char waste[65536];

static inline void watch(load *l, unsigned i, unsigned events)
{
    struct epoll_event event = { .events = events, .data.u64 = i };

    if (events != l->listeners[i].events) {
        epoll_ctl(l->poll_fd, l->listeners[i].events ? events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL : EPOLL_CTL_ADD, l->listeners[i].fd, &event);
        l->listeners[i].events = events;
    }
}

#ifdef BENCH_TLS
static inline SSL *tls_new(int fd)
{
    static SSL_CTX *context;
    SSL *tls;

    if (!context) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    }
    tls = SSL_new(context);
    SSL_set_fd(tls, fd);
    SSL_set_connect_state(tls);
    return tls;
}

static inline unsigned tls_wants(const listener *s, int rv)
{
    int error = SSL_get_error(s->tls, rv);

    return error == SSL_ERROR_WANT_READ ? EPOLLIN : error == SSL_ERROR_WANT_WRITE ? EPOLLOUT : 0;
}
#endif

/* Bytes sent; 0: it waits for *wants. */
static inline ssize_t stream_send(listener *s, const char *p, size_t n, unsigned *wants)
{
    ssize_t sent;

#ifdef BENCH_TLS
    if (s->tls) {
        sent = SSL_write(s->tls, p, (int)n);
        *wants = sent > 0 ? 0 : tls_wants(s, (int)sent);
        return sent > 0 ? sent : *wants ? 0 : -1;
    }
#endif
    sent = send(s->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    *wants = EPOLLOUT;
    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* As recv; -1 with EAGAIN: nothing there. */
static inline ssize_t stream_recv(listener *s, char *p, size_t n)
{
#ifdef BENCH_TLS
    if (s->tls) {
        int got = SSL_read(s->tls, p, (int)n);

        errno = got > 0 || tls_wants(s, got) ? EAGAIN : ECONNRESET;
        return got;
    }
#endif
    return recv(s->fd, p, n, MSG_DONTWAIT);
}

static inline void stream_close(load *l, unsigned i)
{
    listener *s = &l->listeners[i];

    if (s->phase == CLOSED) {
        return;
    }
    l->up -= s->phase >= SIZE;
#ifdef BENCH_TLS
    SSL_free(s->tls);
#endif
    close(s->fd);
    free(s->kept);
    *s = (listener){ .phase = CLOSED };
}

/* Each lot of streams comes from a loopback address of its own, so that ports do not run out. */
static inline void stream_open(load *l, unsigned i)
{
    static unsigned opened;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000101 + opened++ / 10000 % 200) };
    listener *s = &l->listeners[i];
    int yes = 1;

    *s = (listener){ .phase = ASKING, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
    setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0) {
        die("no socket", strerror(errno));
    }
    at.sin_port = htons((unsigned short)l->port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0 && errno != EINPROGRESS) {
        die("connect", strerror(errno));
    }
#ifdef BENCH_TLS
    s->tls = l->tls ? tls_new(s->fd) : NULL;
#endif
    watch(l, i, EPOLLOUT);
}

static inline void stream_ask(load *l, unsigned i)
{
    listener *s = &l->listeners[i];
    char out[512], own[16];
    unsigned wants;
    ssize_t sent;
    int n;

    snprintf(own, sizeof(own), "o%u", i);
    n = snprintf(out, sizeof(out), "GET %s%s HTTP/1.1\r\nHost: localhost\r\nX-User: o%u\r\nAccept: text/event-stream\r\n\r\n", l->get,
                 l->channel ? l->channel : own, i);
    sent = stream_send(s, out, (size_t)n, &wants);
    if (sent < 0) {
        die("a stream can't be opened", strerror(errno));
    }
    s->phase = sent ? HEAD : ASKING;
    watch(l, i, sent ? EPOLLIN : wants);
}

/* ---- what comes: a head, chunks, lines, messages ---- */

static inline void keep(listener *s, const char *p, size_t n)
{
    s->kept = realloc(s->kept, s->nkept + n + 1);
    memcpy(s->kept + s->nkept, p, n);
    s->nkept += n;
    s->kept[s->nkept] = 0;
}

static inline void drop_kept(listener *s)
{
    free(s->kept);
    s->kept = NULL;
    s->nkept = 0;
}

static inline void message_came(load *l, listener *s)
{
    histogram_add(&l->times, l->last - (double)s->stamp / 1e9);
    l->delivered++;
    if (s->number < s->due) {
        l->repeated++;
        return;
    }
    l->lost += s->number - s->due;
    s->due = s->number + 1;
    if (s->poster) {
        s->poster->waits_delivery = 0;
        s->poster = NULL;
    }
}

/* `line` is followed by a byte that is no digit. */
static inline void line_came(load *l, listener *s, const char *line, size_t n)
{
    const char *at;
    char *end;

    if (n == 0) {
        if (s->has) {
            message_came(l, s);
        }
        s->has = 0;
    }
    else if ((at = memchr(line, '~', n)) != NULL) {
        s->number = (unsigned)strtoul(at + 1, &end, 10);
        s->stamp = strtoul(end + 1, NULL, 10);
        s->has = 1;
    }
}

static inline void text_came(load *l, listener *s, const char *p, size_t n)
{
    while (n) {
        const char *end = memchr(p, '\n', n);
        size_t part = end ? (size_t)(end - p) : n;

        if (!end || s->kept) {
            keep(s, p, part);
        }
        if (!end) {
            return;
        }
        if (s->kept) {
            line_came(l, s, s->kept, s->nkept);
            drop_kept(s);
        }
        else {
            line_came(l, s, p, part);
        }
        p += part + 1;
        n -= part + 1;
    }
}

/* The head; what is behind it is left. Returns how much of it was taken. */
static inline size_t head_came(load *l, listener *s, const char *p, size_t n)
{
    size_t before = s->nkept, whole;
    char *end;

    keep(s, p, n);
    end = strstr(s->kept, "\r\n\r\n");
    if (!end) {
        return n;
    }
    whole = (size_t)(end + 4 - s->kept);
    if (strncmp(s->kept, "HTTP/1.1 200", 12) != 0) {
        die("a stream was answered", s->kept);
    }
    s->phase = strcasestr(s->kept, "\r\nTransfer-Encoding: chunked") ? SIZE : DATA;
    s->left = s->phase == DATA ? SIZE_MAX : 0; /* not chunked: to the end of the connection */
    drop_kept(s);
    l->up++;
    return whole - before;
}

/* The line end behind a chunk passes as a size line without digits. */
static inline size_t size_came(listener *s, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\n') {
            if (s->digits && !s->left) {
                die("a stream", "has ended");
            }
            s->phase = s->digits ? DATA : SIZE;
            s->digits = 0;
            return i + 1;
        }
        if (p[i] != '\r') {
            s->left = s->left * 16 + (size_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
            s->digits = 1;
        }
    }
    return n;
}

static inline size_t data_came(load *l, listener *s, const char *p, size_t n)
{
    size_t part = n < s->left ? n : s->left;

    text_came(l, s, p, part);
    s->left -= part;
    s->phase = s->left ? DATA : SIZE;
    return part;
}

static inline void stream_read(load *l, unsigned i)
{
    listener *s = &l->listeners[i];
    ssize_t n = stream_recv(s, waste, sizeof(waste) - 1);
    const char *p = waste;

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            die("a stream has ended", n ? strerror(errno) : "");
        }
        return;
    }
    waste[n] = 0;
    while (n > 0) {
        size_t took = s->phase == HEAD ? head_came(l, s, p, (size_t)n) : s->phase == SIZE ? size_came(s, p, (size_t)n)
                                                                                          : data_came(l, s, p, (size_t)n);
        p += took;
        n -= (ssize_t)took;
    }
}

/* ---- posting ---- */

/* Message `number` of `size` bytes, to the common channel or to stream `to`. */
static inline void post(load *l, poster *p, unsigned to, unsigned number, unsigned size)
{
    static char padding[8192], message[8192 + 64], body[8192 + 256], out[8192 + 1024];
    char own[16];
    int n;

    if (!padding[0]) {
        memset(padding, 'x', sizeof(padding) - 1);
    }
    snprintf(own, sizeof(own), "o%u", to);
    p->asked = seconds();
    n = snprintf(message, sizeof(message), "~%u:%lu~", number, (unsigned long)(p->asked * 1e9));
    snprintf(message + n, sizeof(message) - (size_t)n, "%.*s", (int)size - n, padding);
    if (l->json) {
        snprintf(body, sizeof(body), "{\"operatorId\":\"%s\",\"payload\":\"%s\"}", own, message);
    }
    n = snprintf(out, sizeof(out), "POST %s%s%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", l->post,
                 l->channel ? l->channel : own, l->post_end, l->json ? "application/json" : "text/plain",
                 strlen(l->json ? body : message), l->json ? body : message);
    send_all(p->t.fd, out, (size_t)n);
    p->waits_answer = 1;
}

/* A connection to `port`; the server may just be starting. */
static inline void poster_open(load *l, unsigned i)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = POSTER | i };
    poster *p = &l->posters[i];
    int tries = 0;

    while ((p->t.fd = try_port(l->post_port)) < 0) {
        if (++tries > 200) {
            die("the server does not start", strerror(errno));
        }
        poll(NULL, 0, 50);
    }
    epoll_ctl(l->poll_fd, EPOLL_CTL_ADD, p->t.fd, &event);
}

/* A busy server may close connections that wait for their next request. */
static inline int poster_left(load *l, unsigned i)
{
    poster *p = &l->posters[i];
    char c;

    if (p->waits_answer || recv(p->t.fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) != 0) {
        return 0;
    }
    close(p->t.fd);
    poster_open(l, i);
    return 1;
}

static inline void poster_read(load *l, unsigned i)
{
    poster *p = &l->posters[i];
    size_t n;

    if (poster_left(l, i)) {
        return;
    }
    talk_read(&p->t);
    n = http_whole(&p->t);
    if (n) {
        http_2xx(&p->t);
        memmove(p->t.in, p->t.in + n, p->t.n - n + 1);
        p->t.n -= n;
        p->waits_answer = 0;
        histogram_add(&l->publish, l->last - p->asked);
    }
}

/* ---- all together ---- */

/* Look at what has come, for `ms` at most. */
static inline int turn(load *l, int ms)
{
    struct epoll_event events[256];
    int ready = epoll_wait(l->poll_fd, events, 256, ms);

    for (int i = 0; i < ready; i++) {
        unsigned at = (unsigned)events[i].data.u64;

        l->last = seconds();
        if (events[i].data.u64 & POSTER) {
            poster_read(l, at);
        }
        else if (l->listeners[at].phase == ASKING) {
            stream_ask(l, at);
        }
        else {
            stream_read(l, at);
        }
    }
    return ready;
}

/* The same, and it is an error when nothing comes. */
static inline void must_turn(load *l, const char *what)
{
    if (turn(l, 1000) <= 0 && seconds() - l->last > 20) {
        die("twenty seconds of silence", what);
    }
}

/* Open streams [from, to); seconds that it took. */
static inline double open_streams(load *l, unsigned from, unsigned to)
{
    double began = seconds();
    unsigned at = from, up = l->up;

    l->last = began;
    while (l->up < up + to - from) {
        while (at < to && at - from - (l->up - up) < OPENING) {
            stream_open(l, at++);
        }
        must_turn(l, "while streams open");
    }
    l->n = to > l->n ? to : l->n;
    return seconds() - began;
}

/* All break off at once, with resets: thousands of sockets in TIME_WAIT would slow down the server that is measured next. */
static inline void reset_streams(load *l)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

    for (unsigned i = 0; i < l->n; i++) {
        if (l->listeners[i].phase != CLOSED) {
            setsockopt(l->listeners[i].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
            stream_close(l, i);
        }
    }
}

static inline void open_posters(load *l, unsigned n)
{
    l->posters = calloc(n, sizeof(*l->posters));
    l->nposters = n;
    for (unsigned i = 0; i < n; i++) {
        poster_open(l, i);
    }
}

static inline void clear_figures(load *l)
{
    memset(&l->times, 0, sizeof(l->times));
    memset(&l->publish, 0, sizeof(l->publish));
    l->delivered = l->lost = l->repeated = 0;
    l->last = seconds();
    for (unsigned i = 0; i < l->n; i++) {
        l->listeners[i].due = 0;
    }
}

#endif
