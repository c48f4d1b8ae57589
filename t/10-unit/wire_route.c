/* The reader of route tables. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/qt_route.h"
#include "wire_test.h"

enum { OPERATOR = 1, PUBLISH = 2, ADMIN = 4, ALL = 7 };
enum { TAKE = 1, WAIT, ASSIGN, EXIT, ADD, LIST, PUT, SHOW, WITHDRAW, REQUEUE, TOPIC, MESSAGE, PAIR };

static const qt_route table[] = {
    { QT_METHOD_POST, "take-free", TAKE, OPERATOR },
    { QT_METHOD_GET, "wait-sse", WAIT, OPERATOR },
    { QT_METHOD_POST, "{task}/assign", ASSIGN, OPERATOR },
    { QT_METHOD_DELETE, "exit", EXIT, OPERATOR },
    { QT_METHOD_POST, "tasks", ADD, PUBLISH },
    { QT_METHOD_GET, "tasks", LIST, ADMIN },
    { QT_METHOD_PUT, "tasks/{task}", PUT, PUBLISH },
    { QT_METHOD_GET, "tasks/{task}", SHOW, PUBLISH },
    { QT_METHOD_DELETE, "tasks/{task}", WITHDRAW, PUBLISH },
    { QT_METHOD_POST, "tasks/{task}/requeue", REQUEUE, ADMIN },
    { QT_METHOD_POST, "topics/{rest...}", TOPIC, PUBLISH },
    { QT_METHOD_POST, "users/{user}/messages", MESSAGE, PUBLISH },
    { QT_METHOD_GET, "pair/{a}/{b}", PAIR, PUBLISH },
};
#define ROUTES (sizeof(table) / sizeof(table[0]))

static qt_match match;

/* The endpoint found, or the status negated. */
static int find(unsigned sections, unsigned method, qt_str path)
{
    qt_str own = exact(path);
    apr_status_t rv = qt_route_find(table, ROUTES, sections, method, own, &match);
    int inside = 1;
    unsigned i;

    for (i = 0; i < match.n; i++) {
        inside = inside && match.value[i].n && match.value[i].p >= own.p && match.value[i].p + match.value[i].n <= own.p + own.n;
        match.value[i].p = path.p + (match.value[i].p - own.p);
    }
    free((char *)own.p);
    if (!inside) {
        return 0;
    }
    return rv == APR_SUCCESS ? match.route->endpoint : -rv;
}

static void finds(void)
{
    is_int(find(ALL, QT_METHOD_POST, S("take-free")), TAKE, "QT-1: a literal");
    is_int(match.n, 0, "has no parameters");
    is_int(find(ALL, QT_METHOD_POST, S("/take-free")), TAKE, "the joint's slash is skipped");
    is_int(find(ALL, QT_METHOD_POST, S("171/assign")), ASSIGN, "QT-3: a parameter first");
    is_int(match.n, 1, "one parameter");
    is_span(match.value[0], "171", "and its text");
    is_int(find(ALL, QT_METHOD_PUT, S("tasks/Анна \x01?")), PUT, "any bytes are a segment");
    is_span(match.value[0], "Анна \x01?", "and come out as they went in");
    is_int(find(ALL, QT_METHOD_GET, S("pair/1/2")), PAIR, "two parameters");
    is_int(match.n, 2, "are counted");
    is_span(match.value[1], "2", "in their order");
    is_int(find(ALL, QT_METHOD_POST, S("users/messages/messages")), MESSAGE, "a parameter may be called like a literal");
}

static void finds_the_rest(void)
{
    is_int(find(ALL, QT_METHOD_POST, S("topics/a")), TOPIC, "a rest of one segment");
    is_span(match.value[0], "a", "is it");
    is_int(find(ALL, QT_METHOD_POST, S("topics/orders/7/lines")), TOPIC, "a rest of three segments");
    is_span(match.value[0], "orders/7/lines", "keeps its slashes");
    is_int(find(ALL, QT_METHOD_POST, S("topics/")), -QT_E_UNKNOWN, "an empty rest is none");
    is_int(find(ALL, QT_METHOD_POST, S("topics")), -QT_E_UNKNOWN, "no rest is none");
    is_int(find(ALL, QT_METHOD_POST, S("topics/a//b")), -QT_E_UNKNOWN, "an empty segment inside the rest");
    is_int(find(ALL, QT_METHOD_POST, S("topics/a/")), -QT_E_UNKNOWN, "a slash that ends the rest");
}

static void knows_nothing_else(void)
{
    static const qt_str paths[] = {
        S(""), S("/"), S("//take-free"), S("take-free/"), S("take-fre"), S("take-freee"), S("TAKE-FREE"), S("/assign"),
        S("//assign"), S("171/assign/"), S("171/assign/x"), S("tasks/"), S("tasks//"), S("tasks//requeue"), S("tasks/a/b"),
        S("pair/1"), S("pair/1/"), S("pair//2"), S("pair/1/2/3"), S("take-free\0"), S("{task}"),
        S("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18"),
    };
    unsigned i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        is_int(find(ALL, QT_METHOD_POST, paths[i]), -QT_E_UNKNOWN, "no route has \"%.*s\"", (int)paths[i].n, paths[i].p);
    }
    is_int(match.allowed, 0, "and nothing is allowed there");
    is_int(find(ALL, QT_METHOD_POST, QT_STR_NONE), -QT_E_UNKNOWN, "nor an absent path");
}

static void chooses(void)
{
    is_int(find(ALL, QT_METHOD_POST, S("tasks/assign")), ASSIGN, "two patterns match: the one that has POST");
    is_span(match.value[0], "tasks", "a task called \"tasks\"");
    is_int(find(ALL, QT_METHOD_GET, S("tasks/assign")), SHOW, "two patterns match: the one that has GET");
    is_span(match.value[0], "assign", "a task called \"assign\"");
    is_int(find(ALL, QT_METHOD_OPTIONS, S("tasks/assign")), PUT, "OPTIONS takes the more literal one");
    is_int(match.allowed,
           QT_METHOD_GET | QT_METHOD_HEAD | QT_METHOD_POST | QT_METHOD_PUT | QT_METHOD_DELETE | QT_METHOD_OPTIONS,
           "and knows what all of them allow");
}

static void prefers_literals(void)
{
    static const qt_route routes[] = {
        { QT_METHOD_GET, "{rest...}", 1, 1 }, { QT_METHOD_GET, "{a}/{b}", 2, 1 }, { QT_METHOD_GET, "{a}/x", 3, 1 },
        { QT_METHOD_GET, "x/{b}", 4, 1 },     { QT_METHOD_GET, "x/y", 5, 1 },     { QT_METHOD_GET, "x/{rest...}", 6, 1 },
    };
    static const struct {
        const char *path;
        int endpoint;
    } cases[] = { { "x/y", 5 }, { "x/x", 4 }, { "y/x", 3 }, { "y/y", 2 }, { "y", 1 }, { "y/y/y", 1 }, { "x/y/z", 6 } };
    unsigned i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_status_t rv = qt_route_find(routes, 6, 1, QT_METHOD_GET, qt_str_of(cases[i].path), &match);

        is_int(rv == APR_SUCCESS ? match.route->endpoint : 0, cases[i].endpoint, "%s: literals win from the left", cases[i].path);
    }
}

static void has_room_for_four(void)
{
    static const qt_route routes[] = {
        { QT_METHOD_GET, "{a}/{b}/{c}/{d}", 1, 1 },
        { QT_METHOD_GET, "{a}/{b}/{c}/{d}/{e}", 2, 1 },
    };

    is_int(qt_route_find(routes, 2, 1, QT_METHOD_GET, S("1/2/3/4"), &match), APR_SUCCESS, "four parameters have room");
    is_span(match.value[3], "4", "the fourth too");
    is_int(qt_route_find(routes, 2, 1, QT_METHOD_GET, S("1/2/3/4/5"), &match), QT_E_UNKNOWN, "a pattern of five is never found");
}

static void tells_methods(void)
{
    is_int(find(ALL, QT_METHOD_HEAD, S("wait-sse")), WAIT, "HEAD is allowed where GET is");
    is_int(find(ALL, QT_METHOD_HEAD, S("take-free")), -QT_E_METHOD, "and nowhere else");
    is_int(match.allowed, QT_METHOD_POST | QT_METHOD_OPTIONS, "what is allowed is told");
    ok(match.route == NULL, "without a route");
    is_int(find(ALL, QT_METHOD_GET, S("exit")), -QT_E_METHOD, "A-38: GET changes no state");
    is_int(find(ALL, QT_METHOD_OTHER, S("exit")), -QT_E_METHOD, "a method that nobody has");
    is_int(find(ALL, QT_METHOD_OPTIONS, S("exit")), EXIT, "OPTIONS is allowed everywhere");
    is_int(find(ALL, QT_METHOD_OPTIONS, S("nothing")), -QT_E_UNKNOWN, "where there is something");
}

static void keeps_sections_apart(void)
{
    is_int(find(PUBLISH, QT_METHOD_POST, S("take-free")), -QT_E_UNKNOWN, "X-13: a section that is not served is not there");
    is_int(find(0, QT_METHOD_POST, S("take-free")), -QT_E_UNKNOWN, "no section serves nothing");
    is_int(find(PUBLISH, QT_METHOD_GET, S("tasks")), -QT_E_METHOD, "one path, two sections: this one has no GET");
    is_int(match.allowed, QT_METHOD_POST | QT_METHOD_OPTIONS, "and does not tell of the other's");
    is_int(find(PUBLISH | ADMIN, QT_METHOD_GET, S("tasks")), LIST, "both together have");
    is_int(find(ADMIN, QT_METHOD_GET, S("tasks")), LIST, "so has the other");
}

static void writes_allow(void)
{
    qt_buf out;

    qt_buf_init(&out, pool);
    qt_route_allow(&out, QT_METHOD_GET | QT_METHOD_HEAD | QT_METHOD_OPTIONS);
    is_written(&out, "GET, HEAD, OPTIONS", "an Allow value");
    qt_route_allow(&out, QT_METHOD_DELETE);
    is_written(&out, "DELETE", "of one method");
    qt_route_allow(&out, QT_METHOD_POST | QT_METHOD_PUT | QT_METHOD_OTHER);
    is_written(&out, "POST, PUT", "a method without a name is not told");
    qt_route_allow(&out, 0);
    is_int(out.n, 0, "of none, nothing");
}

int main(void)
{
    wire_begin();
    finds();
    finds_the_rest();
    knows_nothing_else();
    chooses();
    prefers_literals();
    has_room_for_four();
    tells_methods();
    keeps_sections_apart();
    writes_allow();
    return wire_end();
}
