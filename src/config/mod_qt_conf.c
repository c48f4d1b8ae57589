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

#define BLOCKING_KEY "mod_queuetasks/blocking"

void mod_qt_conf_note_blocking(process_rec *process, apr_int64_t max)
{
    apr_pool_userdata_set(apr_pmemdup(process->pconf, &max, sizeof(max)), BLOCKING_KEY, NULL, process->pconf);
}

apr_uint32_t mod_qt_conf_blocking(process_rec *process)
{
    void *max = NULL;

    apr_pool_userdata_get(&max, BLOCKING_KEY, process->pconf);
    return max ? (apr_uint32_t)*(apr_int64_t *)max : 0;
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
