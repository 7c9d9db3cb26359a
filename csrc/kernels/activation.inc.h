/* activation.inc.h: every entry of FN_ACTIVATION_LIST, <name>_forward: y = f(z) and <name>_backward: dz = dy f'.
 *
 * Room: formulas on vectors and the one loop that runs them over a block [rows, width]. Called by the kernel table
 * as the epilogue of products, on blocks of a few rows, so a call does nothing but its loop.
 * To add an elementwise activation: a line for its entry in lists.h, FN_FORWARD and FN_BACKWARD here.
 */

/* A block without gaps is one long row: narrow layers then have one tail instead of one a row. */
#define FN_JOIN_ROWS(gapless) \
    if (gapless) {            \
        width *= rows;        \
        rows = rows > 0;      \
    }

/* y[rows, width] = f(z, alpha). Two vectors at a time: f is one long chain of dependent instructions. */
INLINE void FN(forward)(V (*const f)(V, V), ptrdiff_t rows, ptrdiff_t width, T parameter, const T *z, ptrdiff_t ldz,
                        T *y, ptrdiff_t ldy) {
    const V alpha = FN(splat)(parameter);
    FN_JOIN_ROWS(ldz == width && ldy == width)
    for (; rows > 0; rows--, z += ldz, y += ldy) {
        ptrdiff_t j = 0;
        for (; j + 2 * LANES <= width; j += 2 * LANES) {
            const V first = f(FN(load)(z + j), alpha), second = f(FN(load)(z + j + LANES), alpha);
            FN(store)(y + j, first);
            FN(store)(y + j + LANES, second);
        }
        for (; j + LANES <= width; j += LANES) FN(store)(y + j, f(FN(load)(z + j), alpha));
        if (j < width) FN(store_first)(y + j, width - j, f(FN(load_first)(z + j, width - j), alpha));
    }
}

/* dz[rows, width] = f(saved, dy, alpha) */
INLINE void FN(backward)(V (*const f)(V, V, V), ptrdiff_t rows, ptrdiff_t width, T parameter, const T *saved,
                         ptrdiff_t ldsaved, const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {
    const V alpha = FN(splat)(parameter);
    FN_JOIN_ROWS(ldsaved == width && lddy == width && lddz == width)
    for (; rows > 0; rows--, saved += ldsaved, dy += lddy, dz += lddz) {
        ptrdiff_t j = 0;
        for (; j + LANES <= width; j += LANES) FN(store)(dz + j, f(FN(load)(saved + j), FN(load)(dy + j), alpha));
        if (j < width) {
            const ptrdiff_t n = width - j;
            FN(store_first)(dz + j, n, f(FN(load_first)(saved + j, n), FN(load_first)(dy + j, n), alpha));
        }
    }
}

#define FN_FORWARD(name, formula)                                                                              \
    INLINE V FN(name##_of)(V z, V alpha) {                                                                     \
        (void)alpha;                                                                                           \
        return formula;                                                                                        \
    }                                                                                                          \
    static void FN(name##_forward)(ptrdiff_t rows, ptrdiff_t width, T alpha, const T *z, ptrdiff_t ldz, T *y,  \
                                   ptrdiff_t ldy) {                                                            \
        FN(forward)(FN(name##_of), rows, width, alpha, z, ldz, y, ldy);                                        \
    }
/* y is the saved output */
#define FN_BACKWARD(name, formula)                                                                             \
    INLINE V FN(name##_back)(V y, V dy, V alpha) {                                                             \
        (void)alpha;                                                                                           \
        return formula;                                                                                        \
    }                                                                                                          \
    static void FN(name##_backward)(ptrdiff_t rows, ptrdiff_t width, T alpha, const T *saved,                  \
                                    ptrdiff_t ldsaved, const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {   \
        FN(backward)(FN(name##_back), rows, width, alpha, saved, ldsaved, dy, lddy, dz, lddz);                 \
    }

FN_FORWARD(sigmoid, FN(sigmoid)(z))
FN_BACKWARD(sigmoid, dy * (y * (FN(splat)(1) - y)))

/* (1 - y)(1 + y), not 1 - y^2: near 1 the square's rounding would be all that is left without a fused fma */
FN_FORWARD(tanh, FN(tanh)(z))
FN_BACKWARD(tanh, dy * ((FN(splat)(1) - y) * (FN(splat)(1) + y)))

/* maximum gives its second argument where either is NaN: a NaN goes through */
FN_FORWARD(relu, FN(maximum)(FN(splat)(0), z))
FN_BACKWARD(relu, FN(keep)(y > FN(splat)(0), dy))

FN_FORWARD(exponential, FN(exp)(z))
FN_BACKWARD(exponential, dy * y)

/* alpha at zero; NaN, which compares with nothing, stays */
INLINE V FN(sign)(V z, V at_zero) {
    const V zero = FN(splat)(0), one = FN(splat)(1);
    const V nonzero = FN(select)(z > zero, one, FN(select)(z < zero, -one, z));
    return FN(select)(z == zero, at_zero, nonzero);
}
FN_FORWARD(sign, FN(sign)(z, alpha))

#undef FN_FORWARD
#undef FN_BACKWARD
#undef FN_JOIN_ROWS

/* ---- linear: the values themselves; nothing at all in place ------------------------------------------------- */
INLINE V FN(itself)(V z, V alpha) {
    (void)alpha;
    return z;
}
static void FN(linear_forward)(ptrdiff_t rows, ptrdiff_t width, T alpha, const T *z, ptrdiff_t ldz, T *y,
                               ptrdiff_t ldy) {
    if (y != z) FN(forward)(FN(itself), rows, width, alpha, z, ldz, y, ldy);
}
static void FN(linear_backward)(ptrdiff_t rows, ptrdiff_t width, T alpha, const T *saved, ptrdiff_t ldsaved,
                                const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {
    (void)saved, (void)ldsaved;
    FN(linear_forward)(rows, width, alpha, dy, lddy, dz, lddz);
}

/* ---- softmax: y_j = exp(z_j - max z) / sum_k exp(z_k - max z) ------------------------------------------------- */

/* peaks and rest as in narrow.inc.h */
typedef struct {
    double peaks, rest;
} FN(exponential_sum);

/* e[width] = exp(z - greatest), e = z allowed, unless e is NULL; returns their sum. */
INLINE FN(exponential_sum) FN(exponentials)(ptrdiff_t width, T greatest, const T *z, T *e) {
    const V zero = FN(splat)(0), one = FN(splat)(1);
    FN(wide) rest = {0};
    V peaks = zero; /* exact: a row has fewer than 2^24 elements a lane */
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V below = FN(load_part)(z + j, n) - FN(splat)(greatest), term = FN(exp)(below);
        if (e) FN(store_part)(e + j, n, term);
        const I inside = FN(lanes_below)(n), peak = inside & (below == zero);
        peaks += FN(keep)(peak, one);
        rest += FN(widen)(FN(keep)(inside & ~peak, term));
    }
    return (FN(exponential_sum)){FN(reduce_add)(peaks), FN(reduce_wide)(rest)};
}

/* y[width] = x[width] * factor; y = x allowed */
INLINE void FN(scale_row)(ptrdiff_t width, T factor, const T *x, T *y) {
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        FN(store_part)(y + j, n, FN(load_part)(x + j, n) * FN(splat)(factor));
    }
}

static void FN(softmax_forward)(ptrdiff_t rows, ptrdiff_t width, T alpha, const T *z, ptrdiff_t ldz, T *y,
                                ptrdiff_t ldy) {
    (void)alpha;
    if (width <= FN_NARROW) {
        FN(softmax_narrow)(rows, width, z, ldz, y, ldy);
        return;
    }
    for (; rows > 0; rows--, z += ldz, y += ldy) {
        const FN(exponential_sum) sum = FN(exponentials)(width, FN(row_max)(width, z), z, y);
        FN(scale_row)(width, (T)(1 / (sum.peaks + sum.rest)), y, y);
    }
}

static void FN(softmax_backward)(ptrdiff_t rows, ptrdiff_t width, T alpha, const T *saved, ptrdiff_t ldsaved,
                                 const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {
    (void)alpha;
    for (; rows > 0; rows--, saved += ldsaved, dy += lddy, dz += lddz) {
        FN(wide) sum = {0};
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            sum += FN(widen)(FN(load_part)(saved + j, n)) * FN(widen)(FN(load_part)(dy + j, n));
        }
        const V mean = FN(splat)((T)FN(reduce_wide)(sum));
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            FN(store_part)(dz + j, n, FN(load_part)(saved + j, n) * (FN(load_part)(dy + j, n) - mean));
        }
    }
}
