/* product_row.inc.h: products with one row: X W of a single row, X^T dY or dY W^T that are outer products, and both in one.
 *
 * Room: what reads or writes a whole kernel for few multiply-adds, so goes at the rate of memory: a tile of one row would
 * wait for its few chains, and touch a small piece of every line at a time. Called by product.inc.h; the same chains.
 */
#ifndef FN_STRIP_VECTORS
#define FN_FAR_BYTES 4194304     /* of b, for one row: more may lie in memory, where pieces of lines come a third as fast */
#define FN_LINES_AT_A_TIME 8     /* then, and of outer products: loads and stores of sums are that much fewer */
#define FN_STRIP_VECTORS 8       /* of one row's sums at a time: half of the fewest registers */
#define FN_FEW_VECTORS 4         /* of an outer product's row, where those stay in registers */
#endif

/* A strip of one row: its sums stay in registers, b passes line after line, in pieces of `vectors` vectors. */
INLINE void FN(strip)(const int vectors, ptrdiff_t k, const T *a, ptrdiff_t a_step, const T *b, ptrdiff_t ldb,
                      const T *start, T *c) {
    V sum[FN_STRIP_VECTORS];
    FN_UNROLL(8)
    for (int v = 0; v < vectors; v++) sum[v] = start ? FN(load)(start + v * LANES) : (V){0};
    for (ptrdiff_t p = 0; p < k; p++, a += a_step, b += ldb) {
        const V factor = FN(splat)(*a);
        FN_UNROLL(8)
        for (int v = 0; v < vectors; v++) sum[v] = FN(fma)(factor, FN(load)(b + v * LANES), sum[v]);
    }
    FN_UNROLL(8)
    for (int v = 0; v < vectors; v++) FN(store)(c + v * LANES, sum[v]);
}

/* One row where b comes from far: whole lines of it, a few at a time, as memory likes it; c stays in L1. */
INLINE void FN(product_by_lines)(ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t a_step, const T *b, ptrdiff_t ldb,
                                 const T *start, T *c) {
    ptrdiff_t p = 0;
    do { /* once for k = 0, to write `start` */
        const ptrdiff_t depth = k - p < FN_LINES_AT_A_TIME ? k - p : FN_LINES_AT_A_TIME;
        const T *from = p ? c : start;
        V factor[FN_LINES_AT_A_TIME];
        for (ptrdiff_t q = 0; q < depth; q++) factor[q] = FN(splat)(a[(p + q) * a_step]);
        for (ptrdiff_t j = 0; j < n; j += LANES) {
            V sum = from ? FN(load)(from + j) : (V){0};
            const T *line = b + p * ldb + j;
            if (n - j < LANES)
                for (ptrdiff_t q = 0; q < depth; q++)
                    sum = FN(fma)(factor[q], FN(load_first)(line + q * ldb, n - j), sum);
            else if (depth == FN_LINES_AT_A_TIME)
                FN_UNROLL(8)
                for (int q = 0; q < FN_LINES_AT_A_TIME; q++) sum = FN(fma)(factor[q], FN(load)(line + q * ldb), sum);
            else
                for (ptrdiff_t q = 0; q < depth; q++) sum = FN(fma)(factor[q], FN(load)(line + q * ldb), sum);
            FN(store)(c + j, sum);
        }
        p += depth;
    } while (p < k);
}

/* One row: a tile of one row would wait for its few chains, and touch a small piece of every line of b at a time.
 * b does not over-read. */
INLINE void FN(product_of_a_row)(ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t a_step, const T *b, ptrdiff_t ldb,
                                 const T *start, T *c) {
    if (n > FN_STRIP_VECTORS * LANES && n * k > (ptrdiff_t)(FN_FAR_BYTES / sizeof(T))) {
        FN(product_by_lines)(n, k, a, a_step, b, ldb, start, c);
        return;
    }
    ptrdiff_t j = 0;
#define FN_STRIPS(vectors) \
    for (; j + (vectors) * LANES <= n; j += (vectors) * LANES) \
        FN(strip)(vectors, k, a, a_step, b + j, ldb, start ? start + j : NULL, c + j);
    FN_STRIPS(FN_STRIP_VECTORS)
    FN_STRIPS(4)
    FN_STRIPS(2)
    FN_STRIPS(1)
#undef FN_STRIPS
    if (j < n) {
        V sum = start ? FN(load_first)(start + j, n - j) : (V){0};
        for (ptrdiff_t p = 0; p < k; p++)
            sum = FN(fma)(FN(splat)(a[p * a_step]), FN(load_first)(b + p * ldb + j, n - j), sum);
        FN(store)(c + j, sum);
    }
}

/* ---- outer products, into parameters: nothing is written past a row, where the next one begins ----
 * A tail of a row is its last whole vector, which overlaps the one before: read before that is written, written after it, to the
 * same values. With a mask instead, the next row would wait for what reaches into it. Rows narrower than a vector need the
 * mask; a few are read before any is written. */
INLINE V FN(load_tail)(const T *row, ptrdiff_t n) {
    return n < LANES ? FN(load_first)(row, n) : FN(load)(row + n - LANES);
}

INLINE void FN(store_tail)(T *row, ptrdiff_t n, V v) {
    if (n < LANES)
        FN(store_first)(row, n, v);
    else
        FN(store)(row + n - LANES, v);
}

INLINE void FN(load_tails)(ptrdiff_t rows, ptrdiff_t n, const T *c, ptrdiff_t ldc, V *tails) {
    FN_UNROLL(8)
    for (ptrdiff_t i = 0; i < rows; i++) tails[i] = FN(load_tail)(c + i * ldc, n);
}

/* c's tails = `tails` + a^T b; returns sum + x c, if x is not NULL. */
INLINE V FN(move_tails)(ptrdiff_t rows, ptrdiff_t n, const T *a, ptrdiff_t a_row, V b, V *tails, T *c, ptrdiff_t ldc,
                        const T *x, V sum) {
    FN_UNROLL(8)
    for (ptrdiff_t i = 0; i < rows; i++) {
        tails[i] = FN(fma)(FN(splat)(a[i * a_row]), b, tails[i]);
        FN(store_tail)(c + i * ldc, n, tails[i]);
        if (x) sum = FN(fma)(FN(splat)(x[i]), tails[i], sum);
    }
    return sum;
}

/* A few rows of outer_product, line after line. */
INLINE void FN(outer_rows)(ptrdiff_t rows, ptrdiff_t n, const T *a, ptrdiff_t a_row, const T *b, const T *start,
                           ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    V tails[FN_LINES_AT_A_TIME] = {{0}};
    if (n % LANES && start) FN(load_tails)(rows, n, start, ldstart, tails);
    for (ptrdiff_t i = 0; i < rows; i++) {
        const V factor = FN(splat)(a[i * a_row]);
        const T *from = start ? start + i * ldstart : NULL;
        for (ptrdiff_t j = 0; j + LANES <= n; j += LANES)
            FN(store)(c + i * ldc + j, FN(fma)(factor, FN(load)(b + j), from ? FN(load)(from + j) : (V){0}));
    }
    if (n % LANES) FN(move_tails)(rows, n, a, a_row, FN(load_tail)(b, n), tails, c, ldc, NULL, (V){0});
}

/* c = a^T b for rows of few whole vectors: b stays in registers. */
INLINE void FN(outer_strip)(const int vectors, ptrdiff_t m, const T *a, ptrdiff_t a_row, const T *b, T *c, ptrdiff_t ldc) {
    V row[FN_FEW_VECTORS];
    FN_UNROLL(4)
    for (int v = 0; v < vectors; v++) row[v] = FN(load)(b + v * LANES);
    for (ptrdiff_t i = 0; i < m; i++, a += a_row, c += ldc) {
        const V factor = FN(splat)(*a);
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++) FN(store)(c + v * LANES, FN(fma)(factor, row[v], (V){0}));
    }
}

/* c = start + a^T b, start NULL for zero. */
INLINE void FN(outer_product)(ptrdiff_t m, ptrdiff_t n, const T *a, ptrdiff_t a_row, const T *b, const T *start,
                              ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    if (!start && n % LANES == 0)
        switch (n / LANES) {
            case 1: FN(outer_strip)(1, m, a, a_row, b, c, ldc); return;
            case 2: FN(outer_strip)(2, m, a, a_row, b, c, ldc); return;
            case 4: FN(outer_strip)(4, m, a, a_row, b, c, ldc); return;
        }
    ptrdiff_t i = 0;
    for (; i + FN_LINES_AT_A_TIME <= m; i += FN_LINES_AT_A_TIME)
        FN(outer_rows)(FN_LINES_AT_A_TIME, n, a + i * a_row, a_row, b, start ? start + i * ldstart : NULL, ldstart, c + i * ldc,
                       ldc);
    FN(outer_rows)(m - i, n, a + i * a_row, a_row, b, start ? start + i * ldstart : NULL, ldstart, c + i * ldc, ldc);
}

/* A few rows of rank_one_product, a vector of columns after the other: y goes to L1 and back once for all of them. */
INLINE void FN(rank_one_rows)(ptrdiff_t rows, ptrdiff_t n, const T *a, const T *b, T *c, ptrdiff_t ldc, const T *x,
                              const T *start, T *y) {
    V tails[FN_LINES_AT_A_TIME] = {{0}}, last = {0};
    if (n % LANES) {
        FN(load_tails)(rows, n, c, ldc, tails);
        if (start) last = FN(load_tail)(start, n);
    }
    for (ptrdiff_t j = 0; j + LANES <= n; j += LANES) {
        const V factor = FN(load)(b + j);
        V sum = start ? FN(load)(start + j) : (V){0};
        T *line = c + j;
        FN_UNROLL(8)
        for (ptrdiff_t i = 0; i < rows; i++, line += ldc) {
            const V moved = FN(fma)(FN(splat)(a[i]), factor, FN(load)(line));
            FN(store)(line, moved);
            sum = FN(fma)(FN(splat)(x[i]), moved, sum);
        }
        FN(store)(y + j, sum);
    }
    if (n % LANES) FN(store_tail)(y, n, FN(move_tails)(rows, n, a, 1, FN(load_tail)(b, n), tails, c, ldc, x, last));
}

/* c += a^T b, and at once y = start + x c: c comes from L2, and is read once instead of twice. The chains of outer_product,
 * then those of product_of_a_row. */
static void FN(rank_one_product)(ptrdiff_t m, ptrdiff_t n, const T *a, const T *b, T *c, ptrdiff_t ldc, const T *x,
                                 const T *start, T *y) {
    ptrdiff_t i = 0;
    for (; i + FN_LINES_AT_A_TIME <= m; i += FN_LINES_AT_A_TIME)
        FN(rank_one_rows)(FN_LINES_AT_A_TIME, n, a + i, b, c + i * ldc, ldc, x + i, i ? y : start, y);
    if (i < m || m == 0) /* for m = 0, to write `start` */
        FN(rank_one_rows)(m - i, n, a + i, b, c + i * ldc, ldc, x + i, i ? y : start, y);
}
