/* flat.inc.h: passes over whole gradients and parameters between the backward pass and the next step: clipping,
 * moving averages, norms and factors of columns.
 *
 * Room: elementwise arithmetic without an optimizer's formula; norms of whole arrays are sums (reduce.inc.h), whose
 * vectors of doubles are used here.
 * Called by: the kernel table. Each element is computed alike in a whole vector and in a partial one.
 */

static void FN(clip_array)(ptrdiff_t n, T factor, T lower, T upper, T *x) {
    const V scale = FN(splat)(factor), least = FN(splat)(lower), most = FN(splat)(upper);
    for (ptrdiff_t i = 0; i < n; i += LANES) {
        const ptrdiff_t part = FN(part)(n - i);
        FN(store_part)(x + i, part, FN(minimum)(most, FN(maximum)(least, scale * FN(load_part)(x + i, part))));
    }
}

static void FN(average)(ptrdiff_t n, double momentum, const T *x, T *y) {
    const V old = FN(splat)((T)momentum), new = FN(splat)((T)(1 - momentum));
    for (ptrdiff_t i = 0; i < n; i += LANES) {
        const ptrdiff_t part = FN(part)(n - i);
        FN(store_part)(y + i, part, FN(fma)(old, FN(load_part)(y + i, part), new * FN(load_part)(x + i, part)));
    }
}

static void FN(squares_of_columns)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, double *sums) {
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx) {
        ptrdiff_t j = 0;
        for (; j + DOUBLE_LANES <= width; j += DOUBLE_LANES) {
            FN(loose_doubles) *at = (FN(loose_doubles) *)(sums + j);
            *at = FN(add_square)(*at, FN(load_as_doubles)(x + j));
        }
        /* as lanes, too: a compiler may fuse multiply and add of vectors and of single numbers differently */
        for (; j < width; j++) sums[j] = FN(add_square)((DOUBLES){sums[j]}, (DOUBLES){(double)x[j]})[0];
    }
}

static void FN(scale_columns)(ptrdiff_t rows, ptrdiff_t width, const T *factors, T *x, ptrdiff_t ldx) {
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx)
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t part = FN(part)(width - j);
            FN(store_part)(x + j, part, FN(load_part)(x + j, part) * FN(load_part)(factors + j, part));
        }
}
#undef DOUBLES
#undef DOUBLE_LANES
