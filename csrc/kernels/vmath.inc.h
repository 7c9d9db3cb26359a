/* vmath.inc.h: exp, log, tanh, sigmoid and what activations need of expm1, log1p and the normal distribution: of a
 * vector, without branches, and the first four over arrays.
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
 *   float    1.06 / 1.03    0.76 / 0.84    1.80 / 2.08    1.66 / 1.68    (tanh by a table: 1.23)
 *   double   1.14 / 1.11    0.75 / 0.84    1.92 / 2.23    1.76 / 1.80
 * What is made of the other functions, over 20000 random arguments: elu 1.0, selu and softplus 2, silu 2.3, mish 4,
 * gelu 4.3 / 5.5; gelu's tanh form 2.5 near 0 and far below as many units as its exponential's argument, up to 250.
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
static const T FN(log1p_tail)[] = {0x1.5555p-1f, 0x1.99d296p-2f, 0x1.1eb4bcp-2f, 0x1.1efd5ap-2f};
static const T FN(normal_above)[] = {0x1p-1f, 0x1.c0cd7ep-2f, 0x1.773fp-3f, 0x1.4cd684p-5f, 0x1.0db95ap-8f};
static const T FN(normal_below)[] = {0x1p0f, 0x1.aca8fp0f, 0x1.33d4d8p0f, 0x1.e0b63cp-2f, 0x1.a12d4ap-4f,
                                     0x1.520b86p-7f};
static const T FN(normal_end) = 14.5f; /* from there on e^(-a^2/2) is 0 */
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
static const T FN(log1p_tail)[] = {0x1.5555555555535p-1, 0x1.99999999a0781p-2, 0x1.249249208a369p-2,
                                   0x1.c71c741d96bb5p-3, 0x1.745cb3d80422ap-3, 0x1.3b1dde9fff386p-3,
                                   0x1.10679e646bcbbp-3, 0x1.efda786bb1f1ap-4, 0x1.55a88ca86f726p-4,
                                   0x1.5c7fda2236452p-3};
static const T FN(normal_above)[] = {0x1p-1, 0x1.8ca9959511debp-1, 0x1.300bc3c86e4d3p-1, 0x1.28202990f9c85p-2,
                                     0x1.8fe7d2b7e82fep-4, 0x1.82b2e007e67dp-6, 0x1.0bb749cb1642bp-8,
                                     0x1.00cb608671f5ap-11, 0x1.380987e4dadc5p-15, 0x1.734bc43a13c35p-20};
static const T FN(normal_below)[] = {0x1p0, 0x1.2c75df99d9c73p1, 0x1.47c1774f85df6p1, 0x1.b6b60388956ccp0,
                                     0x1.9030a76a661dap-1, 0x1.04e5e7181168fp-2, 0x1.eea7e356bcc74p-5,
                                     0x1.5296682c1c365p-7, 0x1.42c0c4116205p-10, 0x1.8714a6e337e41p-14,
                                     0x1.d159b905dbceep-19};
static const T FN(normal_end) = 38.75; /* from there on e^(-a^2/2) is 0 */
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

/* v 2^k for normal or denormal results, k as value and as integer, |k| < 2 bias; where the target has no instruction for it
 * 2^k is a product of two, of which only the last multiplication rounds. The integer stays positive, because few CPUs shift
 * 64-bit lanes with their sign. */
INLINE V FN(scale_by_power)(V v, V value, I k) {
#ifdef FN_HAS_SCALE
    (void)k;
    return FN(scale)(v, value);
#else
    (void)value;
    FN(exponents) sum = (FN(exponents))(k + FN(isplat)(2 * FN(exponent_bias)));
    FN(exponents) half = sum >> 1;
    return v * (V)(half << FN(mantissa_bits)) * (V)((sum - half) << FN(mantissa_bits));
#endif
}

/* exp(x) = 2^k (1 + expm1(x - k ln 2)), k = x / ln 2 rounded to nearest: |reduced argument| <= ln2/2. */
INLINE V FN(exp)(V x) {
    I k;
    x = FN(minimum)(FN(splat)(FN(exp_highest)), FN(maximum)(FN(splat)(FN(exp_lowest)), x));
    V rounded = FN(round_to_integer)(x * FN(splat)(FN(log2_e)), &k);
    return FN(scale_by_power)(FN(expm1_reduced)(x, rounded, NULL) + FN(splat)(1), rounded, k);
}

/* e^x - 1 for x <= 0, = 2^k p + (2^k - 1) with p = expm1(x - k ln 2): relatively exact near 0. */
INLINE V FN(expm1_below)(V x) {
    I k;
    const V one = FN(splat)(1);
    x = FN(maximum)(FN(splat)(-FN(tanh_saturation)), x); /* there e^x no longer moves 1 */
    V rounded = FN(round_to_integer)(x * FN(splat)(FN(log2_e)), &k);
    V power = (V)((FN(isplat)(FN(exponent_bias)) + k) << FN(mantissa_bits));
    return FN(fma)(power, FN(expm1_reduced)(x, rounded, NULL), power - one);
}

/* sigmoid(-y), 0 <= y < 1.2 |exp_lowest|: with y = k ln 2 + r, s = 2^-k, p = expm1(r) it is 1 / (1 + e^y) =
 * s / (1 + p + s), whose numerator is exact even as a denormal. */
INLINE V FN(sigmoid_below)(V y) {
    I k;
    const V one = FN(splat)(1);
    V rounded = FN(round_to_integer)(y * FN(splat)(FN(log2_e)), &k);
    V p = FN(expm1_reduced)(y, rounded, NULL), s = FN(scale_by_power)(one, -rounded, -k);
    V sum = one + s, lost = s - (sum - one); /* s itself once it is too small for the sum, else 0 */
    return s / ((p + lost) + sum);
}

/* sigmoid(-|x|) */
INLINE V FN(lesser_probability)(V x) {
    return FN(sigmoid_below)(FN(minimum)(FN(splat)(-FN(exp_lowest)), FN(absolute)(x)));
}

/* sigmoid(x) of its lesser probability */
INLINE V FN(probability_of)(V x, V less) { return FN(select)(x > FN(splat)(0), FN(splat)(1) - less, less); }

INLINE V FN(sigmoid)(V x) { return FN(probability_of)(x, FN(lesser_probability)(x)); }

#if FN_IS_F32 && defined(FN_HAS_TABLE)
/* In pieces, two for each power of two from 1/4 on and one below: a polynomial in |x| less the piece's centre, a number whose
 * tanh is all but a float. Rows: centres, then coefficients from the lowest power; columns: what the last bits of the exponent
 * and the first of the mantissa say. */
static const T FN(tanh_pieces)[8][16] = {
    {0x1.41369ep1f, 0x1.c31062p1f, 0x1.406de8p2f, 0x1.c24238p2f, 0x1.1156dep3f, 0, 0, 0, 0, 0, 0x1.400624p-2f,
     0x1.c18312p-2f, 0x1.40a7fp-1f, 0x1.beccccp-1f, 0x1.3e147ap0f, 0x1.c0ed92p0f},
    {0x1.f9463ep-1f, 0x1.ff1c54p-1f, 0x1.fff442p-1f, 0x1.ffffccp-1f, 0x1.fffffep-1f, 0, 0, 0, 0, 0,
     0x1.35ff1ep-2f, 0x1.a6b3eep-2f, 0x1.1c68b2p-1f, 0x1.67cb12p-1f, 0x1.b13cdp-1f, 0x1.e231dep-1f},
    {0x1.ab9d2ep-6f, 0x1.c6f4a2p-9f, 0x1.784016p-13f, 0x1.a087fp-19f, 0x1.4704eep-23f, 0, 0, 0, 0, 0x1p0f,
     0x1.d113c4p-1f, 0x1.a8c14ap-1f, 0x1.6203c6p-1f, 0x1.032a6ap-1f, 0x1.22d132p-2f, 0x1.cf00acp-4f},
    {-0x1.a5fe42p-6f, -0x1.c62df2p-9f, -0x1.782c1p-13f, -0x1.a0e32cp-19f, -0x1.34621cp-20f, 0, 0, 0, 0,
     -0x1.268fbap-20f, -0x1.19962ep-2f, -0x1.5eac94p-2f, -0x1.894cf4p-2f, -0x1.6c3e0ep-2f, -0x1.ec290ep-3f,
     -0x1.b40caap-4f},
    {0x1.11db38p-6f, 0x1.2d7626p-9f, 0x1.ec1ab4p-14f, 0x1.10aa78p-19f, 0x1.b3a01cp-24f, 0, 0, 0, 0,
     -0x1.5544c8p-2f, -0x1.c1963ep-3f, -0x1.14d9f8p-3f, -0x1.18c22cp-6f, 0x1.4cb45p-4f, 0x1.bd343p-4f,
     0x1.005baap-4f},
    {-0x1.03642ep-7f, -0x1.2ae708p-10f, -0x1.ebd0aep-15f, -0x1.0d843cp-20f, 0x1.2d084cp-17f, 0, 0, 0, 0,
     -0x1.364c3ap-10f, 0x1.43edbap-3f, 0x1.5c0018p-3f, 0x1.19aa98p-3f, 0x1.f7aca4p-5f, -0x1.83fbcap-7f,
     -0x1.805f94p-6f},
    {0x1.7536fep-9f, 0x1.ea143p-12f, 0x1.d66d02p-16f, 0x1.042468p-21f, 0x1.5d6a4p-26f, 0, 0, 0, 0,
     0x1.25091ep-3f, 0x1.5f54a4p-5f, -0x1.088946p-8f, -0x1.bcb728p-5f, -0x1.dee74ep-5f, -0x1.4db362p-6f,
     0x1.ceb538p-9f},
    {-0x1.6cec8p-11f, -0x1.49f6c4p-13f, -0x1.3a76bep-17f, -0x1.7126d8p-23f, -0x1.57d84p-16f, 0, 0, 0, 0,
     -0x1.2ee7acp-5f, -0x1.4d256cp-4f, -0x1.b696eep-5f, -0x1.7dd3b2p-6f, 0x1.a57be8p-7f, 0x1.f076dcp-7f,
     0x1.126e26p-9f},
};
INLINE V FN(tanh)(V x) {
    const V y = FN(minimum)(FN(splat)((T)9.02), FN(absolute)(x)); /* there 1 is nearest */
    const V at_least = FN(maximum)(FN(splat)((T)0.2499), y);
    const I place = (I)((FN(exponents))at_least >> (FN(mantissa_bits) - 1));
    const V t = y - FN(look_up)(FN(tanh_pieces)[0], place);
    V sum = FN(look_up)(FN(tanh_pieces)[7], place);
    FN_UNROLL(8)
    for (int i = 6; i > 0; i--) sum = FN(fma)(sum, t, FN(look_up)(FN(tanh_pieces)[i], place));
    return FN(with_sign)(sum, x);
}
#else
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
#endif

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

/* log(1 + u), 0 <= u <= 1: as log with f = u, which is exact; z goes to 1/9, so the tail has more terms. */
INLINE V FN(log1p_of_part)(V u) {
    V q = u / (FN(splat)(2) + u), half = FN(splat)((T)0.5) * u, z = q * q;
    V tail = FN(polynomial)(z, z * z, sizeof FN(log1p_tail) / sizeof(T), FN(log1p_tail));
    return u - FN(fma)(half, u, -(q * FN(fma)(half, u, z * tail)));
}

/* Of the normal distribution function F: F(-a) / e^(-a^2/2), 0 <= a <= normal_end, a rational function whose
 * coefficients are all positive; `peak` receives e^(-a^2/2), with what the square's rounding lost, which far out would
 * be many units of the last place. */
INLINE V FN(normal_tail)(V a, V *peak) {
    const V half = FN(splat)((T)0.5) * a;
#ifdef FN_NO_FMA
    const V high = (V)((I)a & FN(isplat)(~(((INT)1 << (FN(mantissa_bits) / 2 + 1)) - 1))); /* its square is exact */
    const V greater = high * (FN(splat)((T)0.5) * high), lesser = (half - FN(splat)((T)0.5) * high) * (a + high);
    const V exponent = greater + lesser, lost = lesser - (exponent - greater);
#else
    const V exponent = a * half, lost = FN(fma)(a, half, -exponent);
#endif
    const V e = FN(exp)(-exponent), square = a * a;
    *peak = FN(fma)(-e, lost, e);
    return FN(polynomial)(a, square, sizeof FN(normal_above) / sizeof(T), FN(normal_above)) /
           FN(polynomial)(a, square, sizeof FN(normal_below) / sizeof(T), FN(normal_below));
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
