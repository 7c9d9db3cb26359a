/* loss_elementwise.inc.h: losses that are a sum over a row's elements, each a formula of z, y and one parameter.
 *
 * Two loops run them: rows narrower than a vector lie in a lane each, others have a tail each. To add a loss: FN_TERMS(name) and a
 * line FN_ELEMENTWISE_LOSS(name). Included by loss.inc.h.
 */

typedef struct {
    V value, gradient, prediction;
} FN(terms);

/* `parameter`: what the comment above a formula says, if anything */
#define FN_TERMS(name) INLINE FN(terms) FN(name##_terms)(V z, V y, __attribute__((unused)) V parameter)

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* (z - y)^2 */
FN_TERMS(squared_error) {
    const V error = z - y;
    return (FN(terms)){error * error, error + error, z};
}

/* |z - y|; gradient 0 at 0 */
FN_TERMS(absolute_error) {
    const V error = z - y, size = FN(absolute)(error);
    const V gradient = FN(select)(size > FN(splat)(0), FN(with_sign)(FN(splat)(1), error), error);
    return (FN(terms)){size, gradient, z};
}

/* With delta = parameter: e^2 / 2 for |e| <= delta, delta |e| - delta^2 / 2 beyond, which is m (|e| - m / 2) with
 * m = min(|e|, delta): nothing overflows that need not. */
FN_TERMS(huber) {
    const V error = z - y, size = FN(absolute)(error), least = FN(minimum)(parameter, size);
    return (FN(terms)){least * FN(fma)(FN(splat)((T)-0.5), least, size), FN(with_sign)(least, error), z};
}

/* log cosh e. With g = tanh e, which is the gradient: log1p(g^2 / (1 - g^2)) / 2 where e is small, so that the value
 * keeps its digits; |e| - log 2 + log1p(e^-2|e|) elsewhere. */
FN_TERMS(log_cosh) {
    const V one = FN(splat)(1), log_2 = FN(splat)((T)0.693147180559945309417);
    const V error = z - y, size = FN(absolute)(error), gradient = FN(tanh)(error);
    const I small = size < one;
    const V ratio = gradient * gradient / ((one - gradient) * (one + gradient));
    const V log = FN(log1p)(FN(select)(small, ratio, FN(exp)(-(size + size))));
    return (FN(terms)){FN(select)(small, FN(splat)((T)0.5) * log, (size - log_2) + log), gradient, z};
}

/* With q = parameter and e = y - z: max(q e, (q - 1) e); gradient 0 at 0.
 * sklearn.metrics.mean_pinball_loss; Koenker and Bassett, 1978. */
FN_TERMS(quantile) {
    const V zero = FN(splat)(0), error = y - z, below = parameter - FN(splat)(1);
    const V gradient = FN(select)(error > zero, -parameter, FN(select)(error < zero, -below, error));
    return (FN(terms)){FN(maximum)(parameter * error, below * error), gradient, z};
}

/* z - y log(z + epsilon) */
FN_TERMS(poisson) {
    const V shifted = z + FN(splat)(FN_EPSILON);
    return (FN(terms)){FN(fma)(-y, FN(log)(shifted), z), FN(splat)(1) - y / shifted, z};
}

/* y log y - y z - y + e^z, the half Poisson deviance of e^z; 0 log 0 = 0. sklearn/neural_network/_base.py */
FN_TERMS(poisson_from_log) {
    const V prediction = FN(exp)(z), gradient = prediction - y;
    const V product = FN(select)(y == FN(splat)(0), y, y * (FN(log)(y) - z));
    return (FN(terms)){product + gradient, gradient, prediction};
}

/* z g, where the truth is a gradient g that was computed elsewhere */
FN_TERMS(given_gradient) { return (FN(terms)){z * y, y, z}; }

/* ---- yes or no ----------------------------------------------------------------------------------------------------- */

/* Label smoothing: y (1 - parameter) + parameter / 2 */
INLINE V FN(smoothed)(V y, V parameter) {
    return FN(fma)(y, FN(splat)(1) - parameter, FN(splat)((T)0.5) * parameter);
}

/* -y log p - (1 - y) log(1 - p), p = clip(z), y smoothed; gradient (p - y) / (p (1 - p)), 0 where clipped */
FN_TERMS(binary_crossentropy) {
    const V one = FN(splat)(1), p = FN(clip)(z), q = one - p;
    y = FN(smoothed)(y, parameter);
    const V value = FN(fma)(-y, FN(log)(p), (y - one) * FN(log)(q));
    return (FN(terms)){value, FN(keep)(FN(unclipped)(z), (p - y) / (p * q)), z};
}

/* -y log p - (1 - y) log(1 - p), p = sigmoid(z), y smoothed, which is max(z, 0) - z y + log(1 + e^-|z|); e^-|z| is the quotient
 * of the lesser probability and the other */
FN_TERMS(binary_crossentropy_from_logits) {
    const V positive = FN(maximum)(FN(splat)(0), z), less = FN(lesser_probability)(z);
    y = FN(smoothed)(y, parameter);
    const V p = FN(probability_of)(z, less);
    const V value = FN(fma)(-z, y, positive) + FN(log1p_of_part)(less / (FN(splat)(1) - less));
    return (FN(terms)){value, p - y, p};
}

/* scikit-learn's value of the same, -y log q - (1 - y) log(1 - q) with q the probability kept within [eps, 1 - eps]: it
 * rounds q where the formula above does not. Of a saturated output 1 - q is a few last bits, so q is made by the
 * operations of SciPy's expit: 1 / (1 + e^-z). Its gradient knows no bounds. */
#define FN_EPS ((T)(sizeof(T) == 4 ? 0x1p-23 : 0x1p-52))
FN_TERMS(binary_log_loss) {
    const V one = FN(splat)(1), p = FN(sigmoid)(z);
    const V rounded = one / (one + FN(exp)(-z));
    const V q = FN(minimum)(FN(splat)(1 - FN_EPS), FN(maximum)(FN(splat)(FN_EPS), rounded));
    y = FN(smoothed)(y, parameter);
    return (FN(terms)){FN(fma)(-y, FN(log)(q), (y - one) * FN(log)(one - q)), p - y, p};
}
#undef FN_EPS

/* y = -1 or 1; 0 means -1, so that bits serve as truth */
INLINE V FN(side)(V y) { return FN(select)(y == FN(splat)(0), FN(splat)(-1), y); }

/* max(1 - y z, 0); gradient 0 at the corner */
FN_TERMS(hinge) {
    const V zero = FN(splat)(0), factor = -FN(side)(y);
    const V short_by = FN(maximum)(zero, FN(fma)(factor, z, FN(splat)(1))); /* 0, or NaN, is its own gradient */
    return (FN(terms)){short_by, FN(select)(short_by > zero, factor, short_by), z};
}

/* max(1 - y z, 0)^2 */
FN_TERMS(squared_hinge) {
    const V factor = -FN(side)(y), short_by = FN(maximum)(FN(splat)(0), FN(fma)(factor, z, FN(splat)(1)));
    return (FN(terms)){short_by * short_by, (factor + factor) * short_by, z};
}

/* y log(y / p), both clipped to [epsilon, 1]; gradient -y / p, 0 where z was clipped */
FN_TERMS(kl_divergence) {
    const V one = FN(splat)(1), least = FN(splat)(FN_EPSILON);
    const V p = FN(minimum)(one, FN(maximum)(least, z));
    y = FN(minimum)(one, FN(maximum)(least, y));
    return (FN(terms)){y * FN(log)(y / p), FN(keep)(~((z < least) | (z > one)), -y / p), z};
}

/* ---- the loops --------------------------------------------------------------------------------------------------- */

/* Rows narrower than a vector, LANES of them at a time, a row in each lane (narrow.inc.h). */
INLINE void FN(narrow_loss)(FN(terms) (*const terms)(V, V, V), FN_LOSS_ARGUMENTS) {
    const V constant = FN(splat)((T)parameter);
    V column[LANES], truths[LANES], gradient[LANES], predicted[LANES];
    double scale[LANES], loss[LANES];
    for (ptrdiff_t first = 0; first < rows; first += LANES) {
        const ptrdiff_t n = FN(part)(rows - first), ahead = index ? 0 : first; /* without an index truth and weight go along */
        const int64_t *const rows_of = index ? index + first : NULL;
        const T *const y = (const T *)truth + ahead * ldtruth;
        const V factor = FN(scales_in_lanes)(n, rows_of, weight ? weight + ahead : NULL, value_scale, gradient_scale, scale);
        FN(wide) sum = {0};
        if (width <= FN_FEW)
            for (ptrdiff_t j = 0; j < width; j++)
                FN_UNROLL(16)
                for (int r = 0; r < LANES; r++) truths[j][r] = y[FN(truth_in_lane)(r, n, rows_of) * ldtruth + j];
        else {
            for (int r = 0; r < LANES; r++) truths[r] = FN(load_first)(y + FN(truth_in_lane)(r, n, rows_of) * ldtruth, width);
            FN(transpose_first)(width, truths);
        }
        FN(rows_to_lanes)(n, width, z + first * ldz, ldz, column);
        for (ptrdiff_t j = 0; j < width; j++) {
            const FN(terms) t = terms(column[j], truths[j], constant);
            sum = FN(wide_sum)(sum, FN(widen)(t.value));
            gradient[j] = t.gradient * factor;
            predicted[j] = t.prediction;
        }
        FN(store_wide)(loss, sum);
        for (ptrdiff_t r = 0; r < n; r++) row_loss[first + r] = loss[r] * scale[r];
        if (dz) FN(lanes_to_rows)(n, width, gradient, dz + first * lddz, lddz);
        if (prediction) FN(lanes_to_rows)(n, width, predicted, prediction + first * ldprediction, ldprediction);
    }
}

INLINE void FN(wide_loss)(FN(terms) (*const terms)(V, V, V), FN_LOSS_ARGUMENTS) {
    const V constant = FN(splat)((T)parameter);
    for (ptrdiff_t r = 0; r < rows; r++) {
        const ptrdiff_t at = index ? (ptrdiff_t)index[r] : r;
        const T *z_row = z + r * ldz, *y_row = (const T *)truth + at * ldtruth;
        const double w = weight ? (double)weight[at] : 1;
        const V factor = FN(splat)((T)(gradient_scale * w));
        FN(wide) sum = {0};
        for (ptrdiff_t j = 0; j < width; j += LANES) {
            const ptrdiff_t n = FN(part)(width - j);
            FN(terms) t = terms(FN(load_part)(z_row + j, n), FN(load_part)(y_row + j, n), constant);
            if (n < LANES) t.value = FN(keep)(FN(lanes_below)(n), t.value);
            sum = FN(wide_sum)(sum, FN(widen)(t.value));
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
FN_ELEMENTWISE_LOSS(absolute_error)
FN_ELEMENTWISE_LOSS(huber)
FN_ELEMENTWISE_LOSS(log_cosh)
FN_ELEMENTWISE_LOSS(quantile)
FN_ELEMENTWISE_LOSS(poisson)
FN_ELEMENTWISE_LOSS(poisson_from_log)
FN_ELEMENTWISE_LOSS(given_gradient)
FN_ELEMENTWISE_LOSS(binary_crossentropy)
FN_ELEMENTWISE_LOSS(binary_crossentropy_from_logits)
FN_ELEMENTWISE_LOSS(binary_log_loss)
FN_ELEMENTWISE_LOSS(hinge)
FN_ELEMENTWISE_LOSS(squared_hinge)
FN_ELEMENTWISE_LOSS(kl_divergence)
#undef FN_ELEMENTWISE_LOSS
#undef FN_TERMS
