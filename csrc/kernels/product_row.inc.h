/* product_row.inc.h: products with one row: X W of a single row, and X^T dY or dY W^T that are outer products.
 *
 * Room: what reads or writes a whole kernel for few multiply-adds, so goes at the rate of memory: a tile of one row would
 * wait for its few chains, and touch a small piece of every line at a time. Called by product.inc.h; the same chains.
 */
#ifndef FN_STRIP_VECTORS
#define FN_FAR_BYTES 4194304     /* of b, for one row: more may lie in memory, where pieces of lines come a third as fast */
#define FN_LINES_AT_A_TIME 8     /* then: loads and stores of c are that much fewer */
#define FN_STRIP_VECTORS 8       /* of one row's sums at a time: half of the fewest registers */
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

/* One row each: lines of c one after the other, nothing past their ends, so that c may be parameters (start = c). */
INLINE void FN(outer_product)(ptrdiff_t m, ptrdiff_t n, const T *a, ptrdiff_t a_row, const T *b, const T *start,
                              ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    for (ptrdiff_t i = 0; i < m; i++, c += ldc) {
        const V factor = FN(splat)(a[i * a_row]);
        const T *from = start ? start + i * ldstart : NULL;
        ptrdiff_t j = 0;
        for (; j + LANES <= n; j += LANES)
            FN(store)(c + j, FN(fma)(factor, FN(load)(b + j), from ? FN(load)(from + j) : (V){0}));
        if (j < n) {
            const V last = from ? FN(load_first)(from + j, n - j) : (V){0};
            FN(store_first)(c + j, n - j, FN(fma)(factor, FN(load_first)(b + j, n - j), last));
        }
    }
}
