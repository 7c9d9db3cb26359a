/* neon.c: 128-bit vectors, 32 registers: every 64-bit ARM. */
#include "../fastnn.h"
#include "../room.h"
#include "../simd/region.h"
#if defined(__aarch64__)
#include <arm_neon.h>
#define FN_TARGET neon
#define FN_SUPPORTED 1
#define FN_ISA_NEON
#define FN_VECTOR_BYTES 16
#define FN_TILE_ROWS 8
#define FN_TILE_VECTORS 3
#include "target.inc.h"
#include "export.inc.h"
#endif
