/* Coalescing in the core: messages of one key within a time become one. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_general.h>
#include "tap.h"
#include "talk_zone.h"

static listener l;

static void fresh(void)
{
    talk_open(QT_ZONE_MIN);
    rules_of_topics = (qt_topic_rules){ .age = 3600 * QT_SECOND, .retain = 100, .delivery = QT_DELIVER_ALL };
}

static void merging(qt_merge merge)
{
    fresh();
    rules_of_topics.coalesce = 3 * QT_SECOND;
    rules_of_topics.merge = merge;
    listen_to_topics(&l, "a", NULL, NEW);
}

static const char *merged(void)
{
    zone_pass(&f, 4 * QT_SECOND);
    return child_hears(0);
}

static void merge_last_and_count(void)
{
    note("coalescing: last and count");
    merging(QT_MERGE_LAST);
    publish("a", "k", "1");
    is_int(f.call.seq, 0, "what waits has no number yet");
    publish("a", "j", "2");
    publish("a", "k", "3");
    zone_pass(&f, 2 * QT_SECOND);
    is_str(child_hears(0), "", "nothing before its time (SP-14)");
    zone_pass(&f, 2 * QT_SECOND);
    is_str(child_hears(0), "a/k=3 a/j=2", "the last of each key");
    is_int(f.zone->seq, 2, "one number each");
    zone_pass(&f, 4 * QT_SECOND);
    is_str(child_hears(0), "", "once");
    publish("a", "k", "");
    is_str(merged(), "a/k=", "an empty text is a text");
    merging(QT_MERGE_COUNT);
    for (int i = 0; i < 12; i++) {
        publish("a", "k", "x");
    }
    publish("a", NULL, "x");
    is_str(merged(), "a/k=12 a=1", "count: how many there were");
}

#define NUMBER(n) { .whole = (n) }
#define REAL(r) { .real = (r), .fraction = 1 }
#define MEMBER(nm, n) { .name = QT_STR_LIT("\"" nm "\""), .whole = (n) }
#define TEXT(nm, t) { .name = QT_STR_LIT("\"" nm "\""), .text = QT_STR_LIT("\"" t "\"") }
#define ELEMENT(t) { .text = QT_STR_LIT(t) }

static void merge_sum(void)
{
    static const qt_item two = NUMBER(2), minus = NUMBER(-5), half = REAL(0.5), most = NUMBER(APR_INT64_MAX), huge = REAL(1e308);
    static const qt_item first[] = { MEMBER("open", 1), TEXT("name", "x"), { .name = QT_STR_LIT("\"r\""), .real = 0.25, .fraction = 1 } };
    static const qt_item second[] = { MEMBER("failed", 7), MEMBER("open", 41), TEXT("name", "y"), MEMBER("r", 1) };
    static const qt_item third[] = { MEMBER("name", 3), TEXT("open", "none") };

    note("coalescing: sum");
    merging(QT_MERGE_SUM);
    publish_items("a", NULL, &two, 1);
    publish_items("a", NULL, &minus, 1);
    is_str(merged(), "a=-3", "whole numbers");
    publish_items("a", NULL, &two, 1);
    publish_items("a", NULL, &half, 1);
    is_str(merged(), "a=2.5", "with a fraction");
    publish_items("a", NULL, &most, 1);
    publish_items("a", NULL, &two, 1);
    is_str(merged(), "a=9.223372036854776e+18", "what no integer holds becomes real");
    publish_items("a", NULL, &huge, 1);
    publish_items("a", NULL, &huge, 1);
    is_str(merged(), "a=1e+308", "what no real holds stays where it was");
    publish_items("a", NULL, first, 3);
    publish_items("a", NULL, second, 4);
    is_str(merged(), "a={\"open\":42,\"name\":\"y\",\"r\":1.25,\"failed\":7}", "members: numbers add up, texts are replaced (SP-15)");
    publish_items("a", NULL, first, 3);
    publish_items("a", NULL, third, 2);
    is_str(merged(), "a={\"open\":\"none\",\"name\":3,\"r\":0.25}", "a text takes the place of a number, and the other way round");
    publish_items("a", NULL, NULL, 0);
    is_str(merged(), "a={}", "nothing is an empty object");
    publish_items("a", NULL, &two, 1);
    is_int(publish_items("a", NULL, first, 3), QT_E_MALFORMED, "a number and an object can't be added");
    is_int(publish_items("a", "k", first, 3), APR_SUCCESS, "another key waits by itself");
    is_str(merged(), "a=2 a/k={\"open\":1,\"name\":\"x\",\"r\":0.25}", "and what was refused has changed nothing");
}

static void merge_union(void)
{
    static const qt_item first[] = { ELEMENT("\"a\""), ELEMENT("1"), ELEMENT("\"a\""), ELEMENT("{\"x\":[]}") };
    static const qt_item second[] = { ELEMENT("null"), ELEMENT("1"), ELEMENT("1.0") };

    note("coalescing: union");
    merging(QT_MERGE_UNION);
    publish_items("a", NULL, first, 4);
    publish_items("a", NULL, second, 3);
    is_str(merged(), "a=[\"a\",1,{\"x\":[]},null,1.0]", "each element once, in the order of their coming (SP-31)");
    publish_items("a", NULL, NULL, 0);
    is_str(merged(), "a=[]", "nothing is an empty list");
}

static void merge_bounds(void)
{
    static char texts[QT_ITEMS_MAX + 1][16];
    static qt_item items[QT_ITEMS_MAX + 1];
    qt_item again;

    note("coalescing: bounds");
    merging(QT_MERGE_UNION);
    for (int i = 0; i <= QT_ITEMS_MAX; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%d", i);
        items[i] = (qt_item){ .text = qt_str_of(texts[i]) };
    }
    is_int(publish_items("a", NULL, items, QT_ITEMS_MAX), APR_SUCCESS, "as many parts as may be");
    again = items[3];
    is_int(publish_items("a", NULL, &again, 1), APR_SUCCESS, "one that is there adds none");
    is_int(publish_items("a", NULL, &items[QT_ITEMS_MAX], 1), QT_E_TOO_LARGE, "one more is too many");
    is_int(publish_items("b", NULL, items, QT_ITEMS_MAX + 1), QT_E_TOO_LARGE, "at once, too");
    is_int(f.zone->topics.count, 1, "and leaves nothing behind");
    is_int(strlen(merged()), 4 + 10 + 180 + 156 * 3 + 255, "all of them come");
}

/* A change of configuration between two messages of a key. */
static void merge_changes(void)
{
    note("coalescing: the configuration changes");
    merging(QT_MERGE_COUNT);
    publish("a", "k", "1");
    rules_of_topics.coalesce = 0;
    publish("a", "k", "2");
    is_str(child_hears(0), "a/k=2", "a topic that is not merged any more tells at once");
    is_str(merged(), "a/k=1", "and what waited comes by the rules of its time");
    merging(QT_MERGE_COUNT);
    rules_of_topics.retain = 0;
    zone_leave(&f, l.stream);
    publish("a", "k", "1");
    listen_to_topics(&l, "a", NULL, NEW);
    rules_of_topics.merge = QT_MERGE_LAST;
    is_int(publish_text("a", "k", QT_STR_LIT("2")), APR_SUCCESS, "a topic that is merged otherwise takes a message at once");
    is_str(child_hears(0), "a/k=1", "what waited comes first");
    is_str(merged(), "a/k=2", "and then what came by the new rules");
}

int main(void)
{
    apr_initialize();
    merge_last_and_count();
    merge_sum();
    merge_union();
    merge_bounds();
    merge_changes();
    return done_testing();
}
