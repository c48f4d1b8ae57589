/* Reads QueueTasksTopics and QueueTasksTopic, and applies them to a topic. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mod_qt_topic_rules.h"

#include <apr_strings.h>
#include "config/mod_qt_conf.h"
#include "config/mod_qt_log.h"
#include "config/mod_qt_number.h"

/* ---- QueueTasksTopics ---- */

/* Bytes of an expression, with its braces and those within them; 0: it has no end. */
static apr_size_t hole_size(const char *text)
{
    int depth = 0;

    for (apr_size_t n = 0; text[n]; n++) {
        depth += text[n] == '{';
        if (text[n] == '}' && --depth == 0) {
            return n + 1;
        }
    }
    return 0;
}

static const char *add_hole(cmd_parms *cmd, apr_array_header_t *parts, apr_array_header_t *holes, const char *text, apr_size_t n)
{
    const char *error = NULL, *source = apr_pstrmemdup(cmd->pool, text, n);
    mod_qt_hole *hole = apr_array_push(holes);

    hole->at = parts->nelts;
    hole->expr = ap_expr_parse_cmd(cmd, source, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    *(qt_glob_part *)apr_array_push(parts) = (qt_glob_part){ QT_GLOB_TEXT, QT_STR_NONE };
    return error ? apr_psprintf(cmd->pool, "%s: can't read the expression \"%s\": %s", cmd->cmd->name, source, error) : NULL;
}

static const char *pattern_read(cmd_parms *cmd, const char *text, mod_qt_pattern **pattern)
{
    apr_array_header_t *parts = apr_array_make(cmd->pool, 4, sizeof(qt_glob_part));
    apr_array_header_t *holes = apr_array_make(cmd->pool, 2, sizeof(mod_qt_hole));
    const char *error = NULL;

    while (*text && !error) {
        const char *at = strstr(text, "%{");
        apr_size_t before = at ? (apr_size_t)(at - text) : strlen(text), n = at ? hole_size(at) : 0;

        if (at && !n) {
            return apr_psprintf(cmd->pool, "%s: the expression \"%s\" has no end", cmd->cmd->name, at);
        }
        qt_glob_read(parts, (qt_str){ text, before });
        if (at) {
            error = add_hole(cmd, parts, holes, at, n);
        }
        text += before + n;
    }
    *pattern = apr_palloc(cmd->pool, sizeof(**pattern));
    **pattern = (mod_qt_pattern){ parts, holes };
    return error;
}

const char *mod_qt_topics_set(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    apr_array_header_t *patterns = apr_array_make(cmd->pool, argc, sizeof(mod_qt_pattern *));

    if (argc == 0) {
        return "QueueTasksTopics: name one pattern or more";
    }
    for (int i = 0; i < argc; i++) {
        mod_qt_pattern *pattern = NULL;
        const char *error = pattern_read(cmd, apr_pstrdup(cmd->pool, argv[i]), &pattern);

        if (error) {
            return error;
        }
        APR_ARRAY_PUSH(patterns, mod_qt_pattern *) = pattern;
    }
    ((mod_qt_conf *)config)->topics = patterns;
    return NULL;
}

const qt_glob_part *mod_qt_pattern_fill(request_rec *r, const mod_qt_pattern *pattern, const char **error)
{
    apr_size_t n = (apr_size_t)pattern->parts->nelts;
    qt_glob_part *parts = apr_pmemdup(r->pool, pattern->parts->elts, n * sizeof(*parts));

    *error = NULL;
    for (int i = 0; i < pattern->holes->nelts; i++) {
        const mod_qt_hole *hole = &APR_ARRAY_IDX(pattern->holes, i, mod_qt_hole);
        const char *value = ap_expr_str_exec(r, hole->expr, error);

        if (*error || !value || !*value) {
            return NULL;
        }
        parts[hole->at].text = qt_str_of(value);
    }
    return parts;
}

/* ---- QueueTasksTopic ---- */

/* The settings of a topic. A word counts by its place, which is the number of qt_delivery and qt_merge. */
#define SETTINGS(X)                                                                                                           \
    X(RETAIN, "retain", NULL, mod_qt_counts, 0, 1000000, 100)                                                                 \
    X(AGE, "age", NULL, mod_qt_times, MOD_QT_MS, MOD_QT_AGE_MOST, MOD_QT_HOUR)                                                \
    X(DELIVERY, "delivery", "last none all", NULL, 0, 0, QT_DELIVER_LAST)                                                     \
    X(COALESCE, "coalesce", NULL, mod_qt_times, 0, 24 * MOD_QT_HOUR, 0)                                                       \
    X(MERGE, "merge", "last count sum union", NULL, 0, 0, QT_MERGE_LAST)                                                      \
    X(DURABLE, "durable", "off on", NULL, 0, 0, 0)

#define NUMBER(name, word, words, units, least, most, otherwise) name,
enum { SETTINGS(NUMBER) NSETTINGS };
#undef NUMBER

static const struct {
    const char *name, *words;
    mod_qt_range range;
    apr_int64_t otherwise;
} settings[NSETTINGS] = {
#define SETTING(name, word, words, units, least, most, otherwise) { word, words, { units, least, most }, otherwise },
    SETTINGS(SETTING)
#undef SETTING
};

typedef struct rule {
    const apr_array_header_t *parts; /* qt_glob_part */
    apr_int64_t value[NSETTINGS];    /* MOD_QT_UNSET: this line does not say it */
} rule;

/* A server's configuration. */
typedef struct server_conf {
    apr_array_header_t *rules; /* rule, the outer server's first */
} server_conf;

void *mod_qt_topics_create(apr_pool_t *p, server_rec *s)
{
    server_conf *conf = apr_palloc(p, sizeof(*conf));

    (void)s;
    conf->rules = apr_array_make(p, 4, sizeof(rule));
    return conf;
}

void *mod_qt_topics_merge(apr_pool_t *p, void *outer, void *inner)
{
    server_conf *conf = apr_palloc(p, sizeof(*conf));

    conf->rules = apr_array_append(p, ((const server_conf *)outer)->rules, ((const server_conf *)inner)->rules);
    return conf;
}

/* The setting of which text is "name=value", and where its value begins; -1: none. */
static int setting_of(const char *text, const char **value)
{
    apr_size_t n = strcspn(text, "=");

    *value = text + n + 1;
    for (int i = 0; text[n] && i < NSETTINGS; i++) {
        if (strlen(settings[i].name) == n && ap_cstr_casecmpn(settings[i].name, text, n) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *setting_read(cmd_parms *cmd, const char *text, rule *line)
{
    const char *value, *name;
    int i = setting_of(text, &value);

    if (i < 0) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is none of: retain= age= delivery= coalesce= merge= durable=", cmd->cmd->name, text);
    }
    name = apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, settings[i].name);
    if (!settings[i].words) {
        return mod_qt_number_read(&line->value[i], &settings[i].range, name, value, cmd->pool);
    }
    line->value[i] = mod_qt_word_read(settings[i].words, value);
    return line->value[i] < 0 ? apr_psprintf(cmd->pool, "%s: \"%s\" is none of: %s", name, value, settings[i].words) : NULL;
}

static const char *rule_read(cmd_parms *cmd, int argc, char *const argv[], rule *line)
{
    apr_array_header_t *parts = apr_array_make(cmd->pool, 4, sizeof(qt_glob_part));
    const char *error = NULL;

    qt_glob_read(parts, qt_str_of(apr_pstrdup(cmd->pool, argv[0])));
    line->parts = parts;
    for (int i = 0; i < NSETTINGS; i++) {
        line->value[i] = MOD_QT_UNSET;
    }
    for (int i = 1; i < argc && !error; i++) {
        error = setting_read(cmd, argv[i], line);
    }
    if (!error && line->value[DURABLE] == 1) {
        error = apr_pstrcat(cmd->pool, cmd->cmd->name, ": durable=on needs a journal, and there is none yet; leave it off", NULL);
    }
    return error;
}

const char *mod_qt_topics_set_rule(cmd_parms *cmd, void *config, int argc, char *const argv[])
{
    server_conf *conf = ap_get_module_config(cmd->server->module_config, &queuetasks_module);

    (void)config;
    if (argc < 2) {
        return "QueueTasksTopic: name a pattern and one setting or more (retain=100 age=1h delivery=last ...)";
    }
    return rule_read(cmd, argc, argv, apr_array_push(conf->rules));
}

/* What the line says goes before what was said so far. */
static void rule_apply(const rule *line, apr_int64_t *value)
{
    for (int i = 0; i < NSETTINGS; i++) {
        if (line->value[i] != MOD_QT_UNSET) {
            value[i] = line->value[i];
        }
    }
}

void mod_qt_topic_rules(const request_rec *r, qt_str topic, qt_topic_rules *rules)
{
    const server_conf *conf = ap_get_module_config(r->server->module_config, &queuetasks_module);
    apr_int64_t value[NSETTINGS];

    for (int i = 0; i < NSETTINGS; i++) {
        value[i] = settings[i].otherwise;
    }
    for (int i = 0; i < conf->rules->nelts; i++) {
        const rule *line = &APR_ARRAY_IDX(conf->rules, i, rule);

        if (qt_glob_match((const qt_glob_part *)line->parts->elts, (apr_size_t)line->parts->nelts, topic)) {
            rule_apply(line, value);
        }
    }
    *rules = (qt_topic_rules){ .age = value[AGE], .coalesce = value[COALESCE], .retain = (apr_uint32_t)value[RETAIN],
                               .delivery = (qt_delivery)value[DELIVERY], .merge = (qt_merge)value[MERGE] };
}
