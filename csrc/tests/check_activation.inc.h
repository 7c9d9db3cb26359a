/* check_activation.inc.h: every activation forward and backward against its formula, in and out of place. */

/* the numbers of all cases: of a power of two, so that products with them are exact */
static const fn_shape N(shape) = {.alpha = 0.25, .max_value = 2, .threshold = 0.5};

static long double N(between)(long double low, long double high, long double v) {
    return v < low ? low : v > high ? high : v;
}
/* the normal distribution function */
static long double N(normal)(long double z) { return erfcl(-z / sqrtl(2)) / 2; }
/* twice the argument of gelu's tanh, and its derivative */
static long double N(twice_inner)(long double z) { return 2 * sqrtl(2 / acosl(-1)) * (z + 0.044715L * z * z * z); }
static long double N(twice_inner_slope)(long double z) { return 2 * sqrtl(2 / acosl(-1)) * (1 + 3 * 0.044715L * z * z); }

static const long double N(selu_lambda) = 1.0507009873554804934193349852946L;
static const long double N(selu_alpha) = 1.6732632423543772848170429916717L;

static long double N(activated)(int kind, long double z) {
    const long double alpha = (long double)N(shape).alpha;
    switch (kind) {
        case FN_linear: return z;
        case FN_heaviside: return z > 0 ? 1 : z < 0 ? 0 : z == 0 ? alpha : z;
        case FN_sign: return z > 0 ? 1 : z < 0 ? -1 : z == 0 ? alpha : z;
        case FN_piecewise_linear: return N(between)(0, 1, z + 0.5L);
        case FN_sigmoid: return N(sigmoid_wanted)(z);
        case FN_hard_sigmoid: return N(between)(0, 1, (z + 3) / 6);
        case FN_tanh: return tanhl(z);
        case FN_hard_tanh: return N(between)(-1, 1, z);
        case FN_softsign: return z / (1 + fabsl(z));
        case FN_relu: return z > 0 || isnan(z) ? z : 0;
        case FN_relu6: return N(between)(0, 6, z);
        case FN_relu_clipped: return z > (long double)N(shape).threshold ? N(between)(0, (long double)N(shape).max_value, z) : 0;
        case FN_relu_general:
            return z > (long double)N(shape).threshold ? N(between)(0, (long double)N(shape).max_value, z)
                                                       : alpha * (z - (long double)N(shape).threshold);
        case FN_leaky_relu: return z < 0 ? alpha * z : z;
        case FN_elu: return z < 0 ? alpha * expm1l(z) : z;
        case FN_selu: return N(selu_lambda) * (z < 0 ? N(selu_alpha) * expm1l(z) : z);
        case FN_softplus: return (z > 0 ? z : 0) + log1pl(expl(-fabsl(z)));
        case FN_gelu: return z * N(normal)(z);
        case FN_gelu_tanh: return z * N(sigmoid_wanted)(N(twice_inner)(z));
        case FN_silu: return z * N(sigmoid_wanted)(z);
        case FN_mish: return z * tanhl(log1pl(expl(z)));
        case FN_exponential: return expl(z);
    }
    return NAN; /* an activation without a formula here fails its checks */
}
/* f' from what was saved: the output y, or the input z */
static long double N(slope)(int kind, long double saved) {
    const long double y = saved, z = saved, alpha = (long double)N(shape).alpha, s = N(sigmoid_wanted)(z);
    switch (kind) {
        case FN_linear: return 1;
        case FN_piecewise_linear: return y > 0 && y < 1;
        case FN_sigmoid: return y * (1 - y);
        case FN_hard_sigmoid: return y > 0 && y < 1 ? 1 / 6.0L : 0;
        case FN_tanh: return (1 - y) * (1 + y);
        case FN_hard_tanh: return y > -1 && y < 1;
        case FN_softsign: return (1 - fabsl(y)) * (1 - fabsl(y));
        case FN_relu: return y > 0;
        case FN_relu6: return y > 0 && y < 6;
        case FN_relu_clipped: return y > 0 && y < (long double)N(shape).max_value;
        case FN_relu_general:
            return z > (long double)N(shape).threshold ? z < (long double)N(shape).max_value : alpha;
        case FN_leaky_relu: return y > 0 ? 1 : alpha;
        case FN_elu: return y > 0 ? 1 : y + alpha;
        case FN_selu: return y > 0 ? N(selu_lambda) : y + N(selu_lambda) * N(selu_alpha);
        case FN_softplus: return -expm1l(-y);
        case FN_gelu: return N(normal)(z) + z * expl(-z * z / 2) / sqrtl(2 * acosl(-1));
        case FN_gelu_tanh: {
            const long double q = N(sigmoid_wanted)(N(twice_inner)(z));
            return q * (1 + z * (1 - q) * N(twice_inner_slope)(z));
        }
        case FN_silu: return s * (1 + z * (1 - s));
        case FN_mish: {
            const long double w = tanhl(log1pl(expl(z)));
            return w + z * (1 - w) * (1 + w) * s;
        }
        case FN_exponential: return y;
    }
    return NAN;
}
/* units in the last place of the output: compositions round more than once */
static double N(ulps_allowed)(int kind) {
    switch (kind) {
        case FN_softmax: return 8;
        case FN_elu: case FN_selu: case FN_softplus: case FN_silu: return 3;
        case FN_mish: return 5;
        /* an argument of e is rounded before: up to 8 once, 4 epsilon; up to 11 four times without fma, 22 epsilon */
        case FN_gelu: return 8 + 2;
        case FN_gelu_tanh: return 44 + 2;
    }
    return 2;
}
/* What a derivative's rounding is relative to, where it cancels about a root: the size of its terms. */
static long double N(slope_size)(int kind) {
    switch (kind) {
        case FN_gelu: case FN_silu: case FN_mish: return 1;
        case FN_gelu_tanh: return 4;
        case FN_elu: case FN_selu: return 1;
    }
    return 0;
}

/* wanted[width] for one row; returns nothing that depends on other rows */
static void N(row_forward)(int kind, ptrdiff_t width, const T *z, long double *wanted) {
    long double sum = 0, greatest = -INFINITY;
    for (ptrdiff_t j = 0; j < width; j++) greatest = (long double)z[j] > greatest ? (long double)z[j] : greatest;
    for (ptrdiff_t j = 0; j < width; j++) {
        wanted[j] = kind == FN_softmax ? expl((long double)z[j] - greatest) : N(activated)(kind, (long double)z[j]);
        sum += wanted[j];
    }
    for (ptrdiff_t j = 0; kind == FN_softmax && j < width; j++) wanted[j] /= sum;
}

static void N(activation_case)(const TABLE *table, int kind, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t gap) {
    const char *name = fn_activation_infos[kind].name;
    const fn_shape *shape = &N(shape);
    const ptrdiff_t ld = width + gap, size = (rows - 1) * ld + width;
    T *z = N(randoms)(size, -4, 4, 0), *y = fresh((size_t)size * sizeof(T)), *dy = N(randoms)(size, -1, 1, 0);
    long double *wanted = fresh((size_t)width * sizeof *wanted);
    z[0] = 0;
    T *in_place = N(copied)(size, z), *alone = fresh((size_t)width * sizeof(T));
    table->activation_forward[kind](rows, width, shape, z, ld, y, ld);
    table->activation_forward[kind](rows, width, shape, in_place, ld, in_place, ld);
    int close = 1, same = 1, independent = 1;
    for (ptrdiff_t r = 0; r < rows; r++) {
        N(row_forward)(kind, width, z + r * ld, wanted);
        for (ptrdiff_t j = 0; j < width; j++)
            close &= N(ulps)(y[r * ld + j], wanted[j]) <= N(ulps_allowed)(kind);
        same &= N(same)(width, in_place + r * ld, y + r * ld);
        if (r + 1 < rows) same &= N(untouched)(gap, y + r * ld + width);
        table->activation_forward[kind](1, width, shape, z + r * ld, width, alone, width);
        independent &= N(same)(width, alone, y + r * ld);
    }
    check(close, "%s forward: rows %td width %td gap %td", name, rows, width, gap);
    check(same, "%s forward: in place or between rows, rows %td width %td gap %td", name, rows, width, gap);
    check(independent, "%s forward: row alone, width %td gap %td", name, width, gap);

    const int saves = fn_activation_infos[kind].saves;
    if (saves == FN_NOT_DIFFERENTIABLE) {
        check(!table->activation_backward[kind], "%s: not differentiable, yet it has a backward", name);
        release();
        return;
    }
    const T *saved = saves == FN_SAVES_INPUT ? z : y;
    T *dz = fresh((size_t)size * sizeof(T)), *gradient = N(copied)(size, dy);
    table->activation_backward[kind](rows, width, shape, saved, ld, dy, ld, dz, ld);
    table->activation_backward[kind](rows, width, shape, saved, ld, gradient, ld, gradient, ld);
    close = same = 1;
    for (ptrdiff_t r = 0; r < rows; r++) {
        long double mean = 0, magnitude = 0;
        for (ptrdiff_t j = 0; j < width; j++) {
            mean += (long double)y[r * ld + j] * (long double)dy[r * ld + j];
            magnitude += fabsl((long double)y[r * ld + j] * (long double)dy[r * ld + j]);
        }
        for (ptrdiff_t j = 0; j < width; j++) {
            const long double output = (long double)y[r * ld + j], d = (long double)dy[r * ld + j];
            const long double kept = (long double)saved[r * ld + j];
            const long double exact = kind == FN_softmax ? output * (d - mean) : d * N(slope)(kind, kept);
            const long double size = kind == FN_softmax ? output * (1 + magnitude) : fabsl(d) * N(slope_size)(kind);
            close &= N(near)(dz[r * ld + j], exact, size, 4);
        }
        same &= N(same)(width, gradient + r * ld, dz + r * ld);
        if (r + 1 < rows) same &= N(untouched)(gap, dz + r * ld + width);
    }
    check(close, "%s backward: rows %td width %td gap %td", name, rows, width, gap);
    check(same, "%s backward: in place or between rows, rows %td width %td gap %td", name, rows, width, gap);
    release();
}

/* f at -infinity and infinity, and f' there: no infinity times 0, no infinity over infinity */
static const struct {
    T low, high, slope_low, slope_high;
} N(ends)[FN_ACTIVATIONS] = {
    [FN_linear] = {-(T)INFINITY, (T)INFINITY, 1, 1},
    [FN_heaviside] = {0, 1, 0, 0},
    [FN_sign] = {-1, 1, 0, 0},
    [FN_piecewise_linear] = {0, 1, 0, 0},
    [FN_sigmoid] = {0, 1, 0, 0},
    [FN_hard_sigmoid] = {0, 1, 0, 0},
    [FN_tanh] = {-1, 1, 0, 0},
    [FN_hard_tanh] = {-1, 1, 0, 0},
    [FN_softsign] = {-1, 1, 0, 0},
    [FN_relu] = {0, (T)INFINITY, 0, 1},
    [FN_relu6] = {0, 6, 0, 0},
    [FN_relu_clipped] = {0, 2, 0, 0},
    [FN_relu_general] = {-(T)INFINITY, 2, (T)0.25, 0},
    [FN_leaky_relu] = {-(T)INFINITY, (T)INFINITY, (T)0.25, 1},
    [FN_elu] = {(T)-0.25, (T)INFINITY, 0, 1},
    [FN_selu] = {(T)-1.7580993408473768599L, (T)INFINITY, 0, (T)1.0507009873554804935L},
    [FN_softplus] = {0, (T)INFINITY, 0, 1},
    [FN_gelu] = {0, (T)INFINITY, 0, 1},
    [FN_gelu_tanh] = {0, (T)INFINITY, 0, 1},
    [FN_silu] = {0, (T)INFINITY, 0, 1},
    [FN_mish] = {0, (T)INFINITY, 0, 1},
    [FN_exponential] = {0, (T)INFINITY, 0, (T)INFINITY},
};

static void N(activation_ends)(const TABLE *table, int kind) {
    const char *name = fn_activation_infos[kind].name;
    const T z[3] = {-(T)INFINITY, (T)INFINITY, (T)NAN}, one[3] = {1, 1, 1};
    const int saves = fn_activation_infos[kind].saves;
    T y[3], dz[3];
    table->activation_forward[kind](1, 3, &N(shape), z, 3, y, 3);
    check(isnan(y[2]), "%s(NaN) = %g", name, (double)y[2]);
    if (kind == FN_softmax) return; /* the NaN is everywhere */
    check(y[0] == N(ends)[kind].low && y[1] == N(ends)[kind].high, "%s: %g and %g at the ends", name, (double)y[0],
          (double)y[1]);
    if (saves == FN_NOT_DIFFERENTIABLE) return;
    table->activation_backward[kind](1, 3, &N(shape), saves == FN_SAVES_INPUT ? z : y, 3, one, 3, dz, 3);
    check(dz[0] == N(ends)[kind].slope_low && dz[1] == N(ends)[kind].slope_high, "%s': %g and %g at the ends", name,
          (double)dz[0], (double)dz[1]);
}

static void N(check_activation)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {1, 2, 5};
    for (int kind = 0; kind < FN_ACTIVATIONS; kind++)
        for (int w = 0; w < COUNT(widths); w++)
            for (int r = 0; r < COUNT(rows); r++)
                for (ptrdiff_t gap = 0; gap < 4; gap += 3) N(activation_case)(table, kind, rows[r], widths[w], gap);
    for (int kind = 0; kind < FN_ACTIVATIONS; kind++) N(activation_ends)(table, kind);
    report("activation", TYPE_NAME);
}
