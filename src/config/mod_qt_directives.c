/* The table of directives and what reads their values. A bad value is a configuration error that names what is allowed. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include "config/mod_qt_conf.h"
#include "config/mod_qt_log.h"
#include "wire/qt_labels.h"

#define ANYWHERE (RSRC_CONF | ACCESS_CONF)

/* ---- numbers ---- */

typedef struct unit {
    const char *suffix;
    apr_int64_t factor;
} unit;

/* Largest first: a limit is printed in the first unit that divides it. */
static const unit times[] = { { "h", MOD_QT_HOUR }, { "min", 60 * QT_SECOND }, { "mi", 60 * QT_SECOND }, { "s", QT_SECOND },
                              { "ms", MOD_QT_MS }, { "", QT_SECOND }, { NULL, 0 } };
static const unit sizes[] = { { "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 }, { "", 1 }, { NULL, 0 } };
static const unit counts[] = { { "", 1 }, { NULL, 0 } };

typedef struct number {
    size_t offset; /* of the member */
    const unit *units;
    apr_int64_t least, most;
} number;

static const char *number_print(apr_pool_t *p, const unit *units, apr_int64_t value)
{
    while (units[1].suffix && (value == 0 || value % units->factor != 0)) {
        units++;
    }
    return apr_psprintf(p, "%" APR_INT64_T_FMT "%s", value / units->factor, units->suffix);
}

/* Digits and a suffix that the units know; 0 when it is none or too large to hold. */
static int number_read(apr_int64_t *value, const unit *units, const char *text)
{
    char *end;
    apr_int64_t digits;

    if (!apr_isdigit(*text)) {
        return 0;
    }
    errno = 0;
    digits = apr_strtoi64(text, &end, 10);
    if (errno) {
        return 0;
    }
    for (; units->suffix; units++) {
        if (ap_cstr_casecmp(units->suffix, end) == 0) {
            *value = digits * units->factor;
            return digits <= APR_INT64_MAX / units->factor;
        }
    }
    return 0;
}

static const char *number_refused(apr_pool_t *p, const char *directive, const char *text, const number *what)
{
    return apr_psprintf(p, "%s: \"%s\" is not %s from %s to %s", directive, text,
                        what->units == times ? "a time (ms, s, min, h)" : what->units == sizes ? "a size (k, m, g)" : "a number",
                        number_print(p, what->units, what->least), number_print(p, what->units, what->most));
}

static const char *set_number(cmd_parms *cmd, void *conf, const char *text)
{
    const number *what = cmd->info;
    apr_int64_t value;

    if (!number_read(&value, what->units, text) || value < what->least || value > what->most) {
        return number_refused(cmd->pool, cmd->cmd->name, text, what);
    }
    *(apr_int64_t *)((char *)conf + what->offset) = value;
    if (what->offset == offsetof(mod_qt_conf, max_blocking) || what->offset == offsetof(mod_qt_conf, drain)) {
        mod_qt_conf_note(cmd->server->process, cmd->cmd->name, value);
    }
    return NULL;
}

#define NUMBER(member, directive, units, otherwise, least, most, text)                                                        \
    static const number number_##member = { offsetof(mod_qt_conf, member), units, least, most };
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
    const char *rest = what->words;
    const char *word;

    for (apr_int64_t place = 0; *(word = ap_getword_white(cmd->temp_pool, &rest)); place++) {
        if (ap_cstr_casecmp(word, text) == 0) {
            *(apr_int64_t *)((char *)conf + what->offset) = place;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "%s: \"%s\" is none of: %s", cmd->cmd->name, text, what->words);
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
    static const number range = { 0, sizes, MOD_QT_ZONE_SIZE_MIN, MOD_QT_ZONE_SIZE_MAX };
    mod_qt_conf *conf = config;
    apr_int64_t bytes = 0;
    const char *error = NULL;

    if (!qt_name_ok(qt_str_of(name))) {
        return "QueueTasksZone: a zone's name is 1 to 128 bytes of UTF-8 without control characters";
    }
    if (size && ap_cstr_casecmpn(size, "size=", 5) == 0) {
        size += 5;
    }
    if (size && (!number_read(&bytes, sizes, size) || bytes < range.least || bytes > range.most)) {
        return number_refused(cmd->pool, "QueueTasksZone", size, &range);
    }
    conf->zone = mod_qt_zones_name(cmd->server->process, name, (apr_size_t)bytes, &error);
    return error ? apr_pstrcat(cmd->pool, "QueueTasksZone: ", error, NULL) : NULL;
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
    AP_INIT_TAKE_ARGV("QueueTasksAllowOrigin", set_origins, NULL, ANYWHERE, "foreign origins whose pages may call"),
    { NULL }
};
