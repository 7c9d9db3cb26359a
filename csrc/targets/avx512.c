/* avx512.c: 512-bit vectors, 32 registers: Skylake-X (2017), Zen 4 and later. */
#include "../fastnn.h"
#include "../room.h"
#include "../simd/region.h"
#if defined(__x86_64__)
#include <immintrin.h>
#define FN_TARGET avx512
#define FN_SUPPORTED \
    __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && \
    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")
#define FN_ISA_AVX512
#define FN_VECTOR_BYTES 64
/* Zen 4's ports are half a vector wide: a whole one takes two cycles, half a one takes one, and L2 keeps up. Others' are whole. */
#ifndef FN_NARROW_PORTS
#define FN_NARROW_PORTS __builtin_cpu_is("amdfam19h")
#endif
#define FN_ROOTS_BY_STEPS (!FN_NARROW_PORTS)
#define FN_HALVES
#define FN_HALVES_PAY FN_NARROW_PORTS
#define FN_TILE_ROWS 14
#define FN_TILE_VECTORS 2
#define FN_CARRIED 8
#define FN_STEPS_AT_A_TIME 2
/* Multiply-adds repeat a number that they read themselves: one instruction less a row, one load more, so for a third of the
 * rows, and none where loads are what tiles wait for. */
#define FN_EMBEDDED(r, carried) ((r) % 3 == 0 && (FN_IS_F32 || !(carried)))
#define FN_LINES_AHEAD 8
#define FN_LINES_PAY (!FN_NARROW_PORTS)
#define FN_FIRST_ASKS(k) (FN_NARROW_PORTS && (k) >= 128)
#define FN_SUMS_ARE_ASKED(k) (FN_NARROW_PORTS && (k) >= 256)
/* As measured (docs/tuning.md): in float32 from 512 columns on, of dY W^T beside many rows from 1024, in float64 of X W
 * alone, from 1024; never where ports are narrow. */
#define FN_ROWS_ARE_PACKED 1
#define FN_ROWS_WORTH_PACKING(turned, m, n) \
    (!FN_NARROW_PORTS && (FN_IS_F32 ? (n) >= ((turned) && (m) > 256 ? 1024 : 512) : !(turned) && (n) >= 1024))
/* product.inc.h: panels read where they lie, as deep as half a megabyte of rows in L2 allows, and X^T too. With narrow
 * ports panels are twice as deep, since L2 keeps up: each sum goes out and comes back half as often. A panel's first tile
 * asks for its lines, or, where rows are two pages apart, each tile for a part of the next panel's; X^T is copied only
 * where its rows lie whole pages apart, or where they are many, more than a page apart, and read often. Else both are
 * copied where their rows overflow cache sets, or L2 and the pages that a core remembers, panels only where many rows read
 * them, as errands of tiles; those of W^T are turned so where few tiles would have to carry them, in float64 where many
 * do, for which panels are half as deep then. Where rows share cache sets, for they lie whole pages apart, L2 keeps few of
 * a deep panel's lines from one tile to the next, so that of few rows is shallow. */
#define FN_PANEL_BYTES (FN_NARROW_PORTS ? 131072 : 65536)
#define FN_COPY_BYTES 32768
#define FN_TURNED_MOST 131072
#define FN_TURNED_BYTES(m) (FN_NARROW_PORTS ? FN_TURNED_MOST : FN_IS_F32 || !FN_TURNING_PAYS(m) ? 65536 : 32768)
#define FN_ROWS_WORTH_ASKING(apart) \
    (FN_NARROW_PORTS ? 28 : (apart) % FN_PAGE_BYTES == 0 ? 128 : 176)
#define FN_FAR_PANELS_ARE_COPIED 0
#define FN_FAR(k, apart)                                                    \
    (FN_NARROW_PORTS ? (apart) >= 2 * FN_PAGE_BYTES                          \
     : (apart) % FN_PAGE_BYTES == 0 ? (k) * (apart) > 1048576                \
                                    : (k) * (apart) >= (FN_IS_F32 ? 2000000 : 4194304))
#define FN_SHALLOW(m, k, apart) (!FN_NARROW_PORTS && (m) > FN_TILE_ROWS && (m) < 80 && (apart) % FN_PAGE_BYTES == 0)
#define FN_ROWS_BYTES 524288
#define FN_TURNED_IN_BLOCKS 0
#define FN_PANELS_KEPT 4
#define FN_X_IS_COPIED(k, apart, tiles)                                                                                         \
    (FN_NARROW_PORTS ? (apart) % FN_PAGE_BYTES == 0 || ((apart) > FN_PAGE_BYTES && (k) * (apart) >= 100000000 / (tiles)) \
     : (apart) % (FN_PAGE_BYTES / 2) == 0 || (apart) >= 2 * FN_PAGE_BYTES ? (k) * (apart) >= 1048576                        \
     : (apart) > FN_PAGE_BYTES && (k) * (apart) >= 2097152)
#define FN_PACKED_MOST 393216
#define FN_PACKED_BYTES (FN_NARROW_PORTS ? 98304 : FN_PACKED_MOST)
#define FN_PACKED_DEPTH (FN_NARROW_PORTS ? 512 : 256)
#define FN_PACKED_ASKS 0
#define FN_ERRANDS (!FN_NARROW_PORTS)
#define FN_MOST_COLUMNS (FN_NARROW_PORTS ? LANES : 32)
#define FN_TURNING_PAYS(rows) (FN_IS_F32 ? (rows) >= 96 && (rows) < 384 : (rows) >= 384)
FN_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "target.inc.h"
FN_REGION_END
#include "export.inc.h"
#endif
