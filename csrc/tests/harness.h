/* harness.h: counting checks, random numbers and buffers that end where the contract says.
 *
 * Room: nothing about kernels. Buffers come from malloc with no byte to spare, so that the sanitized build
 * (make test-sanitize) catches whatever reads or writes past them.
 */
#ifndef FASTNN_TEST_HARNESS_H
#define FASTNN_TEST_HARNESS_H

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long passed, failed;

__attribute__((format(printf, 2, 3))) static void check(int ok, const char *format, ...) {
    if (ok) {
        passed++;
        return;
    }
    if (failed++ < 40) { /* the first failures tell; a broken kernel has thousands */
        va_list arguments;
        va_start(arguments, format);
        printf("    FAILED: ");
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
    }
}

/* One line a family: how many checks since the last line. */
static void report(const char *family, const char *type) {
    static long passed_before, failed_before;
    printf("  %-14s %s: %ld passed, %ld failed\n", family, type, passed - passed_before, failed - failed_before);
    fflush(stdout);
    passed_before = passed;
    failed_before = failed;
}

static uint64_t random_state = 0x9E3779B97F4A7C15u;
static uint64_t random_bits(void) { /* xorshift64* */
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545F4914F6CDD1Du;
}
static double random_in(double low, double high) { return low + (high - low) * ((double)(random_bits() >> 11) * 0x1p-53); }

static void *kept[256];
static int keeps;
/* Memory until release(); every byte 0xff, which is NaN in either element type. */
static void *fresh(size_t bytes) {
    void *memory = malloc(bytes ? bytes : 1);
    if (!memory || keeps == (int)(sizeof kept / sizeof *kept)) abort();
    memset(memory, 0xff, bytes ? bytes : 1);
    return kept[keeps++] = memory;
}
static void release(void) {
    while (keeps) free(kept[--keeps]);
}

#endif
