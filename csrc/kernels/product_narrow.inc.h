/* product_narrow.inc.h: few columns of products: all, as before and behind a last layer of few units, or what whole
 * vectors leave over.
 *
 * Room: X W and X^T dY for up to FN_FEW_OUTPUTS columns, where a tile would use as many of its lanes. Called by
 * product.inc.h. Every element is the same chain of multiply-adds as in a tile, so it has the same bits.
 */
#ifndef FN_FEW_OUTPUTS
#define FN_FEW_OUTPUTS 4
#define FN_COLUMN_VECTORS 4 /* of X's columns that pass together for X^T dY: chains that hide latency */
#endif

/* c[rows, n] = start + a[rows, k] b[k, n], a row in each lane; lanes without a row repeat the first */
INLINE void FN(rows_in_lanes)(const int n, ptrdiff_t rows, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t ldb,
                              const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    V sum[FN_FEW_OUTPUTS], block[LANES];
    T lanes[LANES];
    FN_UNROLL(4)
    for (int j = 0; j < n; j++) {
        sum[j] = FN(splat)(start ? start[j] : 0);
        if (start && ldstart) {
            for (ptrdiff_t r = 0; r < LANES; r++) lanes[r] = start[(r < rows ? r : 0) * ldstart + j];
            sum[j] = FN(load)(lanes);
        }
    }
    for (ptrdiff_t p = 0; p < k; p += LANES, a += LANES) {
        const ptrdiff_t depth = FN(part)(k - p);
        if (rows == LANES && depth == LANES) {
            FN(load_transposed)(a, lda, block);
            FN_UNROLL(16)
            for (int q = 0; q < LANES; q++, b += ldb)
                FN_UNROLL(4)
                for (int j = 0; j < n; j++) sum[j] = FN(fma)(block[q], FN(splat)(b[j]), sum[j]);
            continue;
        }
        for (ptrdiff_t r = 0; r < LANES; r++) block[r] = FN(load_part)(r < rows ? a + r * lda : a, depth);
        FN(transpose)(block);
        for (ptrdiff_t q = 0; q < depth; q++, b += ldb)
            FN_UNROLL(4)
            for (int j = 0; j < n; j++) sum[j] = FN(fma)(block[q], FN(splat)(b[j]), sum[j]);
    }
    /* Number by number: by rows_from_lanes three and four doubles took longer (docs/tuning.md). */
    FN_UNROLL(4)
    for (int j = 0; j < n; j++) {
        FN(store)(lanes, sum[j]);
        for (ptrdiff_t r = 0; r < rows; r++) c[r * ldc + j] = lanes[r];
    }
}

/* c[rows, n] = `sum`, a column in each vector and a row in each lane: put together as rows first, if lanes hold one. */
INLINE void FN(rows_from_lanes)(const int n, const V *sum, ptrdiff_t rows, T *c, ptrdiff_t ldc) {
    const int together = n > LANES ? 1 : n == 3 ? 4 : n; /* elements in a row of `lanes` */
    V block[FN_FEW_OUTPUTS] = {{0}};
    T lanes[FN_FEW_OUTPUTS * LANES] __attribute__((aligned(64)));
    FN_UNROLL(4)
    for (int j = 0; j < n; j++) block[j] = sum[j];
    FN(interleave)(block, together);
    FN_UNROLL(4)
    for (int j = 0; j < FN_FEW_OUTPUTS; j++) FN(store)(lanes + j * LANES, block[j]);
    FN_UNROLL(16)
    for (ptrdiff_t r = 0; r < LANES; r++) {
        if (r >= rows) break;
        if (n <= LANES)
            __builtin_memcpy(c + r * ldc, lanes + r * together, n * sizeof(T));
        else
            for (int j = 0; j < n; j++) c[r * ldc + j] = lanes[j * LANES + r];
    }
}

/* c[m, n] = start + at[k, m]^T b[k, n] for `vectors` vectors of m, the last one of `last` elements */
INLINE void FN(columns_in_lanes)(const int n, const int vectors, ptrdiff_t last, ptrdiff_t k, const T *at, ptrdiff_t ldat,
                                 const T *b, ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    V sum[FN_FEW_OUTPUTS][FN_COLUMN_VECTORS];
    T lanes[LANES];
    FN_UNROLL(4)
    for (int j = 0; j < n; j++)
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++) {
            sum[j][v] = FN(splat)(0);
            if (start) {
                const ptrdiff_t rows = v + 1 < vectors ? LANES : last;
                const T *from = start + v * LANES * ldstart + j;
                for (ptrdiff_t r = 0; r < LANES; r++) lanes[r] = from[(r < rows ? r : 0) * ldstart];
                sum[j][v] = FN(load)(lanes);
            }
        }
    for (ptrdiff_t p = 0; p < k; p++, at += ldat, b += ldb) {
        V row[FN_COLUMN_VECTORS];
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++) row[v] = v + 1 < vectors ? FN(load)(at + v * LANES) : FN(load_part)(at + v * LANES, last);
        FN_UNROLL(4)
        for (int j = 0; j < n; j++) {
            const V factor = FN(splat)(b[j]);
            FN_UNROLL(4)
            for (int v = 0; v < vectors; v++) sum[j][v] = FN(fma)(row[v], factor, sum[j][v]);
        }
    }
    FN_UNROLL(4)
    for (int v = 0; v < vectors; v++) {
        V of_columns[FN_FEW_OUTPUTS];
        FN_UNROLL(4)
        for (int j = 0; j < n; j++) of_columns[j] = sum[j][v];
        FN(rows_from_lanes)(n, of_columns, v + 1 < vectors ? LANES : last, c + v * LANES * ldc, ldc);
    }
}

INLINE void FN(few_outputs)(const int n, ptrdiff_t m, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t ldb,
                            const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    for (ptrdiff_t i = 0; i < m; i += LANES)
        FN(rows_in_lanes)(n, FN(part)(m - i), k, a + i * lda, lda, b, ldb, start ? start + i * ldstart : NULL, ldstart,
                          c + i * ldc, ldc);
}

INLINE void FN(few_outputs_at)(const int n, ptrdiff_t m, ptrdiff_t k, const T *at, ptrdiff_t ldat, const T *b, ptrdiff_t ldb,
                               const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    ptrdiff_t i = 0;
    for (; i + FN_COLUMN_VECTORS * LANES <= m; i += FN_COLUMN_VECTORS * LANES)
        FN(columns_in_lanes)(n, FN_COLUMN_VECTORS, LANES, k, at + i, ldat, b, ldb, start ? start + i * ldstart : NULL, ldstart,
                             c + i * ldc, ldc);
    const T *from = start ? start + i * ldstart : NULL;
    switch ((m - i + LANES - 1) / LANES) {
#define FN_REST(vectors)                                                                                             \
    case vectors:                                                                                                    \
        FN(columns_in_lanes)(n, vectors, m - i - (vectors - 1) * LANES, k, at + i, ldat, b, ldb, from, ldstart,      \
                             c + i * ldc, ldc);                                                                      \
        return;
        FN_REST(1)
        FN_REST(2)
        FN_REST(3)
        FN_REST(4)
#undef FN_REST
    }
}

/* Any n up to FN_FEW_OUTPUTS: an instance each. */
#define FN_BY_COLUMNS(name)                                                                                          \
    static void FN(name##_product)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b,     \
                                   ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {          \
        switch (n) {                                                                                                 \
            case 1: FN(name)(1, m, k, a, lda, b, ldb, start, ldstart, c, ldc); return;                               \
            case 2: FN(name)(2, m, k, a, lda, b, ldb, start, ldstart, c, ldc); return;                               \
            case 3: FN(name)(3, m, k, a, lda, b, ldb, start, ldstart, c, ldc); return;                               \
            case 4: FN(name)(4, m, k, a, lda, b, ldb, start, ldstart, c, ldc); return;                               \
        }                                                                                                            \
    }
FN_BY_COLUMNS(few_outputs)
FN_BY_COLUMNS(few_outputs_at)
#undef FN_BY_COLUMNS
