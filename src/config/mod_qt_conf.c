/* Create, merge and read a section's configuration. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_strings.h>
#include "config/mod_qt_conf.h"

void *mod_qt_conf_create(apr_pool_t *p, char *path)
{
    mod_qt_conf *conf = apr_pcalloc(p, sizeof(*conf));

    (void)path;
#define UNSET(member, ...) conf->member = MOD_QT_UNSET;
    MOD_QT_NUMBERS(UNSET)
    MOD_QT_CHOICES(UNSET)
#undef UNSET
    return conf;
}

void *mod_qt_conf_merge(apr_pool_t *p, void *outer, void *inner)
{
    const mod_qt_conf *base = outer, *over = inner;
    mod_qt_conf *conf = apr_pcalloc(p, sizeof(*conf));

#define NUMBER(member, ...) conf->member = over->member == MOD_QT_UNSET ? base->member : over->member;
    MOD_QT_NUMBERS(NUMBER)
    MOD_QT_CHOICES(NUMBER)
#undef NUMBER
#define POINTER(type, member) conf->member = over->member ? over->member : base->member;
    MOD_QT_POINTERS(POINTER)
#undef POINTER
    return conf;
}

void mod_qt_conf_note(process_rec *process, const char *directive, apr_int64_t value)
{
    const char *key = apr_pstrcat(process->pconf, "mod_queuetasks/", directive, NULL);

    apr_pool_userdata_set(apr_pmemdup(process->pconf, &value, sizeof(value)), key, NULL, process->pconf);
}

apr_int64_t mod_qt_conf_noted(process_rec *process, const char *directive, apr_int64_t otherwise)
{
    void *value = NULL;

    apr_pool_userdata_get(&value, apr_pstrcat(process->pconf, "mod_queuetasks/", directive, NULL), process->pconf);
    return value ? *(apr_int64_t *)value : otherwise;
}

void mod_qt_conf_rules(const mod_qt_conf *conf, qt_rules *rules)
{
    memset(rules, 0, sizeof(*rules));
    rules->window = mod_qt_conf_window(conf);
    rules->grace = mod_qt_conf_grace(conf);
    rules->cooldown = mod_qt_conf_cooldown(conf);
    rules->wrap_up = mod_qt_conf_wrap_up(conf);
    rules->capacity = (apr_uint32_t)mod_qt_conf_capacity(conf);
    rules->max_offers = (apr_uint32_t)mod_qt_conf_max_offers(conf);
    rules->max_extends = (apr_uint32_t)mod_qt_conf_max_extends(conf);
    rules->once = mod_qt_conf_turn(conf) == MOD_QT_TURN_ONCE;
    rules->pause_on_timeout = mod_qt_conf_on_timeout(conf) == MOD_QT_TIMEOUT_PAUSE;
}
