/* loss.inc.h: every entry of FN_LOSS_LIST, <name>_loss: value, gradient and prediction of each row in one call.
 *
 * Room: what all losses share. Formulas stand in the two files that it includes: loss_elementwise.inc.h, a formula on
 * vectors, and loss_by_row.inc.h, where the row's sum or maximum enters into each element. Means, reductions over rows
 * and metrics are the engine's and Python's. Called by the kernel table. Formulas are Keras 3's
 * (keras/src/losses/losses.py, keras/src/backend/common) where no other source is named. A row's value is added up in
 * double; whatever a row gets depends on that row alone.
 */

/* Keras's epsilon(): what probabilities keep off 0 and 1. Like Keras, both bounds are rounded to the element type. */
#define FN_EPSILON ((T)1e-7)
#define FN_ONE_LESS_EPSILON ((T)(1 - 1e-7))

/* log(1 + u), u >= 0: log of the rounded sum, and the first term of what its rounding lost. */
INLINE V FN(log1p)(V u) {
    const V one = FN(splat)(1), sum = one + u;
    return FN(log)(sum) + (u - (sum - one)) / sum;
}

INLINE V FN(clip)(V p) {
    return FN(minimum)(FN(splat)(FN_ONE_LESS_EPSILON), FN(maximum)(FN(splat)(FN_EPSILON), p));
}
/* Where clip(p) has slope 1: both bounds included, as in the frameworks below Keras; NaN counts as inside. */
INLINE I FN(unclipped)(V p) { return ~((p < FN(splat)(FN_EPSILON)) | (p > FN(splat)(FN_ONE_LESS_EPSILON))); }

#define FN_LOSS_ARGUMENTS                                                                                           \
    ptrdiff_t rows, ptrdiff_t width, const T *z, ptrdiff_t ldz, const void *truth, ptrdiff_t ldtruth,               \
        const int64_t *index, const T *weight, double value_scale, double gradient_scale, double parameter,        \
        double *row_loss, T *dz, ptrdiff_t lddz, T *prediction, ptrdiff_t ldprediction
#define FN_LOSS_PASSED                                                                                              \
    rows, width, z, ldz, truth, ldtruth, index, weight, value_scale, gradient_scale, parameter, row_loss, dz, lddz,   \
        prediction, ldprediction

/* Of rows in lanes (narrow.inc.h), where a lane without a row has the first: where the truth of one stands, */
INLINE ptrdiff_t FN(truth_in_lane)(ptrdiff_t lane, ptrdiff_t rows, const int64_t *index) {
    const ptrdiff_t row = lane < rows ? lane : 0;
    return index ? (ptrdiff_t)index[row] : row;
}
/* what multiplies their gradients, and `scale`[LANES], what their values. */
INLINE V FN(scales_in_lanes)(ptrdiff_t rows, const int64_t *index, const T *weight, double value_scale, double gradient_scale,
                             double *scale) {
    V factor = FN(splat)((T)gradient_scale);
    for (int r = 0; r < LANES; r++) scale[r] = value_scale;
    for (int r = 0; weight && r < LANES; r++) {
        const double w = (double)weight[FN(truth_in_lane)(r, rows, index)];
        factor[r] = (T)(gradient_scale * w);
        scale[r] = value_scale * w;
    }
    return factor;
}

#include "loss_elementwise.inc.h"

#include "loss_by_row.inc.h"

#undef FN_LOSS_ARGUMENTS
#undef FN_LOSS_PASSED
#undef FN_EPSILON
#undef FN_ONE_LESS_EPSILON
