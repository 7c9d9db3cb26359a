/* product_errands.inc.h: what tiles do on their way, a bit of it after every few steps of k.
 *
 * Room: the next panel, copied or transposed a piece at a time, and the lines that later pieces and the next tile's sums will
 * want. Included by product.inc.h. Among a tile's multiply-adds such a piece takes the ports that it needs, a few of those that
 * are free; between two tiles its latency too, since little of the next tile fits behind it into what a core holds in flight.
 */
#ifndef FN_STEPS_AN_ERRAND
#define FN_STEPS_AN_ERRAND 16
#define FN_COPIES_AHEAD 12 /* rows of b between one that is asked for and one that is copied */
#define FN_SUMS_AN_ERRAND 2 /* rows of c that are asked for */
#endif
#define FN_PIECE ((ptrdiff_t)(16 / sizeof(T)))                                   /* rows of W that are turned at a time, */
#define FN_PIECES ((ptrdiff_t)(FN_TILE_VECTORS * FN_VECTOR_BYTES / 16))          /* and how often in a panel's width */

typedef struct {
    int turned;                    /* is `from` W^T's, or a panel as it lies? */
    ptrdiff_t done, pieces, each;  /* of the next panel; the most of them at a time */
    const T *from;
    ptrdiff_t ldfrom;
    T *to;
    const T *sums;                 /* of the next tile, and its rows that are not asked for yet */
    ptrdiff_t ldsums, rows;
} FN(errand);

/* Asks for a panel's part of a row of b, which may begin within a line. */
INLINE void FN(ask_for_row)(const T *b) {
    FN_UNROLL(4)
    for (ptrdiff_t v = 0; v < FN_TILE_VECTORS; v += FN_VECTORS_A_LINE) __builtin_prefetch(b + v * LANES, 0, 2);
    __builtin_prefetch(b + FN_TILE_VECTORS * LANES - 1, 0, 2);
}

/* A row of a panel, or of FN_PIECE rows of W a vector each: all rows of a panel, before the next vector of the first ones. */
INLINE void FN(run_piece)(FN(errand) *e) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES, piece = e->done++;
    if (e->turned) {
        const ptrdiff_t first = piece % FN_PIECES * FN_PIECE, p = piece / FN_PIECES * LANES;
        const T *const from = e->from + first * e->ldfrom + p;
        FN(turn_piece)(e->to + p * columns + first, columns, from, e->ldfrom);
        FN_UNROLL(4)
        for (ptrdiff_t r = 0; r < FN_PIECE; r++) __builtin_prefetch(from + r * e->ldfrom + LANES, 0, 3);
        return;
    }
    const T *const from = e->from + piece * e->ldfrom;
    FN_UNROLL(4)
    for (ptrdiff_t v = 0; v < FN_TILE_VECTORS; v++) FN(store)(e->to + piece * columns + v * LANES, FN(load)(from + v * LANES));
    if (piece + FN_COPIES_AHEAD < e->pieces) FN(ask_for_row)(from + FN_COPIES_AHEAD * e->ldfrom);
}

INLINE void FN(run_errand)(FN(errand) *e) {
    for (ptrdiff_t n = e->each; n > 0 && e->done < e->pieces; n--) FN(run_piece)(e);
    for (int r = 0; r < FN_SUMS_AN_ERRAND && e->rows > 0; r++, e->rows--, e->sums += e->ldsums)
        FN_UNROLL(4)
        for (int v = 0; v < FN_TILE_VECTORS; v += FN_VECTORS_A_LINE) __builtin_prefetch(e->sums + v * LANES, 1, 2);
}
