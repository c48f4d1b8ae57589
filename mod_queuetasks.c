/* The face: the module record and the hooks, nothing else. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include "config/mod_qt_conf.h"
#include "config/mod_qt_topic_rules.h"
#include "http/mod_qt_handler.h"
#include "http/mod_qt_host.h"
#include "http/mod_qt_origin.h"
#include "http/mod_qt_place.h"
#include "http/mod_qt_reply.h"
#include "http/mod_qt_status.h"
#include "http/mod_qt_ticket.h"
#include "server/mod_qt_server.h"
#include "stream/mod_qt_stream.h"

static void register_hooks(apr_pool_t *p)
{
    /* processes */
    ap_hook_pre_config(mod_qt_server_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(mod_qt_server_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(mod_qt_server_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(mod_qt_server_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_status(mod_qt_server_child_status, NULL, NULL, APR_HOOK_MIDDLE);
    /* requests: after every other module's say about the URL, before their guesses about the file */
    ap_hook_pre_translate_name(mod_qt_place_refuse_nul, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(mod_qt_place_translate, NULL, NULL, APR_HOOK_LAST);
    ap_hook_map_to_storage(mod_qt_place_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_post_perdir_config(mod_qt_origin_headers, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_perdir_config(mod_qt_ticket_mask, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_authn(mod_qt_ticket_authenticate, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_URI);
    ap_hook_check_access_ex(mod_qt_origin_preflight, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_URI);
    ap_hook_type_checker(mod_qt_place_type, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(mod_qt_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(mod_qt_reply_insert_error, NULL, NULL, APR_HOOK_LAST);
    mod_qt_reply_register(p);
    mod_qt_host_register(p);
    mod_qt_status_register();
    mod_qt_stream_register(p);
}

AP_DECLARE_MODULE(queuetasks) = {
    STANDARD20_MODULE_STUFF,
    mod_qt_conf_create, mod_qt_conf_merge, /* per section */
    mod_qt_topics_create, mod_qt_topics_merge, /* per server: QueueTasksTopic alone */
    mod_qt_directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
