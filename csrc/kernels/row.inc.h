/* row.inc.h: what kernels that work on one row at a time share: parts of a row, and sums of it in double.
 *
 * Room: no formula of its own. Called by activation.inc.h (softmax) and loss.inc.h. A sum's order depends on the
 * row's width and the lane count alone: one chain a lane, then the lanes, halves first.
 */

/* as many doubles as V has lanes; wider than the target's vectors for float, the compiler splits it */
typedef double FN(wide) __attribute__((vector_size(FN_VECTOR_BYTES / FN_ELEMENT_BYTES * 8)));
typedef double FN(unaligned_wide) __attribute__((vector_size(FN_VECTOR_BYTES / FN_ELEMENT_BYTES * 8), aligned(8)));

INLINE FN(wide) FN(widen)(V v) { return __builtin_convertvector(v, FN(wide)); }

INLINE double FN(reduce_wide)(FN(wide) sum) {
    double lanes[LANES];
    *(FN(unaligned_wide) *)lanes = sum;
#pragma GCC unroll 4
    for (ptrdiff_t width = LANES / 2; width; width /= 2)
#pragma GCC unroll 8
        for (ptrdiff_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

/* The n elements of a row from p on, n clipped to LANES by the caller; the lanes past them read 0. */
INLINE V FN(load_part)(const T *p, ptrdiff_t n) { return n == LANES ? FN(load)(p) : FN(load_first)(p, n); }
INLINE void FN(store_part)(T *p, ptrdiff_t n, V v) {
    if (n == LANES)
        FN(store)(p, v);
    else
        FN(store_first)(p, n, v);
}
INLINE ptrdiff_t FN(part)(ptrdiff_t left) { return left < LANES ? left : LANES; }

static const INT FN(lane_numbers)[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
/* -1 in the lanes whose number is below n (or is n), 0 in the others */
INLINE I FN(lanes_below)(ptrdiff_t n) { return (I)FN(load)((const T *)FN(lane_numbers)) < FN(isplat)((INT)n); }
INLINE I FN(lane_at)(ptrdiff_t n) { return (I)FN(load)((const T *)FN(lane_numbers)) == FN(isplat)((INT)n); }
INLINE V FN(keep)(I mask, V v) { return (V)(mask & (I)v); }

/* max z[width]; -inf for an empty row. A NaN need not show here: whoever subtracts the maximum meets it again. */
INLINE T FN(row_max)(ptrdiff_t width, const T *z) {
    const V lowest = FN(splat)((T)-__builtin_inf());
    V greatest = lowest;
    ptrdiff_t j = 0;
    for (; j + LANES <= width; j += LANES) greatest = FN(maximum)(greatest, FN(load)(z + j));
    if (j < width) {
        const V rest = FN(load_first)(z + j, width - j);
        greatest = FN(maximum)(greatest, FN(select)(FN(lanes_below)(width - j), rest, lowest));
    }
    return FN(reduce_max)(greatest);
}
