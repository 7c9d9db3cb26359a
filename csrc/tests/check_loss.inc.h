/* check_loss.inc.h: every loss, its gradient and its prediction against the formulas, for every use of the arguments. */
#ifndef FASTNN_TEST_USES
#define FASTNN_TEST_USES
enum { LOSS_INDEXED = 1, LOSS_WEIGHTED = 2, LOSS_IN_PLACE = 4, LOSS_NO_GRADIENT = 8, LOSS_NO_PREDICTION = 16,
       LOSS_PARAMETER = 32, LOSS_USES = 64 };
#endif

typedef struct {
    long double value, size; /* the row's loss, and the sum of its terms' magnitudes */
    long double gradient[256], gradient_size[256], prediction[256];
} N(row_wanted);

static void N(add_term)(N(row_wanted) *row, ptrdiff_t j, long double value, long double size, long double gradient) {
    row->value += value;
    row->size += size;
    row->gradient[j] = gradient;
    row->gradient_size[j] = 0;
}
static long double N(clipped)(long double p) {
    const long double low = (T)1e-7, high = (T)(1 - 1e-7);
    return p < low ? low : p > high ? high : p;
}

/* What label smoothing makes of y, and hinge of a bit; `parameter` rounded as the kernels have it. */
static long double N(truth_wanted)(int kind, ptrdiff_t width, long double y, double parameter) {
    switch (kind) {
        case FN_LOSS_binary_crossentropy:
        case FN_LOSS_binary_crossentropy_from_logits:
        case FN_LOSS_binary_log_loss:
            return y * (1 - (long double)parameter) + (long double)parameter / 2;
        case FN_LOSS_categorical_crossentropy:
        case FN_LOSS_sparse_categorical_crossentropy:
        case FN_LOSS_categorical_crossentropy_from_logits:
        case FN_LOSS_sparse_categorical_crossentropy_from_logits:
        case FN_LOSS_sparse_log_loss:
            return y * (1 - (long double)parameter) + (long double)parameter / width;
        case FN_LOSS_hinge:
        case FN_LOSS_squared_hinge:
            return y == 0 ? -1 : y;
        default:
            return y;
    }
}

/* Within -log(1 - eps) and -log(eps), if the kind is scikit-learn's. */
static long double N(bounded)(int kind, long double value) {
    const long double eps = sizeof(T) == 4 ? 0x1p-23L : 0x1p-52L, least = -log1pl(-eps), most = -logl(eps);
    if (kind != FN_LOSS_sparse_log_loss) return value;
    return value < least ? least : value > most ? most : value;
}

/* One row of width <= 256; y is what the truth says, labels spelled out as zeros and a one. */
static void N(row_loss)(int kind, ptrdiff_t width, const T *z_row, const long double *y_row, double parameter,
                        N(row_wanted) *row) {
    const long double epsilon = (T)1e-7;
    long double total = 0, greatest = -INFINITY, sum = 0, truths = 0, dot = 0;
    row->value = row->size = 0;
    for (ptrdiff_t j = 0; j < width; j++) {
        total += (long double)z_row[j];
        truths += y_row[j];
        greatest = (long double)z_row[j] > greatest ? (long double)z_row[j] : greatest;
    }
    for (ptrdiff_t j = 0; j < width; j++) {
        sum += expl((long double)z_row[j] - greatest);
        dot += N(clipped)((long double)z_row[j] / total) == (long double)z_row[j] / total ? y_row[j] : 0;
    }
    for (ptrdiff_t j = 0; j < width; j++) {
        const long double z = (long double)z_row[j], y = y_row[j], e = expl(z);
        row->prediction[j] = z;
        switch (kind) {
            case FN_LOSS_squared_error:
                N(add_term)(row, j, (z - y) * (z - y), (z - y) * (z - y), 2 * (z - y));
                break;
            case FN_LOSS_absolute_error:
                N(add_term)(row, j, fabsl(z - y), fabsl(z - y), z > y ? 1 : z < y ? -1 : 0);
                break;
            case FN_LOSS_huber: {
                const long double delta = (T)parameter, size = fabsl(z - y);
                const long double value = size <= delta ? size * size / 2 : delta * size - delta * delta / 2;
                N(add_term)(row, j, value, value, size <= delta ? z - y : copysignl(delta, z - y));
                break;
            }
            case FN_LOSS_log_cosh: {
                const long double sine = sinhl((z - y) / 2), value = log1pl(2 * sine * sine), slope = tanhl(z - y);
                N(add_term)(row, j, value, value + fabsl(slope), slope);
                row->gradient_size[j] = fabsl(slope) + 1;
                break;
            }
            case FN_LOSS_quantile: {
                const long double q = (T)parameter, below = (T)((T)parameter - 1);
                N(add_term)(row, j, y > z ? q * (y - z) : below * (y - z), fabsl(y - z), y > z ? -q : y < z ? -below : 0);
                break;
            }
            case FN_LOSS_given_gradient:
                N(add_term)(row, j, z * y, fabsl(z * y), y);
                break;
            case FN_LOSS_hinge:
                N(add_term)(row, j, y * z < 1 ? 1 - y * z : 0, 1, y * z < 1 ? -y : 0);
                break;
            case FN_LOSS_squared_hinge:
                N(add_term)(row, j, y * z < 1 ? (1 - y * z) * (1 - y * z) : 0, 4, y * z < 1 ? -2 * y * (1 - y * z) : 0);
                row->gradient_size[j] = 4;
                break;
            case FN_LOSS_kl_divergence: {
                const long double least = epsilon, truth = y < least ? least : y > 1 ? 1 : y;
                const long double p = z < least ? least : z > 1 ? 1 : z;
                N(add_term)(row, j, truth * logl(truth / p), truth * fabsl(logl(truth / p)) + truth, p == z ? -truth / p : 0);
                break;
            }
            case FN_LOSS_poisson:
                N(add_term)(row, j, z - y * logl(z + epsilon), z + fabsl(y * logl(z + epsilon)), 1 - y / (z + epsilon));
                row->gradient_size[j] = 1 + y / (z + epsilon);
                break;
            case FN_LOSS_binary_crossentropy: {
                const long double p = N(clipped)(z), value = -y * logl(p) - (1 - y) * logl(1 - p);
                N(add_term)(row, j, value, value + 1, p == z ? (p - y) / (p * (1 - p)) : 0);
                row->gradient_size[j] = 1 / (p * (1 - p));
                break;
            }
            case FN_LOSS_categorical_crossentropy:
            case FN_LOSS_sparse_categorical_crossentropy: {
                const long double q = z / total, p = N(clipped)(q);
                N(add_term)(row, j, -y * logl(p), fabsl(y * logl(p)) + y, (dot - (p == q ? y / q : 0)) / total);
                row->gradient_size[j] = (dot + y / q) / total;
                break;
            }
            case FN_LOSS_poisson_from_log:
                N(add_term)(row, j, (y > 0 ? y * (logl(y) - z) : 0) - y + e, (y > 0 ? y * (fabsl(logl(y)) + fabsl(z)) : 0) + y + e, e - y);
                row->gradient_size[j] = e + y;
                row->prediction[j] = e;
                break;
            case FN_LOSS_binary_log_loss: {
                const long double p = N(sigmoid_wanted)(z), eps = sizeof(T) == 4 ? 0x1p-23L : 0x1p-52L;
                const long double rounded = (T)p, q = rounded < eps ? eps : rounded > 1 - eps ? 1 - eps : rounded;
                N(add_term)(row, j, -y * logl(q) - (1 - y) * logl(1 - q), fabsl(z) + 2 + 1 / (1 - q) + 1 / q * eps, p - y);
                row->gradient_size[j] = p + y;
                row->prediction[j] = p;
                break;
            }
            case FN_LOSS_binary_crossentropy_from_logits: {
                const long double p = N(sigmoid_wanted)(z);
                const long double value = (z > 0 ? z : 0) - z * y + log1pl(expl(-fabsl(z)));
                N(add_term)(row, j, value, fabsl(z) + 1, p - y);
                row->gradient_size[j] = p + y;
                row->prediction[j] = p;
                break;
            }
            case FN_LOSS_categorical_crossentropy_from_logits:
            case FN_LOSS_sparse_categorical_crossentropy_from_logits:
            case FN_LOSS_sparse_log_loss: {
                const long double p = expl(z - greatest) / sum;
                const long double value = y == 0 ? 0 : N(bounded)(kind, y * (logl(sum) + greatest - z));
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
    long double *y = fresh((size_t)width * sizeof *y);
    N(row_wanted) wanted;
    for (ptrdiff_t r = 0; r < rows; r++) {
        const int64_t at = rows_of ? rows_of[r] : r;
        const long double w = weights ? (long double)weights[at] : 1;
        for (ptrdiff_t j = 0; j < width; j++)
            y[j] = N(truth_wanted)(kind, width, labels ? classes[at] == j : (long double)values[at * ldtruth + j], parameter);
        N(row_loss)(kind, width, z + r * ld, y, parameter, &wanted);
        value_close &= N(near)(got[r], wanted.value * w * value_scale, wanted.size * w * value_scale, 8);
        for (ptrdiff_t j = 0; j < width; j++) {
            const long double factor = w * gradient_scale;
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
                /* half of all, in which any two of use, width and rows meet: quadruple precision is slow under emulation */
                for (int r = (use + w) % 2; r < COUNT(rows); r += 2) N(loss_case)(table, kind, use, rows[r], widths[w]);
    report("loss", TYPE_NAME);
}
