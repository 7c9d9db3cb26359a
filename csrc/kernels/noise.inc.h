/* noise.inc.h: layers that draw random numbers in training: forward and backward, the same draws both times.
 *
 * Room: what is made of random.inc.h's stream; dropout, which only masks, is there. Called by: the kernel table. To add one: a
 * line in lists.h, its <name>_constants, <name>_forward_of and <name>_backward_of here.
 *
 * An element of row r, column j draws position (first_row + r) * row_stride + first_column + j, whatever the split.
 */

/* x, a second operand, LANES words, the noise's constants */
typedef V (*FN(noise_formula))(V x, V second, const uint32_t *words, const V *constants);

/* y = formula(x, second); second NULL: zeros. y may be x or second. */
INLINE void FN(noise_rows)(const FN(noise_formula) formula, const V *constants, ptrdiff_t rows, ptrdiff_t width,
                           fn_stream stream, uint64_t first_row, uint64_t row_stride, uint64_t first_column, const T *x,
                           ptrdiff_t ldx, const T *second, ptrdiff_t ldsecond, T *y, ptrdiff_t ldy) {
    FN(window) window = {.count = 0};
    for (ptrdiff_t r = 0; r < rows; r++) {
        const uint64_t start = (first_row + (uint64_t)r) * row_stride + first_column;
        for (ptrdiff_t j = 0, count; j < width; j += count) {
            const uint32_t *words = FN(words_at)(&window, &stream, start + (uint64_t)j, width - j, width - j, &count);
            for (ptrdiff_t i = 0; i < count; i += LANES) {
                const ptrdiff_t n = FN(part)(count - i), at = j + i;
                const V other = second ? FN(load_part)(second + r * ldsecond + at, n) : FN(splat)(0);
                FN(store_part)(y + r * ldy + at, n, formula(FN(load_part)(x + r * ldx + at, n), other, words + i, constants));
            }
        }
    }
}

/* Normal numbers, one for each word: sqrt 2 erfinv(t), t = (2 (word >> 8) + 1) 2^-24 - 1, by M. Giles' approximation
 * ("Approximating the erfinv function", GPU Computing Gems, 2011), whose relative error is below 4e-7. |result| < 5.5. */
INLINE V FN(normals)(const uint32_t *words) {
    static const T near[] = {(T)1.50140941,       (T)0.246640727,    (T)-0.00417768164, (T)-0.00125372503, (T)0.00021858087,
                             (T)-4.39150654e-06,  (T)-3.5233877e-06, (T)3.43273939e-07, (T)2.81022636e-08};
    static const T far[] = {(T)2.83297682,     (T)1.00167406,     (T)0.00943887047,  (T)-0.0076224613, (T)0.00573950773,
                            (T)-0.00367342844, (T)0.00134934322,  (T)0.000100950558, (T)-0.000200214257};
    const V one = FN(splat)(1);
    /* exact: an odd integer below 2^24 in magnitude, times 2^-24 */
    const V t = FN(fma)(FN(draws)(words), FN(splat)(2), FN(splat)((T)(1 - 0x1p24))) * FN(splat)((T)0x1p-24);
    const V w = -FN(log)((one - t) * (one + t));
    const V small = w - FN(splat)((T)2.5), large = FN(root)(w) - FN(splat)(3);
    V p = FN(splat)(near[8]), q = FN(splat)(far[8]);
    FN_UNROLL(8)
    for (int i = 7; i >= 0; i--) {
        p = FN(fma)(p, small, FN(splat)(near[i]));
        q = FN(fma)(q, large, FN(splat)(far[i]));
    }
    return FN(select)(w < FN(splat)(5), p, q) * t * FN(splat)((T)1.41421356237309504880);
}

/* ---- formulas -------------------------------------------------------------------------------------------------- */

/* Adds normal numbers of standard deviation a. */
INLINE void FN(gaussian_noise_constants)(T a, T b, V *c) { c[0] = FN(splat)(a), (void)b; }
INLINE V FN(gaussian_noise_forward_of)(V x, V unused, const uint32_t *words, const V *c) {
    (void)unused;
    return FN(fma)(FN(normals)(words), c[0], x);
}
INLINE V FN(gaussian_noise_backward_of)(V dy, V unused, const uint32_t *words, const V *c) {
    (void)unused, (void)words, (void)c;
    return dy;
}

/* Multiplies by normal numbers of mean 1 and standard deviation a. */
INLINE void FN(gaussian_dropout_constants)(T a, T b, V *c) { c[0] = FN(splat)(a), (void)b; }
INLINE V FN(gaussian_dropout_forward_of)(V x, V unused, const uint32_t *words, const V *c) {
    (void)unused;
    return x * FN(fma)(FN(normals)(words), c[0], FN(splat)(1));
}
INLINE V FN(gaussian_dropout_backward_of)(V dy, V unused, const uint32_t *words, const V *c) {
    return FN(gaussian_dropout_forward_of)(dy, unused, words, c);
}

/* Sets to selu's limit -1.7581 with probability a, then scales and shifts so that mean 0 and variance 1 stay
 * (Klambauer et al., Self-normalizing neural networks, 2017). */
INLINE void FN(alpha_dropout_constants)(T a, T b, V *c) {
    const double limit = -1.7580993408473766, rate = (double)a;
    const T squared = (T)((1 - rate) * (1 + rate * limit * limit));
    const V scale = FN(splat)(1) / FN(root)(FN(splat)(squared));
    c[0] = FN(splat)(a * (T)0x1p24);
    c[1] = scale;
    c[2] = FN(splat)((T)limit);
    c[3] = -scale * FN(splat)((T)(limit * rate));
    (void)b;
}
INLINE V FN(alpha_dropout_forward_of)(V x, V unused, const uint32_t *words, const V *c) {
    (void)unused;
    return FN(fma)(FN(select)(FN(draws)(words) >= c[0], x, c[2]), c[1], c[3]);
}
INLINE V FN(alpha_dropout_backward_of)(V dy, V unused, const uint32_t *words, const V *c) {
    (void)unused;
    return (V)((I)(dy * c[1]) & (FN(draws)(words) >= c[0]));
}

/* max(x, s x) with a slope s drawn from [a, b) for each element (Xu et al., Empirical evaluation of rectified activations,
 * 2015). The output's sign is the input's. */
INLINE void FN(rrelu_constants)(T a, T b, V *c) { c[0] = FN(splat)(a), c[1] = FN(splat)((b - a) * (T)0x1p-24); }
INLINE V FN(rrelu_forward_of)(V x, V unused, const uint32_t *words, const V *c) {
    (void)unused;
    return FN(select)(x > FN(splat)(0), x, x * FN(fma)(FN(draws)(words), c[1], c[0]));
}
INLINE V FN(rrelu_backward_of)(V dy, V y, const uint32_t *words, const V *c) {
    return FN(select)(y > FN(splat)(0), dy, dy * FN(fma)(FN(draws)(words), c[1], c[0]));
}

/* ---- the kernels ------------------------------------------------------------------------------------------------ */

#define FN_NOISE(name, ...)                                                                                               \
    static void FN(name##_noise_forward)(ptrdiff_t rows, ptrdiff_t width, T a, T b, fn_stream stream, uint64_t first_row, \
                                         uint64_t row_stride, uint64_t first_column, const T *x, ptrdiff_t ldx, T *y,     \
                                         ptrdiff_t ldy) {                                                                 \
        V constants[4];                                                                                                   \
        FN(name##_constants)(a, b, constants);                                                                            \
        FN(noise_rows)(FN(name##_forward_of), constants, rows, width, stream, first_row, row_stride, first_column, x,     \
                       ldx, NULL, 0, y, ldy);                                                                             \
    }                                                                                                                     \
    static void FN(name##_noise_backward)(ptrdiff_t rows, ptrdiff_t width, T a, T b, fn_stream stream,                    \
                                          uint64_t first_row, uint64_t row_stride, uint64_t first_column, const T *y,     \
                                          ptrdiff_t ldy, const T *dy, ptrdiff_t lddy, T *dx, ptrdiff_t lddx) {            \
        V constants[4];                                                                                                   \
        FN(name##_constants)(a, b, constants);                                                                            \
        FN(noise_rows)(FN(name##_backward_of), constants, rows, width, stream, first_row, row_stride, first_column, dy,   \
                       lddy, y, ldy, dx, lddx);                                                                           \
    }
FN_NOISE_LIST(FN_NOISE)
#undef FN_NOISE
