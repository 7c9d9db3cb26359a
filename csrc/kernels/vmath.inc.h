/* vmath.inc.h: exp, log, tanh and sigmoid of a vector, without branches, and the same over arrays.
 *
 * Room: transcendental functions and nothing else; what a kernel makes of them (softmax, losses) is its own affair.
 * Called by: the kernel table (*_array), activation.inc.h and loss.inc.h (on vectors).
 *
 * Every formula is right with a fused fma and with one of two roundings: where exactness matters, the product is
 * exact already (k * ln2_high, powers of two). Constants: csrc/tools/coefficients.py.
 *
 * Worst error in ulp of the exact result (one fma rounding / two), float over all 2^32 arguments, double over 10^8
 * random ones (worst found; the worst stretches of tanh and sigmoid searched denser); none is more
 * than 2 from the correctly rounded result:
 *            exp            log            tanh           sigmoid
 *   float    1.06 / 1.03    0.76 / 0.84    1.80 / 2.08    1.66 / 1.68
 *   double   1.14 / 1.11    0.75 / 0.84    1.92 / 2.23    1.76 / 1.80
 */

#if FN_IS_F32
typedef uint32_t FN(exponents) __attribute__((vector_size(FN_VECTOR_BYTES)));
enum { FN(mantissa_bits) = 23, FN(exponent_bias) = 127 };
/* ln 2 = high + low; high has 15 bits, so that k * high is exact for |k| < 2^9 */
static const T FN(log2_e) = 0x1.715476p0f, FN(ln2_high) = 0x1.62e4p-1f, FN(ln2_low) = 0x1.7f7d1cp-20f;
/* below `lowest` exp is 0, above `highest` infinite; from `saturation` on tanh(x / 2) and so rounds to 1 */
static const T FN(exp_lowest) = -104, FN(exp_highest) = 89, FN(tanh_saturation) = 20;
static const T FN(exp_tail)[] = {0x1.fffffcp-2f, 0x1.55557p-3f,   0x1.555922p-5f,
                                 0x1.10e154p-7f, 0x1.69ea5cp-10f, 0x1.ec89c2p-13f};
static const T FN(log_tail)[] = {0x1.55557ap-1f, 0x1.995ed8p-2f, 0x1.31e03ap-2f};
static const T FN(smallest_normal) = 0x1p-126f, FN(root_of_half) = 0x1.6a09e6p-1f;
#else
typedef uint64_t FN(exponents) __attribute__((vector_size(FN_VECTOR_BYTES)));
enum { FN(mantissa_bits) = 52, FN(exponent_bias) = 1023 };
/* here high has 41 bits, k * high is exact for |k| < 2^12 */
static const T FN(log2_e) = 0x1.71547652b82fep0, FN(ln2_high) = 0x1.62e42fefa3p-1,
               FN(ln2_low) = 0x1.3de6af278ece6p-42;
static const T FN(exp_lowest) = -746, FN(exp_highest) = 710, FN(tanh_saturation) = 40;
static const T FN(exp_tail)[] = {0x1.0000000000006p-1,  0x1.555555555553ap-3,  0x1.55555555527aap-5,
                                 0x1.111111112d9d8p-7,  0x1.6c16c17543c86p-10, 0x1.a01a00ad8ba4dp-13,
                                 0x1.a019f0b38b21cp-16, 0x1.71e0e33f0fdfdp-19, 0x1.27dfaed08d543p-22,
                                 0x1.a9e71748f12a9p-26, 0x1.54bf6361deea4p-29};
static const T FN(log_tail)[] = {0x1.5555555555592p-1, 0x1.999999997ff14p-2, 0x1.24924941e1d8ap-2,
                                 0x1.c71c5213aead9p-3, 0x1.74663d1b34f2cp-3, 0x1.39a1e29e5f645p-3,
                                 0x1.2f040c18253aap-3};
static const T FN(smallest_normal) = 0x1p-1022, FN(root_of_half) = 0x1.6a09e667f3bcdp-1;
#endif

/* c[0] + c[1] x + ... + c[n-1] x^(n-1), n >= 3 a constant: even and odd powers apart, for half the latency. */
INLINE V FN(polynomial)(V x, V square, const int n, const T *c) {
    V now = FN(splat)(c[n - 1]), next = FN(splat)(c[n - 2]);
#pragma GCC unroll 16
    for (int i = n - 3; i >= 0; i--) {
        V further = FN(fma)(now, square, FN(splat)(c[i]));
        now = next;
        next = further;
    }
    return FN(fma)(now, x, next);
}

/* expm1(y - k ln 2) for the integer k given as value, fitted for arguments in [-ln2/2, ln2]; near 0 relatively
 * exact. `lost`, unless NULL, receives what the last addition rounded away. */
INLINE V FN(expm1_reduced)(V y, V k, V *lost) {
    V r = FN(fma)(k, FN(splat)(-FN(ln2_high)), y);
    r = FN(fma)(k, FN(splat)(-FN(ln2_low)), r);
    V square = r * r;
    V tail = FN(polynomial)(r, square, sizeof FN(exp_tail) / sizeof(T), FN(exp_tail));
    V result = FN(fma)(square, tail, r);
    if (lost) *lost = FN(fma)(square, tail, r - result);
    return result;
}

/* v 2^k for normal or denormal results: 2^k as a product of two, of which only the last multiplication rounds.
 * |k| < 2 bias. The integer stays positive, because few CPUs shift 64-bit lanes with their sign. */
INLINE V FN(scale_by_power)(V v, I k) {
    FN(exponents) sum = (FN(exponents))(k + FN(isplat)(2 * FN(exponent_bias)));
    FN(exponents) half = sum >> 1;
    return v * (V)(half << FN(mantissa_bits)) * (V)((sum - half) << FN(mantissa_bits));
}

/* exp(x) = 2^k (1 + expm1(x - k ln 2)), k = x / ln 2 rounded to nearest: |reduced argument| <= ln2/2. */
INLINE V FN(exp)(V x) {
    I k;
    x = FN(minimum)(FN(splat)(FN(exp_highest)), FN(maximum)(FN(splat)(FN(exp_lowest)), x));
    V rounded = FN(round_to_integer)(x * FN(splat)(FN(log2_e)), &k);
    return FN(scale_by_power)(FN(expm1_reduced)(x, rounded, NULL) + FN(splat)(1), k);
}

/* With y = |x| = k ln 2 + r, s = 2^-k, p = expm1(r): sigmoid(-y) = 1 / (1 + e^y) = s / (1 + p + s), whose numerator
 * is exact even as a denormal; sigmoid(y) = 1 - that. */
INLINE V FN(sigmoid)(V x) {
    I k, positive = x > FN(splat)(0);
    const V one = FN(splat)(1);
    V y = FN(minimum)(FN(splat)(-FN(exp_lowest)), FN(absolute)(x));
    V rounded = FN(round_to_integer)(y * FN(splat)(FN(log2_e)), &k);
    V p = FN(expm1_reduced)(y, rounded, NULL), s = FN(scale_by_power)(one, -k);
    V sum = one + s, lost = s - (sum - one); /* s itself once it is too small for the sum, else 0 */
    V quotient = s / ((p + lost) + sum);
    return FN(select)(positive, one - quotient, quotient);
}

/* With 2 |x| = k ln 2 + r, k rounded down, s = 2^-k, p = expm1(r), m = 1 - s + p: tanh = m / (m + 2 s).
 * Above 0.5 as 1 - 2 s / (m + 2 s); below, where k is 0 or 1, as h - h m / (m + 2 s) with h = m / (2 s): either
 * way the quotient's errors shrink before they are added. m is relatively exact: near 0 it is p itself, and
 * k rounded down keeps m from cancelling at k = 1. */
INLINE V FN(tanh)(V x) {
    I k;
    const V one = FN(splat)(1);
    V y = FN(absolute)(x);
    y = FN(minimum)(FN(splat)(FN(tanh_saturation)), y + y);
    V rounded = FN(round_to_integer)(FN(fma)(y, FN(splat)(FN(log2_e)), FN(splat)((T)-0.5)), &k);
    V lost, p = FN(expm1_reduced)(y, rounded, &lost);
    V s = (V)((FN(isplat)(FN(exponent_bias)) - k) << FN(mantissa_bits));
    V m = (one - s) + p;
    I large = y > FN(splat)((T)1.1); /* tanh > 0.5 */
    V scale = FN(splat)((T)1.5) - s; /* 1 / (2 s) for s = 1, 1/2 */
    V factor = FN(select)(large, one, m * scale);
    V quotient = FN(select)(large, s + s, m) / ((one + s) + p);
#ifdef FN_NO_FMA
    /* Two roundings more than with a fused one are two too many: give back what p's last one took, times the
     * derivative 2 s / (m + 2 s)^2 = (1 - quotient)^2 / (2 s). */
    V rest = one - quotient, correction = FN(select)(large, (V){0}, lost * scale * rest * rest);
    return FN(with_sign)(factor - (factor * quotient - correction), x);
#else
    return FN(with_sign)(FN(fma)(-factor, quotient, factor), x);
#endif
}

/* log(x) = k ln 2 + log(1 + f), sqrt(1/2) <= 1 + f < sqrt(2). With q = f / (2 + f), z = q^2:
 * log(1 + f) = 2 atanh(q) = f - (f^2/2 - q (f^2/2 + z tail(z))), in which f is exact and the rest small. */
INLINE V FN(log)(V x) {
    const I one_bits = (I)FN(splat)(1), half_bits = (I)FN(splat)(FN(root_of_half));
    I denormal = x < FN(splat)(FN(smallest_normal));
    V scaled = FN(select)(denormal, x * FN(splat)((T)((INT)1 << (FN(mantissa_bits) + 1))), x);
    /* unsigned: NaN's bits may run over, and are selected away below */
    I bits = (I)((FN(exponents))scaled + (FN(exponents))(one_bits - half_bits));
    V m = (V)((bits & FN(isplat)(((INT)1 << FN(mantissa_bits)) - 1)) + half_bits);
    /* the exponent goes into the mantissa of 2^mantissa, which turns it into a value on every CPU */
    V whole = FN(splat)((T)((INT)1 << FN(mantissa_bits)));
    V offset = FN(select)(denormal, FN(splat)(FN(exponent_bias) + FN(mantissa_bits) + 1), FN(splat)(FN(exponent_bias)));
    V k = ((V)((I)((FN(exponents))bits >> FN(mantissa_bits)) | (I)whole) - whole) - offset;

    V f = m - FN(splat)(1);
    V q = f / (FN(splat)(2) + f);
    V half = FN(splat)((T)0.5) * f, z = q * q;
    V tail = FN(polynomial)(z, z * z, sizeof FN(log_tail) / sizeof(T), FN(log_tail));
    V small = FN(fma)(q, FN(fma)(half, f, z * tail), k * FN(splat)(FN(ln2_low)));
    V y = FN(fma)(k, FN(splat)(FN(ln2_high)), f - FN(fma)(half, f, -small));

    y = FN(select)(x < FN(splat)((T)__builtin_inf()), y, x); /* infinity and NaN */
    y = FN(select)(x == FN(splat)(0), FN(splat)((T)-__builtin_inf()), y);
    return (V)((I)y | (x < FN(splat)(0))); /* all bits set: NaN */
}

/* y[n] = f(x[n]). One copy of f for whole and partial vectors: where fma is written a * b + c, a compiler may fuse
 * two copies differently. */
INLINE void FN(map_array)(V (*const f)(V), ptrdiff_t n, const T *x, T *y) {
    for (; n > 0; n -= LANES, x += LANES, y += LANES) {
        const V v = f(n < LANES ? FN(load_first)(x, n) : FN(load)(x));
        if (n < LANES)
            FN(store_first)(y, n, v);
        else
            FN(store)(y, v);
    }
}
static void FN(exp_array)(ptrdiff_t n, const T *x, T *y) { FN(map_array)(FN(exp), n, x, y); }
static void FN(log_array)(ptrdiff_t n, const T *x, T *y) { FN(map_array)(FN(log), n, x, y); }
static void FN(tanh_array)(ptrdiff_t n, const T *x, T *y) { FN(map_array)(FN(tanh), n, x, y); }
static void FN(sigmoid_array)(ptrdiff_t n, const T *x, T *y) { FN(map_array)(FN(sigmoid), n, x, y); }
