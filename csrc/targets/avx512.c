/* avx512.c: 512-bit vectors, 32 registers: Skylake-X (2017), Zen 4 and later. */
#include "../fastnn.h"
#include "../simd/region.h"
#if defined(__x86_64__)
#include <immintrin.h>
#define FN_TARGET avx512
#define FN_SUPPORTED \
    __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && \
    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")
#define FN_ISA_AVX512
#define FN_VECTOR_BYTES 64
#define FN_HALVES /* Zen 4 takes two cycles for a whole vector, one for half a one */
#define FN_TILE_ROWS 14
#define FN_TILE_VECTORS 2
#define FN_CARRIED 8
/* product.inc.h: panels read where they lie, as deep as half a megabyte of rows in L2 allows; X^T copied only where its
 * rows lie whole pages apart, or where they are many, more than a page apart, and read often */
#define FN_PANEL_BYTES 65536
#define FN_TURNED_BYTES 65536
#define FN_ROWS_WORTH_ASKING 28
#define FN_FAR(apart) ((apart) >= 2 * FN_PAGE_BYTES)
#define FN_FAR_PANELS_ARE_COPIED 0
#define FN_ROWS_BYTES 524288
#define FN_LINES_LEAVE_L1(k, apart, tiles) \
    ((apart) % FN_PAGE_BYTES == 0 || ((apart) > FN_PAGE_BYTES && (k) > 256 && (tiles) >= 24))
#define FN_PACKED_BYTES 98304
#define FN_PACKED_DEPTH 512
FN_REGION_BEGIN("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "target.inc.h"
FN_REGION_END
#include "export.inc.h"
#endif
