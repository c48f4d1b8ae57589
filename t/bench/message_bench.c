/* What messages cost in the rules alone, by how many topics there are and how many children listen: no lock, no socket. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "core/qt_core.h"

#define ZONE ((apr_size_t)256 << 20)
#define PUBLISHES 300000

static qt_zone *zone;
static qt_time now = 1000 * QT_SECOND;
static char out[1 << 17];

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void call(qt_call *c)
{
    c->out = (qt_out){ .p = out, .cap = sizeof(out) };
    if (qt_core_call(zone, now, c) != APR_SUCCESS) {
        printf("verb %d failed\n", c->verb);
        exit(1);
    }
}

static qt_str name(const char *kind, unsigned i)
{
    static char text[4][32];
    static int at;

    at = (at + 1) % 4;
    snprintf(text[at], sizeof(text[at]), "%s/%u", kind, i);
    return qt_str_of(text[at]);
}

static void open_zone(void)
{
    static const unsigned char seed[16] = "a bench's seed";

    zone = calloc(1, ZONE);
    if (!zone || qt_zone_init(zone, ZONE, seed, 1) != APR_SUCCESS) {
        exit(1);
    }
}

static void publish(unsigned topic)
{
    static const qt_topic_rules rules = { .age = 3600 * QT_SECOND, .retain = 1, .delivery = QT_DELIVER_LAST };
    qt_str topics[] = { name("t", topic) };
    qt_call c = { .verb = QT_PUBLISH, .topics = topics, .ntopics = 1, .topic_rules = &rules,
                  .data = QT_STR_LIT("{\"state\":\"running\",\"done\":3,\"of\":10,"
                                       "\"text\":\"a message of some hundred bytes, as they are\"}") };

    call(&c);
}

/* One stream of this child listens to the topic. */
static void listen_to(unsigned topic, unsigned child)
{
    qt_str topics[] = { name("t", topic) };
    qt_call c = { .verb = QT_JOIN, .kind = QT_K_EVENTS, .who = name("u", topic), .topics = topics, .ntopics = 1, .child = child,
                  .grace = 5 * QT_SECOND };

    call(&c);
}

static void collect(unsigned child)
{
    qt_call c = { .verb = QT_COLLECT, .child = child };

    call(&c);
}

/* Publishes a second, each collected by all children that listen. */
static double rate(unsigned topics, unsigned children)
{
    double began;
    unsigned i, child;

    open_zone();
    for (i = 0; i < topics; i++) {
        publish(i);
        for (child = 0; child < children; child++) {
            listen_to(i, child);
        }
    }
    began = seconds();
    for (i = 0; i < PUBLISHES; i++) {
        publish((unsigned)((apr_uint64_t)i * 7919 % topics));
        for (child = 0; child < children; child++) {
            collect(child);
        }
    }
    began = PUBLISHES / (seconds() - began);
    free(zone);
    return began;
}

/* To one user of many, told to his one stream and read: whole lives of messages a second. */
static double mail(unsigned users)
{
    static const qt_mailbox box = { .most = 100, .age = 24 * 3600 * QT_SECOND };
    double began;
    unsigned i;

    open_zone();
    for (i = 0; i < users; i++) {
        qt_call c = { .verb = QT_JOIN, .kind = QT_K_NOTICES, .who = name("u", i), .grace = 5 * QT_SECOND };

        call(&c);
    }
    began = seconds();
    for (i = 0; i < PUBLISHES; i++) {
        qt_str who = name("u", (unsigned)((apr_uint64_t)i * 7919 % users));
        qt_call send = { .verb = QT_NOTIFY, .who = who, .mailbox = &box, .grace = 5 * QT_SECOND, .data = QT_STR_LIT("a message") };
        qt_ack ack = { .who = who };
        qt_call read = { .verb = QT_ACK, .acks = &ack, .nacks = 1 };

        call(&send);
        ack.seq = send.seq;
        collect(0);
        call(&read);
    }
    began = PUBLISHES / (seconds() - began);
    free(zone);
    return began;
}

int main(void)
{
    static const unsigned counts[] = { 1, 1000, 100000 };

    apr_initialize();
    printf("publishes a second, each collected by the children that listen\n");
    printf("%10s %14s %14s %14s\n", "topics", "nobody listens", "one child", "four children");
    for (unsigned i = 0; i < 3; i++) {
        printf("%10u %14.0f %14.0f %14.0f\n", counts[i], rate(counts[i], 0), rate(counts[i], 1), rate(counts[i], 4));
    }
    printf("messages to one of so many users, told and read, a second\n");
    for (unsigned i = 0; i < 3; i++) {
        printf("%10u %14.0f\n", counts[i], mail(counts[i]));
    }
    return 0;
}
