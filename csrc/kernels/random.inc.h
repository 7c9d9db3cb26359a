/* random.inc.h: numbers that depend on their position alone (Philox-4x32-10), and dropout, which draws them.
 *
 * Room: the generator and what multiplies by it. Called by: the kernel table. Nothing is stored between calls, so
 * threads and splits cannot change a number, and the backward pass draws the forward pass's again.
 *
 * Philox: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. One round takes the
 * counter {c0, c1, c2, c3} to {high(c2 M1) ^ c1 ^ k0, low(c2 M1), high(c0 M0) ^ c3 ^ k1, low(c0 M0)}. Here each
 * counter word lies in a vector of 64-bit lanes, one block a lane, and only low halves count: then a product's low
 * word is the product itself and the high word one shift.
 */
#include "../simd/multiply_halves.inc.h"

#ifndef FN_WORDS
#define FN_WORDS 256 /* drawn at a time: 1 KB of stack */
#define FN_PHILOX_ROUNDS 10
#define FN_PHILOX_M0 0xD2511F53u
#define FN_PHILOX_M1 0xCD9E8D57u
#define FN_PHILOX_W0 0x9E3779B9u /* added to the key's words at each round: golden ratio, sqrt(3) - 1 */
#define FN_PHILOX_W1 0xBB67AE85u
#endif

#define W FN(lanes64)
#define BLOCKS ((ptrdiff_t)(FN_VECTOR_BYTES / 8)) /* in a vector */
typedef uint64_t FN(loose_lanes64) __attribute__((vector_size(FN_VECTOR_BYTES), aligned(4), may_alias));
/* as many words as V has lanes, signed: they convert to either element type by an instruction */
typedef int32_t FN(words) __attribute__((vector_size(LANES * 4)));
typedef uint32_t FN(loose_words) __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

INLINE W FN(splat64)(uint64_t x) { return x - (W){0}; }

/* One round of counters c[4]. */
INLINE void FN(philox_round)(W *c, W key_0, W key_1) {
    const W product_0 = FN(multiply_halves)(c[0], FN(splat64)(FN_PHILOX_M0));
    const W product_1 = FN(multiply_halves)(c[2], FN(splat64)(FN_PHILOX_M1));
    c[0] = (product_1 >> 32) ^ (c[1] ^ key_0);
    c[2] = (product_0 >> 32) ^ (c[3] ^ key_1);
    c[1] = product_1;
    c[3] = product_0;
}

/* Words of 2 BLOCKS blocks, in order. A block's four words are two lanes; lanes of even number come from the one
 * vector, of odd number from the other, so lane 2 i holds block i and lane 2 i + 1 block BLOCKS / 2 + i. */
#if FN_VECTOR_BYTES == 16
#define FN_EVEN_LANES 0, 2
#define FN_ODD_LANES 1, 3
static const uint64_t FN(block_in_lane)[] = {0, 1};
#elif FN_VECTOR_BYTES == 32
#define FN_EVEN_LANES 0, 4, 2, 6
#define FN_ODD_LANES 1, 5, 3, 7
static const uint64_t FN(block_in_lane)[] = {0, 2, 1, 3};
#else
#define FN_EVEN_LANES 0, 8, 2, 10, 4, 12, 6, 14
#define FN_ODD_LANES 1, 9, 3, 11, 5, 13, 7, 15
static const uint64_t FN(block_in_lane)[] = {0, 4, 1, 5, 2, 6, 3, 7};
#endif

/* words[count] = those of the blocks from `block` on; whole groups are written, so count may grow to the next
 * multiple of 8 BLOCKS, of which FN_WORDS is one. */
static void FN(draw)(ptrdiff_t count, const fn_stream *stream, uint64_t block, uint32_t *words) {
    W key[FN_PHILOX_ROUNDS][2];
    for (int round = 0; round < FN_PHILOX_ROUNDS; round++) {
        key[round][0] = FN(splat64)((uint32_t)stream->key + round * FN_PHILOX_W0);
        key[round][1] = FN(splat64)((uint32_t)(stream->key >> 32) + round * FN_PHILOX_W1);
    }
    const W lane = *(const FN(loose_lanes64) *)FN(block_in_lane), layer = FN(splat64)(stream->layer);
    const W step_low = FN(splat64)(stream->step), step_high = FN(splat64)(stream->step >> 32);
    for (ptrdiff_t i = 0; i < count; i += 8 * BLOCKS, block += 2 * BLOCKS) {
        W c[2][4]; /* two groups of blocks, because one round waits for the one before */
        for (int group = 0; group < 2; group++) {
            c[group][0] = FN(splat64)(block + group * BLOCKS) + lane;
            c[group][1] = layer;
            c[group][2] = step_low;
            c[group][3] = step_high;
        }
        FN_UNROLL(16)
        for (int round = 0; round < FN_PHILOX_ROUNDS; round++) {
            FN(philox_round)(c[0], key[round][0], key[round][1]);
            FN(philox_round)(c[1], key[round][0], key[round][1]);
        }
        FN_UNROLL(2)
        for (int group = 0; group < 2; group++) {
            const W first = (c[group][0] & 0xffffffffu) | (c[group][1] << 32);
            const W second = (c[group][2] & 0xffffffffu) | (c[group][3] << 32);
            FN(loose_lanes64) *to = (FN(loose_lanes64) *)(words + i + group * 4 * BLOCKS);
            to[0] = __builtin_shufflevector(first, second, FN_EVEN_LANES);
            to[1] = __builtin_shufflevector(first, second, FN_ODD_LANES);
        }
    }
}

/* The stretch of a stream that is at hand. */
typedef struct {
    uint32_t words[FN_WORDS + 16]; /* and slack for whole vectors */
    uint64_t first;                /* position of words[0]: a multiple of 4 */
    uint64_t count;
} FN(window);

/* Words from `position` on, at least one; *count, at most `wanted` on return, says how many. Where the window has
 * none of them it is drawn anew, with up to `further` words. */
INLINE const uint32_t *FN(words_at)(FN(window) *window, const fn_stream *stream, uint64_t position, ptrdiff_t further,
                                    ptrdiff_t wanted, ptrdiff_t *count) {
    if (position - window->first >= window->count) {
        const ptrdiff_t skipped = (ptrdiff_t)(position & 3);
        window->first = position - (uint64_t)skipped;
        window->count = further < FN_WORDS - skipped ? (uint64_t)(further + skipped) : FN_WORDS;
        FN(draw)((ptrdiff_t)window->count, stream, position / 4, window->words);
    }
    const uint64_t offset = position - window->first, left = window->count - offset;
    *count = left < (uint64_t)wanted ? (ptrdiff_t)left : wanted;
    return window->words + offset;
}

/* LANES words as the integers [0, 2^24), exact in either element type. */
INLINE V FN(draws)(const uint32_t *words) {
    return __builtin_convertvector((FN(words))(*(const FN(loose_words) *)words >> 8), V);
}

static void FN(uniform)(ptrdiff_t n, fn_stream stream, uint64_t first, T *u) {
    FN(window) window = {.count = 0};
    const V unit = FN(splat)((T)0x1p-24);
    for (ptrdiff_t count; n > 0; n -= count, first += (uint64_t)count, u += count) {
        const uint32_t *words = FN(words_at)(&window, &stream, first, n, n, &count);
        ptrdiff_t i = 0;
        for (; i + LANES <= count; i += LANES) FN(store)(u + i, FN(draws)(words + i) * unit);
        if (i < count) FN(store_first)(u + i, count - i, FN(draws)(words + i) * unit);
    }
}

/* x scale where the draw is not below the threshold, else 0, whatever x is. */
INLINE V FN(drop)(V x, const uint32_t *words, V threshold, V scale) {
    return (V)((I)(x * scale) & (FN(draws)(words) >= threshold));
}

static void FN(dropout)(ptrdiff_t rows, ptrdiff_t width, T rate, fn_stream stream, uint64_t first_row,
                        uint64_t row_stride, uint64_t first_column, const T *x, ptrdiff_t ldx, T *y, ptrdiff_t ldy) {
    FN(window) window = {.count = 0};
    const V scale = FN(splat)(1 / (1 - rate));
    const V threshold = FN(splat)(rate * (T)0x1p24); /* u >= rate with both sides times 2^24, which is exact */
    /* rows that follow each other closely share a window; otherwise no word past the row's end is drawn */
    const int close = row_stride >= (uint64_t)width && row_stride - (uint64_t)width < 32;
    for (ptrdiff_t r = 0; r < rows; r++, x += ldx, y += ldy) {
        if (rate == 0) {
            FN(copy_row)(width, x, y);
            continue;
        }
        const uint64_t start = (first_row + (uint64_t)r) * row_stride + first_column;
        const ptrdiff_t later = close ? (rows - 1 - r) * (ptrdiff_t)row_stride : 0;
        for (ptrdiff_t j = 0, count; j < width; j += count) {
            const ptrdiff_t left = width - j;
            const uint32_t *words = FN(words_at)(&window, &stream, start + (uint64_t)j, left + later, left, &count);
            const T *from = x + j;
            T *to = y + j;
            if (count < LANES) {
                FN(store_first)(to, count, FN(drop)(FN(load_first)(from, count), words, threshold, scale));
                continue;
            }
            /* the end by a vector of its own, read before y = x is written */
            const ptrdiff_t end = count - LANES;
            const V last = FN(drop)(FN(load)(from + end), words + end, threshold, scale);
            for (ptrdiff_t i = 0; i < end; i += LANES)
                FN(store)(to + i, FN(drop)(FN(load)(from + i), words + i, threshold, scale));
            FN(store)(to + end, last);
        }
    }
}
#undef W
#undef BLOCKS
#undef FN_EVEN_LANES
#undef FN_ODD_LANES
