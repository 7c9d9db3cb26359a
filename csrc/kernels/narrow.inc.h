/* narrow.inc.h: rows of few columns, LANES of them at a time: a row in each lane, a column in each vector.
 *
 * Room: moving rows into lanes and back, and the softmax of rows in lanes. Called by activation.inc.h and loss.inc.h:
 * ten classes a row cost a tail, a maximum and a sum across lanes otherwise, several times the ten exponentials.
 * A row's bits do not depend on its lane or its neighbours; both callers go this way up to FN_NARROW columns, so that
 * a loss's prediction has the bits of softmax_forward.
 */
#ifndef FN_NARROW
#define FN_NARROW 32
#define FN_FEW 2 /* columns that go into lanes and back element by element: a square block takes longer */
#endif

/* column[j] = x[0:rows, j], by square blocks; lanes without a row repeat the first */
INLINE void FN(rows_to_lanes)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, V *column) {
    V block[LANES];
    if (width <= FN_FEW) {
        for (ptrdiff_t j = 0; j < width; j++) /* by registers: a vector waits for what was just stored in parts */
            FN_UNROLL(16)
            for (int r = 0; r < LANES; r++) column[j][r] = (r < rows ? x + r * ldx : x)[j];
        return;
    }
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        for (ptrdiff_t r = 0; r < LANES; r++) block[r] = FN(load_part)((r < rows ? x + r * ldx : x) + j, n);
        FN(transpose_first)(n, block);
        for (ptrdiff_t q = 0; q < n; q++) column[j + q] = block[q];
    }
}

INLINE void FN(lanes_to_rows)(ptrdiff_t rows, ptrdiff_t width, const V *column, T *x, ptrdiff_t ldx) {
    enum { quarter = LANES / 4 };
    V block[LANES];
    if (width <= FN_FEW) {
        T lanes[LANES];
        for (ptrdiff_t j = 0; j < width; j++) {
            FN(store)(lanes, column[j]);
            for (ptrdiff_t r = 0; r < FN(part)(rows); r++) x[r * ldx + j] = lanes[r];
        }
        return;
    }
    if (quarter > FN_FEW && width <= quarter) { /* interleaved, they are rows one after the other */
        T lanes[LANES * LANES / 4] __attribute__((aligned(64)));
        for (int q = 0; q < quarter; q++) block[q] = column[q < width ? q : 0];
        FN(interleave)(block, quarter);
        for (int q = 0; q < quarter; q++) FN(store)(lanes + q * LANES, block[q]);
        for (ptrdiff_t r = 0; r < FN(part)(rows); r++) {
            if (width == quarter)
                __builtin_memcpy(x + r * ldx, lanes + r * quarter, quarter * sizeof(T));
            else
                for (ptrdiff_t j = 0; j < width; j++) x[r * ldx + j] = lanes[r * quarter + j];
        }
        return;
    }
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        for (ptrdiff_t q = 0; q < LANES; q++) block[q] = column[q < n ? j + q : j];
        FN(transpose)(block);
        for (ptrdiff_t r = 0; r < FN(part)(rows); r++) FN(store_part)(x + r * ldx + j, n, block[r]);
    }
}

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
        rest = FN(wide_sum)(rest, FN(widen)(FN(keep)(~peak, e[j])));
    }
    return (FN(softmax_lanes)){FN(widen)(peaks), rest, greatest};
}

static void FN(softmax_narrow)(ptrdiff_t rows, ptrdiff_t width, const T *z, ptrdiff_t ldz, T *y, ptrdiff_t ldy) {
    V column[FN_NARROW];
    for (; rows > 0 && width > 0; rows -= LANES, z += LANES * ldz, y += LANES * ldy) {
        FN(rows_to_lanes)(rows, width, z, ldz, column);
        const FN(softmax_lanes) sum = FN(exponentials_in_lanes)(width, column, column);
        const V inverse = FN(narrowed)(FN(wide_quotient)(FN(widen)(FN(splat)(1)), FN(wide_sum)(sum.peaks, sum.rest)));
        for (ptrdiff_t j = 0; j < width; j++) column[j] *= inverse;
        FN(lanes_to_rows)(FN(part)(rows), width, column, y, ldy);
    }
}
