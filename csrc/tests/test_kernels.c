/* test_kernels.c: every kernel of a CPU target against scalar loops, on odd shapes, without Python.
 *
 * For emulated CPUs and sanitizers (make test-neon, test-sse2, test-wide, test-sanitize); tests/kernels checks the
 * same tables from Python against fastnn.testing.reference.
 *
 *     test_kernels [--best NAME] [TARGET ...]
 *
 * --best asserts which target dispatch picks on this CPU. Without a TARGET all that this CPU runs are tested.
 */
#include "../fastnn.h"
#include "harness.h"
#include <tgmath.h>

#define N(name) FN_PASTE(name, SUFFIX)

/* EXACT: what is wanted is computed in it, where a formula is long; long double is far slower on an emulated ARM */
#define T float
#define EXACT double
#define TABLE fn_kernels_f32
#define SUFFIX _f32
#define TYPE_NAME "f32"
#define EPSILON ((double)FLT_EPSILON)
#define MANTISSA FLT_MANT_DIG
#define SMALLEST_EXPONENT FLT_MIN_EXP
#define FMA fmaf
#include "checks.inc.h"
#undef T
#undef EXACT
#undef TABLE
#undef SUFFIX
#undef TYPE_NAME
#undef EPSILON
#undef MANTISSA
#undef SMALLEST_EXPONENT
#undef FMA

#define T double
#define EXACT long double
#define TABLE fn_kernels_f64
#define SUFFIX _f64
#define TYPE_NAME "f64"
#define EPSILON DBL_EPSILON
#define MANTISSA DBL_MANT_DIG
#define SMALLEST_EXPONENT DBL_MIN_EXP
#define FMA fma
#include "checks.inc.h"

#ifdef FN_TEST_WIDE
extern const fn_target fn_target_wide;
#endif

static const fn_target *target_called(const char *name) {
#ifdef FN_TEST_WIDE
    if (!strcmp(name, fn_target_wide.name)) return &fn_target_wide;
#endif
    return fn_target_named(name);
}

static void test_target(const fn_target *target) {
    printf("target %s: %d x f32, %d x f64\n", target->name, target->f32->lanes, target->f64->lanes);
    check_all_f32(target->f32);
    check_all_f64(target->f64);
}

int main(int count, char **arguments) {
    int tested = 0;
    for (int i = 1; i < count; i++) {
        if (!strcmp(arguments[i], "--best") && i + 1 < count) {
            const char *wanted = arguments[++i], *best = fn_target_best()->name;
            check(!strcmp(best, wanted), "dispatch: expected %s, received: %s", wanted, best);
            if (strcmp(best, wanted)) break;
            continue;
        }
        const fn_target *target = target_called(arguments[i]);
        check(target != NULL, "target %s: not in this build, or this CPU does not run it", arguments[i]);
        if (target) test_target(target);
        tested++;
    }
    for (int i = 0; !tested && fn_target_at(i); i++)
        if (fn_target_at(i)->supported()) test_target(fn_target_at(i));
    printf("%ld passed, %ld failed\n", passed, failed);
    return failed != 0;
}
