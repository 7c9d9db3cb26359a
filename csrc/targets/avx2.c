/* avx2.c: 256-bit vectors with fused multiply-add: Haswell (2013), Zen and later. */
#include "../fastnn.h"
#include "../room.h"
#include "../simd/region.h"
#if defined(__x86_64__)
#include <immintrin.h>
#define FN_TARGET avx2
#define FN_SUPPORTED __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
#define FN_ISA_AVX2
#define FN_VECTOR_BYTES 32
#define FN_TILE_ROWS 6
#define FN_TILE_VECTORS 2
FN_REGION_BEGIN("avx2,fma")
#include "target.inc.h"
FN_REGION_END
#include "export.inc.h"
#endif
