/* The talking half in a word: who joins, what is sent, and what a stream or a child is told, as text. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_TALK_ZONE_H
#define TEST_TALK_ZONE_H

#include "zone.h"

static zone_fixture f;

/* Every invariant after each verb, but not while a zone is filled. */
static int unchecked;

UNUSED apr_status_t talk_call(void)
{
    if (!unchecked) {
        return zone_call(&f);
    }
    f.call.out = (qt_out){ .p = f.out, .cap = sizeof(f.out) };
    return qt_core_call(f.zone, f.now, &f.call);
}

/* What is told, one word a message: "topic/key:type=data", without what is absent. */
typedef struct words {
    char text[1 << 17];
    apr_size_t n;
} words;

UNUSED void words_add(words *w, const char *word, apr_size_t n)
{
    if (w->n + n + 2 < sizeof(w->text)) {
        memcpy(w->text + w->n, " ", 1);
        w->n += w->n ? 1 : 0;
        memcpy(w->text + w->n, word, n);
        w->n += n;
    }
    w->text[w->n] = 0;
}

UNUSED void words_event(words *w, const qt_event *e)
{
    static char word[1 << 17];
    int n = 0;
    qt_str topic = e->topic;

    if (e->kind != QT_EV_MESSAGE) {
        const char *text = e->kind == QT_EV_LOST        ? "lost"
                           : e->kind == QT_EV_TERMINATE ? "terminate"
                           : e->kind == QT_EV_CLOSED    ? "closed"
                           : e->kind == QT_EV_TASK      ? "task"
                           : e->kind == QT_EV_END       ? (e->reason == QT_R_REPLACED ? "replaced" : "end")
                                                        : "other";

        words_add(w, text, strlen(text));
        return;
    }
    if (topic.n && (unsigned char)topic.p[0] <= QT_NAME_FEED) {
        topic = topic.p[0] == QT_NAME_MAIL ? QT_STR_LIT("mail") : topic.p[0] == QT_NAME_ALL ? QT_STR_LIT("all") : QT_STR_LIT("feed");
    }
    n = snprintf(word, sizeof(word), "%.*s%s%.*s%s%.*s%s%.*s", (int)topic.n, topic.n ? topic.p : "", e->key.n ? "/" : "", (int)e->key.n,
                 e->key.n ? e->key.p : "", e->type.n ? ":" : "", (int)e->type.n, e->type.n ? e->type.p : "", topic.n ? "=" : "",
                 (int)e->data.n, e->data.n ? e->data.p : "");
    words_add(w, word, (apr_size_t)n);
}

UNUSED void talk_open(apr_size_t size)
{
    if (f.zone) {
        zone_close(&f);
    }
    zone_open(&f, size);
}

/* ---- topics ---- */

/* What topics do unless a test says otherwise. */
static qt_topic_rules rules_of_topics = { .age = 3600 * QT_SECOND, .retain = 100, .delivery = QT_DELIVER_ALL };

UNUSED apr_status_t publish_text(const char *topic, const char *key, qt_str data)
{
    qt_str name = qt_str_of(topic);

    f.call = (qt_call){ .verb = QT_PUBLISH, .topics = &name, .ntopics = 1, .key = qt_str_of(key), .data = data,
                        .topic_rules = &rules_of_topics };
    return talk_call();
}

/* The message's number; 0: it failed, or waits to be merged. */
UNUSED apr_uint64_t publish(const char *topic, const char *key, const char *data)
{
    return publish_text(topic, key, qt_str_of(data)) == APR_SUCCESS ? f.call.seq : 0;
}

UNUSED apr_status_t publish_items(const char *topic, const char *key, const qt_item *items, apr_uint32_t n)
{
    qt_str name = qt_str_of(topic);

    f.call = (qt_call){ .verb = QT_PUBLISH, .topics = &name, .ntopics = 1, .key = qt_str_of(key), .items = items, .nitems = n,
                        .topic_rules = &rules_of_topics };
    return talk_call();
}

/* ---- streams of messages ---- */

typedef struct listener {
    apr_uint64_t stream, seen, until;
    qt_str keys[2];
    apr_uint32_t nkeys;
    qt_str topics[QT_TOPICS_MAX];
    unsigned resumed : 1, foreign : 1;
    apr_status_t status;
} listener;

#define NEW ((qt_cursor){ .given = 0 })
#define SINCE(number) ((qt_cursor){ .given = 1, .epoch = f.zone->epoch, .seq = (number) })

UNUSED int listen_call(listener *l, qt_call call)
{
    f.call = call;
    f.call.verb = QT_JOIN;
    f.call.rules = &f.rules;
    f.call.cookie = 7;
    l->status = talk_call();
    l->stream = l->status == APR_SUCCESS ? f.call.stream : 0;
    l->seen = f.call.after;
    l->until = f.call.seq;
    l->resumed = call.since.given;
    l->foreign = f.call.foreign;
    return l->stream != 0;
}

/* A stream of u in child 0 for topics a and (when there are two) b. */
UNUSED int listen_to_topics(listener *l, const char *a, const char *b, qt_cursor since)
{
    *l = (listener){ .topics = { qt_str_of(a), qt_str_of(b) } };
    return listen_call(l, (qt_call){ .who = QT_STR_LIT("u"), .kind = QT_K_EVENTS, .topics = l->topics, .ntopics = b ? 2 : 1,
                                     .grace = f.rules.grace, .since = since });
}

UNUSED int listen_to_notices(listener *l, const char *who, qt_cursor since)
{
    *l = (listener){ .nkeys = 0 };
    return listen_call(l, (qt_call){ .who = qt_str_of(who), .kind = QT_K_NOTICES, .grace = f.rules.grace, .since = since });
}

UNUSED int listen_to_feed(listener *l, qt_cursor since)
{
    *l = (listener){ .nkeys = 0 };
    return listen_call(l, (qt_call){ .who = QT_STR_LIT("boss"), .kind = QT_K_FEED, .since = since });
}

/* Catches up to the end; "lost" once, and then what is left, as a child does it. */
UNUSED const char *hears(listener *l)
{
    static words w;
    int warned = 0;

    w.n = 0;
    w.text[0] = 0;
    do {
        f.call = (qt_call){ .verb = QT_CATCH_UP, .stream = l->stream, .after = l->seen, .until = l->until, .flag = l->resumed,
                            .skip = (unsigned)warned, .keys = l->keys, .nkeys = l->nkeys };
        l->status = talk_call();
        if (l->status == QT_E_SPACE || l->status == QT_E_UNKNOWN) {
            return l->status == QT_E_SPACE ? "too large for the buffer" : "unknown stream";
        }
        if (f.call.lost) {
            words_add(&w, "lost", 4);
            warned = 1;
            f.call.more = 1;
            continue;
        }
        for (apr_uint32_t i = 0; i < f.call.n; i++) {
            words_event(&w, &f.call.events[i]);
        }
        l->seen = f.call.after;
    } while (f.call.more);
    return w.text;
}

/* All that a child collects. */
UNUSED const char *child_hears(apr_uint32_t child)
{
    static words w;

    w.n = 0;
    w.text[0] = 0;
    do {
        f.call = (qt_call){ .verb = QT_COLLECT, .child = child };
        if (talk_call() != APR_SUCCESS) {
            return "failed";
        }
        for (apr_uint32_t i = 0; i < f.call.n; i++) {
            words_event(&w, &f.call.events[i]);
        }
    } while (f.call.more);
    return w.text;
}

/* How many words of the text are `word`. */
UNUSED int count_words(const char *text, const char *word)
{
    apr_size_t n = strlen(word);
    int count = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += n) {
        count += (at == text || at[-1] == ' ') && (at[n] == 0 || at[n] == ' ');
    }
    return count;
}

/* ---- people ---- */

static qt_mailbox mailbox = { .most = 100, .age = 86400 * QT_SECOND };

UNUSED apr_uint64_t notify(const char *who, const char *data)
{
    f.call = (qt_call){ .verb = QT_NOTIFY, .who = qt_str_of(who), .data = qt_str_of(data), .mailbox = &mailbox, .grace = f.rules.grace };
    return talk_call() == APR_SUCCESS ? f.call.seq : 0;
}

UNUSED const qt_user_view *user_of(const char *who)
{
    return zone_do(&f, QT_USER, who, NULL) == APR_SUCCESS ? f.call.users : NULL;
}

UNUSED int mail_of(const char *who)
{
    const qt_user_view *user = user_of(who);

    return user ? (int)user->mail : -1;
}

/* ---- queues ---- */

UNUSED apr_status_t push_many(const char *queue, const qt_str *texts, apr_uint32_t n)
{
    f.call = (qt_call){ .verb = QT_PUSH, .queue = qt_str_of(queue), .texts = texts, .ntexts = n };
    return talk_call();
}

UNUSED apr_uint64_t push(const char *queue, const char *text)
{
    qt_str one = qt_str_of(text);

    return push_many(queue, &one, 1) == APR_SUCCESS ? f.call.seqs[0] : 0;
}

/* A stream of that reader in that child, ready to be given something. */
UNUSED apr_uint64_t read_queue(const char *queue, const char *who, apr_uint32_t child, qt_cursor since)
{
    apr_uint64_t stream;

    f.call = (qt_call){ .verb = QT_JOIN, .who = qt_str_of(who), .kind = QT_K_READER, .queue = qt_str_of(queue), .grace = f.rules.grace,
                        .child = child, .since = since, .rules = &f.rules };
    if (talk_call() != APR_SUCCESS) {
        return 0;
    }
    stream = f.call.stream;
    f.call = (qt_call){ .verb = QT_HOLD, .stream = stream };
    talk_call();
    return stream;
}

/* Everything over: who listens goes, and time passes until nothing is remembered; the bytes that are still in use. */
UNUSED apr_uint64_t bytes_at_last(void)
{
    for (apr_uint32_t child = 0; child < QT_CHILDREN_MAX; child++) {
        do {
            f.call = (qt_call){ .verb = QT_ORPHANS, .child = child };
            talk_call();
        } while (f.call.more);
    }
    zone_pass(&f, 4 * QT_QUEUE_LIFE);
    return f.zone->arena.used;
}

#endif
