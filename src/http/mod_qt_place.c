/* Finds the Location that a request stands in, and keeps httpd from looking for a file there. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <http_core.h>
#include <apr_fnmatch.h>
#include <apr_strings.h>
#include "config/mod_qt_conf.h"
#include "config/mod_qt_log.h"
#include "http/mod_qt_place.h"

/* Whether the section's SetHandler names us; -1 when it has none. */
static int handler_of(request_rec *r, const core_dir_config *core)
{
    const char *error = NULL;
    const char *name = core->expr_handler ? ap_expr_str_exec(r, core->expr_handler, &error) : core->handler;

    if (!name || error) {
        return -1;
    }
    return ap_cstr_casecmp(name, MOD_QT_HANDLER) == 0;
}

/*
 * A pattern with wildcards fits a whole path: the Location's own are the segments of the pattern before its last run of wildcard
 * segments, so that "/api/ * /tasks/ *" (without the blanks) ends after "tasks".
 */
static apr_size_t base_of_wildcards(const char *pattern, const char *uri)
{
    unsigned segments = 0, last_literal = 0;
    const char *end = uri;

    for (const char *at = pattern; *at == '/'; ) {
        apr_size_t n = strcspn(++at, "/");

        segments++;
        if (n > 0 && strcspn(at, "*?[") >= n) {
            last_literal = segments;
        }
        at += n;
    }
    for (; last_literal && *end == '/'; last_literal--) {
        end += 1 + strcspn(end + 1, "/");
    }
    return (apr_size_t)(end - uri);
}

/* Bytes of the uri that the section's own path takes up, or -1 when it does not fit: the same tests as httpd's location walk. */
static apr_ssize_t base_of(const core_dir_config *core, const char *uri)
{
    apr_size_t n = core->d ? strlen(core->d) : 0;
    ap_regmatch_t match[1];

    if (core->r) {
        return ap_regexec(core->r, uri, 1, match, 0) ? -1 : (apr_ssize_t)match[0].rm_eo;
    }
    if (n > 0 && core->d_is_fnmatch) {
        return apr_fnmatch(core->d, uri, APR_FNM_PATHNAME) ? -1 : (apr_ssize_t)base_of_wildcards(core->d, uri);
    }
    if (n == 0 || strncmp(core->d, uri, n) != 0 || (core->d[n - 1] != '/' && uri[n] != '/' && uri[n] != '\0')) {
        return -1;
    }
    return (apr_ssize_t)n;
}

void mod_qt_place_find(request_rec *r, mod_qt_place *place)
{
    const core_server_config *core = ap_get_core_module_config(r->server->module_config);
    int found = handler_of(r, ap_get_core_module_config(r->server->lookup_defaults));

    *place = (mod_qt_place){ found == 1, 0 };
    for (int i = 0; i < core->sec_url->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(core->sec_url, i, ap_conf_vector_t *);
        const core_dir_config *dir = ap_get_core_module_config(section);
        apr_ssize_t base = base_of(dir, r->uri);

        if (base < 0) {
            continue;
        }
        found = handler_of(r, dir);
        if (found >= 0) {
            place->ours = found;
        }
        if (found == 1 || (!place->ours && ap_get_module_config(section, &queuetasks_module))) {
            place->base = (apr_size_t)base;
        }
    }
    while (place->base > 0 && r->uri[place->base - 1] == '/') {
        place->base--;
    }
}

static int place_is_ours(request_rec *r)
{
    mod_qt_place place;

    if (!r->uri || r->uri[0] != '/') {
        return 0;
    }
    mod_qt_place_find(r, &place);
    return place.ours;
}

int mod_qt_place_refuse_nul(request_rec *r)
{
    return r->uri && strstr(r->uri, "%00") && place_is_ours(r) ? HTTP_BAD_REQUEST : DECLINED;
}

int mod_qt_place_translate(request_rec *r)
{
    if (!place_is_ours(r)) {
        return DECLINED;
    }
    r->filename = apr_pstrdup(r->pool, r->uri);
    return OK;
}

int mod_qt_place_storage(request_rec *r)
{
    return place_is_ours(r) ? OK : DECLINED;
}

int mod_qt_place_type(request_rec *r)
{
    return place_is_ours(r) ? OK : DECLINED;
}
