/* wide.c: a target for tests alone: avx512's lane count and tile, lowered by the compiler to what every CPU has.
 *
 * The logic of 16 lanes then runs on machines without AVX-512, errands too, wherever rows are enough for two tiles; avx512's own
 * instructions (simd/isa.inc.h) do not.
 */
#include "../fastnn.h"
#include "../room.h"
#include "../simd/region.h"
#define FN_TARGET wide
#define FN_SUPPORTED 1
#define FN_VECTOR_BYTES 64
#define FN_HALVES
#define FN_TILE_ROWS 14
#define FN_TILE_VECTORS 2
#define FN_ERRANDS 1
#define FN_TURNING_PAYS(rows) ((rows) >= 2 * FN_TILE_ROWS)
#include "../targets/target.inc.h"
#include "../targets/export.inc.h"
