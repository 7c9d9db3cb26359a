/* sparse.inc.h: products with rows of which few elements are not zero, in compressed form (CSR).
 *
 * Room: loops over the elements that there are. Called by: the kernel table. Every element of a result is one chain of fused
 * multiply-adds in the order of the row's elements, or of the list's.
 */
#ifndef FN_SPARSE_VECTORS
#define FN_SPARSE_VECTORS 4 /* columns of a result that pass together: chains that hide latency, whole lines of w */
#endif

INLINE void FN(sparse_row)(const int vectors, ptrdiff_t n, ptrdiff_t count, const T *values, const int32_t *columns,
                           const T *w, ptrdiff_t ldw, const T *bias, T *y) {
    V sum[FN_SPARSE_VECTORS];
    FN_UNROLL(4)
    for (int v = 0; v < vectors; v++) sum[v] = bias ? FN(load_part)(bias + v * LANES, n) : FN(splat)(0);
    for (ptrdiff_t p = 0; p < count; p++) {
        const T *row = w + (ptrdiff_t)columns[p] * ldw;
        const V value = FN(splat)(values[p]);
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++) sum[v] = FN(fma)(value, FN(load_part)(row + v * LANES, n), sum[v]);
    }
    FN_UNROLL(4)
    for (int v = 0; v < vectors; v++) FN(store_part)(y + v * LANES, n, sum[v]);
}

static void FN(sparse_product)(ptrdiff_t rows, ptrdiff_t width, const T *values, const int32_t *columns, const int64_t *starts,
                               const int64_t *index, const T *w, ptrdiff_t ldw, const T *bias, T *y, ptrdiff_t ldy) {
    for (ptrdiff_t r = 0; r < rows; r++, y += ldy) {
        const int64_t source = index ? index[r] : r, from = starts[source];
        const ptrdiff_t count = (ptrdiff_t)(starts[source + 1] - from);
        ptrdiff_t j = 0;
        for (; j + FN_SPARSE_VECTORS * LANES <= width; j += FN_SPARSE_VECTORS * LANES)
            FN(sparse_row)(FN_SPARSE_VECTORS, LANES, count, values + from, columns + from, w + j, ldw, bias ? bias + j : NULL, y + j);
        for (; j < width; j += LANES)
            FN(sparse_row)(1, FN(part)(width - j), count, values + from, columns + from, w + j, ldw, bias ? bias + j : NULL, y + j);
    }
}

INLINE void FN(list_sum)(const int vectors, ptrdiff_t n, int32_t first, const int32_t *next, const int32_t *rows,
                         const T *values, const T *dy, ptrdiff_t lddy, T *sums) {
    V sum[FN_SPARSE_VECTORS];
    FN_UNROLL(4)
    for (int v = 0; v < vectors; v++) sum[v] = FN(splat)(0);
    for (int32_t p = first; p >= 0; p = next[p]) {
        const T *row = dy + (ptrdiff_t)rows[p] * lddy;
        const V value = FN(splat)(values[p]);
        FN_UNROLL(4)
        for (int v = 0; v < vectors; v++) sum[v] = FN(fma)(value, FN(load_part)(row + v * LANES, n), sum[v]);
    }
    FN_UNROLL(4)
    for (int v = 0; v < vectors; v++) FN(store_part)(sums + v * LANES, n, sum[v]);
}

static void FN(sparse_gradient)(ptrdiff_t width, int32_t first, const int32_t *next, const int32_t *rows, const T *values,
                                const T *dy, ptrdiff_t lddy, T *sums) {
    ptrdiff_t j = 0;
    for (; j + FN_SPARSE_VECTORS * LANES <= width; j += FN_SPARSE_VECTORS * LANES)
        FN(list_sum)(FN_SPARSE_VECTORS, LANES, first, next, rows, values, dy + j, lddy, sums + j);
    for (; j < width; j += LANES) FN(list_sum)(1, FN(part)(width - j), first, next, rows, values, dy + j, lddy, sums + j);
}
