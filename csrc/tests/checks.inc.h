/* checks.inc.h: all checks for one element type: what they share, and each family in turn.
 *
 * Included by test_kernels.c with T, TABLE, N(name) and the limits of T.
 */

/* n random numbers in [low, high), followed by `slack` bytes that are NaN. */
static T *N(randoms)(ptrdiff_t n, double low, double high, size_t slack) {
    T *x = fresh((size_t)n * sizeof(T) + slack);
    for (ptrdiff_t i = 0; i < n; i++) x[i] = (T)random_in(low, high);
    return x;
}
static T *N(copied)(ptrdiff_t n, const T *x) {
    T *y = fresh((size_t)n * sizeof(T));
    return n ? memcpy(y, x, (size_t)n * sizeof(T)) : y;
}
static int N(same)(ptrdiff_t n, const T *a, const T *b) { return n <= 0 || !memcmp(a, b, (size_t)n * sizeof(T)); }
/* As fresh() left it. */
static int N(untouched)(ptrdiff_t n, const T *x) {
    for (size_t i = 0; i < (n > 0 ? (size_t)n * sizeof(T) : 0); i++)
        if (((const unsigned char *)x)[i] != 0xff) return 0;
    return 1;
}
/* |got - wanted| in units of T's last place at wanted; 0 where both are NaN or the same infinity. */
static double N(ulps)(T got, long double wanted) {
    if (isnan(wanted) || isnan(got)) return isnan(wanted) && isnan(got) ? 0 : INFINITY;
    if (got == (T)wanted) return 0;
    if (isinf(got) || isinf(wanted)) return INFINITY;
    int exponent = SMALLEST_EXPONENT;
    if (wanted != 0) frexpl(wanted, &exponent);
    if (exponent < SMALLEST_EXPONENT) exponent = SMALLEST_EXPONENT;
    return (double)(fabsl((long double)got - wanted) / ldexpl(1, exponent - MANTISSA));
}
/* Within `many` roundings of a number of that size. */
static int N(near)(double got, long double wanted, long double size, double many) {
    if (isnan(wanted)) return isnan(got);
    return fabsl((long double)got - wanted) <= (long double)many * EPSILON * (fabsl(wanted) + size);
}

/* Widths around the lane count, in which tails hide. */
#define WIDTHS \
    { 1, 2, 3, table->lanes - 1, table->lanes, table->lanes + 1, 2 * table->lanes - 1, 2 * table->lanes + 3, 31, 8 * table->lanes + 5, 9 * table->lanes + 1 }
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

#include "check_product.inc.h"
#include "check_vmath.inc.h"
#include "check_activation.inc.h"
#include "check_loss.inc.h"
#include "check_optimizer.inc.h"
#include "check_flat.inc.h"
#include "check_reduce.inc.h"
#include "check_random.inc.h"
#include "check_noise.inc.h"
#include "check_normalize.inc.h"

static void N(check_all)(const TABLE *table) {
    N(check_product)(table);
    N(check_vmath)(table);
    N(check_activation)(table);
    N(check_loss)(table);
    N(check_optimizer)(table);
    N(check_flat)(table);
    N(check_reduce)(table);
    N(check_random)(table);
    N(check_noise)(table);
    N(check_normalize)(table);
}
#undef WIDTHS
#undef COUNT
