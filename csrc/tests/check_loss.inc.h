/* check_loss.inc.h: every loss, its gradient and its prediction against the formulas, for every use of the arguments. */
#ifndef FASTNN_TEST_USES
#define FASTNN_TEST_USES
enum { LOSS_INDEXED = 1, LOSS_WEIGHTED = 2, LOSS_IN_PLACE = 4, LOSS_NO_GRADIENT = 8, LOSS_NO_PREDICTION = 16,
       LOSS_PARAMETER = 32, LOSS_USES = 64 };
#endif

typedef struct {
    EXACT value, size; /* the row's loss, and the sum of its terms' magnitudes */
    EXACT gradient[256], gradient_size[256], prediction[256];
} N(row_wanted);

static void N(add_term)(N(row_wanted) *row, ptrdiff_t j, EXACT value, EXACT size, EXACT gradient) {
    row->value += value;
    row->size += size;
    row->gradient[j] = gradient;
    row->gradient_size[j] = 0;
}
static EXACT N(clipped)(EXACT p) {
    const EXACT low = (T)1e-7, high = (T)(1 - 1e-7);
    return p < low ? low : p > high ? high : p;
}

/* What label smoothing makes of y, and hinge of a bit; `parameter` rounded as the kernels have it. */
static EXACT N(truth_wanted)(int kind, ptrdiff_t width, EXACT y, double parameter) {
    switch (kind) {
        case FN_LOSS_binary_crossentropy:
        case FN_LOSS_binary_crossentropy_from_logits:
        case FN_LOSS_binary_log_loss:
            return y * (1 - (EXACT)parameter) + (EXACT)parameter / 2;
        case FN_LOSS_categorical_crossentropy:
        case FN_LOSS_sparse_categorical_crossentropy:
        case FN_LOSS_categorical_crossentropy_from_logits:
        case FN_LOSS_sparse_categorical_crossentropy_from_logits:
        case FN_LOSS_sparse_log_loss:
            return y * (1 - (EXACT)parameter) + (EXACT)parameter / width;
        case FN_LOSS_hinge:
        case FN_LOSS_squared_hinge:
            return y == 0 ? -1 : y;
        default:
            return y;
    }
}

/* Within -log(1 - eps) and -log(eps), if the kind is scikit-learn's. */
static EXACT N(bounded)(int kind, EXACT value) {
    const EXACT eps = sizeof(T) == 4 ? 0x1p-23L : 0x1p-52L, least = -log1p(-eps), most = -log(eps);
    if (kind != FN_LOSS_sparse_log_loss) return value;
    return value < least ? least : value > most ? most : value;
}

/* One row of width <= 256; y is what the truth says, labels spelled out as zeros and a one. */
static void N(row_loss)(int kind, ptrdiff_t width, const T *z_row, const EXACT *y_row, double parameter,
                        N(row_wanted) *row) {
    const EXACT epsilon = (T)1e-7;
    EXACT total = 0, greatest = -INFINITY, sum = 0, truths = 0, dot = 0;
    row->value = row->size = 0;
    for (ptrdiff_t j = 0; j < width; j++) {
        total += (EXACT)z_row[j];
        truths += y_row[j];
        greatest = (EXACT)z_row[j] > greatest ? (EXACT)z_row[j] : greatest;
    }
    for (ptrdiff_t j = 0; j < width; j++) {
        sum += exp((EXACT)z_row[j] - greatest);
        dot += N(clipped)((EXACT)z_row[j] / total) == (EXACT)z_row[j] / total ? y_row[j] : 0;
    }
    for (ptrdiff_t j = 0; j < width; j++) {
        const EXACT z = (EXACT)z_row[j], y = y_row[j], e = exp(z);
        row->prediction[j] = z;
        switch (kind) {
            case FN_LOSS_squared_error:
                N(add_term)(row, j, (z - y) * (z - y), (z - y) * (z - y), 2 * (z - y));
                break;
            case FN_LOSS_absolute_error:
                N(add_term)(row, j, fabs(z - y), fabs(z - y), z > y ? 1 : z < y ? -1 : 0);
                break;
            case FN_LOSS_huber: {
                const EXACT delta = (T)parameter, size = fabs(z - y);
                const EXACT value = size <= delta ? size * size / 2 : delta * size - delta * delta / 2;
                N(add_term)(row, j, value, value, size <= delta ? z - y : copysign(delta, z - y));
                break;
            }
            case FN_LOSS_log_cosh: {
                const EXACT sine = sinh((z - y) / 2), value = log1p(2 * sine * sine), slope = tanh(z - y);
                N(add_term)(row, j, value, value + fabs(slope), slope);
                row->gradient_size[j] = fabs(slope) + 1;
                break;
            }
            case FN_LOSS_quantile: {
                const EXACT q = (T)parameter, below = (T)((T)parameter - 1);
                N(add_term)(row, j, y > z ? q * (y - z) : below * (y - z), fabs(y - z), y > z ? -q : y < z ? -below : 0);
                break;
            }
            case FN_LOSS_given_gradient:
                N(add_term)(row, j, z * y, fabs(z * y), y);
                break;
            case FN_LOSS_hinge:
                N(add_term)(row, j, y * z < 1 ? 1 - y * z : 0, 1, y * z < 1 ? -y : 0);
                break;
            case FN_LOSS_squared_hinge:
                N(add_term)(row, j, y * z < 1 ? (1 - y * z) * (1 - y * z) : 0, 4, y * z < 1 ? -2 * y * (1 - y * z) : 0);
                row->gradient_size[j] = 4;
                break;
            case FN_LOSS_kl_divergence: {
                const EXACT least = epsilon, truth = y < least ? least : y > 1 ? 1 : y;
                const EXACT p = z < least ? least : z > 1 ? 1 : z;
                N(add_term)(row, j, truth * log(truth / p), truth * fabs(log(truth / p)) + truth, p == z ? -truth / p : 0);
                break;
            }
            case FN_LOSS_poisson:
                N(add_term)(row, j, z - y * log(z + epsilon), z + fabs(y * log(z + epsilon)), 1 - y / (z + epsilon));
                row->gradient_size[j] = 1 + y / (z + epsilon);
                break;
            case FN_LOSS_binary_crossentropy: {
                const EXACT p = N(clipped)(z), value = -y * log(p) - (1 - y) * log(1 - p);
                N(add_term)(row, j, value, value + 1, p == z ? (p - y) / (p * (1 - p)) : 0);
                row->gradient_size[j] = 1 / (p * (1 - p));
                break;
            }
            case FN_LOSS_categorical_crossentropy:
            case FN_LOSS_sparse_categorical_crossentropy: {
                const EXACT q = z / total, p = N(clipped)(q);
                N(add_term)(row, j, -y * log(p), fabs(y * log(p)) + y, (dot - (p == q ? y / q : 0)) / total);
                row->gradient_size[j] = (dot + y / q) / total;
                break;
            }
            case FN_LOSS_poisson_from_log:
                N(add_term)(row, j, (y > 0 ? y * (log(y) - z) : 0) - y + e, (y > 0 ? y * (fabs(log(y)) + fabs(z)) : 0) + y + e, e - y);
                row->gradient_size[j] = e + y;
                row->prediction[j] = e;
                break;
            case FN_LOSS_binary_log_loss: {
                const EXACT p = N(sigmoid_wanted)(z), eps = sizeof(T) == 4 ? 0x1p-23L : 0x1p-52L;
                const EXACT rounded = (T)p, q = rounded < eps ? eps : rounded > 1 - eps ? 1 - eps : rounded;
                N(add_term)(row, j, -y * log(q) - (1 - y) * log(1 - q), fabs(z) + 2 + 1 / (1 - q) + 1 / q * eps, p - y);
                row->gradient_size[j] = p + y;
                row->prediction[j] = p;
                break;
            }
            case FN_LOSS_binary_crossentropy_from_logits: {
                const EXACT p = N(sigmoid_wanted)(z);
                const EXACT value = (z > 0 ? z : 0) - z * y + log1p(exp(-fabs(z)));
                N(add_term)(row, j, value, fabs(z) + 1, p - y);
                row->gradient_size[j] = p + y;
                row->prediction[j] = p;
                break;
            }
            case FN_LOSS_categorical_crossentropy_from_logits:
            case FN_LOSS_sparse_categorical_crossentropy_from_logits:
            case FN_LOSS_sparse_log_loss: {
                const EXACT p = exp(z - greatest) / sum;
                const EXACT value = y == 0 ? 0 : N(bounded)(kind, y * (log(sum) + greatest - z));
                N(add_term)(row, j, value, value + y, p * truths - y); /* a confident row's sum rounds near 1 */
                row->gradient_size[j] = p * truths + y;
                row->prediction[j] = p;
                break;
            }
            default:
                row->value = NAN; /* a loss without a formula here fails its checks */
        }
    }
}

static void N(loss_case)(const TABLE *table, int kind, int use, ptrdiff_t rows, ptrdiff_t width) {
    enum { EXAMPLES = 9 };
    const fn_loss_info *info = &fn_loss_infos[kind];
    const int logits = *info->fuses != 0, labels = info->truth == FN_TRUTH_LABELS;
    const ptrdiff_t ld = width + use % 3, ldtruth = width + use % 2, size = (rows - 1) * ld + width;
    const double value_scale = 0.5, gradient_scale = 0.25;
    const double parameter = use & LOSS_PARAMETER ? 0.25 : info->parameter;
    const int hinge = kind == FN_LOSS_hinge || kind == FN_LOSS_squared_hinge;
    T *z = N(randoms)(size, logits ? -5 : 0.05, logits ? 5 : 0.95, 0), *weight = N(randoms)(EXAMPLES, 0.5, 2, 0);
    T *values = N(randoms)((EXAMPLES - 1) * ldtruth + width, 0, 1, 0);
    int32_t *classes = fresh(EXAMPLES * sizeof *classes);
    int64_t *index = fresh((size_t)rows * sizeof *index);
    for (int i = 0; i < EXAMPLES; i++) classes[i] = (int32_t)(random_bits() % (uint64_t)width);
    for (ptrdiff_t r = 0; r < rows; r++) index[r] = (int64_t)(random_bits() % EXAMPLES);
    values[0] = 0;
    if (width > 1) values[1] = 1;
    for (ptrdiff_t i = 0; hinge && i < (EXAMPLES - 1) * ldtruth + width; i++)
        values[i] = (T)(random_bits() % 2) * (use & LOSS_INDEXED ? 2 : 1) - (use & LOSS_INDEXED ? 1 : 0);
    const void *truth = labels ? (const void *)classes : values;
    const int64_t *rows_of = use & LOSS_INDEXED ? index : NULL;
    const T *weights = use & LOSS_WEIGHTED ? weight : NULL;

    double *got = fresh((size_t)rows * sizeof *got);
    T *input = N(copied)(size, z), *prediction = use & LOSS_NO_PREDICTION ? NULL : fresh((size_t)size * sizeof(T));
    T *dz = use & LOSS_NO_GRADIENT ? NULL : use & LOSS_IN_PLACE ? input : fresh((size_t)size * sizeof(T));
    table->loss[kind](rows, width, input, ld, truth, ldtruth, rows_of, weights, value_scale, gradient_scale, parameter, got,
                      dz, ld, prediction, ld);

    int value_close = 1, gradient_close = 1, prediction_close = 1, independent = 1, clean = 1;
    double alone_value;
    T *alone = fresh((size_t)width * sizeof(T));
    EXACT *y = fresh((size_t)width * sizeof *y);
    N(row_wanted) wanted;
    for (ptrdiff_t r = 0; r < rows; r++) {
        const int64_t at = rows_of ? rows_of[r] : r;
        const EXACT w = weights ? (EXACT)weights[at] : 1;
        for (ptrdiff_t j = 0; j < width; j++)
            y[j] = N(truth_wanted)(kind, width, labels ? classes[at] == j : (EXACT)values[at * ldtruth + j], parameter);
        N(row_loss)(kind, width, z + r * ld, y, parameter, &wanted);
        value_close &= N(near)(got[r], wanted.value * w * value_scale, wanted.size * w * value_scale, 8);
        for (ptrdiff_t j = 0; j < width; j++) {
            const EXACT factor = w * gradient_scale;
            if (dz)
                gradient_close &= N(near)(dz[r * ld + j], wanted.gradient[j] * factor, wanted.gradient_size[j] * factor, 8);
            if (prediction) prediction_close &= N(ulps)(prediction[r * ld + j], wanted.prediction[j]) <= 20; /* z - max rounds too */
        }
        const int64_t itself[] = {at};
        table->loss[kind](1, width, z + r * ld, width, truth, ldtruth, itself, weights, value_scale, gradient_scale,
                          parameter, &alone_value, alone, width, NULL, 0);
        independent &= alone_value == got[r] && (!dz || N(same)(width, alone, dz + r * ld));
        if (r + 1 < rows) {
            const ptrdiff_t gap = r * ld + width;
            if (dz) clean &= dz == input ? N(same)(ld - width, dz + gap, z + gap) : N(untouched)(ld - width, dz + gap);
            if (prediction) clean &= N(untouched)(ld - width, prediction + gap);
        }
    }
    check(value_close, "%s value: use %d rows %td width %td", info->name, use, rows, width);
    check(gradient_close, "%s gradient: use %d rows %td width %td", info->name, use, rows, width);
    check(prediction_close, "%s prediction: use %d rows %td width %td", info->name, use, rows, width);
    check(independent, "%s row alone: use %d rows %td width %td", info->name, use, rows, width);
    check(clean, "%s wrote between rows: use %d rows %td width %td", info->name, use, rows, width);
    release();
}

static void N(check_loss)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {1, 2, 5, 9};
    for (int kind = 0; kind < FN_LOSSES; kind++)
        for (int use = 0; use < LOSS_USES; use++)
            for (int w = 0; w < COUNT(widths); w++)
                /* half of all, in which any two of use, width and rows meet: this is slow under emulation */
                for (int r = (use + w) % 2; r < COUNT(rows); r += 2) N(loss_case)(table, kind, use, rows[r], widths[w]);
    report("loss", TYPE_NAME);
}
