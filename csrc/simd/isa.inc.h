/* isa.inc.h: the operations of vector.inc.h for which the vector extensions have no word, by instruction set.
 *
 * Each block defines fma, root, maximum, minimum for FN(vec), fma_half for FN(half) where FN_HALVES asks for it, and may
 * define load_first, store_first (FN_HAS_PARTIAL) where the target has masks, and, of float, conversions to doubles and back
 * (FN_HAS_DOUBLES), for which GCC 12 takes vectors of half the width; quotient (FN_HAS_QUOTIENT) where there is a faster one;
 * look_up (FN_HAS_TABLE), of float, and scale (FN_HAS_SCALE), a multiplication with 2^power of a whole power.
 */

#if defined(FN_ISA_AVX512) || defined(FN_ISA_AVX2)
/* Compilers make a request to read where they may not take this one for granted. CPUs that lack it do nothing. */
#define FN_HAS_ASK_TO_WRITE
INLINE void FN(ask_to_write)(const T *p) { __asm__ volatile("prefetchw %0" : : "m"(*p)); }
#endif

#if defined(FN_ISA_AVX512)
#define FN_HAS_PARTIAL
#if FN_IS_F32
INLINE V FN(fma)(V a, V b, V c) { return (V)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE FN(half) FN(fma_half)(FN(half) a, FN(half) b, FN(half) c) {
    return (FN(half))_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
#define FN_HAS_FMA_NUMBER
INLINE V FN(fma_number)(const T *a, V b, V c) {
    __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(c) : "v"(b), "m"(*a));
    return c;
}
INLINE V FN(divider_root)(V a) { return (V)_mm512_sqrt_ps((__m512)a); }
INLINE V FN(inverse_root_estimate)(V a) { return (V)_mm512_rsqrt14_ps((__m512)a); }
/* from 2^-76 on to infinity, which is none of them */
INLINE int FN(all_suit_steps)(V a) {
    const __m512i least = _mm512_set1_epi32(0x19800000), above = _mm512_sub_epi32((__m512i)a, least);
    return _mm512_cmpge_epu32_mask(above, _mm512_set1_epi32(0x7f800000 - 0x19800000)) == 0;
}
INLINE V FN(maximum)(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE V FN(minimum)(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE V FN(load_first)(const T *p, ptrdiff_t n) {
    return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1u), p);
}
INLINE void FN(store_first)(T *p, ptrdiff_t n, V v) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), (__m512)v);
}
/* Of a table of 16 numbers those at the places that each lane's last four bits say. */
#define FN_HAS_TABLE
INLINE V FN(look_up)(const T *table, I places) { return (V)_mm512_permutexvar_ps((__m512i)places, _mm512_loadu_ps(table)); }
#define FN_HAS_SCALE
INLINE V FN(scale)(V v, V power) { return (V)_mm512_scalef_ps((__m512)v, (__m512)power); }
#define FN_HAS_DOUBLES
INLINE __m512d FN(load_doubles)(const T *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
INLINE __m512d FN(lower_doubles)(V v) { return _mm512_cvtps_pd(_mm512_castps512_ps256((__m512)v)); }
INLINE __m512d FN(upper_doubles)(V v) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps((__m512)v, 1)); }
INLINE V FN(from_doubles)(__m512d lower, __m512d upper) {
    return (V)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(lower)), _mm512_cvtpd_ps(upper), 1);
}
/* 4 x 4 within each quarter */
INLINE void FN(transpose_quarters)(const __m512 *row, V *turned) {
    const __m512d low = _mm512_castps_pd(_mm512_unpacklo_ps(row[0], row[1]));
    const __m512d high = _mm512_castps_pd(_mm512_unpackhi_ps(row[0], row[1]));
    const __m512d next_low = _mm512_castps_pd(_mm512_unpacklo_ps(row[2], row[3]));
    const __m512d next_high = _mm512_castps_pd(_mm512_unpackhi_ps(row[2], row[3]));
    turned[0] = (V)_mm512_unpacklo_pd(low, next_low);
    turned[1] = (V)_mm512_unpackhi_pd(low, next_low);
    turned[2] = (V)_mm512_unpacklo_pd(high, next_high);
    turned[3] = (V)_mm512_unpackhi_pd(high, next_high);
}
/* quarters of four rows side by side, then within each quarter */
#define FN_HAS_LOAD_TRANSPOSED
INLINE void FN(load_transposed)(const T *x, ptrdiff_t ldx, V *block) {
    FN_UNROLL(4)
    for (int q = 0; q < 4; q++) {
        __m512 row[4];
        FN_UNROLL(4)
        for (int r = 0; r < 4; r++) {
            const float *at = x + r * ldx + 4 * q;
            row[r] = _mm512_castps128_ps512(_mm_loadu_ps(at));
            row[r] = _mm512_mask_broadcast_f32x4(row[r], 0x00f0, _mm_loadu_ps(at + 4 * ldx));
            row[r] = _mm512_mask_broadcast_f32x4(row[r], 0x0f00, _mm_loadu_ps(at + 8 * ldx));
            row[r] = _mm512_mask_broadcast_f32x4(row[r], 0xf000, _mm_loadu_ps(at + 12 * ldx));
        }
        FN(transpose_quarters)(row, block + 4 * q);
    }
}
/* Four rows, a vector each: 4 x 4 within each quarter, of which a row goes out at a time. */
#define FN_HAS_TURN_PIECE
INLINE void FN(turn_piece)(T *to, ptrdiff_t ldto, const T *from, ptrdiff_t ldfrom) {
    __m512 row[4];
    V turned[4];
    FN_UNROLL(4)
    for (int r = 0; r < 4; r++) row[r] = _mm512_loadu_ps(from + r * ldfrom);
    FN(transpose_quarters)(row, turned);
    FN_UNROLL(4)
    for (int r = 0; r < 4; r++) {
        _mm_storeu_ps(to + r * ldto, _mm512_castps512_ps128((__m512)turned[r]));
        _mm_storeu_ps(to + (r + 4) * ldto, _mm512_extractf32x4_ps((__m512)turned[r], 1));
        _mm_storeu_ps(to + (r + 8) * ldto, _mm512_extractf32x4_ps((__m512)turned[r], 2));
        _mm_storeu_ps(to + (r + 12) * ldto, _mm512_extractf32x4_ps((__m512)turned[r], 3));
    }
}
#else
INLINE V FN(fma)(V a, V b, V c) { return (V)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
INLINE FN(half) FN(fma_half)(FN(half) a, FN(half) b, FN(half) c) {
    return (FN(half))_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
INLINE V FN(fma_number)(const T *a, V b, V c) {
    __asm__("vfmadd231pd %2%{1to8%}, %1, %0" : "+v"(c) : "v"(b), "m"(*a));
    return c;
}
INLINE V FN(divider_root)(V a) { return (V)_mm512_sqrt_pd((__m512d)a); }
INLINE V FN(inverse_root_estimate)(V a) { return (V)_mm512_rsqrt14_pd((__m512d)a); }
/* from 2^-900 on */
INLINE int FN(all_suit_steps)(V a) {
    const __m512i least = _mm512_set1_epi64(0x07b0000000000000), above = _mm512_sub_epi64((__m512i)a, least);
    return _mm512_cmpge_epu64_mask(above, _mm512_set1_epi64(0x7ff0000000000000 - 0x07b0000000000000)) == 0;
}
/* By Newton's method, and by the remainder, where roots are the divider's: multiply-adds run while it makes them. What is no number then,
 * as where d is 0 or infinite, is left to the divider. Without n below 2^-969, whose remainder may vanish, or d above 2^1022. */
#define FN_HAS_QUOTIENT
INLINE V FN(quotient)(V n, V d) {
    if (FN_ROOTS_BY_STEPS) return n / d;
    const __m512d one = _mm512_set1_pd(1), by = (__m512d)d, of = (__m512d)n;
    __m512d inverse = _mm512_rcp14_pd(by);
    inverse = _mm512_fmadd_pd(inverse, _mm512_fnmadd_pd(by, inverse, one), inverse);
    inverse = _mm512_fmadd_pd(inverse, _mm512_fnmadd_pd(by, inverse, one), inverse);
    const __m512d near = _mm512_mul_pd(of, inverse);
    const __m512d result = _mm512_fmadd_pd(_mm512_fnmadd_pd(by, near, of), inverse, near);
    if (__builtin_expect(_mm512_cmp_pd_mask(result, result, _CMP_UNORD_Q) != 0, 0)) return n / d;
    return (V)result;
}
INLINE V FN(scale)(V v, V power) { return (V)_mm512_scalef_pd((__m512d)v, (__m512d)power); }
INLINE V FN(maximum)(V a, V b) { return (V)_mm512_max_pd((__m512d)a, (__m512d)b); }
INLINE V FN(minimum)(V a, V b) { return (V)_mm512_min_pd((__m512d)a, (__m512d)b); }
INLINE V FN(load_first)(const T *p, ptrdiff_t n) {
    return (V)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1u), p);
}
INLINE void FN(store_first)(T *p, ptrdiff_t n, V v) {
    _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1u), (__m512d)v);
}
INLINE void FN(turn_piece)(T *to, ptrdiff_t ldto, const T *from, ptrdiff_t ldfrom) {
    const __m512d row = _mm512_loadu_pd(from), next = _mm512_loadu_pd(from + ldfrom);
    const __m512d turned[2] = {_mm512_unpacklo_pd(row, next), _mm512_unpackhi_pd(row, next)};
    FN_UNROLL(2)
    for (int r = 0; r < 2; r++) {
        _mm_storeu_pd(to + r * ldto, _mm512_castpd512_pd128(turned[r]));
        _mm_storeu_pd(to + (r + 2) * ldto, _mm512_extractf64x2_pd(turned[r], 1));
        _mm_storeu_pd(to + (r + 4) * ldto, _mm512_extractf64x2_pd(turned[r], 2));
        _mm_storeu_pd(to + (r + 6) * ldto, _mm512_extractf64x2_pd(turned[r], 3));
    }
}
INLINE void FN(load_transposed)(const T *x, ptrdiff_t ldx, V *block) {
    FN_UNROLL(4)
    for (int q = 0; q < 4; q++) {
        __m512d row[2];
        FN_UNROLL(2)
        for (int r = 0; r < 2; r++) {
            const double *at = x + r * ldx + 2 * q;
            row[r] = _mm512_castpd128_pd512(_mm_loadu_pd(at));
            row[r] = _mm512_mask_broadcast_f64x2(row[r], 0x0c, _mm_loadu_pd(at + 2 * ldx));
            row[r] = _mm512_mask_broadcast_f64x2(row[r], 0x30, _mm_loadu_pd(at + 4 * ldx));
            row[r] = _mm512_mask_broadcast_f64x2(row[r], 0xc0, _mm_loadu_pd(at + 6 * ldx));
        }
        block[2 * q] = (V)_mm512_unpacklo_pd(row[0], row[1]);
        block[2 * q + 1] = (V)_mm512_unpackhi_pd(row[0], row[1]);
    }
}
#endif
/* By Newton's method where the target says so (FN_ROOTS_BY_STEPS): multiply-adds run while the divider makes quotients. Right to the
 * bit by the remainder, whatever an estimate within the 2^-14 that AVX-512 promises is (tests/root_steps.c tries them). Small numbers,
 * whose remainder may be flushed, infinite ones and what is none are left to the divider. */
INLINE V FN(root)(V a) {
    if (!FN_ROOTS_BY_STEPS || __builtin_expect(!FN(all_suit_steps)(a), 0)) return FN(divider_root)(a);
    const V half = FN(splat)((T)0.5), estimate = FN(inverse_root_estimate)(a);
    V root = a * estimate, inverse = half * estimate; /* of half the root */
    FN_UNROLL(2)
    for (int step = 0; step < (FN_IS_F32 ? 1 : 2); step++) {
        const V off = FN(fma)(-root, inverse, half);
        root = FN(fma)(root, off, root);
        inverse = FN(fma)(inverse, off, inverse);
    }
    return FN(fma)(FN(fma)(-root, root, a), inverse, root);
}

#elif defined(FN_ISA_AVX2)
#define FN_HAS_PARTIAL
#if FN_IS_F32
INLINE V FN(load_first)(const T *p, ptrdiff_t n) { return (V)_mm256_maskload_ps(p, (__m256i)FN(first_lanes)(n)); }
INLINE void FN(store_first)(T *p, ptrdiff_t n, V v) { _mm256_maskstore_ps(p, (__m256i)FN(first_lanes)(n), (__m256)v); }
INLINE V FN(fma)(V a, V b, V c) { return (V)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE V FN(root)(V a) { return (V)_mm256_sqrt_ps((__m256)a); }
INLINE V FN(maximum)(V a, V b) { return (V)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE V FN(minimum)(V a, V b) { return (V)_mm256_min_ps((__m256)a, (__m256)b); }
#define FN_HAS_DOUBLES
INLINE __m256d FN(load_doubles)(const T *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
INLINE __m256d FN(lower_doubles)(V v) { return _mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)); }
INLINE __m256d FN(upper_doubles)(V v) { return _mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1)); }
INLINE V FN(from_doubles)(__m256d lower, __m256d upper) {
    return (V)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(lower)), _mm256_cvtpd_ps(upper), 1);
}
#else
INLINE V FN(load_first)(const T *p, ptrdiff_t n) { return (V)_mm256_maskload_pd(p, (__m256i)FN(first_lanes)(n)); }
INLINE void FN(store_first)(T *p, ptrdiff_t n, V v) { _mm256_maskstore_pd(p, (__m256i)FN(first_lanes)(n), (__m256d)v); }
INLINE V FN(fma)(V a, V b, V c) { return (V)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
INLINE V FN(root)(V a) { return (V)_mm256_sqrt_pd((__m256d)a); }
INLINE V FN(maximum)(V a, V b) { return (V)_mm256_max_pd((__m256d)a, (__m256d)b); }
INLINE V FN(minimum)(V a, V b) { return (V)_mm256_min_pd((__m256d)a, (__m256d)b); }
#endif

#elif defined(FN_ISA_SSE2)
#ifndef FN_NO_FMA
#define FN_NO_FMA /* until the end of the file that is the target */
#endif
/* no fused multiply-add: two roundings, in every kernel of this target alike */
INLINE V FN(fma)(V a, V b, V c) { return a * b + c; }
#if FN_IS_F32
INLINE V FN(root)(V a) { return (V)_mm_sqrt_ps((__m128)a); }
INLINE V FN(maximum)(V a, V b) { return (V)_mm_max_ps((__m128)a, (__m128)b); }
INLINE V FN(minimum)(V a, V b) { return (V)_mm_min_ps((__m128)a, (__m128)b); }
#else
INLINE V FN(root)(V a) { return (V)_mm_sqrt_pd((__m128d)a); }
INLINE V FN(maximum)(V a, V b) { return (V)_mm_max_pd((__m128d)a, (__m128d)b); }
INLINE V FN(minimum)(V a, V b) { return (V)_mm_min_pd((__m128d)a, (__m128d)b); }
#endif

#elif defined(FN_ISA_NEON)
#if FN_IS_F32
INLINE V FN(fma)(V a, V b, V c) { return (V)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE V FN(root)(V a) { return (V)vsqrtq_f32((float32x4_t)a); }
#else
INLINE V FN(fma)(V a, V b, V c) { return (V)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
INLINE V FN(root)(V a) { return (V)vsqrtq_f64((float64x2_t)a); }
#endif
INLINE V FN(maximum)(V a, V b) { return FN(select)(a > b, a, b); }
INLINE V FN(minimum)(V a, V b) { return FN(select)(a < b, a, b); }

#else /* any other CPU: what C alone can say */
#ifdef FN_HALVES
INLINE FN(half) FN(fma_half)(FN(half) a, FN(half) b, FN(half) c) {
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF)
    for (int i = 0; i < LANES / 2; i++)
        a[i] = FN_IS_F32 ? __builtin_fmaf((float)a[i], (float)b[i], (float)c[i]) : __builtin_fma(a[i], b[i], c[i]);
    return a;
#else
    return a * b + c;
#endif
}
#endif
INLINE V FN(fma)(V a, V b, V c) {
#if defined(__FP_FAST_FMA) && defined(__FP_FAST_FMAF) /* said outright: `a * b + c` may be contracted here and not there */
    for (int i = 0; i < LANES; i++)
        a[i] = FN_IS_F32 ? __builtin_fmaf((float)a[i], (float)b[i], (float)c[i]) : __builtin_fma(a[i], b[i], c[i]);
    return a;
#else
#ifndef FN_NO_FMA
#define FN_NO_FMA
#endif
    return a * b + c;
#endif
}
INLINE V FN(root)(V a) {
    for (int i = 0; i < LANES; i++) a[i] = FN_IS_F32 ? __builtin_sqrtf((float)a[i]) : __builtin_sqrt(a[i]);
    return a;
}
INLINE V FN(maximum)(V a, V b) { return FN(select)(a > b, a, b); }
INLINE V FN(minimum)(V a, V b) { return FN(select)(a < b, a, b); }
#endif
