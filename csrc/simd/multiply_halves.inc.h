/* multiply_halves.inc.h: the product of 32-bit numbers to 64 bits, in 64-bit lanes; the one integer instruction that
 * random.inc.h needs and the vector extensions cannot say.
 *
 * Included by kernels/random.inc.h. FN(lanes64) is a vector of uint64_t; the high halves of a and b are ignored.
 */
typedef uint64_t FN(lanes64) __attribute__((vector_size(FN_VECTOR_BYTES)));

INLINE FN(lanes64) FN(multiply_halves)(FN(lanes64) a, FN(lanes64) b) {
#if defined(FN_ISA_AVX512)
    return (FN(lanes64))_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(FN_ISA_AVX2)
    return (FN(lanes64))_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(FN_ISA_SSE2)
    return (FN(lanes64))_mm_mul_epu32((__m128i)a, (__m128i)b);
#elif defined(FN_ISA_NEON)
    return (FN(lanes64))vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
#else
    return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}
