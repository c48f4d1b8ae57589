/* The client of streams_bench.sh: plays one scene against a server of streams and prints "server figure value" for each figure. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_client.h"
#include <stddef.h>

#define PIDS_MAX 16
/* Messages under way to all streams while the server is to be busy all the time. */
#define WINDOW 4
/* And while they come at a rate: what no server need hold. */
#define BEHIND_MAX 50
#define STALLED 20
#define ROUNDS_MAX 15
#define LISTENERS_MAX 65536
/* A listener that there never is. */
#define NOBODY (LISTENERS_MAX - 1)

static load l;
static const char *label;
static pid_t pids[PIDS_MAX]; /* the server and its children */
static unsigned npids;

static void figure(const char *scene, const char *what, double value)
{
    printf("%s %s_%s %.6g\n", label, scene, what, value);
    fflush(stdout);
}

/* ---- the server's processes ---- */

static void find_pids(pid_t server)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    unsigned long ticks;
    int parent;

    while (dir && (entry = readdir(dir)) != NULL && npids < PIDS_MAX) {
        int pid = (int)strtol(entry->d_name, NULL, 10);

        if (pid > 0 && process_ticks(pid, &parent, &ticks) && (pid == server || parent == server)) {
            pids[npids++] = pid;
        }
    }
    if (dir) {
        closedir(dir);
    }
}

/* Seconds, to the nanosecond: /proc counts in hundredths. */
static double cpu(void)
{
    double sum = 0;

    for (unsigned i = 0; i < npids; i++) {
        struct timespec t;
        clockid_t clock;

        if (clock_getcpuclockid(pids[i], &clock) != 0 || clock_gettime(clock, &t) != 0) {
            die("the server", "has lost a process");
        }
        sum += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
    }
    return sum;
}

typedef struct memory {
    double all, shared; /* KiB: Pss, and what of it is shared memory that no file holds */
} memory;

static memory memory_now(void)
{
    memory sum = { 0, 0 };

    for (unsigned i = 0; i < npids; i++) {
        char path[64], line[256];
        unsigned long kib;
        FILE *in;

        snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pids[i]);
        in = fopen(path, "r");
        while (in && fgets(line, sizeof(line), in)) {
            sum.all += sscanf(line, "Pss: %lu", &kib) == 1 ? (double)kib : 0;
            sum.shared += sscanf(line, "Pss_Shmem: %lu", &kib) == 1 ? (double)kib : 0;
        }
        if (in) {
            fclose(in);
        }
    }
    return sum;
}

static unsigned descriptors(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < npids; i++) {
        char path[64];
        DIR *dir;

        snprintf(path, sizeof(path), "/proc/%d/fd", (int)pids[i]);
        dir = opendir(path);
        while (dir && readdir(dir)) {
            n++;
        }
        if (dir) {
            closedir(dir);
        }
    }
    return n;
}

/* When it has come to rest: the same twice, half a second apart; within ten seconds. */
static memory memory_settled(void)
{
    memory now = memory_now(), before;
    int tries = 0;

    do {
        before = now;
        turn(&l, 0);
        poll(NULL, 0, 500);
        now = memory_now();
    } while (before.all != now.all && ++tries < 20);
    return now;
}

/* ---- posting to all ---- */

static void post_and_hear(unsigned to, unsigned number, unsigned size)
{
    post(&l, &l.posters[0], to, number, size);
    while (l.posters[0].waits_answer) {
        must_turn(&l, "after a POST");
    }
}

static void hear_all(unsigned long messages, unsigned readers)
{
    while (l.delivered + l.lost < messages * readers) {
        must_turn(&l, "while messages are on their way");
    }
}

/* `rate` a second for `duration` seconds, or as many as the server keeps up with; returns how many. */
static unsigned paced(double rate, double duration, unsigned size, unsigned readers)
{
    unsigned n = (unsigned)(rate * duration);
    double began = seconds();

    for (unsigned i = 0; i < n; i++) {
        double left;

        while ((left = began + i / rate - seconds()) > 0) {
            turn(&l, left > 0.002 ? (int)(left * 1000) : 0);
        }
        while (i >= BEHIND_MAX && (l.delivered + l.lost) / readers < i - BEHIND_MAX + 1) {
            must_turn(&l, "while the server is behind");
        }
        post_and_hear(0, i, size);
    }
    hear_all(n, readers);
    return n;
}

static void report_order(const char *scene)
{
    figure(scene, "lost", (double)l.lost);
    figure(scene, "repeated_or_late", (double)l.repeated);
}

/* Until a message reaches all: a client may have its head before the server counts it in. */
static void warm_up(unsigned size, unsigned readers)
{
    int tries = 0;

    do {
        if (tries++ == 50) {
            die("not every stream", "gets a message");
        }
        clear_figures(&l);
        post_and_hear(0, 0, size);
        while (l.delivered < readers && turn(&l, 300) > 0) {
        }
    } while (l.delivered < readers);
    clear_figures(&l);
}

/* ---- scenes ---- */

/* FEW STREAMS STREAMS: memory of streams that nobody writes to. The few bring what is needed once, however many they are. */
static void idle(char **args)
{
    unsigned at = 0;
    memory before = memory_settled();

    for (unsigned i = 0; i < 3; i++) {
        unsigned n = (unsigned)atoi(args[i]);
        char scene[32];
        double took = open_streams(&l, at, n);
        memory now = memory_settled();

        snprintf(scene, sizeof(scene), "idle_%u", n);
        figure(scene, "connects_s", (n - at) / took);
        figure(scene, "pss_b", (now.all - before.all) * 1024 / n);
        figure(scene, "pss_of_it_shared_b", (now.shared - before.shared) * 1024 / n);
        at = n;
    }
}

static void saturate(const char *scene, unsigned n, unsigned messages, unsigned size)
{
    double began, used;

    clear_figures(&l);
    began = seconds();
    used = cpu();
    for (unsigned i = 0; i < messages; i++) {
        while (i >= WINDOW && (l.delivered + l.lost) / n < i - WINDOW + 1) {
            must_turn(&l, "while the server is busy");
        }
        post_and_hear(0, i, size);
    }
    hear_all(messages, n);
    figure(scene, "saturated_deliveries_s", (double)l.delivered / (seconds() - began));
    figure(scene, "saturated_cpu_us", (cpu() - used) * 1e6 / (double)l.delivered);
    figure(scene, "saturated_lost", (double)l.lost);
    figure(scene, "saturated_repeated_or_late", (double)l.repeated);
}

/* SIZE STREAMS RATE SECONDS DELIVERIES: one message to all, at a rate; then DELIVERIES of them as fast as they go. */
static void fan_out(char **args)
{
    unsigned size = (unsigned)atoi(args[0]), n = (unsigned)atoi(args[1]);
    char scene[48];
    double used;

    snprintf(scene, sizeof(scene), "fan_%ux%uB", n, size);
    figure(scene, "connects_s", n / open_streams(&l, 0, n));
    warm_up(size, n);
    used = cpu();
    paced(atof(args[2]), atof(args[3]), size, n);
    figure(scene, "cpu_us", (cpu() - used) * 1e6 / (double)l.delivered);
    figure(scene, "p50_us", histogram_us(&l.times, 0.50));
    figure(scene, "p90_us", histogram_us(&l.times, 0.90));
    figure(scene, "p99_us", histogram_us(&l.times, 0.99));
    report_order(scene);
    saturate(scene, n, (unsigned)atoi(args[4]) / n, size);
}

/* Message i goes to listener i % n; the next on this connection when it is answered and delivered. */
static void push_on(poster *p, unsigned i)
{
    listener *to = &l.listeners[i % l.n];

    p->waits_delivery = 1;
    to->poster = p;
    post(&l, p, i % l.n, i / l.n, 100);
}

static void push_all(unsigned pushes)
{
    unsigned said = 0;

    while (l.delivered + l.lost < pushes) {
        for (unsigned i = 0; i < l.nposters; i++) {
            poster *p = &l.posters[i];

            if (!p->waits_answer && !p->waits_delivery && said < pushes) {
                push_on(p, said++);
            }
        }
        must_turn(&l, "while pushing");
    }
}

/* STREAMS PUSHES: one message to one listener, on 8 connections. */
static void one_to_one(const char *scene, char **args)
{
    unsigned pushes = (unsigned)atoi(args[1]);
    double began, used;

    open_streams(&l, 0, (unsigned)atoi(args[0]));
    clear_figures(&l);
    began = seconds();
    used = cpu();
    push_all(pushes);
    figure(scene, "s", pushes / (seconds() - began));
    figure(scene, "cpu_us", (cpu() - used) * 1e6 / pushes);
    figure(scene, "p50_us", histogram_us(&l.times, 0.50));
    figure(scene, "p99_us", histogram_us(&l.times, 0.99));
    report_order(scene);
}

/* A task for one operator. */
static void tasks(char **args)
{
    one_to_one("task", args);
}

/* A message for one user. */
static void push(char **args)
{
    one_to_one("push", args);
}

/* STREAMS POSTS: posts that nobody hears of and the server does nothing about, on 8 connections. */
static void alone(char **args)
{
    unsigned n = (unsigned)atoi(args[1]), said = 0, done = 0;
    double used;

    open_streams(&l, 0, (unsigned)atoi(args[0]));
    l.post = "/nothing?c=";
    l.post_end = "";
    clear_figures(&l);
    used = cpu();
    while (done < n) {
        for (unsigned i = 0; i < l.nposters && said < n; i++) {
            if (!l.posters[i].waits_answer) {
                post(&l, &l.posters[i], NOBODY, said++, 100);
            }
        }
        must_turn(&l, "while posting");
        done = (unsigned)l.publish.n;
    }
    figure("post", "httpd_alone_cpu_us", (cpu() - used) * 1e6 / n);
}

/* One run with everybody reading or without; what is compared. */
typedef struct stall {
    double rate, grown, p50, p99, publish50, publish99;
} stall;

static stall stall_run(char **args, unsigned readers)
{
    memory before = memory_settled();
    double began = seconds();
    stall run;
    unsigned n;

    clear_figures(&l);
    n = paced(atof(args[2]), atof(args[3]), (unsigned)atoi(args[1]), readers);
    run.rate = n / (seconds() - began);
    run.grown = memory_now().all - before.all;
    run.p50 = histogram_us(&l.times, 0.50);
    run.p99 = histogram_us(&l.times, 0.99);
    run.publish50 = histogram_us(&l.publish, 0.50);
    run.publish99 = histogram_us(&l.publish, 0.99);
    return run;
}

/* Of one member of all runs. */
static double median(const stall *runs, unsigned n, size_t member)
{
    double values[ROUNDS_MAX];

    for (unsigned i = 0; i < n; i++) {
        memcpy(&values[i], (const char *)&runs[i] + member, sizeof(values[i]));
    }
    qsort(values, n, sizeof(*values), by_size);
    return values[n / 2];
}

static void report_stall(const char *scene, const stall *without, const stall *with, unsigned n)
{
    static const struct { const char *name; size_t member; } lines[] = {
        { "messages_s", offsetof(stall, rate) }, { "p50_us", offsetof(stall, p50) }, { "p99_us", offsetof(stall, p99) },
        { "publish_p50_us", offsetof(stall, publish50) }, { "publish_p99_us", offsetof(stall, publish99) },
    };
    char what[48];

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        double plain = median(without, n, lines[i].member), stalled = median(with, n, lines[i].member);

        snprintf(what, sizeof(what), "all_read_%s", lines[i].name);
        figure(scene, what, plain);
        snprintf(what, sizeof(what), "%s", lines[i].name);
        figure(scene, what, stalled);
        snprintf(what, sizeof(what), "%s_ratio", lines[i].name);
        figure(scene, what, stalled / plain);
    }
    figure(scene, "grown_kib", median(with, n, offsetof(stall, grown)));
}

/* New ones in place of those who stalled: what these missed is none of the next run's business. */
static void renew(unsigned i)
{
    unsigned up;

    stream_close(&l, i);
    up = l.up;
    stream_open(&l, i);
    while (l.up == up) {
        must_turn(&l, "while a stream comes back");
    }
}

/* STREAMS SIZE RATE SECONDS ROUNDS: all read, then STALLED of them don't, in turn; the medians of the rounds. */
static void stalled(char **args)
{
    unsigned n = (unsigned)atoi(args[0]), size = (unsigned)atoi(args[1]), rounds = (unsigned)atoi(args[4]), i;
    stall without[ROUNDS_MAX], with[ROUNDS_MAX];
    char scene[32];

    open_streams(&l, 0, n);
    for (unsigned round = 0; round < rounds && round < ROUNDS_MAX; round++) {
        warm_up(size, n);
        without[round] = stall_run(args, n);
        for (i = 0; i < STALLED; i++) {
            watch(&l, i * (n / STALLED), 0);
        }
        with[round] = stall_run(args, n - STALLED);
        for (i = 0; i < STALLED; i++) {
            renew(i * (n / STALLED));
        }
    }
    snprintf(scene, sizeof(scene), "stalled_%u", n);
    report_stall(scene, without, with, rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX);
}

static void close_in_disorder(unsigned n)
{
    unsigned *order = malloc(n * sizeof(*order));

    for (unsigned i = 0; i < n; i++) {
        unsigned j = (unsigned)rand() % (i + 1);

        order[i] = order[j];
        order[j] = i;
    }
    for (unsigned i = 0; i < n; i++) {
        stream_close(&l, order[i]);
    }
    free(order);
}

/* Until the server has let go of all of them, within twenty seconds; what it holds then. */
static unsigned descriptors_settled(unsigned want)
{
    unsigned now, tries = 0;

    while ((now = descriptors()) != want && ++tries < 200) {
        turn(&l, 0); /* a connection for posting that was closed comes back */
        poll(NULL, 0, 100);
    }
    return now;
}

/* STREAMS ROUNDS: all come, and go in another order. */
static void churn(char **args)
{
    unsigned n = (unsigned)atoi(args[0]), rounds = (unsigned)atoi(args[1]), before = descriptors(), after = 0;
    memory first = { 0, 0 }, middle = { 0, 0 }, last;
    double took = 0;

    for (unsigned i = 0; i < rounds; i++) {
        took += open_streams(&l, 0, n);
        close_in_disorder(n);
        after = descriptors_settled(before);
        first = i == 1 ? memory_settled() : first;
        middle = i == rounds / 2 ? memory_settled() : middle;
    }
    last = memory_settled();
    figure("churn", "connects_s", n * rounds / took);
    figure("churn", "descriptors_grown", (double)after - before);
    figure("churn", "pss_after_2_rounds_kib", first.all);
    figure("churn", "pss_grown_since_kib", last.all - first.all);
    figure("churn", "pss_grown_2nd_half_kib", last.all - middle.all);
    figure("churn", "shared_grown_since_kib", last.shared - first.shared);
}

/* ---- main ---- */

/* What is listened to and posted. Everybody else understands /stream and /pub. */
typedef struct speech {
    const char *get, *post, *post_end;
    int json;
} speech;

static const speech peer = { "/stream?c=", "/pub?c=", "", 0 };
static const speech of_topics = { "/q/api/events?topic=", "/q/internal/topics/", "", 0 };
static const speech of_users = { "/q/api/notifications?c=", "/q/internal/users/", "/messages", 0 };
static const speech of_tasks = { "/q/api/wait-sse?c=", "/q/internal/tasks?c=", "", 1 };

static const struct scene {
    const char *name;
    void (*play)(char **args);
    int nargs;
    unsigned posters;
    const speech *ours;
    const char *channel; /* NULL: each stream has its own */
} scenes[] = {
    { "idle", idle, 3, 1, &of_tasks, NULL },       { "fan", fan_out, 5, 1, &of_topics, "all" }, { "push", push, 2, 8, &of_users, NULL },
    { "task", tasks, 2, 8, &of_tasks, NULL },      { "alone", alone, 2, 8, &of_users, NULL },
    { "stalled", stalled, 5, 1, &of_topics, "all" }, { "churn", churn, 2, 1, &of_tasks, NULL },
};

static void speak(const struct scene *s, int ours)
{
    const speech *by = ours ? s->ours : &peer;

    l.get = by->get;
    l.post = by->post;
    l.post_end = by->post_end;
    l.json = by->json;
    l.channel = s->channel;
}

/* The first answer tells that the server is there, with all its processes. */
static void begin(const struct scene *s, pid_t server)
{
    l.poll_fd = epoll_create1(EPOLL_CLOEXEC);
    l.listeners = calloc(LISTENERS_MAX, sizeof(*l.listeners));
    open_posters(&l, s->posters);
    l.last = seconds();
    post_and_hear(NOBODY, 0, 100);
    find_pids(server);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 7 && i < sizeof(scenes) / sizeof(*scenes); i++) {
        const struct scene *s = &scenes[i];

        if (strcmp(argv[2], s->name) == 0 && argc == 7 + s->nargs) {
            label = argv[1];
            speak(s, strcmp(argv[3], "ours") == 0);
            l.post_port = atoi(argv[5]);
            l.port = atoi(argv[6]);
            l.tls = l.port != l.post_port;
            begin(s, atoi(argv[4]));
            s->play(argv + 7);
            reset_streams(&l);
            return 0;
        }
    }
    fprintf(stderr, "usage: %s LABEL SCENE ours|peer PID PORT STREAM_PORT ARGS...\n", argv[0]);
    return 2;
}
