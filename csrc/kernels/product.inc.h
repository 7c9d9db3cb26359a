/* product.inc.h: the matrix products of a dense layer: X W, X^T dY and dY W^T.
 *
 * Room: which way a product goes, and the loops over panels that are read where they lie. Tiles are in product_tile.inc.h,
 * copies of operands in product_copied.inc.h. No threads, no activation of its own: a bias is the value that the chains start
 * from, activations run over the block while it is in L2 (fastnn/_core/passes.pyx). Called by dense.
 *
 * Design: a tile of R rows x N vectors of c lives in registers while k runs; b is read row by row, a by scalar
 * broadcasts, so a's two orders differ by two strides alone. R and N are compile-time constants in every instance;
 * that the accumulators stay in registers is visible in the disassembly (no store in the loop), and costs half the
 * speed where it fails. Several steps of k at a time (FN_STEPS_AT_A_TIME) leave the loop's own instructions out for all but one:
 * nothing on a core of one's own, a fifth of the speed of a small tile on one whose other hardware thread is busy, which then
 * decodes every other cycle. Loops, outside in: blocks of rows that stay in L2, blocks of k, column panels of one tile's width, tiles of
 * rows. A panel is read where it lies: L2 keeps up with a line for each few multiply-adds, if tiles ask for it some steps
 * ahead (FN_LINES_AHEAD); its first tile, which has it from L3 or memory, asks much further ahead where that pays
 * (FN_FIRST_ASKS). Where few rows read what lies beyond L2, panels are shallow (FN_SHALLOW). It is copied where many rows
 * read it and its own lie half pages or pages apart, or nearly, in a few cache sets, or beyond L2, which costs more than
 * copying; each tile takes along a part of the next one, which the tile before has asked for, since hardware fetches no
 * lines ahead that far apart, and asks for the next tile's lines of c. A panel of W^T is transposed while the one before is
 * multiplied with: each tile carries some rows of W along, a number at a time by registers of integers, since the shuffles
 * of vectors take the ports of the multiply-adds. X^T is copied, tile by tile, where enough columns will read it: a tile
 * uses a few numbers of every line that it touches. So are rows of X and dY where instructions are what tiles wait for: one
 * of packed rows has a single address. A tile of two long vectors reads so few lines for its multiply-adds that no copy pays
 * where ports are half as wide (avx512.c); where they are as wide the next panel is copied, or turned, a piece after every
 * few steps of k (product_errands.inc.h). Few rows of dY W^T are made as W dY^T, for which dY and the result are turned, and
 * W is not (product_by_columns).
 */
#ifndef FN_SIZES
#define FN_SIZES
#define FN_LINE_BYTES 64
#define FN_VECTORS_A_LINE (FN_VECTOR_BYTES < FN_LINE_BYTES ? FN_LINE_BYTES / FN_VECTOR_BYTES : 1) /* one, where a vector is longer */
#define FN_PACKED_FAR_BYTES 2097152 /* of k rows: beside a copy of a's tiles a panel of fewer costs less where it lies, unasked for */
#define FN_PAGE_BYTES 4096
/* Which rows of b a tile asks for: none, those some steps of k ahead into L1, or as a panel's first tile does, which has them from
 * L3 or memory, those many steps ahead, or the next panel's, into L2. */
#define FN_ASKS_NOTHING 0
#define FN_ASKS_NEAR 1
#define FN_ASKS_FAR 2
#define FN_LINES_FAR_AHEAD 32
#define FN_NEVER ((ptrdiff_t)1 << 40)
#define FN_SHALLOW_DEPTH 64      /* rows of b in a block where FN_SHALLOW says so */
#define FN_ROWS_WORTH_HALVES 4   /* fewer have too few chains in half a vector's width by itself */
#define FN_TILES_WORTH_PACKING 4 /* column tiles that must read a tile of X^T before it is copied */
/* Rows that must read few columns before they are moved into lanes: that takes less than the lanes that a tile leaves empty
 * only where vectors are long. */
#define FN_ROWS_WORTH_LANES (FN_VECTOR_BYTES < 64 ? FN_NEVER : LANES / 2)
/* The same of columns that whole vectors leave over: X W's rows, as lanes or many times that, and how deep the sums of X^T dY
 * have to be, which come from lanes into rows afterwards. */
#define FN_FEW_LEFT_OVER 4
#define FN_ROWS_WORTH_LEAVING(m) ((m) >= FN_ROWS_WORTH_LANES && ((m) % LANES == 0 || (m) >= 4 * LANES))
#define FN_DEPTH_WORTH_LEAVING 12
#ifndef FN_CARRIED
#define FN_CARRIED 2             /* rows of the next panel of W^T that a tile takes along */
#endif
/* Rows of a tile that share an address: x86-64 has few registers of integers, and adds multiples of one as it reads. */
#ifdef __x86_64__
#define FN_ROWS_AN_ADDRESS 3
#else
#define FN_ROWS_AN_ADDRESS FN_TILE_ROWS
#endif
#ifndef FN_MOST_COLUMNS
#define FN_MOST_COLUMNS (4 * LANES < 32 ? 4 * LANES : 32) /* rows of dY W^T that may be made as columns of W dY^T */
#endif
#define FN_BYTES_OF_COLUMNS 28672 /* of such columns that are made at a time: with what they are made of, an L1 or little more */
#ifndef FN_ROWS_ARE_PACKED
#define FN_ROWS_ARE_PACKED 0     /* whether tiles of X's or dY's rows are ever copied, */
#define FN_ROWS_WORTH_PACKING(turned, m, n) 0 /* and where, for so many rows and columns of c */
#endif
#ifndef FN_EMBEDDED
#define FN_EMBEDDED(r, carried) 0 /* whether the multiply-adds of a tile's row r each read their factor themselves */
#endif
#ifndef FN_STEPS_AT_A_TIME
#define FN_STEPS_AT_A_TIME 4     /* steps of k that a tile's loop takes: its own instructions come once for all */
#endif
#ifndef FN_LINES_AHEAD
#define FN_LINES_AHEAD 0         /* how many steps of k before it reads a panel's row a tile asks for it; with 0 it does not */
#endif
#ifndef FN_LINES_PAY
#define FN_LINES_PAY 1           /* where FN_LINES_AHEAD says so */
#endif
#ifndef FN_FIRST_ASKS
#define FN_FIRST_ASKS(k) 0       /* whether the first tile of a panel that is read where it lies, k deep, asks far ahead, */
#define FN_SUMS_ARE_ASKED(k) 0   /* and whether a tile asks for its lines of c before it begins, where no first tile does */
#endif
#ifndef FN_ERRANDS
#define FN_ERRANDS 0             /* whether tiles run errands: far panels are copied then, */
#define FN_TURNING_PAYS(rows) 0  /* and those of W^T turned where so many rows read one */
#endif
#ifndef FN_HALVES_PAY
#define FN_HALVES_PAY 1          /* where FN_HALVES says that there are any */
#endif
#ifndef FN_PANEL_BYTES
#define FN_PANEL_BYTES 24576     /* of a block of a panel of W: most of an L1, */
#define FN_COPY_BYTES 24576      /* of one that is copied, */
#define FN_TURNED_MOST 32768     /* and of one of W^T, which leaves L1 before it is read anyway: on any CPU of the target, */
#define FN_TURNED_BYTES(m) 32768 /* and on this one, for so many rows */
/* Rows that must read a panel before tiles ask for the next one, how far apart its k rows are then, and whether it is copied:
 * where they share a few cache sets, lying nearly half pages apart, or where they come from beyond L2, and need the pages that a
 * core remembers. */
#define FN_NEARLY_PAGES(apart) ((apart) > FN_PAGE_BYTES / 4 && ((apart) + 24) % (FN_PAGE_BYTES / 2) <= 48)
#define FN_ROWS_WORTH_ASKING(apart) ((apart) % (FN_PAGE_BYTES / 2) == 0 ? 16 : FN_NEARLY_PAGES(apart) ? 32 : 96)
#define FN_FAR(k, apart) \
    (FN_NEARLY_PAGES(apart) || (k) * (apart) >= ((apart) % FN_LINE_BYTES ? 1048576 : 4000000))
#define FN_FAR_PANELS_ARE_COPIED 1
/* Whether m rows are few beside a b from beyond L2: its panels are read where they lie then, of few rows, so that the lines of
 * each are the neighbours of those that came for the panel before. */
#define FN_SHALLOW(m, k, apart) ((m) < 64 && (k) * (apart) >= 1048576)
#define FN_ROWS_BYTES 294912     /* of the rows that pass by one block of k: half an L2, and some */
#define FN_TURNED_IN_BLOCKS 1    /* whether dY's rows are cut into such blocks too, */
#define FN_PANELS_KEPT 4         /* and how many panels that are copied or transposed blocks share */
/* Whether X^T's tiles are copied, its k rows so many bytes apart, for so many column tiles that read them: where its rows share
 * cache sets, or a product is large enough for wide rows. */
#define FN_X_IS_COPIED(k, apart, tiles)    \
    ((apart) % (FN_PAGE_BYTES / 4) == 0 || \
     (k) * (apart) >= FN_BYTES_WORTH_COPYING / ((tiles) * FN_TILE_VECTORS * LANES))
#define FN_BYTES_WORTH_COPYING 70000000 /* of X, times columns */
#define FN_PACKED_MOST 196608    /* of a's tiles that are copied at a time, on any CPU of the target, */
#define FN_PACKED_BYTES 196608   /* on this one, */
#define FN_PACKED_DEPTH 256      /* and how deep: no deeper than panels that are copied beside it, */
#define FN_PACKED_ASKS 1         /* and whether its tiles ask for the next panel, of those that are read where they lie */
#endif
#endif
/* whole tiles of rows that take `bytes` at the depth of a panel */
#define ROWS_OF(bytes, depth) \
    ((ptrdiff_t)((bytes) / ((depth) * sizeof(T)) / FN_TILE_ROWS * FN_TILE_ROWS))
#define PANEL_DEPTH ((ptrdiff_t)(FN_PANEL_BYTES / (FN_TILE_VECTORS * FN_VECTOR_BYTES)))
#define COPY_DEPTH ((ptrdiff_t)(FN_COPY_BYTES / (FN_TILE_VECTORS * FN_VECTOR_BYTES)))
#define TURNED_DEPTH(m) ((ptrdiff_t)(FN_TURNED_BYTES(m) / (FN_TILE_VECTORS * FN_VECTOR_BYTES)))

/* Height of the next tile when `left` rows remain: full tiles, the last two made even, since a tile of one or two
 * rows has too few chains to hide the latency of the multiply-add. */
INLINE ptrdiff_t FN(tile_height)(ptrdiff_t left) {
    if (left <= FN_TILE_ROWS || left >= 2 * FN_TILE_ROWS) return left < FN_TILE_ROWS ? left : FN_TILE_ROWS;
    return (left + 1) / 2;
}

#include "product_errands.inc.h"

#define FN_TILE_ARGUMENTS k, a, a_row, a_step, b, ldb, start, ldstart, c, ldc
#define TILE(name) FN(name)
#define TILE_V V
#define TILE_LANES LANES
#include "product_tile.inc.h"
#undef TILE
#undef TILE_V
#undef TILE_LANES
#ifdef FN_HALVES
#define TILE(name) FN(name##_half)
#define TILE_V FN(half)
#define TILE_LANES (LANES / 2)
#include "product_tile.inc.h"
#undef TILE
#undef TILE_V
#undef TILE_LANES
#endif

/* Length of a block where `size` is cut into as few as possible, none longer than `most`, all alike: in whole units. */
INLINE ptrdiff_t FN(even_block)(ptrdiff_t size, ptrdiff_t most, ptrdiff_t unit) {
    if (size <= most) return size;
    const ptrdiff_t blocks = (size + most - 1) / most;
    return ((size + blocks - 1) / blocks + unit - 1) / unit * unit;
}

/* Is there room behind each row of c[*, n] for the whole vectors that are written? */
INLINE int FN(has_room)(ptrdiff_t n, ptrdiff_t ldc) { return ldc >= (n + LANES - 1) / LANES * LANES; }

#ifdef FN_HALVES
static void FN(panel_of_half)(ptrdiff_t m, ptrdiff_t k, const T *a, ptrdiff_t a_row, ptrdiff_t a_step, const T *b, ptrdiff_t ldb,
                              const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    FN(panel_rows_half)(m, 1, 0, FN_TILE_ARGUMENTS, 0, NULL, 0, NULL);
}
#endif

/* The first tile of a panel that is read where it lies, of X's rows or of its columns. It asks for rows of this panel or of the
 * next, `far` and those up to `beyond` numbers after it, and for the sums of all m rows. Apart from other tiles, whose registers
 * are few. */
NOINLINE void FN(first_tile_of_rows)(ptrdiff_t m, ptrdiff_t k, const T *a, ptrdiff_t a_row, const T *b, ptrdiff_t ldb,
                                     const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc, const T *far, ptrdiff_t beyond) {
    const ptrdiff_t a_step = 1;
    FN(tile)(FN_TILE_ROWS, FN_TILE_VECTORS, FN_ASKS_FAR, FN_TILE_ARGUMENTS, m, 0, far, beyond, NULL, NULL);
}

NOINLINE void FN(first_tile_of_columns)(ptrdiff_t m, ptrdiff_t k, const T *a, ptrdiff_t a_step, const T *b, ptrdiff_t ldb,
                                        const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc, const T *far, ptrdiff_t beyond) {
    const ptrdiff_t a_row = 1;
    FN(tile)(FN_TILE_ROWS, FN_TILE_VECTORS, FN_ASKS_FAR, FN_TILE_ARGUMENTS, m, 0, far, beyond, NULL, NULL);
}

/* All rows of one column panel, at most a tile wide, over one block of k. What half a vector holds goes first: it may run into
 * the next row's first sums. */
INLINE void FN(panel)(ptrdiff_t m, ptrdiff_t width, ptrdiff_t k, const T *a, ptrdiff_t a_row, ptrdiff_t a_step,
                      const T *b, ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
#ifdef FN_HALVES
    const ptrdiff_t over = width % LANES, whole = width - over;
    if (over && over <= LANES / 2 && m >= FN_ROWS_WORTH_HALVES && FN_HALVES_PAY) {
        FN(panel_of_half)(m, k, a, a_row, a_step, b + whole, ldb, start ? start + whole : NULL, ldstart, c + whole, ldc);
        width = whole;
    }
#endif
    const int copied = __builtin_constant_p(ldb), of_columns = __builtin_constant_p(a_row) && a_row == 1;
    if (!copied && m >= 2 * FN_TILE_ROWS && width > (FN_TILE_VECTORS - 1) * LANES && FN_FIRST_ASKS(k)) {
        const T *const far = b + FN_LINES_FAR_AHEAD * ldb;
        const ptrdiff_t beyond = (k - 1 - FN_LINES_FAR_AHEAD) * ldb; /* to b's end: what comes then may be another core's */
        if (of_columns)
            FN(first_tile_of_columns)(m, k, a, a_step, b, ldb, start, ldstart, c, ldc, far, beyond);
        else
            FN(first_tile_of_rows)(m, k, a, a_row, b, ldb, start, ldstart, c, ldc, far, beyond);
        m -= FN_TILE_ROWS;
        a += FN_TILE_ROWS * a_row;
        c += FN_TILE_ROWS * ldc;
        if (start) start += FN_TILE_ROWS * ldstart;
    }
    if (width > (FN_TILE_VECTORS - 1) * LANES)
        FN(panel_rows)(m, FN_TILE_VECTORS, 0, FN_TILE_ARGUMENTS, 0, NULL, 0, NULL);
#if FN_TILE_VECTORS > 2
    else if (width > LANES)
        FN(panel_rows)(m, 2, 0, FN_TILE_ARGUMENTS, 0, NULL, 0, NULL);
#endif
    else if (width)
        FN(panel_rows)(m, 1, 0, FN_TILE_ARGUMENTS, 0, NULL, 0, NULL);
}

/* b[k,n], panel by panel as it lies. */
INLINE void FN(product_of_panels)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t a_row, ptrdiff_t a_step,
                                  const T *b, ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    const ptrdiff_t columns = FN_TILE_VECTORS * LANES, last = (n - 1) / columns * columns;
    /* Without room behind a row the last vector runs into the next row's first sums, so these come later and are not
     * gone on from. With room panels go the way that hardware fetches ahead. */
    const int room = FN(has_room)(n, ldc);
    const ptrdiff_t most = FN_SHALLOW(m, k, ldb * (ptrdiff_t)sizeof(T)) ? FN_SHALLOW_DEPTH : PANEL_DEPTH;
    const ptrdiff_t deepest = room ? FN(even_block)(k, most, 1) : k;
    ptrdiff_t p = 0;
    do { /* once for k = 0, to write `start` */
        const ptrdiff_t depth = k - p < deepest ? k - p : deepest;
        for (ptrdiff_t done = 0; done <= last; done += columns) {
            const ptrdiff_t j = room ? done : last - done, width = n - j < columns ? n - j : columns;
            FN(panel)(m, width, depth, a + p * a_step, a_row, a_step, b + p * ldb + j, ldb, p ? c + j : start ? start + j : NULL,
                      p ? ldc : ldstart, c + j, ldc);
        }
        p += depth;
    } while (p < k);
}

typedef void FN(product_function)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t ldb,
                                  const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc);
static FN(product_function) FN(product);
#include "product_copied.inc.h"
#undef FN_TILE_ARGUMENTS

/* b[k,n], in blocks of rows that stay in L2 while all panels pass. */
INLINE void FN(product_of_blocks)(FN(product_function) *small, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda,
                                  ptrdiff_t a_row, ptrdiff_t a_step, const T *b, ptrdiff_t ldb, const T *start,
                                  ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    if (m <= 0 || n <= 0) return;
    ptrdiff_t rows = m;
    if (m * k > (ptrdiff_t)(FN_ROWS_BYTES / sizeof(T))) { /* small products do not wait for divisions */
        const ptrdiff_t most = ROWS_OF(FN_ROWS_BYTES, FN(even_block)(k, PANEL_DEPTH, 1));
        rows = FN(even_block)(m, most, FN_TILE_ROWS);
    }
    const ptrdiff_t apart = ldb * (ptrdiff_t)sizeof(T);
    const int far = m >= FN_ROWS_WORTH_ASKING(apart) && FN_FAR(k, apart) && !FN_SHALLOW(m, k, apart) && FN(has_room)(n, ldc);
    if (far) {
        if (FN_ERRANDS)
            FN(product_of_copied_panels)(small, 0, m, rows, n, k, a, lda, a_row, a_step, b, ldb, start, ldstart, c, ldc);
        else
            FN(product_of_far_panels)(small, 0, m, rows, n, k, a, lda, a_row, a_step, b, ldb, start, ldstart, c, ldc);
        return;
    }
    for (ptrdiff_t i = 0; i < m; i += rows) {
        const ptrdiff_t block = m - i < rows ? m - i : rows;
        FN(product_of_panels)(block, n, k, a + i * a_row, a_row, a_step, b, ldb, start ? start + i * ldstart : NULL, ldstart,
                              c + i * ldc, ldc);
    }
}

/* How many of n columns whole vectors leave over, if those are few and would have a panel to themselves. */
INLINE ptrdiff_t FN(left_over)(ptrdiff_t n) {
    const ptrdiff_t over = n % LANES;
#ifndef FN_HALVES
    if (n / LANES % FN_TILE_VECTORS) return 0;
#endif
    return over <= FN_FEW_LEFT_OVER && 2 * over <= LANES ? over : 0;
}

/* With less than a vector of steps of k or a single tile there is nothing to gain. */
INLINE int FN(rows_worth_packing)(const int turned, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    (void)turned, (void)n;
    return m >= 2 * FN_TILE_ROWS && k >= LANES && FN_ROWS_WORTH_PACKING(turned, m, n);
}

static void FN(product)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b, ptrdiff_t ldb,
                        const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    if (m == 1)
        FN(product_of_a_row)(n, k, a, 1, b, ldb, start, c);
    else if (n <= FN_FEW_OUTPUTS && m >= FN_ROWS_WORTH_LANES)
        FN(few_outputs_product)(m, n, k, a, lda, b, ldb, start, ldstart, c, ldc);
    else {
        const ptrdiff_t over = FN(left_over)(n), whole = n - over;
        if (over && 4 * over <= LANES && FN_ROWS_WORTH_LEAVING(m)) { /* half a vector leaves fewer lanes empty */
            FN(few_outputs_product)(m, over, k, a, lda, b + whole, ldb, start ? start + whole : NULL, ldstart, c + whole, ldc);
            n = whole;
        }
        if (FN(rows_worth_packing)(0, m, n, k) && FN(has_room)(n, ldc))
            FN(product_of_packed)(0, m, n, k, a, lda, 1, b, ldb, start, ldstart, c, ldc);
        else
            FN(product_of_blocks)(FN(product), m, n, k, a, lda, lda, 1, b, ldb, start, ldstart, c, ldc);
    }
}

INLINE int FN(worth_packing)(ptrdiff_t n, ptrdiff_t k, ptrdiff_t ldat) {
    const ptrdiff_t apart = ldat * (ptrdiff_t)sizeof(T), tiles = n / (FN_TILE_VECTORS * LANES);
    return tiles >= FN_TILES_WORTH_PACKING && FN_X_IS_COPIED(k, apart, tiles);
}

static void FN(product_at)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b,
                           ptrdiff_t ldb, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    if (n == 1 && ldc == 1 && !start && k > 0) /* a column without gaps is the row (b^T a^T) */
        FN(product_of_a_row)(m, k, b, ldb, a, lda, NULL, c);
    else if (k == 1)
        FN(outer_product)(m, n, a, 1, b, start, ldstart, c, ldc);
    else if (n <= FN_FEW_OUTPUTS && m > LANES / 2)
        FN(few_outputs_at_product)(m, n, k, a, lda, b, ldb, start, ldstart, c, ldc);
    else {
        const ptrdiff_t over = FN(left_over)(n), whole = n - over;
        if (over && k >= FN_DEPTH_WORTH_LEAVING && m > LANES / 2) {
            FN(few_outputs_at_product)(m, over, k, a, lda, b + whole, ldb, start ? start + whole : NULL, ldstart, c + whole, ldc);
            n = whole;
        }
        if (FN(worth_packing)(n, k, lda) && k > 0 && FN(has_room)(n, ldc))
            FN(product_of_packed)(0, m, n, k, a, 1, lda, b, ldb, start, ldstart, c, ldc);
        else
            FN(product_of_blocks)(FN(product_at), m, n, k, a, lda, 1, lda, b, ldb, start, ldstart, c, ldc);
    }
}

/* Few rows of dY and of the result are turned in less time than W is: by how much they are fewer, lanes that stay empty counted.
 * Where a vector has few lanes, multiply-adds take longer than turning, and a quarter of them may not stay empty. */
INLINE int FN(worth_columns)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
    const ptrdiff_t columns = (m + LANES - 1) / LANES * LANES;
    const int filled = FN_VECTOR_BYTES > 16 || 4 * m > 3 * columns;
    return m > 0 && m <= FN_MOST_COLUMNS && filled && n * k > 2 * columns * (n + k) &&
           k * columns <= (ptrdiff_t)(FN_ROOM_PANELS / sizeof(T));
}

static void FN(product_bt)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *bt,
                           ptrdiff_t ldbt, const T *start, ptrdiff_t ldstart, T *c, ptrdiff_t ldc) {
    if (k == 1 && ldbt == 1)
        FN(outer_product)(m, n, a, lda, bt, start, ldstart, c, ldc);
    else if (!start && FN(worth_columns)(m, n, k))
        FN(product_by_columns)(m, n, k, a, lda, bt, ldbt, c, ldc);
    else if (FN(rows_worth_packing)(1, m, n, k))
        FN(product_of_packed)(1, m, n, k, a, lda, 1, bt, ldbt, start, ldstart, c, ldc);
    else if (m > 0)
        FN(product_of_turned_panels)(m, n, k, a, lda, bt, ldbt, start, ldstart, c, ldc);
}
#undef PANEL_DEPTH
#undef COPY_DEPTH
#undef TURNED_DEPTH
#undef ROWS_OF
#undef FN_PIECE
#undef FN_PIECES
