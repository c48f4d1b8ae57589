/* What the directives say, per section of httpd's configuration: one struct, its tables of members, its defaults. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_CONF_H
#define MOD_QT_CONF_H

#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>
#include "config/mod_qt_zones.h"
#include "core/qt_call.h"

/* The module's record, and its only exported symbol: everything else is hidden by the compiler's flags. */
extern module AP_MODULE_DECLARE_DATA __attribute__((visibility("default"))) queuetasks_module;

/* Sections of the API (QueueTasksServe), as bits. */
#define MOD_QT_SECTIONS(X)                                                                                                    \
    X(OPERATOR, "operator", 1)                                                                                                \
    X(SUBSCRIBE, "subscribe", 2)                                                                                              \
    X(PUBLISH, "publish", 4)                                                                                                  \
    X(ADMIN, "admin", 8)                                                                                                      \
    X(DOCS, "docs", 16)
#define MOD_QT_SECTION_BIT(name, word, bit) MOD_QT_##name = bit,
enum {
    MOD_QT_SECTIONS(MOD_QT_SECTION_BIT)
    MOD_QT_CALLER = MOD_QT_OPERATOR | MOD_QT_SUBSCRIBE, /* whose endpoints know who calls */
    MOD_QT_SECTIONS_DEFAULT = MOD_QT_OPERATOR | MOD_QT_SUBSCRIBE | MOD_QT_DOCS
};
#undef MOD_QT_SECTION_BIT

/*
 * The words of QueueTasksKeepAliveForm, QueueTasksTurn, QueueTasksOnTimeout, QueueTasksDetach, QueueTasksSlowClient, QueueTasksDevices, by
 * number. USUAL has no word: event on wait-sse, comment elsewhere.
 */
enum { MOD_QT_FORM_EVENT, MOD_QT_FORM_COMMENT, MOD_QT_FORM_NONE, MOD_QT_FORM_USUAL };
enum { MOD_QT_TURN_PERSISTENT, MOD_QT_TURN_ONCE };
enum { MOD_QT_TIMEOUT_REQUEUE, MOD_QT_TIMEOUT_PAUSE };
enum { MOD_QT_DETACH_ON, MOD_QT_DETACH_OFF };
enum { MOD_QT_SLOW_CLOSE, MOD_QT_SLOW_SKIP };
enum { MOD_QT_DEVICES_MANY, MOD_QT_DEVICES_ONE };

/*
 * Every directive that takes one number: X(member, directive, units, default, least, most, text). Times are microseconds.
 * The struct, create, merge, the table of directives and the getters are made of these lines.
 */
#define MOD_QT_NUMBERS(X)                                                                                                     \
    X(keepalive, "QueueTasksKeepAlive", times, 25 * QT_SECOND, 10 * MOD_QT_MS, 24 * MOD_QT_HOUR,                              \
      "silence after which a stream is sent a keep-alive")                                                                    \
    X(window, "QueueTasksDecisionWindow", times, 40 * QT_SECOND, 10 * MOD_QT_MS, 168 * MOD_QT_HOUR,                           \
      "how long an offered task is the operator's to decide")                                                                 \
    X(grace, "QueueTasksReconnectGrace", times, 5 * QT_SECOND, 0, 24 * MOD_QT_HOUR,                                           \
      "how long a place is kept after the user's last stream broke")                                                          \
    X(retry, "QueueTasksRetry", times, 3 * QT_SECOND, 0, 24 * MOD_QT_HOUR,                                                    \
      "reconnect delay sent at the start of every stream; 0 sends none")                                                      \
    X(cooldown, "QueueTasksRejectCooldown", times, 60 * QT_SECOND, 0, 168 * MOD_QT_HOUR,                                      \
      "how long a task is not offered again to one who rejected it")                                                          \
    X(wrap_up, "QueueTasksWrapUp", times, 0, 0, 24 * MOD_QT_HOUR, "pause after complete before the operator is free again")   \
    X(max_offers, "QueueTasksMaxOffers", counts, 0, 0, 1000000, "offers after which a task is dead-lettered; 0: no limit")    \
    X(max_extends, "QueueTasksMaxExtends", counts, 1, 0, 1000000, "how often a decision window may be extended")              \
    X(capacity, "QueueTasksCapacity", counts, 1, 1, QT_CAPACITY_MAX, "open offers plus assigned tasks an operator may hold")  \
    X(max_body, "QueueTasksMaxBody", sizes, 64 << 10, 1, (apr_int64_t)64 << 20, "largest request body and payload")           \
    X(max_streams, "QueueTasksMaxStreams", counts, 0, 0, 10000000, "most streams of the zone; 0: no limit of ours")           \
    X(max_streams_per_user, "QueueTasksMaxStreamsPerUser", counts, 16, 0, 1000000, "most streams of one user; 0: no limit")   \
    X(life, "QueueTasksStreamLife", times, 0, 0, 168 * MOD_QT_HOUR,                                                           \
      "how long a stream lasts, and up to a tenth longer; 0: for ever")                                                       \
    X(drain, "QueueTasksDrain", times, MOD_QT_DRAIN_TIME, 0, MOD_QT_HOUR,                                                       \
      "over how long a child that stops gracefully spreads the ends of its streams")                                          \
    X(max_blocking, "QueueTasksMaxBlockingStreams", counts, 0, 1, 1000000,                                                    \
      "most streams of the server that may hold a thread; not given: a quarter of all threads")

#define MOD_QT_MS ((apr_int64_t)1000)
/* QueueTasksDrain, where nobody says it. */
#define MOD_QT_DRAIN_TIME (2 * QT_SECOND)
#define MOD_QT_HOUR (3600 * QT_SECOND)
/* QueueTasksMailbox, where nobody says it, and the most that it may say; the greatest age of a message anywhere. */
#define MOD_QT_MAILBOX 100
#define MOD_QT_MAILBOX_MOST 100000
#define MOD_QT_MAILBOX_AGE (24 * MOD_QT_HOUR)
#define MOD_QT_AGE_MOST (8760 * MOD_QT_HOUR)

/* Every directive that takes one of some words: X(member, directive, words, default, text); a word counts by its place. */
#define MOD_QT_CHOICES(X)                                                                                                     \
    X(keepalive_form, "QueueTasksKeepAliveForm", "event comment none", MOD_QT_FORM_USUAL, "form of the keep-alive")           \
    X(turn, "QueueTasksTurn", "persistent once", MOD_QT_TURN_PERSISTENT, "once: a stream ends after one task")                \
    X(on_timeout, "QueueTasksOnTimeout", "requeue pause", MOD_QT_TIMEOUT_REQUEUE, "what becomes of who let the window lapse")       \
    X(slow, "QueueTasksSlowClient", "close skip", MOD_QT_SLOW_CLOSE, "what becomes of a stream that is too far behind")       \
    X(devices, "QueueTasksDevices", "many one", MOD_QT_DEVICES_MANY, "one: a new stream of a user replaces his older one")        \
    X(detach, "QueueTasksDetach", "on off", MOD_QT_DETACH_ON, "plain HTTP/1.x streams leave httpd's connection handling")

/* Everything else: X(type, member); NULL is "not given". */
#define MOD_QT_POINTERS(X)                                                                                                    \
    X(const mod_qt_zone, zone)              /* QueueTasksZone */                                                              \
    X(const ap_expr_info_t, user)           /* QueueTasksUser: a string expression */                                         \
    X(const ap_expr_info_t, labels)         /* QueueTasksLabels: the same */                                                  \
    X(const apr_array_header_t, origins)    /* QueueTasksAllowOrigin: const char *, in lower case; "*" is alone */            \
    X(const apr_array_header_t, topics)     /* QueueTasksTopics: const mod_qt_pattern * (config/mod_qt_topic_rules.h) */           \
    X(const qt_mailbox, mailbox)            /* QueueTasksMailbox */                                                           \
    X(const char, stream_origin)            /* QueueTasksStreamOrigin: scheme://host[:port][/path], no slash at its end */        \
    X(const int, sections)                  /* QueueTasksServe: bits */

#define MOD_QT_UNSET APR_INT64_MIN

typedef struct mod_qt_conf {
#define MOD_QT_MEMBER(member, ...) apr_int64_t member;
    MOD_QT_NUMBERS(MOD_QT_MEMBER)
    MOD_QT_CHOICES(MOD_QT_MEMBER)
#undef MOD_QT_MEMBER
#define MOD_QT_MEMBER(type, member) type *member;
    MOD_QT_POINTERS(MOD_QT_MEMBER)
#undef MOD_QT_MEMBER
} mod_qt_conf;

/* mod_qt_conf_<member>(conf): what was given, or the default. */
#define MOD_QT_GETTER(member, directive, kind, otherwise, ...)                                                                \
    static inline apr_int64_t mod_qt_conf_##member(const mod_qt_conf *conf)                                                   \
    {                                                                                                                         \
        return conf->member == MOD_QT_UNSET ? (otherwise) : conf->member;                                                     \
    }
MOD_QT_NUMBERS(MOD_QT_GETTER)
MOD_QT_CHOICES(MOD_QT_GETTER)
#undef MOD_QT_GETTER

static inline unsigned mod_qt_conf_sections(const mod_qt_conf *conf)
{
    return conf->sections ? (unsigned)*conf->sections : MOD_QT_SECTIONS_DEFAULT;
}

static inline qt_mailbox mod_qt_conf_mailbox(const mod_qt_conf *conf)
{
    return conf->mailbox ? *conf->mailbox : (qt_mailbox){ MOD_QT_MAILBOX, MOD_QT_MAILBOX_AGE };
}

/* For the module record. */
void *mod_qt_conf_create(apr_pool_t *p, char *path);
void *mod_qt_conf_merge(apr_pool_t *p, void *outer, void *inner);
extern const command_rec mod_qt_directives[];

/*
 * QueueTasksMaxBlockingStreams and QueueTasksDrain count for the whole server: the last one in the configuration holds, wherever it
 * stands. Noted while the configuration is read, in pconf, under the directive's name.
 */
void mod_qt_conf_note(process_rec *process, const char *directive, apr_int64_t value);
/* What was noted, or `otherwise`. */
apr_int64_t mod_qt_conf_noted(process_rec *process, const char *directive, apr_int64_t otherwise);
#define MOD_QT_BLOCKING "QueueTasksMaxBlockingStreams"
#define MOD_QT_DRAIN "QueueTasksDrain"

/* What this Location says about an operator, as the core takes it. */
void mod_qt_conf_rules(const mod_qt_conf *conf, qt_rules *rules);

#endif
