/* activation.inc.h: every entry of FN_ACTIVATION_LIST, <name>_forward: y = f(z) and <name>_backward: dz = dy f'.
 *
 * Room: formulas on vectors and the one loop that runs them over a block [rows, width]. Called by the kernel table
 * on what a product has made while it is in L2; few rows are the rule, so a call does nothing but its loop.
 * To add an elementwise activation: a line for its entry in lists.h, FN_FORWARD and FN_BACKWARD here.
 */

/* A block without gaps is one long row: narrow layers then have one tail instead of one a row. */
#define FN_JOIN_ROWS(gapless) \
    if (gapless) {            \
        width *= rows;        \
        rows = rows > 0;      \
    }

typedef struct {
    V alpha, max_value, threshold;
} FN(shape);

INLINE FN(shape) FN(splat_shape)(const fn_shape *shape) {
    return (FN(shape)){FN(splat)((T)shape->alpha), FN(splat)((T)shape->max_value), FN(splat)((T)shape->threshold)};
}

/* y[rows, width] = f(z, shape). Two vectors at a time: f is one long chain of dependent instructions. */
INLINE void FN(forward)(V (*const f)(V, FN(shape)), ptrdiff_t rows, ptrdiff_t width, const fn_shape *numbers,
                        const T *z, ptrdiff_t ldz, T *y, ptrdiff_t ldy) {
    const FN(shape) shape = FN(splat_shape)(numbers);
    FN_JOIN_ROWS(ldz == width && ldy == width)
    for (; rows > 0; rows--, z += ldz, y += ldy) {
        ptrdiff_t j = 0;
        for (; j + 2 * LANES <= width; j += 2 * LANES) {
            const V first = f(FN(load)(z + j), shape), second = f(FN(load)(z + j + LANES), shape);
            FN(store)(y + j, first);
            FN(store)(y + j + LANES, second);
        }
        for (; j + LANES <= width; j += LANES) FN(store)(y + j, f(FN(load)(z + j), shape));
        if (j < width) FN(store_first)(y + j, width - j, f(FN(load_first)(z + j, width - j), shape));
    }
}

/* dz[rows, width] = f(saved, dy, shape) */
INLINE void FN(backward)(V (*const f)(V, V, FN(shape)), ptrdiff_t rows, ptrdiff_t width, const fn_shape *numbers,
                         const T *saved, ptrdiff_t ldsaved, const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {
    const FN(shape) shape = FN(splat_shape)(numbers);
    FN_JOIN_ROWS(ldsaved == width && lddy == width && lddz == width)
    for (; rows > 0; rows--, saved += ldsaved, dy += lddy, dz += lddz) {
        ptrdiff_t j = 0;
        for (; j + LANES <= width; j += LANES) FN(store)(dz + j, f(FN(load)(saved + j), FN(load)(dy + j), shape));
        if (j < width) {
            const ptrdiff_t n = width - j;
            FN(store_first)(dz + j, n, f(FN(load_first)(saved + j, n), FN(load_first)(dy + j, n), shape));
        }
    }
}

#define FN_FORWARD(name, formula)                                                                              \
    INLINE V FN(name##_of)(V z, FN(shape) shape) {                                                             \
        (void)shape;                                                                                           \
        return formula;                                                                                        \
    }                                                                                                          \
    static void FN(name##_forward)(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape, const T *z,         \
                                   ptrdiff_t ldz, T *y, ptrdiff_t ldy) {                                       \
        FN(forward)(FN(name##_of), rows, width, shape, z, ldz, y, ldy);                                        \
    }
/* `saved` is what the list says: the output y or the input z */
#define FN_BACKWARD(name, saved, formula)                                                                      \
    INLINE V FN(name##_back)(V saved, V dy, FN(shape) shape) {                                                 \
        (void)shape;                                                                                           \
        return formula;                                                                                        \
    }                                                                                                          \
    static void FN(name##_backward)(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape, const T *kept,     \
                                    ptrdiff_t ldkept, const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {    \
        FN(backward)(FN(name##_back), rows, width, shape, kept, ldkept, dy, lddy, dz, lddz);                   \
    }

/* ---- steps: constant but for a jump; NaN, which compares with nothing, stays -------------------------------- */

/* below, at and above 0 */
INLINE V FN(jump)(V z, V below, V at_zero, V above) {
    const V zero = FN(splat)(0);
    return FN(select)(z == zero, at_zero, FN(select)(z > zero, above, FN(select)(z < zero, below, z)));
}
FN_FORWARD(heaviside, FN(jump)(z, FN(splat)(0), shape.alpha, FN(splat)(1)))
FN_FORWARD(sign, FN(jump)(z, FN(splat)(-1), shape.alpha, FN(splat)(1)))

/* ---- straight lines ------------------------------------------------------------------------------------------
 * maximum and minimum give their second argument where either is NaN: a NaN goes through. Where two lines meet, the
 * slope is the lesser of theirs. */

INLINE V FN(between)(T low, T high, V v) { return FN(minimum)(FN(splat)(high), FN(maximum)(FN(splat)(low), v)); }
INLINE V FN(keep_between)(T low, T high, V y, V dy) {
    return FN(keep)((y > FN(splat)(low)) & (y < FN(splat)(high)), dy);
}

FN_FORWARD(relu, FN(maximum)(FN(splat)(0), z))
FN_BACKWARD(relu, y, FN(keep)(y > FN(splat)(0), dy))

FN_FORWARD(relu6, FN(between)(0, 6, z))
FN_BACKWARD(relu6, y, FN(keep_between)(0, 6, y, dy))

FN_FORWARD(relu_clipped, FN(select)(z <= shape.threshold, FN(splat)(0), FN(minimum)(shape.max_value, z)))
FN_BACKWARD(relu_clipped, y, FN(keep)((y > FN(splat)(0)) & (y < shape.max_value), dy))

FN_FORWARD(relu_general, FN(select)(z <= shape.threshold, shape.alpha * (z - shape.threshold),
                                    FN(minimum)(shape.max_value, z)))
FN_BACKWARD(relu_general, z, FN(select)(z <= shape.threshold, shape.alpha * dy, FN(keep)(z < shape.max_value, dy)))

/* alpha > 0: the output has the input's sign */
FN_FORWARD(leaky_relu, FN(select)(z < FN(splat)(0), shape.alpha * z, z))
FN_BACKWARD(leaky_relu, y, FN(select)(y > FN(splat)(0), dy, shape.alpha * dy))

FN_FORWARD(piecewise_linear, FN(between)(0, 1, z + FN(splat)((T)0.5)))
FN_BACKWARD(piecewise_linear, y, FN(keep_between)(0, 1, y, dy))

/* z + 3 is exact where the result is small; 6 times the rounded 1/6 is 1 in both types */
FN_FORWARD(hard_sigmoid, FN(between)(0, 6, z + FN(splat)(3)) * FN(splat)((T)(1.0 / 6)))
FN_BACKWARD(hard_sigmoid, y, FN(keep_between)(0, 1, y, dy * FN(splat)((T)(1.0 / 6))))

FN_FORWARD(hard_tanh, FN(between)(-1, 1, z))
FN_BACKWARD(hard_tanh, y, FN(keep_between)(-1, 1, y, dy))

/* ---- bounded curves ------------------------------------------------------------------------------------------- */

FN_FORWARD(sigmoid, FN(sigmoid)(z))
FN_BACKWARD(sigmoid, y, dy * (y * (FN(splat)(1) - y)))

/* (1 - y)(1 + y), not 1 - y^2: near 1 the square's rounding would be all that is left without a fused fma */
FN_FORWARD(tanh, FN(tanh)(z))
FN_BACKWARD(tanh, y, dy * ((FN(splat)(1) - y) * (FN(splat)(1) + y)))

/* z / (1 + |z|), |z| cut off where that has long been 1: infinity over infinity is none */
INLINE V FN(softsign)(V z) {
    const V magnitude = FN(minimum)(FN(splat)((T)0x1p60), FN(absolute)(z));
    return FN(with_sign)(magnitude / (FN(splat)(1) + magnitude), z);
}
/* (1 - |y|)^2 */
INLINE V FN(softsign_slope)(V y) {
    const V rest = FN(splat)(1) - FN(absolute)(y);
    return rest * rest;
}
FN_FORWARD(softsign, FN(softsign)(z))
FN_BACKWARD(softsign, y, dy * FN(softsign_slope)(y))

/* ---- curves that bend at 0 ------------------------------------------------------------------------------------- */

FN_FORWARD(exponential, FN(exp)(z))
FN_BACKWARD(exponential, y, dy * y)

/* f = alpha (e^z - 1) below 0, so f' = f + alpha there */
FN_FORWARD(elu, FN(select)(z < FN(splat)(0), shape.alpha * FN(expm1_below)(z), z))
FN_BACKWARD(elu, y, dy * FN(select)(y > FN(splat)(0), FN(splat)(1), y + shape.alpha))

/* Klambauer et al., 2017: lambda z, and lambda alpha (e^z - 1) below 0 */
#define FN_SELU_LAMBDA FN(splat)((T)1.0507009873554805)
#define FN_SELU_LAMBDA_ALPHA FN(splat)((T)1.7580993408473768)
FN_FORWARD(selu, FN(select)(z < FN(splat)(0), FN_SELU_LAMBDA_ALPHA * FN(expm1_below)(z), FN_SELU_LAMBDA * z))
FN_BACKWARD(selu, y, dy * FN(select)(y > FN(splat)(0), FN_SELU_LAMBDA, y + FN_SELU_LAMBDA_ALPHA))
#undef FN_SELU_LAMBDA
#undef FN_SELU_LAMBDA_ALPHA

/* log(1 + e^z) = max(z, 0) + log(1 + e^-|z|); e^-f = 1 - sigmoid(z), so f' = 1 - e^-f */
FN_FORWARD(softplus, FN(maximum)(FN(splat)(0), z) + FN(log1p_of_part)(FN(exp)(-FN(absolute)(z))))
FN_BACKWARD(softplus, y, -dy * FN(expm1_below)(-y))

/* ---- z F(z), F a distribution function symmetric about 0: gelu's normal one, silu's logistic one --------------
 * All is computed from a = |z| and the tail F(-a): f(z) = z - a F(-a) above 0, z F(-a) below; f'(z) = 1 - f'(-a) above 0.
 * So nothing cancels but in f' about its root. a is cut off at `end`, where the tail rounds to 0: infinity times 0 is none. */

INLINE V FN(magnitude_up_to)(T end, V z) { return FN(minimum)(FN(splat)(end), FN(absolute)(z)); }
INLINE V FN(gated)(V z, V a, V tail) {
    return FN(select)(z > FN(splat)(0), FN(fma)(-a, tail, z), FN(with_sign)(a, z) * tail);
}
INLINE V FN(gated_slope)(V z, V slope_below) {
    return FN(select)(z > FN(splat)(0), FN(splat)(1) - slope_below, slope_below);
}

/* F' is the density: f'(-a) = F(-a) - a F'(a) = e^(-a^2/2) (ratio - a / sqrt(2 pi)) */
INLINE V FN(gelu)(V z) {
    V peak, a = FN(magnitude_up_to)(FN(normal_end), z), ratio = FN(normal_tail)(a, &peak);
    return FN(gated)(z, a, peak * ratio);
}
INLINE V FN(gelu_slope)(V z) {
    V peak, a = FN(magnitude_up_to)(FN(normal_end), z), ratio = FN(normal_tail)(a, &peak);
    return FN(gated_slope)(z, peak * FN(fma)(-a, FN(splat)((T)0.3989422804014327), ratio));
}
FN_FORWARD(gelu, FN(gelu)(z))
FN_BACKWARD(gelu, z, dy * FN(gelu_slope)(z))

/* 1/2 (1 + tanh u) = sigmoid(2 u), 2 u = 2 sqrt(2/pi) (z + 0.044715 z^3), here of a; F' = F(-a) (1 - F(-a)) (2 u)' */
#define FN_GELU_LINEAR 1.5957691216057308
#define FN_GELU_CUBIC (0.044715 * FN_GELU_LINEAR)
#define FN_GELU_END (FN_IS_F32 ? 11 : 22)
INLINE V FN(gelu_tanh_tail)(V a, V square) {
    return FN(sigmoid_below)(a * FN(fma)(square, FN(splat)((T)FN_GELU_CUBIC), FN(splat)((T)FN_GELU_LINEAR)));
}
INLINE V FN(gelu_tanh)(V z) {
    V a = FN(magnitude_up_to)(FN_GELU_END, z);
    return FN(gated)(z, a, FN(gelu_tanh_tail)(a, a * a));
}
INLINE V FN(gelu_tanh_slope)(V z) {
    V a = FN(magnitude_up_to)(FN_GELU_END, z), square = a * a, tail = FN(gelu_tanh_tail)(a, square);
    V speed = FN(fma)(square, FN(splat)((T)(3 * FN_GELU_CUBIC)), FN(splat)((T)FN_GELU_LINEAR));
    return FN(gated_slope)(z, tail * FN(fma)(-a * speed, FN(splat)(1) - tail, FN(splat)(1)));
}
#undef FN_GELU_LINEAR
#undef FN_GELU_CUBIC
#undef FN_GELU_END
FN_FORWARD(gelu_tanh, FN(gelu_tanh)(z))
FN_BACKWARD(gelu_tanh, z, dy * FN(gelu_tanh_slope)(z))

/* F' = F(-a) (1 - F(-a)) */
INLINE V FN(silu)(V z) {
    V a = FN(magnitude_up_to)(-FN(exp_lowest), z);
    return FN(gated)(z, a, FN(sigmoid_below)(a));
}
INLINE V FN(silu_slope)(V z) {
    V a = FN(magnitude_up_to)(-FN(exp_lowest), z), tail = FN(sigmoid_below)(a);
    return FN(gated_slope)(z, tail * FN(fma)(-a, FN(splat)(1) - tail, FN(splat)(1)));
}
FN_FORWARD(silu, FN(silu)(z))
FN_BACKWARD(silu, z, dy * FN(silu_slope)(z))

/* z tanh(log(1 + n)), n = e^z: with m = n (n + 2), tanh = m / (m + 2) and f' = m / (m + 2) + 4 z n (n + 1) / (m + 2)^2.
 * Beyond `tanh_saturation` the first is 1 and the second 0. */
INLINE V FN(mish)(V z) {
    V low = FN(maximum)(FN(splat)(FN(exp_lowest)), z), n = FN(exp)(FN(minimum)(FN(splat)(FN(tanh_saturation)), low));
    V further = n + FN(splat)(2);
    return low * (n * further / FN(fma)(n, further, FN(splat)(2)));
}
INLINE V FN(mish_slope)(V z) {
    V cut = FN(minimum)(FN(splat)(FN(tanh_saturation)), FN(maximum)(FN(splat)(FN(exp_lowest)), z)), n = FN(exp)(cut);
    V further = n + FN(splat)(2), inverse = FN(splat)(1) / FN(fma)(n, further, FN(splat)(2));
    V rest = FN(splat)(4) * cut * inverse;
    return n * inverse * FN(fma)(rest, n + FN(splat)(1), further);
}
FN_FORWARD(mish, FN(mish)(z))
FN_BACKWARD(mish, z, dy * FN(mish_slope)(z))

#undef FN_FORWARD
#undef FN_BACKWARD
#undef FN_JOIN_ROWS

/* ---- linear: the values themselves; nothing at all in place ------------------------------------------------- */
INLINE V FN(itself)(V z, FN(shape) shape) {
    (void)shape;
    return z;
}
static void FN(linear_forward)(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape, const T *z, ptrdiff_t ldz, T *y,
                               ptrdiff_t ldy) {
    if (y != z) FN(forward)(FN(itself), rows, width, shape, z, ldz, y, ldy);
}
static void FN(linear_backward)(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape, const T *saved,
                                ptrdiff_t ldsaved, const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {
    (void)saved, (void)ldsaved;
    FN(linear_forward)(rows, width, shape, dy, lddy, dz, lddz);
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
    ptrdiff_t j = 0;
    for (; j + LANES <= width; j += LANES) {
        const V below = FN(load)(z + j) - FN(splat)(greatest), term = FN(exp)(below);
        if (e) FN(store)(e + j, term);
        const I peak = below == zero;
        peaks += FN(keep)(peak, one);
        rest = FN(wide_sum)(rest, FN(widen)(FN(keep)(~peak, term)));
    }
    if (j < width) {
        const ptrdiff_t n = width - j;
        const V below = FN(load_first)(z + j, n) - FN(splat)(greatest), term = FN(exp)(below);
        if (e) FN(store_first)(e + j, n, term);
        const I inside = FN(lanes_below)(n), peak = inside & (below == zero);
        peaks += FN(keep)(peak, one);
        rest = FN(wide_sum)(rest, FN(widen)(FN(keep)(inside & ~peak, term)));
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

static void FN(softmax_forward)(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape, const T *z, ptrdiff_t ldz, T *y,
                                ptrdiff_t ldy) {
    (void)shape;
    if (width <= FN_NARROW) {
        FN(softmax_narrow)(rows, width, z, ldz, y, ldy);
        return;
    }
    for (; rows > 0; rows--, z += ldz, y += ldy) {
        const FN(exponential_sum) sum = FN(exponentials)(width, FN(row_max)(width, z), z, y);
        FN(scale_row)(width, (T)(1 / (sum.peaks + sum.rest)), y, y);
    }
}

static void FN(softmax_backward)(ptrdiff_t rows, ptrdiff_t width, const fn_shape *shape, const T *saved,
                                 ptrdiff_t ldsaved, const T *dy, ptrdiff_t lddy, T *dz, ptrdiff_t lddz) {
    (void)shape;
    for (; rows > 0; rows--, saved += ldsaved, dy += lddy, dz += lddz) {
        FN(wide) sum = {0};
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            sum = FN(wide_multiply_add)(FN(widen)(FN(load_part)(saved + j, n)), FN(widen)(FN(load_part)(dy + j, n)), sum);
        }
        const V mean = FN(splat)((T)FN(reduce_wide)(sum));
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            FN(store_part)(dz + j, n, FN(load_part)(saved + j, n) * (FN(load_part)(dy + j, n) - mean));
        }
    }
}
