/* What httpd itself costs: a handler that reads what is POSTed and answers, and does nothing else. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

/* No look for a file, as in our module's Locations. */
static int no_file(request_rec *r)
{
    return strcmp(r->uri, "/nothing") == 0 ? OK : DECLINED;
}

static int nothing(request_rec *r)
{
    char body[8192];
    int rv;

    if (!r->handler || strcmp(r->handler, "queuetasks-nothing") != 0) {
        return DECLINED;
    }
    rv = ap_setup_client_block(r, REQUEST_CHUNKED_ERROR);
    if (rv != OK) {
        return rv;
    }
    ap_should_client_block(r);
    while (ap_get_client_block(r, body, sizeof(body)) > 0) {
    }
    ap_set_content_length(r, 0);
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_map_to_storage(no_file, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(nothing, NULL, NULL, APR_HOOK_MIDDLE);
}

extern module AP_MODULE_DECLARE_DATA __attribute__((visibility("default"))) queuetasks_bench_module;
AP_DECLARE_MODULE(queuetasks_bench) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, 0 };
