/* loss.inc.h: every entry of FN_LOSS_LIST, <name>_loss: value, gradient and prediction of each row in one call.
 *
 * Room: the formulas of losses. Means, reductions over rows and metrics are the engine's and Python's. Called by the
 * kernel table. Formulas are Keras 3's (keras/src/losses/losses.py, keras/src/backend/common) and scikit-learn's
 * (poisson_from_log: sklearn/neural_network/_base.py). A row's value is added up in double; whatever a row gets
 * depends on that row alone.
 *
 * Two shapes of loss: elementwise, a formula on vectors (for rows narrower than a vector elements of several rows
 * share one), and by the row, where the row's sum or maximum enters into each element (from logits, LANES narrow rows
 * at a time: narrow.inc.h).
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

/* ---- elementwise losses --------------------------------------------------------------------------------------- */

typedef struct {
    V value, gradient, prediction;
} FN(terms);

/* (z - y)^2 */
INLINE FN(terms) FN(squared_error_terms)(V z, V y) {
    const V error = z - y;
    return (FN(terms)){error * error, error + error, z};
}

/* z - y log(z + epsilon) */
INLINE FN(terms) FN(poisson_terms)(V z, V y) {
    const V shifted = z + FN(splat)(FN_EPSILON);
    return (FN(terms)){FN(fma)(-y, FN(log)(shifted), z), FN(splat)(1) - y / shifted, z};
}

/* -y log p - (1 - y) log(1 - p), p = clip(z); gradient (p - y) / (p (1 - p)), 0 where clipped */
INLINE FN(terms) FN(binary_crossentropy_terms)(V z, V y) {
    const V one = FN(splat)(1), p = FN(clip)(z), q = one - p;
    const V value = FN(fma)(-y, FN(log)(p), (y - one) * FN(log)(q));
    return (FN(terms)){value, FN(keep)(FN(unclipped)(z), (p - y) / (p * q)), z};
}

/* y log y - y z - y + e^z, the half Poisson deviance of e^z; 0 log 0 = 0 */
INLINE FN(terms) FN(poisson_from_log_terms)(V z, V y) {
    const V prediction = FN(exp)(z), gradient = prediction - y;
    const V product = FN(select)(y == FN(splat)(0), y, y * (FN(log)(y) - z));
    return (FN(terms)){product + gradient, gradient, prediction};
}

/* -y log p - (1 - y) log(1 - p), p = sigmoid(z), which is max(z, 0) - z y + log(1 + e^-|z|) */
INLINE FN(terms) FN(binary_crossentropy_from_logits_terms)(V z, V y) {
    const V p = FN(sigmoid)(z), positive = FN(maximum)(FN(splat)(0), z);
    const V value = FN(fma)(-z, y, positive) + FN(log1p)(FN(exp)(-FN(absolute)(z)));
    return (FN(terms)){value, p - y, p};
}

#define FN_LOSS_ARGUMENTS                                                                                           \
    ptrdiff_t rows, ptrdiff_t width, const T *z, ptrdiff_t ldz, const void *truth, ptrdiff_t ldtruth,               \
        const int64_t *index, const T *weight, double value_scale, double gradient_scale, double *row_loss, T *dz,  \
        ptrdiff_t lddz, T *prediction, ptrdiff_t ldprediction
#define FN_LOSS_PASSED                                                                                              \
    rows, width, z, ldz, truth, ldtruth, index, weight, value_scale, gradient_scale, row_loss, dz, lddz, prediction, \
        ldprediction

/* Rows narrower than a vector: LANES elements at a time, in the order of rows and columns. */
INLINE void FN(narrow_loss)(FN(terms) (*const terms)(V, V), FN_LOSS_ARGUMENTS) {
    T z_lanes[LANES], y_lanes[LANES], factor[LANES], value[LANES], gradient[LANES], predicted[LANES];
    double scale[LANES];
    for (ptrdiff_t i = 0; i < LANES; i++) z_lanes[i] = y_lanes[i] = factor[i] = 0;
    ptrdiff_t row = 0, column = 0; /* of the first lane */
    for (ptrdiff_t left = rows * width; left > 0; left -= LANES) {
        const ptrdiff_t n = FN(part)(left);
        ptrdiff_t r = row, j = column;
        for (ptrdiff_t i = 0; i < n; i++) {
            const ptrdiff_t at = index ? (ptrdiff_t)index[r] : r;
            const double w = weight ? (double)weight[at] : 1;
            z_lanes[i] = z[r * ldz + j];
            y_lanes[i] = ((const T *)truth)[at * ldtruth + j];
            factor[i] = (T)(gradient_scale * w);
            scale[i] = value_scale * w;
            if (++j == width) j = 0, r++;
        }
        const FN(terms) t = terms(FN(load)(z_lanes), FN(load)(y_lanes));
        FN(store)(value, t.value);
        FN(store)(gradient, t.gradient * FN(load)(factor));
        FN(store)(predicted, t.prediction);
        for (ptrdiff_t i = 0; i < n; i++) {
            row_loss[row] = (column ? row_loss[row] : 0) + (double)value[i] * scale[i];
            if (dz) dz[row * lddz + column] = gradient[i];
            if (prediction) prediction[row * ldprediction + column] = predicted[i];
            if (++column == width) column = 0, row++;
        }
    }
}

INLINE void FN(wide_loss)(FN(terms) (*const terms)(V, V), FN_LOSS_ARGUMENTS) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        const ptrdiff_t at = index ? (ptrdiff_t)index[r] : r;
        const T *z_row = z + r * ldz, *y_row = (const T *)truth + at * ldtruth;
        const double w = weight ? (double)weight[at] : 1;
        const V factor = FN(splat)((T)(gradient_scale * w));
        FN(wide) sum = {0};
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            FN(terms) t = terms(FN(load_part)(z_row + j, n), FN(load_part)(y_row + j, n));
            if (n < LANES) t.value = FN(keep)(FN(lanes_below)(n), t.value);
            sum += FN(widen)(t.value);
            if (dz) FN(store_part)(dz + r * lddz + j, n, t.gradient * factor);
            if (prediction) FN(store_part)(prediction + r * ldprediction + j, n, t.prediction);
        }
        row_loss[r] = FN(reduce_wide)(sum) * (value_scale * w);
    }
}

#define FN_ELEMENTWISE_LOSS(name)                            \
    static void FN(name##_loss)(FN_LOSS_ARGUMENTS) {         \
        if (width < LANES)                                   \
            FN(narrow_loss)(FN(name##_terms), FN_LOSS_PASSED); \
        else                                                 \
            FN(wide_loss)(FN(name##_terms), FN_LOSS_PASSED); \
    }
FN_ELEMENTWISE_LOSS(squared_error)
FN_ELEMENTWISE_LOSS(poisson)
FN_ELEMENTWISE_LOSS(binary_crossentropy)
FN_ELEMENTWISE_LOSS(poisson_from_log)
FN_ELEMENTWISE_LOSS(binary_crossentropy_from_logits)
#undef FN_ELEMENTWISE_LOSS

/* ---- losses by the row ------------------------------------------------------------------------------------------ */

/* One row of truth: its values, or the class whose value is 1 while all others are 0. */
typedef struct {
    const T *values;
    ptrdiff_t label;
} FN(truth);

INLINE FN(truth) FN(truth_of)(const int labels, const void *truth, ptrdiff_t ldtruth, ptrdiff_t at) {
    if (labels) return (FN(truth)){NULL, ((const int32_t *)truth)[at]};
    return (FN(truth)){(const T *)truth + at * ldtruth, 0};
}
INLINE V FN(truth_part)(const int labels, FN(truth) y, ptrdiff_t j, ptrdiff_t n) {
    if (labels) return FN(keep)(FN(lane_at)(y.label - j), FN(splat)(1));
    return FN(load_part)(y.values + j, n);
}

/* -sum_j y_j log clip(q_j), q = z / sum z: probabilities, which Keras divides by their sum first. With A the sum of
 * y_j over the unclipped, the gradient is (A - [k unclipped] y_k / q_k) / sum z. */
INLINE void FN(row_of_probabilities)(const int labels, ptrdiff_t width, FN(truth) truth, double value_scale,
                                     double gradient_scale, const T *z, double *row_loss, T *dz, T *prediction) {
    FN(wide) sum = {0}, value = {0}, unclipped_truth = {0};
    for (ptrdiff_t j = 0; j < width; j += LANES) sum += FN(widen)(FN(load_part)(z + j, FN(part)(width - j)));
    const double total = FN(reduce_wide)(sum);
    const V divisor = FN(splat)((T)total);
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V q = FN(load_part)(z + j, n) / divisor, y = FN(truth_part)(labels, truth, j, n);
        value += FN(widen)(y * FN(log)(FN(clip)(q)));
        unclipped_truth += FN(widen)(FN(keep)(FN(unclipped)(q), y));
    }
    *row_loss = -FN(reduce_wide)(value) * value_scale;
    const V common = FN(splat)((T)FN(reduce_wide)(unclipped_truth)), factor = FN(splat)((T)(gradient_scale / total));
    for (ptrdiff_t j = 0; j < width && (dz || prediction); j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V p = FN(load_part)(z + j, n), q = p / divisor, y = FN(truth_part)(labels, truth, j, n);
        if (prediction) FN(store_part)(prediction + j, n, p);
        if (dz) FN(store_part)(dz + j, n, (common - FN(keep)(FN(unclipped)(q), y / q)) * factor);
    }
}

/* -sum_j y_j log p_j, p = softmax(z). With m = max z, S = sum_j e^(z_j - m) and Y = sum_j y_j the value is
 * Y log S + sum_j y_j (m - z_j), where nothing cancels, and the gradient p Y - y. log S = log1p(S - 1), with S - 1
 * added up without the 1, so that the loss of a confident row does not vanish; 0 times an infinite logit is 0.
 * p has the bits of softmax_forward. */
INLINE void FN(row_of_logits)(const int labels, ptrdiff_t width, FN(truth) truth, double value_scale,
                              double gradient_scale, const T *z, double *row_loss, T *dz, T *prediction) {
    const V zero = FN(splat)(0), greatest = FN(splat)(FN(row_max)(width, z));
    FN(wide) below = {0}, truths = {0};
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V y = FN(truth_part)(labels, truth, j, n);
        const V product = y * (greatest - FN(load_part)(z + j, n));
        below += FN(widen)(FN(select)(y == zero, zero, product));
        truths += FN(widen)(y);
    }
    /* the exponentials wait where a result will stand; dz = z is free to be written now */
    T *e = dz ? dz : prediction;
    const FN(exponential_sum) parts = FN(exponentials)(width, greatest[0], z, e);
    const double sum = parts.peaks + parts.rest, all = FN(reduce_wide)(truths);
    const V log_sum = FN(log1p)(FN(splat)((T)(parts.rest + (parts.peaks - 1))));
    *row_loss = (all * (double)log_sum[0] + FN(reduce_wide)(below)) * value_scale;
    if (prediction) FN(scale_row)(width, (T)(1 / sum), e, prediction);
    if (!dz) return;
    const V share = FN(splat)((T)(all / sum)), factor = FN(splat)((T)gradient_scale);
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V y = FN(truth_part)(labels, truth, j, n);
        FN(store_part)(dz + j, n, FN(fma)(FN(load_part)(dz + j, n), share, -y) * factor);
    }
}

/* The same for rows of at most FN_NARROW columns, LANES rows at a time; `rows` of them, the weights and truths of
 * the others repeat the first's. */
INLINE void FN(narrow_logits)(const int labels, FN_LOSS_ARGUMENTS) {
    const V zero = FN(splat)(0);
    V logits[FN_NARROW], e[FN_NARROW], y[FN_NARROW], result[FN_NARROW];
    FN(wide) below = {0}, truths = {0};
    T factor[LANES];
    double scale[LANES], loss[LANES];
    for (ptrdiff_t j = 0; j < width; j++) y[j] = zero;
    for (ptrdiff_t r = 0; r < LANES; r++) {
        const ptrdiff_t lane_row = r < rows ? r : 0, at = index ? (ptrdiff_t)index[lane_row] : lane_row;
        const double w = weight ? (double)weight[at] : 1;
        factor[r] = (T)(gradient_scale * w);
        scale[r] = value_scale * w;
        if (labels)
            y[((const int32_t *)truth)[at]][r] = 1;
        else
            for (ptrdiff_t j = 0; j < width; j++) y[j][r] = ((const T *)truth)[at * ldtruth + j];
    }
    FN(rows_to_lanes)(rows, width, z, ldz, logits);
    const FN(softmax_lanes) parts = FN(exponentials_in_lanes)(width, logits, e);
    for (ptrdiff_t j = 0; j < width; j++) {
        below += FN(widen)(FN(select)(y[j] == zero, zero, y[j] * (parts.greatest - logits[j])));
        truths += FN(widen)(y[j]);
    }
    const FN(wide) sum = parts.peaks + parts.rest;
    const V log_sum = FN(log1p)(FN(narrowed)(parts.rest + (parts.peaks - 1)));
    *(FN(unaligned_wide) *)loss = truths * FN(widen)(log_sum) + below;
    for (ptrdiff_t r = 0; r < rows; r++) row_loss[r] = loss[r] * scale[r];
    if (prediction) {
        const V inverse = FN(narrowed)(1 / sum);
        for (ptrdiff_t j = 0; j < width; j++) result[j] = e[j] * inverse;
        FN(lanes_to_rows)(rows, width, result, prediction, ldprediction);
    }
    if (dz) {
        const V share = FN(narrowed)(truths / sum), factors = FN(load)(factor);
        for (ptrdiff_t j = 0; j < width; j++) result[j] = FN(fma)(e[j], share, -y[j]) * factors;
        FN(lanes_to_rows)(rows, width, result, dz, lddz);
    }
}

#define FN_ROW_LOSS(name, row_kernel, labels)                                                                        \
    static void FN(name##_loss)(FN_LOSS_ARGUMENTS) {                                                                 \
        for (ptrdiff_t r = 0; r < rows && width > 0; r++) {                                                          \
            const ptrdiff_t at = index ? (ptrdiff_t)index[r] : r;                                                    \
            const double w = weight ? (double)weight[at] : 1;                                                        \
            FN(row_kernel)(labels, width, FN(truth_of)(labels, truth, ldtruth, at), value_scale * w,                 \
                           gradient_scale * w, z + r * ldz, row_loss + r, dz ? dz + r * lddz : NULL,                 \
                           prediction ? prediction + r * ldprediction : NULL);                                       \
        }                                                                                                            \
    }
FN_ROW_LOSS(categorical_crossentropy, row_of_probabilities, 0)
FN_ROW_LOSS(sparse_categorical_crossentropy, row_of_probabilities, 1)
FN_ROW_LOSS(wide_logits, row_of_logits, 0)
FN_ROW_LOSS(wide_sparse_logits, row_of_logits, 1)
#undef FN_ROW_LOSS

#define FN_LOGITS_LOSS(name, wide, labels)                                                                           \
    static void FN(name##_loss)(FN_LOSS_ARGUMENTS) {                                                                 \
        if (width > FN_NARROW) {                                                                                     \
            FN(wide##_loss)(FN_LOSS_PASSED);                                                                         \
            return;                                                                                                  \
        }                                                                                                            \
        for (ptrdiff_t r = 0; r < rows && width > 0; r += LANES) {                                                   \
            /* without an index, rows of truth and weight go along */                                                \
            const ptrdiff_t ahead = index ? 0 : r;                                                                   \
            const void *truths = labels ? (const void *)((const int32_t *)truth + ahead)                             \
                                        : (const void *)((const T *)truth + ahead * ldtruth);                        \
            FN(narrow_logits)(labels, FN(part)(rows - r), width, z + r * ldz, ldz, truths, ldtruth,                  \
                              index ? index + r : NULL, weight ? weight + ahead : NULL, value_scale, gradient_scale, \
                              row_loss + r, dz ? dz + r * lddz : NULL, lddz,                                         \
                              prediction ? prediction + r * ldprediction : NULL, ldprediction);                      \
        }                                                                                                            \
    }
FN_LOGITS_LOSS(categorical_crossentropy_from_logits, wide_logits, 0)
FN_LOGITS_LOSS(sparse_categorical_crossentropy_from_logits, wide_sparse_logits, 1)
#undef FN_LOGITS_LOSS

#undef FN_LOSS_ARGUMENTS
#undef FN_LOSS_PASSED
#undef FN_EPSILON
#undef FN_ONE_LESS_EPSILON
