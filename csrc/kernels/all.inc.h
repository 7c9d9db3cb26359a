/* all.inc.h: every kernel for one element type and one target, and the table that holds them.
 *
 * Included by targets/target.inc.h with FN_T, FN_IS_F32, FN(name) and FN_TABLE.
 */
#include "../simd/vector.inc.h"

#include "row.inc.h"
#include "product_row.inc.h"
#include "product_narrow.inc.h"
#include "product.inc.h"
#include "vmath.inc.h"
#include "narrow.inc.h"
#include "activation.inc.h"
#include "loss.inc.h"
#include "optimizer.inc.h"
#include "reduce.inc.h"
#include "flat.inc.h"
#include "random.inc.h"
#include "noise.inc.h"
#include "normalize.inc.h"
#include "sparse.inc.h"
#include "peak.inc.h"

#define FN_FORWARD_ENTRY(name, ...) [FN_##name] = FN(name##_forward),
/* what the list says that a derivative needs decides whether there is one */
#define FN_BACKWARD_FN_SAVES_NOTHING(name) FN(name##_backward)
#define FN_BACKWARD_FN_SAVES_OUTPUT(name) FN(name##_backward)
#define FN_BACKWARD_FN_SAVES_INPUT(name) FN(name##_backward)
#define FN_BACKWARD_FN_NOT_DIFFERENTIABLE(name) NULL
#define FN_BACKWARD_ENTRY(name, saves, ...) [FN_##name] = FN_BACKWARD_##saves(name),
#define FN_LOSS_ENTRY(name, ...) [FN_LOSS_##name] = FN(name##_loss),
#define FN_OPTIMIZER_ENTRY(name, ...) [FN_OPTIMIZER_##name] = FN(name##_update),
#define FN_NOISE_FORWARD_ENTRY(name, ...) [FN_NOISE_##name] = FN(name##_noise_forward),
#define FN_NOISE_BACKWARD_ENTRY(name, ...) [FN_NOISE_##name] = FN(name##_noise_backward),

static const FN_TABLE FN(kernels) = {
    .lanes = (int)LANES,
    .tile_rows = FN_TILE_ROWS,
    .tile_columns = (int)(FN_TILE_VECTORS * LANES),
    .product = FN(product),
    .product_at = FN(product_at),
    .product_bt = FN(product_bt),
    .transposed = FN(transposed),
    .rank_one_product = FN(rank_one_product),
    .exp = FN(exp_array),
    .log = FN(log_array),
    .tanh = FN(tanh_array),
    .sigmoid = FN(sigmoid_array),
    .activation_forward = {FN_ACTIVATION_LIST(FN_FORWARD_ENTRY)},
    .activation_backward = {FN_ACTIVATION_LIST(FN_BACKWARD_ENTRY)},
    .loss = {FN_LOSS_LIST(FN_LOSS_ENTRY)},
    .optimizer = {FN_OPTIMIZER_LIST(FN_OPTIMIZER_ENTRY)},
    .clip = FN(clip_array),
    .average = FN(average),
    .squares_of_columns = FN(squares_of_columns),
    .scale_columns = FN(scale_columns),
    .column_sums = FN(column_sums),
    .sum_of_squares = FN(sum_of_squares),
    .sum_of_magnitudes = FN(sum_of_magnitudes),
    .accumulate = FN(accumulate),
    .first_not_finite = FN(first_not_finite),
    .gather_f32 = FN(gather_f32),
    .gather_f64 = FN(gather_f64),
    .gather_u8 = FN(gather_u8),
    .uniform = FN(uniform),
    .dropout = FN(dropout),
    .noise_forward = {FN_NOISE_LIST(FN_NOISE_FORWARD_ENTRY)},
    .noise_backward = {FN_NOISE_LIST(FN_NOISE_BACKWARD_ENTRY)},
    .add = FN(add),
    .affine = FN(affine),
    .penalize = FN(penalize),
    .column_squares = FN(column_squares),
    .column_products = FN(column_products),
    .normalize = FN(normalize),
    .normalize_backward = FN(normalize_backward),
    .layer_norm = FN(layer_norm),
    .layer_norm_backward = FN(layer_norm_backward),
    .row_products = FN(row_products),
    .prelu = FN(prelu),
    .prelu_backward = FN(prelu_backward),
    .prelu_products = FN(prelu_products),
    .sparse_product = FN(sparse_product),
    .sparse_gradient = FN(sparse_gradient),
    .multiply_add_peak = FN(multiply_add_peak),
};

#undef FN_FORWARD_ENTRY
#undef FN_BACKWARD_FN_SAVES_NOTHING
#undef FN_BACKWARD_FN_SAVES_OUTPUT
#undef FN_BACKWARD_FN_SAVES_INPUT
#undef FN_BACKWARD_FN_NOT_DIFFERENTIABLE
#undef FN_BACKWARD_ENTRY
#undef FN_LOSS_ENTRY
#undef FN_OPTIMIZER_ENTRY
#undef FN_NOISE_FORWARD_ENTRY
#undef FN_NOISE_BACKWARD_ENTRY
#undef T
#undef V
#undef I
#undef INT
#undef LANES
#undef INLINE
#undef FN_HAS_PARTIAL
