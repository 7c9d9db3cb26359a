/* target.inc.h: one CPU target: every kernel twice, float and double, and the one symbol that it exports.
 *
 * Included by targets/<name>.c inside its region, with FN_TARGET, FN_VECTOR_BYTES, FN_TILE_ROWS, FN_TILE_VECTORS
 * and FN_ISA_*. FN_SUPPORTED is an expression that is true where this CPU runs the target.
 */
#define FN(name) FN_PASTE(name, FN_SUFFIX)

#define FN_T float
#define FN_IS_F32 1
#define FN_ELEMENT_BYTES 4
#define FN_SUFFIX _f32
#define FN_TABLE fn_kernels_f32
#include "../kernels/all.inc.h"
#undef FN_T
#undef FN_IS_F32
#undef FN_ELEMENT_BYTES
#undef FN_SUFFIX
#undef FN_TABLE

#define FN_T double
#define FN_IS_F32 0
#define FN_ELEMENT_BYTES 8
#define FN_SUFFIX _f64
#define FN_TABLE fn_kernels_f64
#include "../kernels/all.inc.h"
