/* generic.c: the baseline that every CPU of an architecture runs: SSE2 on x86-64, vector extensions elsewhere. */
#include "../fastnn.h"
#include "../room.h"
#include "../simd/region.h"
#define FN_TARGET generic
#define FN_SUPPORTED 1
#define FN_VECTOR_BYTES 16
#define FN_TILE_ROWS 6
#define FN_TILE_VECTORS 2
#if defined(__x86_64__)
#include <immintrin.h>
#define FN_ISA_SSE2
#endif
#include "target.inc.h"
#include "export.inc.h"
