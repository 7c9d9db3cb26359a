/* normalize.inc.h: what has a parameter or a statistic for each column or row: batch and layer normalization, learned
 * slopes, and the sum of two blocks. Forward, backward, and the gradients of the parameters.
 *
 * Room: passes over a block [rows, width] that add or scale. Called by: the kernel table. Sums over rows are one chain
 * a column, rows ascending; sums over a row are row.inc.h's.
 */
#ifndef FN_COLUMN_VECTORS
#define FN_COLUMN_VECTORS 4 /* columns that pass together: whole lines of a row, and chains that hide latency */
#endif

/* `body(vectors, n)` for each block of columns from j on: `vectors` vectors, the last with n elements. */
#define FN_BY_COLUMNS(body)                                                      \
    ptrdiff_t j = 0;                                                             \
    for (; j + FN_COLUMN_VECTORS * LANES <= width; j += FN_COLUMN_VECTORS * LANES) \
        body(FN_COLUMN_VECTORS, LANES);                                          \
    for (; j < width; j += LANES) body(1, FN(part)(width - j))
#define FN_EACH_VECTOR FN_UNROLL(4) for (int v = 0; v < vectors; v++)

/* p[vectors] from `from` on, or `missing` in all lanes where there is none */
INLINE void FN(load_columns)(const int vectors, ptrdiff_t n, const T *from, T missing, V *p) {
    FN_EACH_VECTOR p[v] = from ? FN(load_part)(from + v * LANES, n) : FN(splat)(missing);
}
INLINE void FN(store_columns)(const int vectors, ptrdiff_t n, const V *p, T *to) {
    FN_EACH_VECTOR FN(store_part)(to + v * LANES, n, p[v]);
}
/* 1 / sqrt(variance + epsilon) */
INLINE void FN(inverse_deviations)(const int vectors, ptrdiff_t n, const T *variance, T epsilon, V *inverse) {
    FN(load_columns)(vectors, n, variance, 0, inverse);
    FN_EACH_VECTOR inverse[v] = FN(splat)(1) / FN(root)(inverse[v] + FN(splat)(epsilon));
}

/* ---- blocks without parameters -------------------------------------------------------------------------------------- */

static void FN(add)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, const T *other, ptrdiff_t ldother, T *y,
                    ptrdiff_t ldy) {
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            V sum = FN(load_part)(x + r * ldx + j, n);
            if (other) sum += FN(load_part)(other + r * ldother + j, n);
            FN(store_part)(y + r * ldy + j, n, sum);
        }
}

static void FN(affine)(ptrdiff_t rows, ptrdiff_t width, T scale, T offset, const T *x, ptrdiff_t ldx, T *y, ptrdiff_t ldy) {
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            FN(store_part)(y + r * ldy + j, n, FN(fma)(FN(load_part)(x + r * ldx + j, n), FN(splat)(scale), FN(splat)(offset)));
        }
}

static void FN(penalize)(ptrdiff_t rows, ptrdiff_t width, T l1, T l2, const T *x, ptrdiff_t ldx, T *dx, ptrdiff_t lddx) {
    const V zero = FN(splat)(0), one = FN(splat)(l1);
    for (ptrdiff_t r = 0; r < rows; r++)
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            const V at = FN(load_part)(x + r * ldx + j, n);
            const V slope = FN(select)(at > zero, one, FN(select)(at < zero, -one, zero));
            FN(store_part)(dx + r * lddx + j, n, FN(fma)(at, FN(splat)(l2), FN(load_part)(dx + r * lddx + j, n) + slope));
        }
}

/* ---- sums over rows ------------------------------------------------------------------------------------------ */

INLINE void FN(squares_of)(const int vectors, ptrdiff_t n, ptrdiff_t rows, const T *x, ptrdiff_t ldx, const T *mean, T *sums) {
    V sum[FN_COLUMN_VECTORS], center[FN_COLUMN_VECTORS];
    FN(load_columns)(vectors, n, sums, 0, sum);
    FN(load_columns)(vectors, n, mean, 0, center);
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx)
        FN_EACH_VECTOR {
            const V distance = FN(load_part)(x + v * LANES, n) - center[v];
            sum[v] = FN(fma)(distance, distance, sum[v]);
        }
    FN(store_columns)(vectors, n, sum, sums);
}
static void FN(column_squares)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, const T *mean, T *sums) {
#define BODY(vectors, n) FN(squares_of)(vectors, n, rows, x + j, ldx, mean + j, sums + j)
    FN_BY_COLUMNS(BODY);
#undef BODY
}

INLINE void FN(products_of)(const int vectors, ptrdiff_t n, ptrdiff_t rows, T epsilon, const T *dy, ptrdiff_t lddy,
                            const T *x, ptrdiff_t ldx, const T *mean, const T *variance, T *sums) {
    V sum[FN_COLUMN_VECTORS], center[FN_COLUMN_VECTORS], inverse[FN_COLUMN_VECTORS];
    FN(load_columns)(vectors, n, sums, 0, sum);
    FN(load_columns)(vectors, n, mean, 0, center);
    FN(inverse_deviations)(vectors, n, variance, epsilon, inverse);
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx, dy += lddy)
        FN_EACH_VECTOR sum[v] = FN(fma)(FN(load_part)(dy + v * LANES, n),
                                        (FN(load_part)(x + v * LANES, n) - center[v]) * inverse[v], sum[v]);
    FN(store_columns)(vectors, n, sum, sums);
}
static void FN(column_products)(ptrdiff_t rows, ptrdiff_t width, T epsilon, const T *dy, ptrdiff_t lddy, const T *x,
                                ptrdiff_t ldx, const T *mean, const T *variance, T *sums) {
#define BODY(vectors, n) FN(products_of)(vectors, n, rows, epsilon, dy + j, lddy, x + j, ldx, mean + j, variance + j, sums + j)
    FN_BY_COLUMNS(BODY);
#undef BODY
}

static void FN(row_products)(ptrdiff_t rows, ptrdiff_t width, const T *dy, ptrdiff_t lddy, const T *x, ptrdiff_t ldx,
                             const T *statistics, T *sums) {
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        V sum = FN(load_part)(sums + j, n);
        for (ptrdiff_t r = 0; r < rows; r++) {
            const V distance = FN(load_part)(x + r * ldx + j, n) - FN(splat)(statistics[2 * r]);
            sum = FN(fma)(FN(load_part)(dy + r * lddy + j, n), distance * FN(splat)(statistics[2 * r + 1]), sum);
        }
        FN(store_part)(sums + j, n, sum);
    }
}

static void FN(prelu_products)(ptrdiff_t rows, ptrdiff_t width, const T *dy, ptrdiff_t lddy, const T *x, ptrdiff_t ldx, T *sums) {
    const V zero = FN(splat)(0);
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        V sum = FN(load_part)(sums + j, n);
        for (ptrdiff_t r = 0; r < rows; r++) {
            const V z = FN(load_part)(x + r * ldx + j, n);
            sum = FN(fma)(FN(load_part)(dy + r * lddy + j, n), FN(select)(z > zero, zero, z), sum);
        }
        FN(store_part)(sums + j, n, sum);
    }
}

/* ---- by column ------------------------------------------------------------------------------------------------ */

INLINE void FN(normalize_columns)(const int vectors, ptrdiff_t n, ptrdiff_t rows, T epsilon, const T *x, ptrdiff_t ldx,
                                  const T *mean, const T *variance, const T *gamma, const T *beta, T *y, ptrdiff_t ldy) {
    V center[FN_COLUMN_VECTORS], factor[FN_COLUMN_VECTORS], scale[FN_COLUMN_VECTORS], shift[FN_COLUMN_VECTORS];
    FN(load_columns)(vectors, n, mean, 0, center);
    FN(load_columns)(vectors, n, gamma, 1, scale);
    FN(load_columns)(vectors, n, beta, 0, shift);
    FN(inverse_deviations)(vectors, n, variance, epsilon, factor);
    FN_EACH_VECTOR factor[v] *= scale[v];
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx, y += ldy)
        FN_EACH_VECTOR FN(store_part)(y + v * LANES, n,
                                      FN(fma)(FN(load_part)(x + v * LANES, n) - center[v], factor[v], shift[v]));
}
static void FN(normalize)(ptrdiff_t rows, ptrdiff_t width, T epsilon, const T *x, ptrdiff_t ldx, const T *mean,
                          const T *variance, const T *gamma, const T *beta, T *y, ptrdiff_t ldy) {
#define BODY(vectors, n)                                                                                             \
    FN(normalize_columns)(vectors, n, rows, epsilon, x + j, ldx, mean + j, variance + j, gamma ? gamma + j : NULL, \
                          beta ? beta + j : NULL, y + j, ldy)
    FN_BY_COLUMNS(BODY);
#undef BODY
}

/* dx = a dy + b (x - mean) + c; with statistics that do not depend on x, b = c = 0 and x is not read */
INLINE void FN(normalize_columns_backward)(const int vectors, ptrdiff_t n, const int dependent, const int more, ptrdiff_t rows,
                                           T epsilon, T count, const T *x, ptrdiff_t ldx, const T *mean, const T *variance,
                                           const T *gamma, const T *dy_sums, const T *product_sums, const T *dy, ptrdiff_t lddy,
                                           T *dx, ptrdiff_t lddx) {
    V a[FN_COLUMN_VECTORS], b[FN_COLUMN_VECTORS], c[FN_COLUMN_VECTORS], center[FN_COLUMN_VECTORS], inverse[FN_COLUMN_VECTORS];
    FN(inverse_deviations)(vectors, n, variance, epsilon, inverse);
    FN(load_columns)(vectors, n, gamma, 1, a);
    FN_EACH_VECTOR a[v] *= inverse[v];
    if (dependent) {
        FN(load_columns)(vectors, n, mean, 0, center);
        FN(load_columns)(vectors, n, product_sums, 0, b);
        FN(load_columns)(vectors, n, dy_sums, 0, c);
        FN_EACH_VECTOR b[v] = -(a[v] * inverse[v]) * (b[v] / FN(splat)(count));
        FN_EACH_VECTOR c[v] = -a[v] * (c[v] / FN(splat)(count));
    }
    for (ptrdiff_t r = 0; r < rows; r++, dy += lddy, dx += lddx)
        FN_EACH_VECTOR {
            V sum = a[v] * FN(load_part)(dy + v * LANES, n);
            if (dependent) sum += FN(fma)(FN(load_part)(x + r * ldx + v * LANES, n) - center[v], b[v], c[v]);
            if (more) sum += FN(load_part)(dx + v * LANES, n);
            FN(store_part)(dx + v * LANES, n, sum);
        }
}
static void FN(normalize_backward)(ptrdiff_t rows, ptrdiff_t width, T epsilon, T count, const T *x, ptrdiff_t ldx,
                                   const T *mean, const T *variance, const T *gamma, const T *dy_sums, const T *product_sums,
                                   const T *dy, ptrdiff_t lddy, int more, T *dx, ptrdiff_t lddx) {
#define CASE(vectors, n, dependent, more)                                                                              \
    FN(normalize_columns_backward)(vectors, n, dependent, more, rows, epsilon, count, x + j, ldx, mean + j, variance + j, \
                                   gamma ? gamma + j : NULL, dy_sums ? dy_sums + j : NULL,                             \
                                   product_sums ? product_sums + j : NULL, dy + j, lddy, dx + j, lddx)
#define BODY(vectors, n)                              \
    if (dy_sums && more) CASE(vectors, n, 1, 1);      \
    else if (dy_sums) CASE(vectors, n, 1, 0);         \
    else if (more) CASE(vectors, n, 0, 1);            \
    else CASE(vectors, n, 0, 0)
    FN_BY_COLUMNS(BODY);
#undef BODY
#undef CASE
}

static void FN(prelu)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, const T *slopes, T *y, ptrdiff_t ldy) {
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V slope = FN(load_part)(slopes + j, n);
        for (ptrdiff_t r = 0; r < rows; r++) {
            const V z = FN(load_part)(x + r * ldx + j, n);
            FN(store_part)(y + r * ldy + j, n, FN(select)(z > FN(splat)(0), z, z * slope));
        }
    }
}

static void FN(prelu_backward)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, const T *slopes, const T *dy,
                               ptrdiff_t lddy, int more, T *dx, ptrdiff_t lddx) {
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V slope = FN(load_part)(slopes + j, n);
        for (ptrdiff_t r = 0; r < rows; r++) {
            const V up = FN(load_part)(dy + r * lddy + j, n);
            V sum = FN(select)(FN(load_part)(x + r * ldx + j, n) > FN(splat)(0), up, up * slope);
            if (more) sum += FN(load_part)(dx + r * lddx + j, n);
            FN(store_part)(dx + r * lddx + j, n, sum);
        }
    }
}

/* ---- by row --------------------------------------------------------------------------------------------------- */

static void FN(layer_norm)(ptrdiff_t rows, ptrdiff_t width, T epsilon, const T *x, ptrdiff_t ldx, const T *gamma,
                           const T *beta, T *statistics, T *y, ptrdiff_t ldy) {
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx, y += ldy) {
        FN(wide) sum = {0}, squares = {0};
        for (ptrdiff_t j = 0; j < width; j += LANES)
            sum = FN(wide_sum)(sum, FN(widen)(FN(load_part)(x + j, FN(part)(width - j))));
        const T mean = (T)(FN(reduce_wide)(sum) / (double)width);
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            const FN(wide) distance = FN(widen)(FN(keep)(FN(lanes_below)(n), FN(load_part)(x + j, n) - FN(splat)(mean)));
            squares = FN(wide_multiply_add)(distance, distance, squares);
        }
        const V variance = FN(splat)((T)(FN(reduce_wide)(squares) / (double)width));
        const V inverse = FN(splat)(1) / FN(root)(variance + FN(splat)(epsilon));
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            const V scaled = (FN(load_part)(x + j, n) - FN(splat)(mean)) * inverse;
            const V factor = gamma ? FN(load_part)(gamma + j, n) : FN(splat)(1);
            FN(store_part)(y + j, n, FN(fma)(scaled, factor, beta ? FN(load_part)(beta + j, n) : FN(splat)(0)));
        }
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = inverse[0];
    }
}

/* g = dy gamma, u = (x - mean) inverse: dx = inverse (g - mean(g) - u mean(g u)) */
static void FN(layer_norm_backward)(ptrdiff_t rows, ptrdiff_t width, const T *x, ptrdiff_t ldx, const T *statistics,
                                    const T *gamma, const T *dy, ptrdiff_t lddy, int more, T *dx, ptrdiff_t lddx) {
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx, dy += lddy, dx += lddx) {
        const V mean = FN(splat)(statistics[2 * r]), inverse = FN(splat)(statistics[2 * r + 1]);
        FN(wide) sum = {0}, products = {0};
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            const V g = FN(load_part)(dy + j, n) * (gamma ? FN(load_part)(gamma + j, n) : FN(splat)(1));
            const V u = (FN(load_part)(x + j, n) - mean) * inverse;
            sum = FN(wide_sum)(sum, FN(widen)(g));
            products = FN(wide_multiply_add)(FN(widen)(g), FN(widen)(u), products); /* lanes past the row's end: g is 0 */
        }
        const V mean_g = FN(splat)((T)(FN(reduce_wide)(sum) / (double)width));
        const V mean_product = FN(splat)((T)(FN(reduce_wide)(products) / (double)width));
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            const V g = FN(load_part)(dy + j, n) * (gamma ? FN(load_part)(gamma + j, n) : FN(splat)(1));
            const V u = (FN(load_part)(x + j, n) - mean) * inverse;
            V result = inverse * (g - mean_g - u * mean_product);
            if (more) result += FN(load_part)(dx + j, n);
            FN(store_part)(dx + j, n, result);
        }
    }
}
#undef FN_BY_COLUMNS
#undef FN_EACH_VECTOR
