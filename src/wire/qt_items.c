/* Takes JSON values apart into items. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_items.h"

#include "wire/qt_json.h"

/* Beyond this not every whole number is a double of its own. */
#define EXACT 9007199254740992.0

static qt_str text_of(const json_t *value, apr_pool_t *pool)
{
    qt_buf buf;

    qt_buf_init(&buf, pool);
    qt_json_sorted(&buf, value);
    return qt_buf_str(&buf);
}

static qt_str name_of(const char *name, apr_pool_t *pool)
{
    qt_buf buf;

    qt_buf_init(&buf, pool);
    qt_json_str(&buf, qt_str_of(name));
    return qt_buf_str(&buf);
}

static int is_whole(double real)
{
    return real > -EXACT && real < EXACT && real == (double)(apr_int64_t)real;
}

static void put_number(qt_item *item, const json_t *value)
{
    if (json_is_integer(value)) {
        item->whole = json_integer_value(value);
        return;
    }
    item->real = json_real_value(value);
    item->fraction = !is_whole(item->real);
    if (!item->fraction) {
        item->whole = (apr_int64_t)item->real;
        item->real = 0;
    }
}

static apr_status_t make(qt_item **items, apr_uint32_t *n, apr_size_t count, apr_pool_t *pool, const char **why)
{
    if (count > QT_ITEMS_MAX) {
        *why = "the message has more parts than can be merged";
        return QT_E_TOO_LARGE;
    }
    *n = (apr_uint32_t)count;
    *items = apr_pcalloc(pool, (count + 1) * sizeof(**items));
    return APR_SUCCESS;
}

/* The value under a lease of the pool; *n is 0 from here on. */
static apr_status_t parse(json_t **root, apr_uint32_t *n, qt_str json, apr_pool_t *pool, const char **why)
{
    apr_status_t status = qt_json_parse(root, json, why);

    *n = 0;
    qt_json_own(*root, pool);
    return status;
}

static void put_member(qt_item *item, const char *name, const json_t *value, apr_pool_t *pool)
{
    item->name = name_of(name, pool);
    if (json_is_number(value)) {
        put_number(item, value);
    }
    else {
        item->text = text_of(value, pool);
    }
}

apr_status_t qt_items_sum(const qt_item **items, apr_uint32_t *n, qt_str json, apr_pool_t *pool, const char **why)
{
    json_t *root, *value;
    const char *name;
    qt_item *item;
    apr_status_t status = parse(&root, n, json, pool, why);

    if (status == APR_SUCCESS && !json_is_number(root) && !json_is_object(root)) {
        *why = "what is added up is a JSON number or object";
        status = QT_E_MALFORMED;
    }
    if (status == APR_SUCCESS) {
        status = make(&item, n, json_is_number(root) ? 1 : json_object_size(root), pool, why);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    *items = item;
    if (json_is_number(root)) {
        put_number(item, root);
    }
    json_object_foreach(root, name, value) {
        put_member(item++, name, value, pool);
    }
    return APR_SUCCESS;
}

apr_status_t qt_items_union(const qt_item **items, apr_uint32_t *n, qt_str json, apr_pool_t *pool, const char **why)
{
    json_t *root;
    qt_item *item;
    apr_status_t status = parse(&root, n, json, pool, why);

    if (status == APR_SUCCESS) {
        status = make(&item, n, json_is_array(root) ? json_array_size(root) : 1, pool, why);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    *items = item;
    for (apr_size_t i = 0; i < *n; i++) {
        item[i].text = text_of(json_is_array(root) ? json_array_get(root, i) : root, pool);
    }
    return APR_SUCCESS;
}
