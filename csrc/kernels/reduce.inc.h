/* reduce.inc.h: passes over arrays that only read and add, or only move: sums, the search for NaN, gathering rows.
 *
 * Room: what is bound by loads, not by arithmetic. Called by: the kernel table; random.inc.h (copy_row).
 *
 * Tails: where an array holds at least one vector, its end is done by one whole vector that ends with it and
 * overlaps the one before. That is exact here, because the overlap gets the same values twice.
 */
#ifndef FN_ROWS_AHEAD
#define FN_ROWS_AHEAD 2
#endif

typedef int64_t FN(quads) __attribute__((vector_size(FN_VECTOR_BYTES)));
/* half a vector of float or int32_t: as many elements as a vector has doubles */
typedef float FN(half_floats) __attribute__((vector_size(FN_VECTOR_BYTES / 2), aligned(4), may_alias));

/* ---- sums of columns --------------------------------------------------------------------------------------- */

/* sums[columns] += all rows, `vectors` vectors side by side, whose chains hide each other's latency. All of `sums`
 * is read before any is written, so that the last vector may overlap the one before. */
INLINE void FN(column_block)(const int vectors, ptrdiff_t columns, ptrdiff_t rows, const T *x, ptrdiff_t ldx, T *sums) {
    const ptrdiff_t last = columns - LANES;
    V sum[8];
    FN_UNROLL(8)
    for (int v = 0; v < vectors; v++) sum[v] = FN(load)(sums + (v < vectors - 1 ? v * LANES : last));
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx)
        FN_UNROLL(8)
        for (int v = 0; v < vectors; v++) sum[v] += FN(load)(x + (v < vectors - 1 ? v * LANES : last));
    FN_UNROLL(8)
    for (int v = 0; v < vectors; v++) FN(store)(sums + (v < vectors - 1 ? v * LANES : last), sum[v]);
}

/* The same without vectors, for fewer columns than a vector has lanes. */
INLINE void FN(few_columns)(const int columns, ptrdiff_t rows, const T *x, ptrdiff_t ldx, T *sums) {
    T sum[4];
    FN_UNROLL(4)
    for (int j = 0; j < columns; j++) sum[j] = sums[j];
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx)
        FN_UNROLL(4)
        for (int j = 0; j < columns; j++) sum[j] += x[j];
    FN_UNROLL(4)
    for (int j = 0; j < columns; j++) sums[j] = sum[j];
}

#define FN_COLUMN_CASE(v)                                         \
    case v:                                                       \
        FN(column_block)(v, columns, rows, x + j, ldx, sums + j); \
        break;
static void FN(column_sums)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, T *sums) {
    ptrdiff_t j = 0;
    if (width < LANES) {
        for (; j + 4 <= width; j += 4) FN(few_columns)(4, rows, x + j, ldx, sums + j);
        for (; j < width; j++) FN(few_columns)(1, rows, x + j, ldx, sums + j);
        return;
    }
    for (ptrdiff_t left = (width + LANES - 1) / LANES, vectors; left; left -= vectors, j += vectors * LANES) {
        /* the vector that overlaps stays in one block with the one that it overlaps: 9 is 7 and 2 */
        vectors = left <= 8 ? left : left == 9 ? 7 : 8;
        const ptrdiff_t columns = vectors < left ? vectors * LANES : width - j;
        switch (vectors) {
            FN_COLUMN_CASE(1)
            FN_COLUMN_CASE(2)
            FN_COLUMN_CASE(3)
            FN_COLUMN_CASE(4)
            FN_COLUMN_CASE(5)
            FN_COLUMN_CASE(6)
            FN_COLUMN_CASE(7)
            FN_COLUMN_CASE(8)
        }
    }
}
#undef FN_COLUMN_CASE

/* ---- sums in double ---------------------------------------------------------------------------------------- */

INLINE DOUBLES FN(load_as_doubles)(const T *p) {
#if FN_IS_F32 && defined(FN_HAS_DOUBLES)
    return FN(load_doubles)(p);
#elif FN_IS_F32
    return __builtin_convertvector(*(const FN(half_floats) *)p, DOUBLES);
#else
    return *(const FN(loose_doubles) *)p;
#endif
}
INLINE DOUBLES FN(add_square)(DOUBLES sum, DOUBLES x) { return sum + x * x; }
INLINE DOUBLES FN(add_magnitude)(DOUBLES sum, DOUBLES x) {
    return sum + (DOUBLES)((FN(quads))x & (INT64_MAX - (FN(quads)){0}));
}

/* Eight chains of vectors, folded by halves; then the elements that fill no vector, one by one. */
INLINE double FN(sum_in_double)(DOUBLES (*const add)(DOUBLES, DOUBLES), ptrdiff_t n, const T *x) {
    DOUBLES sum[8] = {{0}};
    ptrdiff_t i = 0;
    for (; i + 8 * DOUBLE_LANES <= n; i += 8 * DOUBLE_LANES)
        FN_UNROLL(8)
        for (int c = 0; c < 8; c++) sum[c] = add(sum[c], FN(load_as_doubles)(x + i + c * DOUBLE_LANES));
    for (; i + DOUBLE_LANES <= n; i += DOUBLE_LANES) sum[0] = add(sum[0], FN(load_as_doubles)(x + i));
    FN_UNROLL(4)
    for (int half = 4; half; half /= 2)
        FN_UNROLL(4)
        for (int c = 0; c < half; c++) sum[c] += sum[c + half];
    DOUBLES rest = {0};
    for (; i < n; i++) rest = add(rest, (DOUBLES){(double)x[i]});
    double total = rest[0];
    FN_UNROLL(8)
    for (int lane = 0; lane < DOUBLE_LANES; lane++) total += sum[0][lane];
    return total;
}

static double FN(sum_of_squares)(ptrdiff_t n, const T *x) { return FN(sum_in_double)(FN(add_square), n, x); }
static double FN(sum_of_magnitudes)(ptrdiff_t n, const T *x) { return FN(sum_in_double)(FN(add_magnitude), n, x); }

static void FN(accumulate)(ptrdiff_t n, const T *x, T *y) {
    ptrdiff_t i = 0;
    for (; i + LANES <= n; i += LANES) FN(store)(y + i, FN(load)(y + i) + FN(load)(x + i));
    for (; i < n; i++) y[i] += x[i];
}

/* ---- the search for NaN and infinity ------------------------------------------------------------------------- */

/* x * 0 is 0 for every finite x and NaN otherwise, and NaN stays in a sum: one multiply-add a vector, no branch. */
INLINE int FN(all_finite)(ptrdiff_t n, const T *x) {
    V sum[4] = {{0}};
    T rest = 0;
    ptrdiff_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        FN_UNROLL(4)
        for (int c = 0; c < 4; c++) sum[c] = FN(fma)(FN(load)(x + i + c * LANES), (V){0}, sum[c]);
    for (; i + LANES <= n; i += LANES) sum[0] = FN(fma)(FN(load)(x + i), (V){0}, sum[0]);
    for (; i < n; i++) rest += x[i] * 0;
    return FN(reduce_add)((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest == 0;
}

static ptrdiff_t FN(first_not_finite)(ptrdiff_t n, const T *x) {
    const ptrdiff_t block = 4096; /* long against the fold of the sums, short against a bad block's second pass */
    for (ptrdiff_t i = 0; i < n; i += block) {
        ptrdiff_t end = n - i < block ? n : i + block;
        if (FN(all_finite)(end - i, x + i)) continue;
        while (x[i] * 0 == 0) i++;
        return i;
    }
    return n;
}

/* ---- rows from anywhere -------------------------------------------------------------------------------------- */

/* y[n] = x[n], n < LANES, in two pieces of the largest power of two that fits, of which the second ends with the row. */
INLINE void FN(copy_few)(ptrdiff_t n, const T *x, T *y) {
#define FN_TWO_PIECES(piece)                                     \
    if (n >= (piece)) {                                          \
        T first[piece], last[piece];                             \
        __builtin_memcpy(first, x, sizeof first);                \
        __builtin_memcpy(last, x + n - (piece), sizeof last);    \
        __builtin_memcpy(y, first, sizeof first);                \
        __builtin_memcpy(y + n - (piece), last, sizeof last);    \
        return;                                                  \
    }
#if FN_VECTOR_BYTES / FN_ELEMENT_BYTES > 8
    FN_TWO_PIECES(8)
#endif
#if FN_VECTOR_BYTES / FN_ELEMENT_BYTES > 4
    FN_TWO_PIECES(4)
#endif
    FN_TWO_PIECES(2)
    FN_TWO_PIECES(1)
#undef FN_TWO_PIECES
}

/* y[n] = x[n]; y = x allowed. */
INLINE void FN(copy_row)(ptrdiff_t n, const void *from, T *y) {
    const T *x = from;
    if (n < LANES) {
        FN(copy_few)(n, x, y);
        return;
    }
    const V last = FN(load)(x + n - LANES);
    for (ptrdiff_t j = 0; j + LANES <= n; j += LANES) FN(store)(y + j, FN(load)(x + j));
    FN(store)(y + n - LANES, last);
}

/* y[n] = x[n] of the other floating type and of bytes: plain loops, which compilers turn into the conversions that
 * each target has. */
#if FN_IS_F32
typedef double FN(other);
#else
typedef float FN(other);
#endif
INLINE void FN(convert_row)(ptrdiff_t n, const void *from, T *restrict y) {
    const FN(other) *x = from;
    for (ptrdiff_t j = 0; j < n; j++) y[j] = (T)x[j];
}
INLINE void FN(convert_bytes)(ptrdiff_t n, const void *from, T *restrict y) {
    const uint8_t *x = from;
    for (ptrdiff_t j = 0; j < n; j++) y[j] = (T)x[j];
}

/* out[rows, width] = x[index[r]] through `copy`; strides of x in bytes. Rows in random order defeat the hardware's
 * prefetcher, so while a row is copied the same line of a later one is asked for: one line at a time, since a burst waits
 * for the few misses that a core keeps in flight. */
INLINE void FN(gather)(void (*const copy)(ptrdiff_t, const void *, T *), ptrdiff_t rows, ptrdiff_t width, const char *x,
                       ptrdiff_t ldx, const ptrdiff_t element, const int64_t *index, T *out, ptrdiff_t ldout) {
    const ptrdiff_t line = 64 / element;
    for (ptrdiff_t r = 0; r < rows; r++) {
        const char *row = x + (index ? index[r] : r) * ldx;
        const char *later = index && r + FN_ROWS_AHEAD < rows ? x + index[r + FN_ROWS_AHEAD] * ldx : row;
        ptrdiff_t j = 0;
        for (; j + line <= width; j += line) {
            __builtin_prefetch(later + j * element, 0, 2);
            copy(line, row + j * element, out + r * ldout + j);
        }
        if (j < width) {
            __builtin_prefetch(later + j * element, 0, 2);
            copy(width - j, row + j * element, out + r * ldout + j);
        }
    }
}

#if FN_IS_F32
#define FN_COPY_F32 FN(copy_row)
#define FN_COPY_F64 FN(convert_row)
#else
#define FN_COPY_F32 FN(convert_row)
#define FN_COPY_F64 FN(copy_row)
#endif
static void FN(gather_f32)(ptrdiff_t rows, ptrdiff_t width, const float *x, ptrdiff_t ldx, const int64_t *index, T *out,
                           ptrdiff_t ldout) {
    FN(gather)(FN_COPY_F32, rows, width, (const char *)x, ldx * 4, 4, index, out, ldout);
}
static void FN(gather_f64)(ptrdiff_t rows, ptrdiff_t width, const double *x, ptrdiff_t ldx, const int64_t *index,
                           T *out, ptrdiff_t ldout) {
    FN(gather)(FN_COPY_F64, rows, width, (const char *)x, ldx * 8, 8, index, out, ldout);
}
static void FN(gather_u8)(ptrdiff_t rows, ptrdiff_t width, const uint8_t *x, ptrdiff_t ldx, const int64_t *index,
                          T *out, ptrdiff_t ldout) {
    FN(gather)(FN(convert_bytes), rows, width, (const char *)x, ldx, 1, index, out, ldout);
}
#undef FN_COPY_F32
#undef FN_COPY_F64
