/* check_noise.inc.h: noise of layers in training, element by element from Philox's definition (check_random.inc.h). */

/* sqrt 2 erfinv(t) by bisection of erf: slow, obvious. */
static long double N(quantile)(long double t) {
    long double low = -6, high = 6;
    for (int i = 0; i < 80; i++) {
        const long double middle = (low + high) / 2;
        if (erfl(middle / sqrtl(2)) < t) low = middle;
        else high = middle;
    }
    return (low + high) / 2;
}

static void N(check_noise_of)(const TABLE *table, int kind, ptrdiff_t width) {
    enum { ROWS = 3 };
    const fn_stream stream = {random_bits(), random_bits(), 5};
    const uint64_t row_stride = (uint64_t)width + 2, first_row = 11, first_column = 3;
    const ptrdiff_t ld = width + 1;
    const T a = (T)0.25, b = (T)0.5;
    T *x = N(randoms)(ROWS * ld, -2, 2, 0), *dy = N(randoms)(ROWS * ld, -2, 2, 0), *y = fresh((size_t)(ROWS * ld) * sizeof(T));
    T *dx = fresh((size_t)(ROWS * ld) * sizeof(T));
    table->noise_forward[kind](ROWS, width, a, b, stream, first_row, row_stride, first_column, x, ld, y, ld);
    table->noise_backward[kind](ROWS, width, a, b, stream, first_row, row_stride, first_column, y, ld, dy, ld, dx, ld);
    const long double limit = -1.7580993408473766L, scale = 1 / sqrtl((1 - a) * (1 + a * limit * limit));
    int right = 1, kept = 1;
    for (ptrdiff_t r = 0; r < ROWS; r++) {
        for (ptrdiff_t j = 0; j < width; j++) {
            const uint32_t word = philox_word(stream, (first_row + (uint64_t)r) * row_stride + first_column + (uint64_t)j) >> 8;
            const long double u = word * 0x1p-24L, t = (2.0L * word + 1) * 0x1p-24L - 1, at = x[r * ld + j], up = dy[r * ld + j];
            long double wanted = 0, slope = 0;
            if (kind == FN_NOISE_gaussian_noise) wanted = at + a * N(quantile)(t), slope = 1;
            if (kind == FN_NOISE_gaussian_dropout) slope = 1 + a * N(quantile)(t), wanted = at * slope;
            if (kind == FN_NOISE_alpha_dropout) slope = u >= a ? scale : 0, wanted = scale * ((u >= a ? at : limit) - limit * a);
            if (kind == FN_NOISE_rrelu) slope = at > 0 ? 1 : a + (b - a) * u, wanted = at * slope;
            /* the quantile's own relative error is 4e-7 */
            const double size = 4e-7 * 6 / (double)EPSILON + 64;
            right &= N(near)((double)y[r * ld + j], wanted, 2, size) && N(near)((double)dx[r * ld + j], up * slope, 2, size);
        }
        kept &= N(untouched)(ld - width, y + r * ld + width);
    }
    check(right, "noise %s: width %td", fn_noise_infos[kind].name, width);
    check(kept, "noise %s: between rows, width %td", fn_noise_infos[kind].name, width);
    release();
}

static void N(check_noise)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS;
    for (int kind = 0; kind < FN_NOISES; kind++)
        for (int w = 0; w < COUNT(widths); w++) N(check_noise_of)(table, kind, widths[w]);
    report("noise", TYPE_NAME);
}
