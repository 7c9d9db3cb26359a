/* row.inc.h: what kernels that work on one row at a time share: parts of a row, and sums of it in double.
 *
 * Room: no formula of its own. Called by activation.inc.h (softmax) and loss.inc.h. A sum's order depends on the
 * row's width and the lane count alone: one chain a lane, then the lanes, halves first.
 */

typedef double FN(doubles) __attribute__((vector_size(FN_VECTOR_BYTES)));
typedef double FN(loose_doubles) __attribute__((vector_size(FN_VECTOR_BYTES), aligned(8), may_alias));
#define DOUBLES FN(doubles)
#define DOUBLE_LANES ((ptrdiff_t)(FN_VECTOR_BYTES / sizeof(double)))

/* As many doubles as V has lanes, in vectors that the target has: of larger ones compilers make detours over memory. */
#define FN_WIDE_PARTS ((int)(sizeof(double) / sizeof(T)))
typedef struct {
    DOUBLES part[sizeof(double) / sizeof(T)];
} FN(wide);

#if FN_IS_F32 && defined(FN_HAS_DOUBLES)
INLINE FN(wide) FN(widen)(V v) { return (FN(wide)){{(DOUBLES)FN(lower_doubles)(v), (DOUBLES)FN(upper_doubles)(v)}}; }
INLINE V FN(narrowed)(FN(wide) w) { return FN(from_doubles)(w.part[0], w.part[1]); }
#elif FN_IS_F32
typedef float FN(half) __attribute__((vector_size(FN_VECTOR_BYTES / 2)));
#if FN_VECTOR_BYTES == 16
#define FN_LOWER_HALF 0, 1
#define FN_UPPER_HALF 2, 3
#elif FN_VECTOR_BYTES == 32
#define FN_LOWER_HALF 0, 1, 2, 3
#define FN_UPPER_HALF 4, 5, 6, 7
#else
#define FN_LOWER_HALF 0, 1, 2, 3, 4, 5, 6, 7
#define FN_UPPER_HALF 8, 9, 10, 11, 12, 13, 14, 15
#endif
INLINE FN(wide) FN(widen)(V v) {
    return (FN(wide)){{__builtin_convertvector(__builtin_shufflevector(v, v, FN_LOWER_HALF), DOUBLES),
                       __builtin_convertvector(__builtin_shufflevector(v, v, FN_UPPER_HALF), DOUBLES)}};
}
INLINE V FN(narrowed)(FN(wide) w) {
    const FN(half) lower = __builtin_convertvector(w.part[0], FN(half));
    const FN(half) upper = __builtin_convertvector(w.part[1], FN(half));
    return __builtin_shufflevector(lower, upper, FN_LOWER_HALF, FN_UPPER_HALF);
}
#undef FN_LOWER_HALF
#undef FN_UPPER_HALF
#else
INLINE FN(wide) FN(widen)(V v) { return (FN(wide)){{v}}; }
INLINE V FN(narrowed)(FN(wide) w) { return w.part[0]; }
#endif

/* a + b, a / b, a b + c */
INLINE FN(wide) FN(wide_sum)(FN(wide) a, FN(wide) b) {
    FN_UNROLL(2)
    for (int i = 0; i < FN_WIDE_PARTS; i++) a.part[i] += b.part[i];
    return a;
}
INLINE FN(wide) FN(wide_quotient)(FN(wide) a, FN(wide) b) {
    FN_UNROLL(2)
    for (int i = 0; i < FN_WIDE_PARTS; i++) a.part[i] /= b.part[i];
    return a;
}
INLINE FN(wide) FN(wide_multiply_add)(FN(wide) a, FN(wide) b, FN(wide) c) {
    FN_UNROLL(2)
    for (int i = 0; i < FN_WIDE_PARTS; i++) a.part[i] = a.part[i] * b.part[i] + c.part[i];
    return a;
}

INLINE void FN(store_wide)(double *p, FN(wide) w) {
    FN_UNROLL(2)
    for (int i = 0; i < FN_WIDE_PARTS; i++) *(FN(loose_doubles) *)(p + i * DOUBLE_LANES) = w.part[i];
}

INLINE double FN(reduce_wide)(FN(wide) sum) {
    double lanes[LANES];
    FN(store_wide)(lanes, sum);
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
