/* vector.inc.h: the vector vocabulary for one element type: load, store, splat, fma, select, tail, reduce.
 *
 * Room: everything that names an instruction or a lane count. Included by kernels/all.inc.h once for each element type, with
 * FN_IS_F32 (1 or 0) and FN_VECTOR_BYTES; instructions that the vector extensions cannot say come from
 * isa.inc.h. Everything is static inline: a target exports nothing from here.
 */

#define T FN_T
#define V FN(vec)    /* lanes of T */
#define I FN(ivec)   /* lanes of the integer as wide as T; comparisons give 0 or -1 in each lane */
#define INT FN(int)  /* that integer */
#define LANES ((ptrdiff_t)(FN_VECTOR_BYTES / sizeof(T)))
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

#if FN_IS_F32
typedef int32_t FN(int);
#else
typedef int64_t FN(int);
#endif
typedef T FN(vec) __attribute__((vector_size(FN_VECTOR_BYTES)));
typedef INT FN(ivec) __attribute__((vector_size(FN_VECTOR_BYTES)));
typedef T FN(unaligned) __attribute__((vector_size(FN_VECTOR_BYTES), aligned(sizeof(T)), may_alias));

#ifdef FN_HALVES /* half a vector takes half as long */
typedef T FN(half) __attribute__((vector_size(FN_VECTOR_BYTES / 2)));
typedef T FN(unaligned_half) __attribute__((vector_size(FN_VECTOR_BYTES / 2), aligned(sizeof(T)), may_alias));
INLINE FN(half) FN(load_half)(const T *p) { return *(const FN(unaligned_half) *)p; }
INLINE void FN(store_half)(T *p, FN(half) v) { *(FN(unaligned_half) *)p = v; }
INLINE FN(half) FN(splat_half)(T x) { return x - (FN(half)){0}; }
#endif

INLINE V FN(load)(const T *p) { return *(const FN(unaligned) *)p; }
INLINE void FN(store)(T *p, V v) { *(FN(unaligned) *)p = v; }
INLINE V FN(splat)(T x) { return x - (V){0}; }
INLINE I FN(isplat)(INT x) { return x - (I){0}; }
INLINE I FN(bits)(V v) { return (I)v; }
INLINE V FN(select)(I mask, V yes, V no) { return (V)((mask & (I)yes) | (~mask & (I)no)); }
INLINE V FN(absolute)(V v) { return (V)((I)v & FN(isplat)((INT)(((uint64_t)1 << (8 * sizeof(T) - 1)) - 1))); }
/* the sign bit of `sign` on the magnitude of v */
INLINE V FN(with_sign)(V v, V sign) {
    const I magnitude = FN(isplat)((INT)(((uint64_t)1 << (8 * sizeof(T) - 1)) - 1));
    return (V)(((I)v & magnitude) | ((I)sign & ~magnitude));
}

/* to[0] = from[0] by way of an integer's register, which no arithmetic waits for and the compiler does not gather in vectors */
INLINE void FN(move)(T *to, const T *from) {
    INT number;
    __builtin_memcpy(&number, from, sizeof(T));
    __asm__("" : "+r"(number));
    __builtin_memcpy(to, &number, sizeof(T));
}

/* All bits of the first n lanes: a window of 2 LANES integers, slid */
INLINE I FN(first_lanes)(ptrdiff_t n) {
    static const INT ones[2 * FN_VECTOR_BYTES / FN_ELEMENT_BYTES] = {
#if FN_VECTOR_BYTES / FN_ELEMENT_BYTES > 8
        -1, -1, -1, -1, -1, -1, -1, -1,
#endif
#if FN_VECTOR_BYTES / FN_ELEMENT_BYTES > 4
        -1, -1, -1, -1,
#endif
#if FN_VECTOR_BYTES / FN_ELEMENT_BYTES > 2
        -1, -1,
#endif
        -1, -1};
    return FN(bits)(FN(load)((const T *)(ones + LANES - n)));
}

/* fma(a, b, c) = a b + c, in one rounding where the target has it; root; maximum and minimum, which give their
 * second argument where either is NaN. */
#include "isa.inc.h"

/* Asks for a line that will be written, which others may hold: to own it takes as long as to fetch it. */
#ifndef FN_HAS_ASK_TO_WRITE
INLINE void FN(ask_to_write)(const T *p) { __builtin_prefetch(p, 1, 2); }
#endif

/* n / d, of d that are roots or sums of one and a small number, so from 2^-511 to 2^512, 0, infinite or no number */
#if FN_IS_F32 || !defined(FN_HAS_QUOTIENT)
INLINE V FN(quotient)(V n, V d) { return n / d; }
#endif

/* fma_number(a, b, c) = *a b + c, one instruction where the target has it; compilers make two where *a is read again. */
#ifndef FN_HAS_FMA_NUMBER
INLINE V FN(fma_number)(const T *a, V b, V c) { return FN(fma)(FN(splat)(*a), b, c); }
#endif
#ifdef FN_HALVES
INLINE FN(half) FN(fma_number_half)(const T *a, FN(half) b, FN(half) c) { return FN(fma_half)(FN(splat_half)(*a), b, c); }
#endif

#ifndef FN_HAS_PARTIAL
INLINE V FN(load_first)(const T *p, ptrdiff_t n) {
    T lanes[LANES];
    for (ptrdiff_t i = 0; i < LANES; i++) lanes[i] = i < n ? p[i] : 0;
    return FN(load)(lanes);
}
INLINE void FN(store_first)(T *p, ptrdiff_t n, V v) {
    T lanes[LANES];
    FN(store)(lanes, v);
    for (ptrdiff_t i = 0; i < n; i++) p[i] = lanes[i];
}
#endif

/* Sum of the lanes, halves first: the order depends on the lane count alone. */
INLINE T FN(reduce_add)(V v) {
    T lanes[LANES];
    FN(store)(lanes, v);
    for (ptrdiff_t width = LANES / 2; width; width /= 2)
        for (ptrdiff_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

/* Round to the nearest integer, as value and as lanes of integers: |v| < 2^22 (f32) or 2^51 (f64). Adding 1.5 * 2^(mantissa bits)
 * leaves the integer in the low bits; no target needs an instruction for it. */
#if FN_IS_F32
#define FN_ROUND_MAGIC 12582912.0f
#else
#define FN_ROUND_MAGIC 6755399441055744.0
#endif
INLINE V FN(round_to_integer)(V v, I *as_integer) {
    const V magic = FN(splat)((T)FN_ROUND_MAGIC);
    V shifted = v + magic;
    *as_integer = (I)shifted - (I)magic;
    return shifted - magic;
}
#undef FN_ROUND_MAGIC

/* block[count] -> its elements in turn: the first of each vector, the second of each, ... `count`, a power of two, is a
 * constant: log2(count) rounds of a perfect shuffle, each vector zipped with the one half the block away. */
#if FN_VECTOR_BYTES / FN_ELEMENT_BYTES == 2
#define FN_ZIP_LOW 0, 2
#define FN_ZIP_HIGH 1, 3
#elif FN_VECTOR_BYTES / FN_ELEMENT_BYTES == 4
#define FN_ZIP_LOW 0, 4, 1, 5
#define FN_ZIP_HIGH 2, 6, 3, 7
#elif FN_VECTOR_BYTES / FN_ELEMENT_BYTES == 8
#define FN_ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define FN_ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define FN_ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define FN_ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#endif
INLINE void FN(interleave)(V *block, const int count) {
    FN_UNROLL(4)
    for (int round = 1; round < count; round *= 2) {
        V zipped[LANES];
        FN_UNROLL(8)
        for (int r = 0; r < count / 2; r++) {
            zipped[2 * r] = __builtin_shufflevector(block[r], block[r + count / 2], FN_ZIP_LOW);
            zipped[2 * r + 1] = __builtin_shufflevector(block[r], block[r + count / 2], FN_ZIP_HIGH);
        }
        FN_UNROLL(16)
        for (int r = 0; r < count; r++) block[r] = zipped[r];
    }
}

/* The greatest of the lanes: each round compares two halves, and leaves every result twice. */
INLINE T FN(reduce_max)(V v) {
    FN_UNROLL(4)
    for (int width = 1; width < LANES; width *= 2)
        v = FN(maximum)(__builtin_shufflevector(v, v, FN_ZIP_LOW), __builtin_shufflevector(v, v, FN_ZIP_HIGH));
    return v[0];
}
#undef FN_ZIP_LOW
#undef FN_ZIP_HIGH

/* block[LANES] -> its transpose */
INLINE void FN(transpose)(V *block) { FN(interleave)(block, LANES); }

/* The same where only the first n columns matter, the others become anything: of the shuffles a compiler leaves what
 * makes as many as there are. */
INLINE void FN(transpose_first)(ptrdiff_t n, V *block) {
    V part[LANES];
    if (n > LANES / 4) {
        FN(transpose)(block);
        return;
    }
    FN_UNROLL(16)
    for (int r = 0; r < LANES; r++) part[r] = block[r];
    FN(transpose)(part);
    FN_UNROLL(4)
    for (int q = 0; q < LANES / 4; q++) block[q] = part[q];
}

#ifndef FN_HAS_LOAD_TRANSPOSED
/* block[LANES] = the columns of LANES rows of as many elements */
INLINE void FN(load_transposed)(const T *x, ptrdiff_t ldx, V *block) {
    FN_UNROLL(16)
    for (int r = 0; r < LANES; r++) block[r] = FN(load)(x + r * ldx);
    FN(transpose)(block);
}
#endif

#ifndef FN_HAS_TURN_PIECE
/* to[LANES, rows] = from[rows, LANES]^T, as many rows as fill 16 bytes */
INLINE void FN(turn_piece)(T *to, ptrdiff_t ldto, const T *from, ptrdiff_t ldfrom) {
    for (ptrdiff_t p = 0; p < LANES; p++)
        for (ptrdiff_t r = 0; r < (ptrdiff_t)(16 / sizeof(T)); r++) to[p * ldto + r] = from[r * ldfrom + p];
}
#endif
