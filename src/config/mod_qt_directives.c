/* The table of directives and what reads their values. A bad value is a configuration error that names what is allowed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <apr_strings.h>
#include "config/mod_qt_conf.h"
#include "config/mod_qt_log.h"
#include "config/mod_qt_number.h"
#include "config/mod_qt_topic_rules.h"
#include "wire/qt_labels.h"

#define ANYWHERE (RSRC_CONF | ACCESS_CONF)

/* ---- numbers ---- */

typedef struct number {
    size_t offset; /* of the member */
    mod_qt_range range;
} number;

static const char *set_number(cmd_parms *cmd, void *conf, const char *text)
{
    const number *what = cmd->info;
    apr_int64_t value;
    const char *error = mod_qt_number_read(&value, &what->range, cmd->cmd->name, text, cmd->pool);

    if (error) {
        return error;
    }
    *(apr_int64_t *)((char *)conf + what->offset) = value;
    if (what->offset == offsetof(mod_qt_conf, max_blocking) || what->offset == offsetof(mod_qt_conf, drain)) {
        mod_qt_conf_note(cmd->server->process, cmd->cmd->name, value);
    }
    return NULL;
}

#define NUMBER(member, directive, units, otherwise, least, most, text)                                                        \
    static const number number_##member = { offsetof(mod_qt_conf, member), { mod_qt_##units, least, most } };
MOD_QT_NUMBERS(NUMBER)
#undef NUMBER

/* ---- words ---- */

typedef struct choice {
    size_t offset;
    const char *words;
} choice;

static const char *set_choice(cmd_parms *cmd, void *conf, const char *text)
{
    const choice *what = cmd->info;
    int place = mod_qt_word_read(what->words, text);

    if (place < 0) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is none of: %s", cmd->cmd->name, text, what->words);
    }
    *(apr_int64_t *)((char *)conf + what->offset) = place;
    return NULL;
}

#define CHOICE(member, directive, words, otherwise, text)                                                                     \
    static const choice choice_##member = { offsetof(mod_qt_conf, member), words };
MOD_QT_CHOICES(CHOICE)
#undef CHOICE

/* ---- the others ---- */

static const char *set_serve(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    static const struct {
        const char *word;
        int bit;
    } sections[] = {
#define SECTION(name, word, bit) { word, bit },
        MOD_QT_SECTIONS(SECTION)
#undef SECTION
    };
    int *bits = apr_pcalloc(cmd->pool, sizeof(*bits));

    if (argc == 0) {
        return "QueueTasksServe: name one section or more";
    }
    for (int i = 0; i < argc; i++) {
        apr_size_t k = 0;

        while (k < sizeof(sections) / sizeof(*sections) && ap_cstr_casecmp(argv[i], sections[k].word) != 0) {
            k++;
        }
        if (k == sizeof(sections) / sizeof(*sections)) {
            return apr_psprintf(cmd->pool, "QueueTasksServe: \"%s\" is none of: operator subscribe publish admin docs", argv[i]);
        }
        *bits |= sections[k].bit;
    }
    ((mod_qt_conf *)config)->sections = bits;
    return NULL;
}

static const char *set_zone(cmd_parms *cmd, void *config, const char *name, const char *size)
{
    static const mod_qt_range range = { mod_qt_sizes, MOD_QT_ZONE_SIZE_MIN, MOD_QT_ZONE_SIZE_MAX };
    mod_qt_conf *conf = config;
    apr_int64_t bytes = 0;
    const char *error = NULL;

    if (!qt_name_ok(qt_str_of(name))) {
        return "QueueTasksZone: a zone's name is 1 to 128 bytes of UTF-8 without control characters";
    }
    if (size && ap_cstr_casecmpn(size, "size=", 5) == 0) {
        size += 5;
    }
    error = size ? mod_qt_number_read(&bytes, &range, cmd->cmd->name, size, cmd->pool) : NULL;
    if (error) {
        return error;
    }
    conf->zone = mod_qt_zones_name(cmd->server->process, name, (apr_size_t)bytes, &error);
    return error ? apr_pstrcat(cmd->pool, "QueueTasksZone: ", error, NULL) : NULL;
}

static const char *set_mailbox(cmd_parms *cmd, void *config, const char *count, const char *age)
{
    static const mod_qt_range counts = { mod_qt_counts, 0, MOD_QT_MAILBOX_MOST }, ages = { mod_qt_times, MOD_QT_MS, MOD_QT_AGE_MOST };
    qt_mailbox *mailbox = apr_pcalloc(cmd->pool, sizeof(*mailbox));
    apr_int64_t most = 0;
    const char *error = mod_qt_number_read(&most, &counts, cmd->cmd->name, count, cmd->pool);

    mailbox->most = (apr_uint32_t)most;
    mailbox->age = MOD_QT_MAILBOX_AGE;
    if (!error && age) {
        error = mod_qt_number_read(&mailbox->age, &ages, cmd->cmd->name, age, cmd->pool);
    }
    ((mod_qt_conf *)config)->mailbox = mailbox;
    return error;
}

static const char *read_expr(cmd_parms *cmd, const char *text, const ap_expr_info_t **expr)
{
    const char *error = NULL;

    if (strncmp(text, "expr=", 5) == 0) {
        text += 5;
    }
    *expr = ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    return error ? apr_psprintf(cmd->pool, "%s: can't read the expression \"%s\": %s", cmd->cmd->name, text, error) : NULL;
}

static const char *set_user(cmd_parms *cmd, void *conf, const char *text)
{
    return read_expr(cmd, text, &((mod_qt_conf *)conf)->user);
}

static const char *set_labels(cmd_parms *cmd, void *conf, const char *text)
{
    return read_expr(cmd, text, &((mod_qt_conf *)conf)->labels);
}

/* An origin as browsers send it: scheme://host or scheme://host:port, nothing after it. */
static int origin_ok(const char *origin)
{
    const char *host = strstr(origin, "://");

    if (!host || host == origin || strspn(origin, "abcdefghijklmnopqrstuvwxyz0123456789+-.") != (size_t)(host - origin)) {
        return 0;
    }
    host += 3;
    return *host && host[strcspn(host, "/?#@*, \t\"'\\<>")] == '\0';
}

static const char *set_origins(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    apr_array_header_t *origins = apr_array_make(cmd->pool, argc, sizeof(const char *));

    if (argc == 0) {
        return "QueueTasksAllowOrigin: name one origin or more, or *";
    }
    for (int i = 0; i < argc; i++) {
        char *origin = apr_pstrdup(cmd->pool, argv[i]);

        ap_str_tolower(origin);
        if (argc > 1 && strcmp(origin, "*") == 0) {
            return "QueueTasksAllowOrigin: * stands alone";
        }
        if (strcmp(origin, "*") != 0 && !origin_ok(origin)) {
            return apr_psprintf(cmd->pool, "QueueTasksAllowOrigin: \"%s\" is no origin (https://host or https://host:port) and not *",
                                argv[i]);
        }
        APR_ARRAY_PUSH(origins, const char *) = origin;
    }
    ((mod_qt_conf *)config)->origins = origins;
    return NULL;
}

/* What the request's own path is put behind. */
static const char *set_stream_origin(cmd_parms *cmd, void *config, const char *url)
{
    apr_size_t n = strlen(url);
    const char *host = strstr(url, "://");

    while (n > 0 && url[n - 1] == '/') {
        n--;
    }
    if (!host || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || n <= (apr_size_t)(host + 3 - url) ||
        url[strcspn(url, "?# \t\"'\\<>")]) {
        return apr_psprintf(cmd->pool, "QueueTasksStreamOrigin: \"%s\" is no URL (https://host or https://host:port)", url);
    }
    ((mod_qt_conf *)config)->stream_origin = apr_pstrmemdup(cmd->pool, url, n);
    return NULL;
}

const command_rec mod_qt_directives[] = {
#define NUMBER(member, directive, units, otherwise, least, most, text)                                                        \
    AP_INIT_TAKE1(directive, set_number, (void *)&number_##member, ANYWHERE, text),
    MOD_QT_NUMBERS(NUMBER)
#undef NUMBER
#define CHOICE(member, directive, words, otherwise, text)                                                                     \
    AP_INIT_TAKE1(directive, set_choice, (void *)&choice_##member, ANYWHERE, text ": " words),
    MOD_QT_CHOICES(CHOICE)
#undef CHOICE
    AP_INIT_TAKE_ARGV("QueueTasksServe", set_serve, NULL, ANYWHERE, "sections of the API that are served here"),
    AP_INIT_TAKE12("QueueTasksZone", set_zone, NULL, ANYWHERE, "the queue domain, and its size"),
    AP_INIT_TAKE1("QueueTasksUser", set_user, NULL, ANYWHERE, "expression: who the caller is"),
    AP_INIT_TAKE1("QueueTasksLabels", set_labels, NULL, ANYWHERE, "expression: the caller's labels, comma-separated"),
    AP_INIT_TAKE1("QueueTasksStreamOrigin", set_stream_origin, NULL, ANYWHERE, "where streams that come over HTTP/2 are sent"),
    AP_INIT_TAKE_ARGV("QueueTasksTopics", mod_qt_topics_set, NULL, ANYWHERE, "patterns of the topics that may be subscribed to"),
    AP_INIT_TAKE_ARGV("QueueTasksTopic", mod_qt_topics_set_rule, NULL, RSRC_CONF, "a pattern of topics, and settings of them"),
    AP_INIT_TAKE12("QueueTasksMailbox", set_mailbox, NULL, ANYWHERE, "messages kept for a user who is away, and for how long"),
    AP_INIT_TAKE_ARGV("QueueTasksAllowOrigin", set_origins, NULL, ANYWHERE, "foreign origins whose pages may call"),
    { NULL }
};
