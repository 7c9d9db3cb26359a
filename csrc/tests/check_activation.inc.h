/* check_activation.inc.h: every activation forward and backward against its formula, in and out of place. */

static long double N(activated)(int kind, long double alpha, long double z) {
    switch (kind) {
        case FN_linear: return z;
        case FN_sign: return z > 0 ? 1 : z < 0 ? -1 : z == 0 ? alpha : z;
        case FN_sigmoid: return N(sigmoid_wanted)(z);
        case FN_tanh: return tanhl(z);
        case FN_relu: return z > 0 || isnan(z) ? z : 0;
        case FN_exponential: return expl(z);
    }
    return NAN; /* an activation without a formula here fails its checks */
}
/* f' from the output y */
static long double N(slope)(int kind, long double y) {
    switch (kind) {
        case FN_linear: return 1;
        case FN_sigmoid: return y * (1 - y);
        case FN_tanh: return (1 - y) * (1 + y);
        case FN_relu: return y > 0;
        case FN_exponential: return y;
    }
    return NAN;
}

/* wanted[width] for one row; returns nothing that depends on other rows */
static void N(row_forward)(int kind, T alpha, ptrdiff_t width, const T *z, long double *wanted) {
    long double sum = 0, greatest = -INFINITY;
    for (ptrdiff_t j = 0; j < width; j++) greatest = (long double)z[j] > greatest ? (long double)z[j] : greatest;
    for (ptrdiff_t j = 0; j < width; j++) {
        wanted[j] = kind == FN_softmax ? expl((long double)z[j] - greatest) : N(activated)(kind, (long double)alpha, (long double)z[j]);
        sum += wanted[j];
    }
    for (ptrdiff_t j = 0; kind == FN_softmax && j < width; j++) wanted[j] /= sum;
}

static void N(activation_case)(const TABLE *table, int kind, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t gap) {
    const char *name = fn_activation_infos[kind].name;
    const T alpha = (T)0.25;
    const ptrdiff_t ld = width + gap, size = (rows - 1) * ld + width;
    T *z = N(randoms)(size, -4, 4, 0), *y = fresh((size_t)size * sizeof(T)), *dy = N(randoms)(size, -1, 1, 0);
    long double *wanted = fresh((size_t)width * sizeof *wanted);
    z[0] = 0;
    T *in_place = N(copied)(size, z), *alone = fresh((size_t)width * sizeof(T));
    table->activation_forward[kind](rows, width, alpha, z, ld, y, ld);
    table->activation_forward[kind](rows, width, alpha, in_place, ld, in_place, ld);
    int close = 1, same = 1, independent = 1;
    for (ptrdiff_t r = 0; r < rows; r++) {
        N(row_forward)(kind, alpha, width, z + r * ld, wanted);
        for (ptrdiff_t j = 0; j < width; j++)
            close &= N(ulps)(y[r * ld + j], wanted[j]) <= (kind == FN_softmax ? 8 : 2);
        same &= N(same)(width, in_place + r * ld, y + r * ld);
        if (r + 1 < rows) same &= N(untouched)(gap, y + r * ld + width);
        table->activation_forward[kind](1, width, alpha, z + r * ld, width, alone, width);
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
    table->activation_backward[kind](rows, width, alpha, saved, ld, dy, ld, dz, ld);
    table->activation_backward[kind](rows, width, alpha, saved, ld, gradient, ld, gradient, ld);
    close = same = 1;
    for (ptrdiff_t r = 0; r < rows; r++) {
        long double mean = 0, magnitude = 0;
        for (ptrdiff_t j = 0; j < width; j++) {
            mean += (long double)y[r * ld + j] * (long double)dy[r * ld + j];
            magnitude += fabsl((long double)y[r * ld + j] * (long double)dy[r * ld + j]);
        }
        for (ptrdiff_t j = 0; j < width; j++) {
            const long double output = (long double)y[r * ld + j], d = (long double)dy[r * ld + j];
            const long double exact = kind == FN_softmax ? output * (d - mean) : d * N(slope)(kind, output);
            close &= N(near)(dz[r * ld + j], exact, kind == FN_softmax ? output * (1 + magnitude) : 0, 4);
        }
        same &= N(same)(width, gradient + r * ld, dz + r * ld);
        if (r + 1 < rows) same &= N(untouched)(gap, dz + r * ld + width);
    }
    check(close, "%s backward: rows %td width %td gap %td", name, rows, width, gap);
    check(same, "%s backward: in place or between rows, rows %td width %td gap %td", name, rows, width, gap);
    release();
}

static void N(check_activation)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {1, 2, 5};
    for (int kind = 0; kind < FN_ACTIVATIONS; kind++)
        for (int w = 0; w < COUNT(widths); w++)
            for (int r = 0; r < COUNT(rows); r++)
                for (ptrdiff_t gap = 0; gap < 4; gap += 3) N(activation_case)(table, kind, rows[r], widths[w], gap);
    /* a NaN must show */
    for (int kind = 0; kind < FN_ACTIVATIONS; kind++) {
        T z[2] = {1, (T)NAN}, y[2];
        table->activation_forward[kind](1, 2, 0, z, 2, y, 2);
        check(isnan(y[1]), "%s(NaN) = %g", fn_activation_infos[kind].name, (double)y[1]);
    }
    report("activation", TYPE_NAME);
}
