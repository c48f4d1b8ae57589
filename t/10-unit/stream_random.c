/* The fan-out at random: whatever comes between, each stream is told each of its messages once, in order. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_test.h"

static unsigned chance(unsigned n)
{
    static apr_uint64_t state = 88172645463325252ULL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state % n);
}

/* What the stream must have heard, of what was published since it joined. */
static void expect(const stream *s, apr_uint64_t from)
{
    qt_buf want;

    qt_buf_init(&want, pool);
    mod_qt_event_synchronizing(&want, EPOCH, from);
    for (apr_uint64_t seq = from + 1; seq <= zone_last; seq++) {
        qt_event event = event_of(seq);

        if (wants(s, &event)) {
            mod_qt_event_message(&want, &event, EPOCH, 0);
        }
    }
    is_mem(s->heard.p, s->heard.n, want.p, want.n, "stream %s, since %d: each of its messages, once, in order", s->name, (int)from);
}

#define STREAMS 60

static struct {
    stream *stream;
    apr_uint64_t from;
    int arrived;
} at[STREAMS];

static void step(void)
{
    static const char *const keys[] = { "a", "b", NULL };
    unsigned i = chance(STREAMS);
    stream *s = at[i].stream;

    switch (chance(9)) {
    case 0:
    case 1:
    case 2:
        publish(chance(GROUPS), qt_str_of(keys[chance(3)]), "x");
        break;
    case 3:
        look();
        collect(chance(8));
        break;
    case 4:
        for (unsigned n = chance(2 * STREAMS); n-- > 0;) {
            catch_up_once();
        }
        break;
    case 5:
        if (!s) {
            at[i].from = zone_last;
            at[i].arrived = 0;
            at[i].stream = come((wish){ .transport = chance(2) ? &owned : &blocking, .kind = QT_K_EVENTS, .groups = 1 + chance(255),
                                        .key = qt_str_of(keys[chance(3)]) });
        }
        else if (!at[i].arrived) {
            at[i].arrived = 1;
            arrive(s);
        }
        break;
    case 6:
        if (s && at[i].arrived && s->takes < 0 && s->base.subscriber->entered) {
            s->takes = 1 + (int)chance(3);
        }
        break;
    case 7:
        if (s && s->clogged) {
            flow(s, chance(2) ? 1 : -1);
        }
        break;
    default:
        now++;
        look();
    }
}

static void at_random(void)
{
    note("at random");
    begin();
    batch = 5;
    memset(at, 0, sizeof(at));
    for (int i = 0; i < 20000 && zone_last < LOG_MAX - 10; i++) {
        step();
    }
    for (int i = 0; i < STREAMS; i++) {
        if (at[i].stream && !at[i].arrived) {
            arrive(at[i].stream);
        }
    }
    settle();
    for (int i = 0; i < STREAMS; i++) {
        while (at[i].stream && (at[i].stream->clogged || at[i].stream->takes >= 0)) {
            flow(at[i].stream, -1);
            settle();
        }
    }
    for (int i = 0; i < STREAMS; i++) {
        if (at[i].stream) {
            expect(at[i].stream, at[i].from);
        }
    }
    end();
}

int main(void)
{
    apr_initialize();
    at_random();
    return done_testing();
}
