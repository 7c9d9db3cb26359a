/* narrow.inc.h: rows of few columns, LANES of them at a time: a row in each lane, a column in each vector.
 *
 * Room: moving rows into lanes and back, and the softmax of rows in lanes. Called by activation.inc.h and loss.inc.h:
 * ten classes a row cost a tail, a maximum and a sum across lanes otherwise, several times the ten exponentials.
 * A row's bits do not depend on its lane or its neighbours; both callers go this way up to FN_NARROW columns, so that
 * a loss's prediction has the bits of softmax_forward.
 */
#ifndef FN_NARROW
#define FN_NARROW 32
#endif

/* column[j] = x[0:rows, j]; lanes without a row repeat the first */
INLINE void FN(rows_to_lanes)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, V *column) {
    T lanes[FN_NARROW][LANES];
    for (ptrdiff_t r = 0; r < LANES; r++) {
        const T *row = r < rows ? x + r * ldx : x;
        for (ptrdiff_t j = 0; j < width; j++) lanes[j][r] = row[j];
    }
    for (ptrdiff_t j = 0; j < width; j++) column[j] = FN(load)(lanes[j]);
}

INLINE void FN(lanes_to_rows)(ptrdiff_t rows, ptrdiff_t width, const V *column, T *x, ptrdiff_t ldx) {
    T lanes[FN_NARROW][LANES];
    for (ptrdiff_t j = 0; j < width; j++) FN(store)(lanes[j], column[j]);
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t j = 0; j < width; j++) x[r * ldx + j] = lanes[j][r];
}

INLINE V FN(narrowed)(FN(wide) v) { return __builtin_convertvector(v, V); }

/* sum_k exp(z_k - max z) = peaks + rest: how many elements are the maximum, and the sum over the others, which keeps
 * its digits however small it is beside 1. */
typedef struct {
    FN(wide) peaks, rest;
    V greatest;
} FN(softmax_lanes);

/* e[width] = exp(z - max z) and their sum; e = z allowed. */
INLINE FN(softmax_lanes) FN(exponentials_in_lanes)(ptrdiff_t width, const V *z, V *e) {
    const V zero = FN(splat)(0), one = FN(splat)(1);
    V greatest = z[0], peaks = zero;
    FN(wide) rest = {0};
    for (ptrdiff_t j = 1; j < width; j++) greatest = FN(maximum)(greatest, z[j]);
    for (ptrdiff_t j = 0; j < width; j++) {
        const V below = z[j] - greatest;
        const I peak = below == zero;
        e[j] = FN(exp)(below);
        peaks += FN(keep)(peak, one);
        rest += FN(widen)(FN(keep)(~peak, e[j]));
    }
    return (FN(softmax_lanes)){FN(widen)(peaks), rest, greatest};
}

static void FN(softmax_narrow)(ptrdiff_t rows, ptrdiff_t width, const T *z, ptrdiff_t ldz, T *y, ptrdiff_t ldy) {
    V column[FN_NARROW];
    for (; rows > 0 && width > 0; rows -= LANES, z += LANES * ldz, y += LANES * ldy) {
        FN(rows_to_lanes)(rows, width, z, ldz, column);
        const FN(softmax_lanes) sum = FN(exponentials_in_lanes)(width, column, column);
        const V inverse = FN(narrowed)(1 / (sum.peaks + sum.rest));
        for (ptrdiff_t j = 0; j < width; j++) column[j] *= inverse;
        FN(lanes_to_rows)(FN(part)(rows), width, column, y, ldy);
    }
}
