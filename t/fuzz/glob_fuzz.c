/* Fuzzes globs against a matcher that tries everything: a byte for the pattern's length, the pattern, the topic. */
/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "wire/qt_glob.h"

unsigned long fuzz_accepted;

/* Longer ones would keep this matcher busy for ever: that is what the other one is for. */
#define PATTERN_MAX 12
#define TOPIC_MAX 16

static int matches(qt_str pattern, qt_str topic)
{
    apr_size_t stars = 0;

    while (stars < pattern.n && pattern.p[stars] == '*') {
        stars++;
    }
    if (pattern.n == 0) {
        return topic.n == 0;
    }
    if (stars == 0) {
        return topic.n > 0 && *topic.p == *pattern.p &&
               matches((qt_str){ pattern.p + 1, pattern.n - 1 }, (qt_str){ topic.p + 1, topic.n - 1 });
    }
    for (apr_size_t i = 0; i <= topic.n; i++) {
        if (matches((qt_str){ pattern.p + stars, pattern.n - stars }, (qt_str){ topic.p + i, topic.n - i })) {
            return 1;
        }
        if (i < topic.n && stars == 1 && topic.p[i] == '/') {
            return 0;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_array_header_t *parts = apr_array_make(fuzz_pool(), 4, sizeof(qt_glob_part));
    qt_str input = { (const char *)data, size };
    unsigned n = fuzz_byte(&input);
    qt_str pattern = fuzz_take(&input, n);
    int fit;

    qt_glob_read(parts, pattern);
    fit = qt_glob_match((const qt_glob_part *)parts->elts, (apr_size_t)parts->nelts, input);
    if (pattern.n <= PATTERN_MAX && input.n <= TOPIC_MAX) {
        MUST(fit == matches(pattern, input));
    }
    fuzz_accepted += fit != 0;
    return 0;
}
