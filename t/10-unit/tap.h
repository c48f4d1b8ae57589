/* TAP for unit programs: assertions that print, a count, and the exit code. */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TAP_H
#define TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A unit program is one file t/10-unit/NAME.c with a main() that makes assertions and ends with `return done_testing();`.
 * Each assertion takes a printf format that names what is proven (with the requirement's row where there is one), gives
 * its truth back and prints what was got and what was wanted when they differ. Not for several threads at once.
 */

static int tap_count, tap_failures;

__attribute__((unused, format(printf, 1, 2))) static void note(const char *format, ...)
{
    va_list args;

    fputs("# ", stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static inline int tap_line(int truth, const char *file, int line, const char *format, va_list args)
{
    printf(truth ? "ok %d - " : "not ok %d - ", ++tap_count);
    vprintf(format, args);
    putchar('\n');
    if (!truth) {
        tap_failures++;
        printf("#   failed at %s line %d\n", file, line);
    }
    fflush(stdout);
    return truth;
}

__attribute__((format(printf, 4, 5))) static inline int tap_ok(int truth, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    truth = tap_line(truth != 0, file, line, format, args);
    va_end(args);
    return truth;
}

__attribute__((format(printf, 5, 6))) static inline int tap_int(int64_t got, int64_t want, const char *file, int line,
                                                                const char *format, ...)
{
    va_list args;
    int truth;

    va_start(args, format);
    truth = tap_line(got == want, file, line, format, args);
    va_end(args);
    if (!truth) {
        printf("#   got %" PRId64 ", wanted %" PRId64 "\n", got, want);
    }
    return truth;
}

static inline void tap_bytes(const char *label, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    size_t i;

    printf("#   %s (%zu bytes) \"", label, n);
    for (i = 0; i < n; i++) {
        printf(p[i] >= ' ' && p[i] < 127 && p[i] != '\\' ? "%c" : "\\x%02x", p[i]);
    }
    puts("\"");
}

__attribute__((format(printf, 7, 8))) static inline int tap_mem(const void *got, size_t got_n, const void *want, size_t want_n,
                                                                const char *file, int line, const char *format, ...)
{
    va_list args;
    int truth;

    va_start(args, format);
    truth = tap_line(got_n == want_n && (got_n == 0 || (got && want && memcmp(got, want, got_n) == 0)), file, line, format, args);
    va_end(args);
    if (!truth) {
        tap_bytes("got   ", got ? got : "", got ? got_n : 0);
        tap_bytes("wanted", want ? want : "", want ? want_n : 0);
    }
    return truth;
}

__attribute__((format(printf, 5, 6))) static inline int tap_str(const char *got, const char *want, const char *file, int line,
                                                                const char *format, ...)
{
    va_list args;
    int truth;

    va_start(args, format);
    truth = tap_line(got && want ? strcmp(got, want) == 0 : got == want, file, line, format, args);
    va_end(args);
    if (!truth) {
        printf("#   got %s%s%s, wanted %s%s%s\n", got ? "\"" : "", got ? got : "NULL", got ? "\"" : "", want ? "\"" : "",
               want ? want : "NULL", want ? "\"" : "");
    }
    return truth;
}

#define ok(truth, ...) tap_ok((truth) ? 1 : 0, __FILE__, __LINE__, __VA_ARGS__)
#define pass(...) tap_ok(1, __FILE__, __LINE__, __VA_ARGS__)
#define fail(...) tap_ok(0, __FILE__, __LINE__, __VA_ARGS__)
/* Any integer type up to 64 bits. */
#define is_int(got, want, ...) tap_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, __VA_ARGS__)
/* C strings; NULL equals only NULL. */
#define is_str(got, want, ...) tap_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
/* Runs of bytes: got, its length, wanted, its length. */
#define is_mem(got, got_n, want, want_n, ...) tap_mem((got), (got_n), (want), (want_n), __FILE__, __LINE__, __VA_ARGS__)

/* The plan and the exit code; a program that asserted nothing has failed. */
__attribute__((unused)) static int done_testing(void)
{
    printf("1..%d\n", tap_count);
    if (tap_count == 0) {
        puts("# nothing was tested");
    }
    return tap_failures || tap_count == 0;
}

#endif
