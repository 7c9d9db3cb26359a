/* product_tile.inc.h: a product's register tile, and the tiles of a panel, one below the other.
 *
 * Room: the multiply-adds. Included by product.inc.h once for whole vectors and, where half a vector takes half as long
 * (FN_HALVES), once more for halves: TILE(name), TILE_V and TILE_LANES say which.
 */

/* One tile, which asks for b's rows as FN_ASKS_ says: far ahead for those from `from` to `from` + `ldfrom`, and for the lines of
 * `below` rows of c, one a step of k. Else it carries on its way: to[k, carried] = from[carried, k]^T, a number at a time, for
 * which ports are free; or it runs the errand, if there is one. `rows`, `vectors`, `asks`, `carried`, and whether there is an
 * errand, are constants wherever this is inlined. */
INLINE void TILE(tile)(const int rows, const int vectors, const int asks, ptrdiff_t k, const T *a, ptrdiff_t a_row,
                       ptrdiff_t a_step, const T *b, ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc,
                       ptrdiff_t below, const int carried, const T *from, ptrdiff_t ldfrom, T *to, FN(errand) *errand) {
    TILE_V sum[FN_TILE_ROWS][FN_TILE_VECTORS];
    FN_UNROLL(16)
    for (int r = 0; r < rows; r++)
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = start ? TILE(load)(start + r * ldstart + v * TILE_LANES) : (TILE_V){0};
    const int side_by_side = __builtin_constant_p(a_row) && a_row == 1;
    const T *at[(FN_TILE_ROWS + FN_ROWS_AN_ADDRESS - 1) / FN_ROWS_AN_ADDRESS];
    FN_UNROLL(5)
    for (int r = 0; r < rows; r += FN_ROWS_AN_ADDRESS) {
        at[r / FN_ROWS_AN_ADDRESS] = a + r * a_row;
        if (r && !side_by_side) __asm__("" : "+r"(at[r / FN_ROWS_AN_ADDRESS])); /* or the compiler keeps one for every row */
    }
    /* near, the row itself where asking does not pay; in a copy, whose rows lie a constant apart, it costs nothing. Asked for is
     * the last number of each line's length: where rows begin within a line, the first line has come with the panel before. */
    const ptrdiff_t asked = FN_LINES_PAY || __builtin_constant_p(ldb) ? FN_LINES_AHEAD * ldb : 0;
    const T *far = from, *const last = from + ldfrom, *sums = c, *const last_sums = c + (below - 1) * ldc;
    ptrdiff_t p = 0;
    do {
        const ptrdiff_t end = errand && k - p > FN_STEPS_AN_ERRAND ? p + FN_STEPS_AN_ERRAND : k;
        FN_UNROLL_BY(FN_STEPS_AT_A_TIME)
        for (; p < end; p++) {
            TILE_V row[FN_TILE_VECTORS];
            FN_UNROLL(4)
            for (int v = 0; v < vectors; v++) row[v] = TILE(load)(b + v * TILE_LANES);
            FN_UNROLL(16)
            for (int r = 0; r < rows; r++) {
                const T *const number = side_by_side ? a + r : at[r / FN_ROWS_AN_ADDRESS] + r % FN_ROWS_AN_ADDRESS * a_row;
                if (FN_EMBEDDED(r, carried)) {
                    FN_UNROLL(4)
                    for (int v = 0; v < vectors; v++) sum[r][v] = TILE(fma_number)(number, row[v], sum[r][v]);
                    continue;
                }
                const TILE_V factor = TILE(splat)(*number);
                FN_UNROLL(4)
                for (int v = 0; v < vectors; v++) sum[r][v] = TILE(fma)(factor, row[v], sum[r][v]);
            }
            if (asks == FN_ASKS_NEAR)
                FN_UNROLL(4)
                for (int v = 0; v < vectors; v += FN_VECTORS_A_LINE)
                    __builtin_prefetch(b + asked + (v + FN_VECTORS_A_LINE) * TILE_LANES - 1, 0, 3);
            if (asks == FN_ASKS_FAR) {
                FN_UNROLL(4)
                for (int v = 0; v < vectors; v++) __builtin_prefetch(far + v * TILE_LANES, 0, 2);
                __builtin_prefetch(far + vectors * TILE_LANES - 1, 0, 2); /* where rows do not begin with a line */
                far = far < last ? far + ldb : last;
                FN_UNROLL(4)
                for (int v = 0; v < vectors; v++) __builtin_prefetch(sums + v * TILE_LANES, 1, 2);
                sums = sums < last_sums ? sums + ldc : last_sums;
            }
            FN_UNROLL(8)
            for (int q = 0; q < carried; q++) FN(move)(to + q, from + q * ldfrom + p);
            if (carried) to += ldb;
            a += a_step;
            FN_UNROLL(5)
            for (int r = 0; r < rows; r += FN_ROWS_AN_ADDRESS) at[r / FN_ROWS_AN_ADDRESS] += a_step;
            b += ldb;
        }
        if (errand) FN(run_errand)(errand);
    } while (errand && p < k);
    FN_UNROLL(16)
    for (int r = 0; r < rows; r++)
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++) TILE(store)(c + r * ldc + v * TILE_LANES, sum[r][v]);
}

#define FN_TILE_CASE(r) \
    case r:             \
        if (!carried || r >= FN_TILE_ROWS / 2)                                                                          \
            TILE(tile)(r, vectors, FN_LINES_AHEAD ? FN_ASKS_NEAR : FN_ASKS_NOTHING, FN_TILE_ARGUMENTS, 0, carried, from, ldfrom, to, \
                       NULL);                                                                                            \
        return;
/* A tile of any height: one instance each. One that carries is at least half as high as the highest. */
INLINE void TILE(tile_of_rows)(ptrdiff_t rows, const int vectors, ptrdiff_t k, const T *a, ptrdiff_t a_row,
                               ptrdiff_t a_step, const T *b, ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c,
                               ptrdiff_t ldc, const int carried, const T *from, ptrdiff_t ldfrom, T *to) {
    switch (rows) {
        FN_TILE_CASE(1)
        FN_TILE_CASE(2)
        FN_TILE_CASE(3)
        FN_TILE_CASE(4)
        FN_TILE_CASE(5)
        FN_TILE_CASE(6)
#if FN_TILE_ROWS > 6
        FN_TILE_CASE(7)
        FN_TILE_CASE(8)
#endif
#if FN_TILE_ROWS > 8
        FN_TILE_CASE(9)
        FN_TILE_CASE(10)
        FN_TILE_CASE(11)
        FN_TILE_CASE(12)
        FN_TILE_CASE(13)
        FN_TILE_CASE(14)
#endif
    }
}
#undef FN_TILE_CASE

/* Asks for the lines of c that a tile will write to, or for those of none. Callers keep `rows` to a tile's: were it cut here, GCC 12
 * would keep an address of X^T dY's tiles in memory in float64 (5 % of 32 x 32 x 10). */
INLINE void TILE(ask_for_sums)(ptrdiff_t rows, const int vectors, const T *c, ptrdiff_t ldc) {
    for (ptrdiff_t r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v += FN_VECTORS_A_LINE) __builtin_prefetch(c + r * ldc + v * TILE_LANES, 1, 2);
}

/* All rows of one column panel of `vectors` vectors over one block of k, of which the first tiles carry
 * to[k, load] = from[load, k]^T. `packed`: each tile of a lies by itself, [k, its rows]. */
INLINE void TILE(panel_rows)(ptrdiff_t m, const int vectors, const int packed, ptrdiff_t k, const T *a0, ptrdiff_t lda,
                             ptrdiff_t ldk, const T *b, ptrdiff_t ldb, const T *start0, ptrdiff_t ldstart, T *c0,
                             ptrdiff_t ldc, ptrdiff_t load, const T *from, ptrdiff_t ldfrom, T *to) {
    const int copied = __builtin_constant_p(ldb); /* its first tile is none that asks for the panel's sums */
    const int asks = TILE_LANES == LANES && vectors == FN_TILE_VECTORS && copied && FN_SUMS_ARE_ASKED(k);
    for (ptrdiff_t i = 0, height; i < m; i += height) {
        height = FN(tile_height)(m - i);
        const ptrdiff_t a_row = packed ? 1 : lda, a_step = packed ? height : ldk;
        const T *a = a0 + i * (packed ? k : lda), *start = start0 ? start0 + i * ldstart : NULL;
        T *c = c0 + i * ldc;
        if (asks) TILE(ask_for_sums)(height, vectors, c, ldc);
        if (load > 0) {
            TILE(tile_of_rows)(height, vectors, FN_TILE_ARGUMENTS, FN_CARRIED, from, ldfrom, to);
            load -= FN_CARRIED;
            from += FN_CARRIED * ldfrom;
            to += FN_CARRIED;
        } else
            TILE(tile_of_rows)(height, vectors, FN_TILE_ARGUMENTS, 0, NULL, 0, NULL);
    }
}
