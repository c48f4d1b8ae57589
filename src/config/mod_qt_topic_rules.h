/* Topics in the configuration: who may subscribe to which (QueueTasksTopics), and how each is kept (QueueTasksTopic). */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_QT_TOPIC_RULES_H
#define MOD_QT_TOPIC_RULES_H

#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>
#include "core/qt_call.h"
#include "wire/qt_glob.h"

/* ---- QueueTasksTopics, per section ---- */

typedef struct mod_qt_hole {
    int at;                     /* the part that the expression's value goes into */
    const ap_expr_info_t *expr; /* gives a string */
} mod_qt_hole;

typedef struct mod_qt_pattern {
    const apr_array_header_t *parts; /* qt_glob_part; TEXT without bytes at the holes */
    const apr_array_header_t *holes; /* mod_qt_hole */
} mod_qt_pattern;

/*
 * The parts of a pattern for this request, n = pattern->parts->nelts of them in its pool; NULL: it fits no topic, because one of its
 * expressions gives nothing (nobody's topics must not become everybody's) or, then *error says why, can't be evaluated.
 */
const qt_glob_part *mod_qt_pattern_fill(request_rec *r, const mod_qt_pattern *pattern, const char **error);

/* ---- QueueTasksTopic, per server ---- */

/* What the server's lines say of a topic: all that fit it, in their order (those of the outer server first), setting by setting. */
void mod_qt_topic_rules(const request_rec *r, qt_str topic, qt_topic_rules *rules);

/* ---- for the table of directives and the module record ---- */

const char *mod_qt_topics_set(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
const char *mod_qt_topics_set_rule(cmd_parms *cmd, void *conf, int argc, char *const argv[]);
void *mod_qt_topics_create(apr_pool_t *p, server_rec *s);
void *mod_qt_topics_merge(apr_pool_t *p, void *outer, void *inner);

#endif
