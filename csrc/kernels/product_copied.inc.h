/* product_copied.inc.h: products of which an operand is copied first, or both.
 *
 * Room: copies of panels of b, as it lies or transposed, and of tiles of a, of its rows or its columns; the loops over them.
 * Included by product.inc.h, which says when.
 */
#ifndef FN_ROOM_IS_ENOUGH
#define FN_ROOM_IS_ENOUGH
_Static_assert(FN_PANELS_KEPT * FN_COPY_BYTES <= FN_ROOM_PANELS, "panels that are copied have no room");
_Static_assert((FN_TURNED_IN_BLOCKS ? FN_PANELS_KEPT : 2) * FN_TURNED_MOST <= FN_ROOM_PANELS, "panels of W^T have no room");
_Static_assert(FN_PACKED_MOST + FN_VECTOR_BYTES <= FN_ROOM_TILES, "tiles that are copied have no room");
_Static_assert(32 * FN_TILE_ROWS * FN_VECTOR_BYTES <= FN_BYTES_OF_COLUMNS, "of 32 columns not even the fewest rows are made");
_Static_assert(FN_BYTES_OF_COLUMNS <= FN_ROOM_TILES, "columns have no room");
#endif

/* This thread's room from a byte on, asked for once: a compiler would ask again wherever it reads there. */
INLINE void *FN(room)(ptrdiff_t at) {
    unsigned char *room = fn_room + at;
    __asm__("" : "+r"(room));
    return room;
}

/* panel[k, tile columns] = b[k, 0:n]; whole vectors, so b over-reads. */
INLINE void FN(pack_panel)(ptrdiff_t k, ptrdiff_t vectors, const T *b, ptrdiff_t ldb, T *panel) {
    for (ptrdiff_t p = 0; p < k; p++, b += ldb, panel += FN_TILE_VECTORS * LANES)
        for (ptrdiff_t v = 0; v < vectors; v++) FN(store)(panel + v * LANES, FN(load)(b + v * LANES));
}

/* y[k, n] = x[n, k]^T, by square blocks of LANES; rows past n read as zero. */
static void FN(transposed)(ptrdiff_t n, ptrdiff_t k, const T *x, ptrdiff_t ldx, T *y, ptrdiff_t ldy) {
    V block[LANES];
    for (ptrdiff_t p = 0; p < k; p += LANES) {
        const ptrdiff_t depth = k - p < LANES ? k - p : LANES;
        for (ptrdiff_t j = 0; j < n; j += LANES) {
            const ptrdiff_t rows = n - j < LANES ? n - j : LANES;
            const T *corner = x + j * ldx + p;
            if (rows == LANES && depth == LANES) {
                FN(load_transposed)(corner, ldx, block);
                FN_UNROLL(16)
                for (int q = 0; q < LANES; q++) FN(store)(y + (p + q) * ldy + j, block[q]);
                continue;
            }
            for (ptrdiff_t r = 0; r < LANES; r++)
                block[r] = r < rows ? FN(load_first)(corner + r * ldx, depth) : (V){0};
            FN(transpose)(block);
            for (ptrdiff_t q = 0; q < depth; q++) FN(store)(y + (p + q) * ldy + j, block[q]);
        }
    }
}

/* packed: at[k, m] tile by tile, each tile [k, its rows] without gaps; whole vectors, so up to LANES - 1 elements past
 * the end are written. */
static void FN(pack_tiles)(ptrdiff_t m, ptrdiff_t k, const T *at, ptrdiff_t ldat, T *packed) {
    for (ptrdiff_t i = 0, height; i < m; i += height) {
        height = FN(tile_height)(m - i);
        for (ptrdiff_t p = 0; p < k; p++, packed += height) {
            const T *row = at + p * ldat + i;
            ptrdiff_t r = 0;
            for (; r + LANES <= height; r += LANES) FN(store)(packed + r, FN(load)(row + r));
#ifdef FN_HAS_PARTIAL
            if (r < height) FN(store)(packed + r, FN(load_first)(row + r, height - r));
#else
            for (; r < height; r++) packed[r] = row[r];
#endif
        }
    }
}

/* The same of a[m, k]: from the last columns to the first, which write over what the whole vectors of these leave behind. */
static void FN(pack_rows)(ptrdiff_t m, ptrdiff_t k, const T *a, ptrdiff_t lda, T *packed) {
    for (ptrdiff_t i = 0, height; i < m; i += height, packed += height * k) {
        height = FN(tile_height)(m - i);
        for (ptrdiff_t r = (height - 1) / LANES * LANES; r >= 0; r -= LANES)
            FN(transposed)(m - i - r < LANES ? m - i - r : LANES, k, a + (i + r) * lda, lda, packed + r, height);
    }
}

/* One column panel, at most a tile wide, of all rows of a packed block. Each tile asks for the next one's lines of c, and all of
 * them together for `ahead` rows of the next panel: where another product has lda, which a packed block has not. */
static void FN(packed_panel)(ptrdiff_t m, ptrdiff_t width, ptrdiff_t k, const T *packed, ptrdiff_t ahead, const T *b,
                             ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    const T *const next = b + FN_TILE_VECTORS * LANES;
    for (ptrdiff_t i = 0, asked = 0, height; i < m; i += height) {
        height = FN(tile_height)(m - i);
        const ptrdiff_t left = m - i - height;
        FN(ask_for_sums)(left < FN_TILE_ROWS ? left : FN_TILE_ROWS, FN_TILE_VECTORS, c + (i + height) * ldc, ldc);
        for (const ptrdiff_t end = ahead * (i + height) / m; asked < end; asked++) FN(ask_for_row)(next + asked * ldb);
        FN(panel)(height, width, k, packed + i * k, 1, height, b, ldb, start ? start + i * ldstart : NULL, ldstart, c + i * ldc,
                  ldc);
    }
}

/* Columns in strips, of each strip the blocks of rows one below the other, of each block the strip's panels. Panels are made on
 * the way through the first block, each while the one before is multiplied with, and kept for the others; a strip's first one on
 * the way through the last block and panel of the strip before. */
typedef struct {
    ptrdiff_t m, n, rows, columns, strip; /* of c, of a block, of a panel, of a strip */
    ptrdiff_t edge, i, j;                 /* where the strip, the block and the panel begin */
} FN(walk);

/* One block of rows needs two panels at a time, the one that is read and the next. */
INLINE FN(walk) FN(walk_of)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t rows) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES;
    return (FN(walk)){m, n, rows, columns, (rows < m ? FN_PANELS_KEPT : 2) * columns, 0, 0, 0};
}

INLINE ptrdiff_t FN(block_of)(const FN(walk) *at) { return at->m - at->i < at->rows ? at->m - at->i : at->rows; }
INLINE ptrdiff_t FN(width_of)(const FN(walk) *at) { return at->n - at->j < at->columns ? at->n - at->j : at->columns; }
INLINE ptrdiff_t FN(panel_of)(const FN(walk) *at) { return (at->j - at->edge) / at->columns; }
INLINE int FN(ends_strip)(const FN(walk) *at) { return at->j + at->columns >= at->edge + at->strip || at->j + at->columns >= at->n; }

/* Is the next panel made here, if it is a whole one? */
INLINE int FN(makes_next)(const FN(walk) *at) {
    return at->j + 2 * at->columns <= at->n && (FN(ends_strip)(at) ? at->i + at->rows >= at->m : at->i == 0);
}
INLINE ptrdiff_t FN(next_panel_of)(const FN(walk) *at) { return FN(ends_strip)(at) ? 0 : FN(panel_of)(at) + 1; }

INLINE void FN(walk_on)(FN(walk) *at) {
    const int ends = FN(ends_strip)(at);
    at->j = ends ? at->edge : at->j + at->columns;
    if (!ends || (at->i += at->rows) < at->m) return;
    at->i = 0;
    at->j = at->edge += at->strip;
}

/* b[k,n] whose rows lie so far apart that hardware does not fetch a panel's lines ahead: each tile asks for a part of the next
 * panel and, where these are copied, takes along what the one before has asked for; or the first one of X's rows asks for all of
 * it. c has room. `small` makes tiles that are not whole, which the product itself can: one instance of a tile is enough here.
 * `packed`: a is, in one block of rows, and `small` is packed_panel. */
INLINE void FN(product_of_far_panels)(FN(product_function) *small, const int packed, ptrdiff_t m, ptrdiff_t rows, ptrdiff_t n,
                                      ptrdiff_t k, const T *a, ptrdiff_t lda, ptrdiff_t a_row, ptrdiff_t a_step, const T *b,
                                      ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    const int copied = FN_FAR_PANELS_ARE_COPIED;
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES;
    const ptrdiff_t deepest = packed ? k : FN(even_block)(k, copied ? COPY_DEPTH : PANEL_DEPTH, 1);
    T(*const panels)[FN_COPY_BYTES / sizeof(T)] = FN(room)(0);
    ptrdiff_t p = 0;
    do { /* once for k = 0, to write `start` */
        const ptrdiff_t depth = k - p < deepest ? k - p : deepest, ldfrom = p ? ldc : ldstart;
        const T *const sums = p ? c : start;
        ptrdiff_t taken = 0; /* rows of a panel that the one before has taken along */
        for (FN(walk) at = FN(walk_of)(m, n, rows); at.j < n; FN(walk_on)(&at)) {
            const ptrdiff_t j = at.j, width = FN(width_of)(&at), end = at.i + FN(block_of)(&at);
            const ptrdiff_t tiles = (end - at.i + FN_TILE_ROWS - 1) / FN_TILE_ROWS;
            const T *const lines = b + p * ldb + j, *const next = lines + columns;
            T *const panel = panels[FN(panel_of)(&at)], *const after = panels[FN(next_panel_of)(&at)];
            if (copied && !at.i)
                FN(pack_panel)(depth - taken, (width + LANES - 1) / LANES, lines + taken * ldb, ldb, panel + taken * columns);
            const T *const read = copied ? panel : lines;
            const ptrdiff_t ldread = copied ? columns : ldb, ahead = FN(makes_next)(&at) ? depth : 0;
            taken = 0;
            for (ptrdiff_t i = at.i, asked = 0, height; i < end; i += height) {
                height = FN(tile_height)(end - i);
                const T *const factors = packed ? a + i * k : a + i * a_row + p * a_step;
                const T *const first = sums ? sums + i * ldfrom + j : NULL;
                const int whole = height == FN_TILE_ROWS && width == columns, of_columns = __builtin_constant_p(a_row) && a_row == 1;
                if (whole && ahead && i == at.i && !copied && !of_columns && FN_FIRST_ASKS(depth)) {
                    FN(first_tile_of_rows)(end - i, depth, factors, a_row, read, ldread, first, ldfrom, c + i * ldc + j, ldc, next,
                                           (ahead - 1) * ldb);
                    asked = ahead;
                    continue;
                }
                if (ahead) {
                    if (copied) FN(pack_panel)(asked - taken, FN_TILE_VECTORS, next + taken * ldb, ldb, after + taken * columns);
                    taken = asked;
                    for (; asked < ahead && (asked - taken) * tiles < depth; asked++) FN(ask_for_row)(next + asked * ldb);
                }
                if (copied)
                    FN(ask_for_sums)(end - i - height < FN_TILE_ROWS ? end - i - height : FN_TILE_ROWS, FN_TILE_VECTORS,
                                     c + (i + height) * ldc + j, ldc);
                if (whole)
                    FN(tile)(FN_TILE_ROWS, FN_TILE_VECTORS, FN_ASKS_NOTHING, depth, factors, a_row,
                             packed ? FN_TILE_ROWS : a_step, read, ldread,
                             first, ldfrom, c + i * ldc + j, ldc, 0, 0, NULL, 0, NULL, NULL);
                else
                    small(height, width, depth, factors, packed ? 0 : lda, read, ldread, first, ldfrom, c + i * ldc + j, ldc);
            }
        }
        p += depth;
    } while (p < k);
}

/* A tile of a copied panel that runs an errand. */
NOINLINE void FN(errand_tile_of_rows)(ptrdiff_t k, const T *a, ptrdiff_t a_row, const T *b, const T *start, ptrdiff_t ldstart,
                                      T *c, ptrdiff_t ldc, FN(errand) *errand) {
    FN(tile)(FN_TILE_ROWS, FN_TILE_VECTORS, FN_ASKS_NOTHING, k, a, a_row, 1, b, FN_TILE_VECTORS * LANES, start, ldstart, c, ldc, 0,
             0, NULL, 0, NULL, errand);
}

NOINLINE void FN(errand_tile_of_columns)(ptrdiff_t k, const T *a, ptrdiff_t a_step, const T *b, const T *start,
                                         ptrdiff_t ldstart, T *c, ptrdiff_t ldc, FN(errand) *errand) {
    FN(tile)(FN_TILE_ROWS, FN_TILE_VECTORS, FN_ASKS_NOTHING, k, a, 1, a_step, b, FN_TILE_VECTORS * LANES, start, ldstart, c, ldc, 0,
             0, NULL, 0, NULL, errand);
}

/* A copied panel, a whole one, of m rows of a, `apart` from each other (of a packed block: its depth), whose whole tiles run an
 * errand for the next panel: to[depth, columns], of b as it lies at `from` or of W^T, unless `to` is NULL. `small` makes the
 * tiles that are not whole. */
static void FN(panel_with_errand)(FN(product_function) *small, ptrdiff_t m, ptrdiff_t depth, const T *a, ptrdiff_t apart,
                                  ptrdiff_t lda, ptrdiff_t a_row, ptrdiff_t a_step, const T *panel, const T *start,
                                  ptrdiff_t ldstart, T *c, ptrdiff_t ldc, const int turned, const T *from, ptrdiff_t ldfrom,
                                  T *to) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES, tiles = m / FN_TILE_ROWS, whole = depth / LANES * LANES;
    const ptrdiff_t pieces = !to ? 0 : turned ? whole / LANES * FN_PIECES : depth;
    const ptrdiff_t turns = tiles * ((depth + FN_STEPS_AN_ERRAND - 1) / FN_STEPS_AN_ERRAND);
    FN(errand) errand = {turned, 0, pieces, turns ? (pieces + turns - 1) / turns : 0, from, ldfrom, to, NULL, ldc, 0};
    for (ptrdiff_t r = 0; to && r < (turned ? columns : FN_COPIES_AHEAD < depth ? FN_COPIES_AHEAD : depth); r++)
        if (turned)
            __builtin_prefetch(from + r * ldfrom, 0, 3);
        else
            FN(ask_for_row)(from + r * ldfrom);
    for (ptrdiff_t i = 0, height; i < m; i += height) {
        height = FN(tile_height)(m - i);
        const T *const tile = a + i * apart, *const first = start ? start + i * ldstart : NULL;
        errand.sums = c + (i + height) * ldc;
        errand.rows = m - i - height < FN_TILE_ROWS ? m - i - height : FN_TILE_ROWS;
        if (height < FN_TILE_ROWS)
            small(height, columns, depth, tile, lda, panel, columns, first, ldstart, c + i * ldc, ldc);
        else if (a_row == 1)
            FN(errand_tile_of_columns)(depth, tile, a_step, panel, first, ldstart, c + i * ldc, ldc, &errand);
        else
            FN(errand_tile_of_rows)(depth, tile, a_row, panel, first, ldstart, c + i * ldc, ldc, &errand);
    }
    while (errand.done < pieces) FN(run_piece)(&errand);
    if (to && turned && whole < depth)
        FN(transposed)(columns, depth - whole, from + whole, ldfrom, to + whole * columns, columns);
}

/* b[k,n] in panels that are copied, each on the way through the one before. c has room. `small` and `packed` as above. Apart from
 * the products that call it, or GCC 12 runs out of registers for tiles of X^T dY in float64. */
NOINLINE void FN(product_of_copied_panels)(FN(product_function) *small, const int packed, ptrdiff_t m, ptrdiff_t rows, ptrdiff_t n,
                                         ptrdiff_t k, const T *a, ptrdiff_t lda, ptrdiff_t a_row, ptrdiff_t a_step, const T *b,
                                         ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES, deepest = packed ? k : FN(even_block)(k, COPY_DEPTH, 1);
    T(*const panels)[FN_COPY_BYTES / sizeof(T)] = FN(room)(0);
    ptrdiff_t p = 0;
    do { /* once for k = 0, to write `start` */
        const ptrdiff_t depth = k - p < deepest ? k - p : deepest, ldfrom = p ? ldc : ldstart;
        const T *const sums = p ? c : start;
        int there = 0; /* has the panel before made this one? */
        for (FN(walk) at = FN(walk_of)(m, n, rows); at.j < n; FN(walk_on)(&at)) {
            const ptrdiff_t i = at.i, j = at.j, width = FN(width_of)(&at), block = FN(block_of)(&at);
            const T *const lines = b + p * ldb + j, *const from = sums ? sums + i * ldfrom + j : NULL;
            const T *const factors = packed ? a : a + i * a_row + p * a_step;
            T *const panel = panels[FN(panel_of)(&at)], *const to = c + i * ldc + j;
            if (!i && !there) FN(pack_panel)(depth, (width + LANES - 1) / LANES, lines, ldb, panel);
            there = FN(makes_next)(&at);
            if (width < columns)
                small(block, width, depth, factors, packed ? 0 : lda, panel, columns, from, ldfrom, to, ldc);
            else
                FN(panel_with_errand)(small, block, depth, factors, packed ? k : a_row, packed ? 0 : lda, packed ? 1 : a_row,
                                      packed ? FN_TILE_ROWS : a_step, panel, from, ldfrom, to, ldc, 0, lines + columns, ldb,
                                      there ? panels[FN(next_panel_of)(&at)] : NULL);
        }
        p += depth;
    } while (p < k);
}

/* How many rows of the next panel the tiles of m rows can carry: all that it has, or whole vectors. */
INLINE ptrdiff_t FN(rows_carried)(ptrdiff_t m) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES, most = (m + FN_TILE_ROWS - 1) / FN_TILE_ROWS * FN_CARRIED;
    return m <= FN_TILE_ROWS ? 0 : most >= columns ? columns : most / LANES * LANES;
}

/* bt[n,k] as panels of its transpose; c has room. `packed`: a is. */
INLINE void FN(turned_panels)(const int packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *bt,
                              ptrdiff_t ldbt, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES, deepest = packed ? k : FN(even_block)(k, TURNED_DEPTH(m), FN_ERRANDS ? LANES : 1);
    const int blocks = FN_TURNED_IN_BLOCKS && !packed && m * k > (ptrdiff_t)(FN_ROWS_BYTES / sizeof(T));
    const ptrdiff_t rows = blocks ? FN(even_block)(m, ROWS_OF(FN_ROWS_BYTES, deepest), FN_TILE_ROWS) : m;
    T(*const panels)[FN_TURNED_MOST / sizeof(T)] = FN(room)(0);
    ptrdiff_t p = 0;
    do { /* once for k = 0, to write `start` */
        const ptrdiff_t depth = k - p < deepest ? k - p : deepest, ldfrom = p ? ldc : ldstart;
        const T *const sums = p ? c : start;
        ptrdiff_t carried = 0; /* columns of a panel that came along while the one before was multiplied with */
        for (FN(walk) at = FN(walk_of)(m, n, rows); at.j < n; FN(walk_on)(&at)) {
            const ptrdiff_t i = at.i, j = at.j, width = FN(width_of)(&at), block = FN(block_of)(&at);
            const T *const from = sums ? sums + i * ldfrom + j : NULL, *const factors = a + i * lda + p;
            T *const panel = panels[FN(panel_of)(&at)], *const to = c + i * ldc + j;
            if (!i && carried < width)
                FN(transposed)(width - carried, depth, bt + (j + carried) * ldbt + p, ldbt, panel + carried, columns);
            carried = 0;
            if (FN_ERRANDS && FN_TURNING_PAYS(block) && width == columns) {
                const int makes = FN(makes_next)(&at);
                FN(panel_with_errand)(packed ? FN(packed_panel) : FN(product), block, depth, factors, packed ? depth : lda,
                                      packed ? 0 : lda, packed ? 1 : lda, packed ? FN_TILE_ROWS : 1, panel, from, ldfrom, to, ldc, 1,
                                      bt + (j + columns) * ldbt + p, ldbt, makes ? panels[FN(next_panel_of)(&at)] : NULL);
                carried = makes ? columns : 0;
            } else if (FN(makes_next)(&at) && (carried = FN(rows_carried)(block)))
                FN(panel_rows)(block, FN_TILE_VECTORS, packed, depth, factors, lda, 1, panel, columns, from, ldfrom, to, ldc, carried,
                               bt + (j + columns) * ldbt + p, ldbt, panels[FN(next_panel_of)(&at)]);
            else if (packed)
                FN(packed_panel)(block, width, depth, factors, 0, panel, columns, from, ldfrom, to, ldc);
            else
                FN(panel)(block, width, depth, factors, lda, 1, panel, columns, from, ldfrom, to, ldc);
        }
        p += depth;
    } while (p < k);
}

static void FN(product_of_turned_panels)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *bt,
                                         ptrdiff_t ldbt, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    FN(turned_panels)(0, m, n, k, a, lda, bt, ldbt, start, ldstart, c, ldc);
}

/* The same of few rows, as W dY^T: bt's rows are read as they lie, a is turned, and of the result some columns at a time. The
 * chains are the same. */
static void FN(product_by_columns)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *bt, ptrdiff_t ldbt,
                                   T *c, ptrdiff_t ldc) {
    const ptrdiff_t columns = (m + LANES - 1) / LANES * LANES;
    const ptrdiff_t unit = FN_TILE_ROWS * LANES; /* whole tiles, and whole vectors, or one would run into the next row's first */
    const ptrdiff_t rows = (ptrdiff_t)(FN_BYTES_OF_COLUMNS / sizeof(T)) / columns / unit * unit;
    T *const at = FN(room)(0), *const ct = FN(room)(FN_ROOM_PANELS);
    FN(transposed)(m, k, a, lda, at, columns);
    for (ptrdiff_t i = 0; i < n; i += rows) {
        const ptrdiff_t block = n - i < rows ? n - i : rows;
        FN(product)(block, m, k, bt + i * ldbt, ldbt, at, columns, NULL, 0, ct, columns);
        FN(transposed)(block, m, ct, columns, c + i, ldc);
    }
}

/* a in packed blocks, of its rows (a_step 1) or of its columns (a_row 1); b as it lies or to be `turned`; c has room. */
static void FN(product_of_packed)(int turned, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t a_row,
                                  ptrdiff_t a_step, const T *b, ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c,
                                  ptrdiff_t ldc) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES;
    const ptrdiff_t apart = ldb * (ptrdiff_t)sizeof(T);
    const ptrdiff_t lying = FN_SHALLOW(m, k, apart) ? FN_SHALLOW_DEPTH : FN_PACKED_DEPTH;
    const ptrdiff_t most = FN_ROWS_ARE_PACKED && turned ? TURNED_DEPTH(m) : lying;
    const ptrdiff_t deepest = FN(even_block)(k, most, FN_ERRANDS && turned ? LANES : 1);
    const ptrdiff_t rows = FN(even_block)(m, ROWS_OF(FN_PACKED_BYTES, most), FN_TILE_ROWS);
    const int beyond = k * apart > FN_PACKED_FAR_BYTES;
    const int far = (FN_ERRANDS || (beyond && FN_FAR_PANELS_ARE_COPIED)) && rows >= FN_ROWS_WORTH_ASKING(apart) && FN_FAR(k, apart);
    T *const packed = FN(room)(FN_ROOM_PANELS);
    for (ptrdiff_t p = 0; p < k; p += deepest) {
        const ptrdiff_t depth = k - p < deepest ? k - p : deepest, ldfrom = p ? ldc : ldstart;
        for (ptrdiff_t i = 0; i < m; i += rows) {
            const ptrdiff_t block = m - i < rows ? m - i : rows;
            const T *const corner = a + i * a_row + p * a_step, *const first = p ? c : start;
            const T *const from = first ? first + i * ldfrom : NULL;
            if (FN_ROWS_ARE_PACKED && a_row != 1)
                FN(pack_rows)(block, depth, corner, a_row, packed);
            else
                FN(pack_tiles)(block, depth, corner, a_step, packed);
            if (FN_ROWS_ARE_PACKED && turned)
                FN(turned_panels)(1, block, n, depth, packed, 0, b + p, ldb, from, ldfrom, c + i * ldc, ldc);
            else if (far && FN_ERRANDS)
                FN(product_of_copied_panels)(FN(packed_panel), 1, block, block, n, depth, packed, 0, 1, 0, b + p * ldb, ldb, from,
                                             ldfrom, c + i * ldc, ldc);
            else if (far)
                FN(product_of_far_panels)(FN(packed_panel), 1, block, block, n, depth, packed, 0, 1, 0, b + p * ldb, ldb, from,
                                          ldfrom, c + i * ldc, ldc);
            else
                for (ptrdiff_t j = 0; j < n; j += columns)
                    FN(packed_panel)(block, n - j < columns ? n - j : columns, depth, packed,
                                     FN_PACKED_ASKS && beyond && j + columns < n ? depth : 0, b + p * ldb + j, ldb,
                                     from ? from + j : NULL, ldfrom, c + i * ldc + j, ldc);
        }
    }
}
