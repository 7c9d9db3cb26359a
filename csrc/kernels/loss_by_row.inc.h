/* loss_by_row.inc.h: cross-entropies of one of many, in which a row's sum or maximum enters into each element.
 *
 * From logits, LANES narrow rows at a time (narrow.inc.h). `parameter` is the share of the truth that label smoothing
 * spreads over all classes. Included by loss.inc.h.
 */

/* One row of truth: its values, or the class whose value is 1 while all others are 0. Label smoothing makes
 * y `kept` + `spread` of a value y. */
typedef struct {
    const T *values;
    ptrdiff_t label;
    T kept, spread;
} FN(truth);

INLINE FN(truth) FN(truth_of)(const int labels, const void *truth, ptrdiff_t ldtruth, ptrdiff_t at, ptrdiff_t width,
                              double smoothing) {
    const T kept = (T)(1 - smoothing), spread = (T)(smoothing / (double)width);
    if (labels) return (FN(truth)){NULL, ((const int32_t *)truth)[at], kept, spread};
    return (FN(truth)){(const T *)truth + at * ldtruth, 0, kept, spread};
}
/* lanes from n on are 0 */
INLINE V FN(truth_part)(const int labels, FN(truth) y, ptrdiff_t j, ptrdiff_t n) {
    const V spread = FN(splat)(y.spread);
    const V part = labels ? FN(select)(FN(lane_at)(y.label - j), FN(splat)(y.kept + y.spread), spread)
                          : FN(fma)(FN(load_part)(y.values + j, n), FN(splat)(y.kept), spread);
    return n < LANES ? FN(keep)(FN(lanes_below)(n), part) : part;
}

/* -sum_j y_j log clip(q_j), q = z / sum z: probabilities, which Keras divides by their sum first. With A the sum of
 * y_j over the unclipped, the gradient is (A - [k unclipped] y_k / q_k) / sum z. */
INLINE void FN(row_of_probabilities)(const int labels, ptrdiff_t width, FN(truth) truth, double value_scale,
                                     double gradient_scale, const T *z, double *row_loss, T *dz, T *prediction) {
    FN(wide) sum = {0}, value = {0}, unclipped_truth = {0};
    for (ptrdiff_t j = 0; j < width; j += LANES)
        sum = FN(wide_sum)(sum, FN(widen)(FN(load_part)(z + j, FN(part)(width - j))));
    const double total = FN(reduce_wide)(sum);
    const V divisor = FN(splat)((T)total);
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V q = FN(load_part)(z + j, n) / divisor, y = FN(truth_part)(labels, truth, j, n);
        value = FN(wide_sum)(value, FN(widen)(y * FN(log)(FN(clip)(q))));
        unclipped_truth = FN(wide_sum)(unclipped_truth, FN(widen)(FN(keep)(FN(unclipped)(q), y)));
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

/* Sum of y_j (m - z_j), m the greatest z, and of y_j. */
typedef struct {
    double below, all;
} FN(truth_sums);

INLINE FN(truth_sums) FN(sums_of_truth)(const int labels, ptrdiff_t width, FN(truth) truth, T greatest, const T *z) {
    const V zero = FN(splat)(0);
    FN(wide) below = {0}, all = {0};
    if (labels && truth.spread == 0) /* all others are 0 */
        return (FN(truth_sums)){(double)(truth.kept * (greatest - z[truth.label])), (double)truth.kept};
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V y = FN(truth_part)(labels, truth, j, n);
        const V product = y * (FN(splat)(greatest) - FN(load_part)(z + j, n));
        below = FN(wide_sum)(below, FN(widen)(FN(select)(y == zero, zero, product)));
        all = FN(wide_sum)(all, FN(widen)(y));
    }
    return (FN(truth_sums)){FN(reduce_wide)(below), FN(reduce_wide)(all)};
}

/* e[width] = (e share - y) factor */
INLINE void FN(gradient_of_logits)(const int labels, ptrdiff_t width, FN(truth) truth, T share, T factor, T *e) {
    const int one = labels && truth.spread == 0;
    const V shares = FN(splat)(share), factors = FN(splat)(factor), zero = FN(splat)(0);
    const V at_label = one ? FN(fma)(FN(splat)(e[truth.label]), shares, FN(splat)(-truth.kept)) * factors : zero;
    for (ptrdiff_t j = 0; j < width; j += LANES) {
        const ptrdiff_t n = FN(part)(width - j);
        const V y = one ? zero : FN(truth_part)(labels, truth, j, n);
        FN(store_part)(e + j, n, FN(fma)(FN(load_part)(e + j, n), shares, -y) * factors);
    }
    if (one) e[truth.label] = at_label[0];
}

/* -sum_j y_j log p_j, p = softmax(z). With m = max z, S = sum_j e^(z_j - m) and Y = sum_j y_j the value is
 * Y log S + sum_j y_j (m - z_j), where nothing cancels, and the gradient p Y - y. log S = log1p(S - 1), with S - 1
 * added up without the 1, so that the loss of a confident row does not vanish; 0 times an infinite logit is 0.
 * p has the bits of softmax_forward. At most LANES rows, whose logarithms are taken at once: what comes before a row's
 * logarithm does not wait for another's. */
INLINE void FN(wide_logits)(const int labels, FN_LOSS_ARGUMENTS) {
    FN(truth_sums) truths[LANES];
    double sum[LANES];
    T lost[LANES], log_sum[LANES];
    for (ptrdiff_t r = 0; r < LANES; r++) lost[r] = 0;
    for (ptrdiff_t r = 0; r < rows; r++) {
        const T *row = z + r * ldz, greatest = FN(row_max)(width, row);
        const FN(truth) y = FN(truth_of)(labels, truth, ldtruth, index ? (ptrdiff_t)index[r] : r, width, parameter);
        truths[r] = FN(sums_of_truth)(labels, width, y, greatest, row);
        /* the exponentials wait where a result will stand; dz = z is free to be written now */
        T *e = dz ? dz + r * lddz : prediction ? prediction + r * ldprediction : NULL;
        const FN(exponential_sum) parts = FN(exponentials)(width, greatest, row, e);
        sum[r] = parts.peaks + parts.rest;
        lost[r] = (T)(parts.rest + (parts.peaks - 1));
    }
    FN(store)(log_sum, FN(log1p)(FN(load)(lost)));
    for (ptrdiff_t r = 0; r < rows; r++) {
        const ptrdiff_t at = index ? (ptrdiff_t)index[r] : r;
        const double w = weight ? (double)weight[at] : 1;
        row_loss[r] = (truths[r].all * (double)log_sum[r] + truths[r].below) * (value_scale * w);
        if (prediction)
            FN(scale_row)(width, (T)(1 / sum[r]), dz ? dz + r * lddz : prediction + r * ldprediction,
                          prediction + r * ldprediction);
        if (dz)
            FN(gradient_of_logits)(labels, width, FN(truth_of)(labels, truth, ldtruth, at, width, parameter),
                                   (T)(truths[r].all / sum[r]), (T)(gradient_scale * w), dz + r * lddz);
    }
}

/* The same for rows of at most FN_NARROW columns, LANES rows at a time; `rows` of them, the weights and truths of
 * the others repeat the first's. */
INLINE void FN(narrow_logits)(const int labels, FN_LOSS_ARGUMENTS) {
    const V zero = FN(splat)(0);
    const T kept = (T)(1 - parameter), spread = (T)(parameter / (double)width);
    V logits[FN_NARROW], e[FN_NARROW], y[FN_NARROW], result[FN_NARROW];
    FN(wide) below = {0}, truths = {0};
    double scale[LANES], loss[LANES];
    const V factor = FN(scales_in_lanes)(rows, index, weight, value_scale, gradient_scale, scale);
    for (ptrdiff_t j = 0; j < width; j++) y[j] = FN(splat)(spread);
    for (ptrdiff_t r = 0; r < LANES; r++) {
        const ptrdiff_t at = FN(truth_in_lane)(r, rows, index);
        if (labels)
            y[((const int32_t *)truth)[at]][r] = kept + spread;
        else
            for (ptrdiff_t j = 0; j < width; j++) y[j][r] = ((const T *)truth)[at * ldtruth + j] * kept + spread;
    }
    FN(rows_to_lanes)(rows, width, z, ldz, logits);
    const FN(softmax_lanes) parts = FN(exponentials_in_lanes)(width, logits, e);
    for (ptrdiff_t j = 0; j < width; j++) {
        below = FN(wide_sum)(below, FN(widen)(FN(select)(y[j] == zero, zero, y[j] * (parts.greatest - logits[j]))));
        truths = FN(wide_sum)(truths, FN(widen)(y[j]));
    }
    const FN(wide) sum = FN(wide_sum)(parts.peaks, parts.rest);
    const V log_sum = FN(log1p)(FN(narrowed)(FN(wide_sum)(parts.rest, FN(wide_sum)(parts.peaks, FN(widen)(FN(splat)(-1))))));
    FN(store_wide)(loss, FN(wide_multiply_add)(truths, FN(widen)(log_sum), below));
    for (ptrdiff_t r = 0; r < rows; r++) row_loss[r] = loss[r] * scale[r];
    if (prediction) {
        const V inverse = FN(narrowed)(FN(wide_quotient)(FN(widen)(FN(splat)(1)), sum));
        for (ptrdiff_t j = 0; j < width; j++) result[j] = e[j] * inverse;
        FN(lanes_to_rows)(rows, width, result, prediction, ldprediction);
    }
    if (dz) {
        const V share = FN(narrowed)(FN(wide_quotient)(truths, sum));
        for (ptrdiff_t j = 0; j < width; j++) result[j] = FN(fma)(e[j], share, -y[j]) * factor;
        FN(lanes_to_rows)(rows, width, result, dz, lddz);
    }
}

#define FN_ROW_LOSS(name, row_kernel, labels)                                                                        \
    static void FN(name##_loss)(FN_LOSS_ARGUMENTS) {                                                                 \
        for (ptrdiff_t r = 0; r < rows && width > 0; r++) {                                                          \
            const ptrdiff_t at = index ? (ptrdiff_t)index[r] : r;                                                    \
            const double w = weight ? (double)weight[at] : 1;                                                        \
            FN(row_kernel)(labels, width, FN(truth_of)(labels, truth, ldtruth, at, width, parameter),                 \
                           value_scale * w, gradient_scale * w, z + r * ldz, row_loss + r, dz ? dz + r * lddz : NULL,                 \
                           prediction ? prediction + r * ldprediction : NULL);                                       \
        }                                                                                                            \
    }
FN_ROW_LOSS(categorical_crossentropy, row_of_probabilities, 0)
FN_ROW_LOSS(sparse_categorical_crossentropy, row_of_probabilities, 1)
#undef FN_ROW_LOSS

#define FN_LOGITS_LOSS(name, labels)                                                                                 \
    static void FN(name##_loss)(FN_LOSS_ARGUMENTS) {                                                                 \
        for (ptrdiff_t r = 0; r < rows && width > 0; r += LANES) {                                                   \
            /* without an index, rows of truth and weight go along */                                                \
            const ptrdiff_t ahead = index ? 0 : r;                                                                   \
            const void *truths = labels ? (const void *)((const int32_t *)truth + ahead)                             \
                                        : (const void *)((const T *)truth + ahead * ldtruth);                        \
            (width > FN_NARROW ? FN(name##_wide) : FN(name##_narrow))(                                               \
                FN(part)(rows - r), width, z + r * ldz, ldz, truths, ldtruth, index ? index + r : NULL,              \
                weight ? weight + ahead : NULL, value_scale, gradient_scale, parameter, row_loss + r,                \
                dz ? dz + r * lddz : NULL, lddz, prediction ? prediction + r * ldprediction : NULL, ldprediction);   \
        }                                                                                                            \
    }
#define FN_LOGITS_INSTANCES(name, labels)                                                           \
    static void FN(name##_wide)(FN_LOSS_ARGUMENTS) { FN(wide_logits)(labels, FN_LOSS_PASSED); }     \
    static void FN(name##_narrow)(FN_LOSS_ARGUMENTS) { FN(narrow_logits)(labels, FN_LOSS_PASSED); } \
    FN_LOGITS_LOSS(name, labels)
FN_LOGITS_INSTANCES(categorical_crossentropy_from_logits, 0)
FN_LOGITS_INSTANCES(sparse_categorical_crossentropy_from_logits, 1)
#undef FN_LOGITS_INSTANCES
#undef FN_LOGITS_LOSS

/* scikit-learn's value of the same, within -log(1 - eps) and -log(eps). */
static void FN(sparse_log_loss_loss)(FN_LOSS_ARGUMENTS) {
    FN(sparse_categorical_crossentropy_from_logits_loss)(FN_LOSS_PASSED);
    for (ptrdiff_t r = 0; r < rows && width > 0; r++) {
        const double scale = weight ? value_scale * (double)weight[index ? index[r] : r] : value_scale;
        const double small = (sizeof(T) == 4 ? 1.1920929665620834e-07 : 2.2204460492503133e-16) * scale;
        const double large = (sizeof(T) == 4 ? 15.942385152878742 : 36.043653389117154) * scale;
        const double least = scale < 0 ? large : small, most = scale < 0 ? small : large; /* weights may be negative */
        row_loss[r] = row_loss[r] > most ? most : row_loss[r] < least ? least : row_loss[r]; /* NaN stays */
    }
}
