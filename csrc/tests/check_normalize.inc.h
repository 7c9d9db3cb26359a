/* check_normalize.inc.h: normalization by column and row, learned slopes, sums of blocks, sparse rows: against their formulas. */

/* A block of rows [height, width] of leading dimension ld, with NaN between rows. */
static T *N(block)(ptrdiff_t height, ptrdiff_t width, ptrdiff_t ld) {
    T *x = fresh((size_t)(height * ld) * sizeof(T));
    for (ptrdiff_t r = 0; r < height; r++)
        for (ptrdiff_t j = 0; j < width; j++) x[r * ld + j] = (T)random_in(-2, 3);
    return x;
}
static int N(gaps_kept)(ptrdiff_t height, ptrdiff_t width, ptrdiff_t ld, const T *x) {
    for (ptrdiff_t r = 0; r < height; r++)
        if (!N(untouched)(ld - width, x + r * ld + width)) return 0;
    return 1;
}

static void N(check_columns)(const TABLE *table, ptrdiff_t height, ptrdiff_t width, ptrdiff_t ld) {
    const T epsilon = (T)0.001;
    T *x = N(block)(height, width, ld), *dy = N(block)(height, width, ld), *y = fresh((size_t)(height * ld) * sizeof(T));
    T *dx = N(block)(height, width, ld), *onto = N(copied)(height * ld, dx), *sum = fresh((size_t)(height * ld) * sizeof(T));
    T *mean = N(randoms)(width, -1, 1, 0), *variance = N(randoms)(width, 0.1, 2, 0), *gamma = N(randoms)(width, -2, 2, 0);
    T *beta = N(randoms)(width, -2, 2, 0), *squares = N(randoms)(width, 0, 0, 0), *products = N(randoms)(width, 0, 0, 0);
    T *slopes = N(randoms)(width, 0, 0, 0), *dy_sums = N(randoms)(width, -1, 1, 0);
    table->column_squares(height, width, x, ld, mean, squares);
    table->column_products(height, width, epsilon, dy, ld, x, ld, mean, variance, products);
    table->prelu_products(height, width, dy, ld, x, ld, slopes);
    table->normalize(height, width, epsilon, x, ld, mean, variance, gamma, beta, y, ld);
    table->add(height, width, x, ld, dy, ld, sum, ld);
    table->normalize_backward(height, width, epsilon, (T)height, x, ld, mean, variance, gamma, dy_sums, products, dy, ld, 1, dx, ld);
    int right = 1, backward = 1;
    for (ptrdiff_t j = 0; j < width; j++) {
        const long double inverse = 1 / sqrtl((long double)variance[j] + epsilon);
        long double wanted_squares = 0, wanted_products = 0, wanted_slopes = 0, size = 0;
        for (ptrdiff_t r = 0; r < height; r++) {
            const long double distance = (long double)x[r * ld + j] - mean[j], up = dy[r * ld + j];
            wanted_squares += distance * distance;
            wanted_products += up * distance * inverse;
            wanted_slopes += x[r * ld + j] < 0 ? up * x[r * ld + j] : 0;
            size += fabsl(up * distance * inverse) + fabsl(up) * 3;
            right &= N(near)((double)y[r * ld + j], distance * inverse * gamma[j] + beta[j], 8 * inverse * 4, 4);
            right &= sum[r * ld + j] == x[r * ld + j] + dy[r * ld + j];
            const long double wanted = onto[r * ld + j] + gamma[j] * inverse *
                                       (up - dy_sums[j] / (long double)height - distance * inverse * products[j] / (long double)height);
            backward &= N(near)((double)dx[r * ld + j], wanted, 100 * inverse * inverse * (1 + fabsl((long double)products[j])), 8);
        }
        right &= N(near)((double)squares[j], wanted_squares, wanted_squares, (double)height + 4);
        right &= N(near)((double)products[j], wanted_products, size, (double)height + 8);
        right &= N(near)((double)slopes[j], wanted_slopes, size, (double)height + 4);
    }
    check(right, "columns: height %td width %td", height, width);
    check(backward, "columns backward: height %td width %td", height, width);
    check(N(gaps_kept)(height, width, ld, y) && N(gaps_kept)(height, width, ld, sum), "columns: between rows, width %td", width);
    release();
}

static void N(check_rows)(const TABLE *table, ptrdiff_t height, ptrdiff_t width, ptrdiff_t ld) {
    const T epsilon = (T)0.5; /* far from cancelling: its square root is of the values' size */
    T *x = N(block)(height, width, ld), *dy = N(block)(height, width, ld), *y = fresh((size_t)(height * ld) * sizeof(T));
    T *dx = fresh((size_t)(height * ld) * sizeof(T)), *gamma = N(randoms)(width, -2, 2, 0), *beta = N(randoms)(width, -2, 2, 0);
    T *statistics = fresh((size_t)(2 * height) * sizeof(T)), *products = N(randoms)(width, 0, 0, 0);
    table->layer_norm(height, width, epsilon, x, ld, gamma, beta, statistics, y, ld);
    table->layer_norm_backward(height, width, x, ld, statistics, gamma, dy, ld, 0, dx, ld);
    table->row_products(height, width, dy, ld, x, ld, statistics, products);
    int right = 1;
    for (ptrdiff_t r = 0; r < height; r++) {
        long double mean = 0, variance = 0, mean_g = 0, mean_product = 0;
        for (ptrdiff_t j = 0; j < width; j++) mean += x[r * ld + j];
        mean /= (long double)width;
        for (ptrdiff_t j = 0; j < width; j++) variance += (x[r * ld + j] - mean) * (x[r * ld + j] - mean);
        const long double inverse = 1 / sqrtl(variance / (long double)width + epsilon);
        for (ptrdiff_t j = 0; j < width; j++) {
            mean_g += (long double)dy[r * ld + j] * gamma[j] / (long double)width;
            mean_product += (long double)dy[r * ld + j] * gamma[j] * (x[r * ld + j] - mean) * inverse / (long double)width;
        }
        for (ptrdiff_t j = 0; j < width; j++) {
            const long double u = (x[r * ld + j] - mean) * inverse, g = (long double)dy[r * ld + j] * gamma[j];
            right &= N(near)((double)y[r * ld + j], u * gamma[j] + beta[j], 16, 8);
            right &= N(near)((double)dx[r * ld + j], inverse * (g - mean_g - u * mean_product), 100, 8);
        }
    }
    for (ptrdiff_t j = 0; j < width; j++) {
        long double wanted = 0;
        for (ptrdiff_t r = 0; r < height; r++)
            wanted += (long double)dy[r * ld + j] * ((long double)x[r * ld + j] - statistics[2 * r]) * statistics[2 * r + 1];
        right &= N(near)((double)products[j], wanted, 24 * (long double)height, (double)height + 4);
    }
    check(right, "rows: height %td width %td", height, width);
    check(N(gaps_kept)(height, width, ld, y) && N(gaps_kept)(height, width, ld, dx), "rows: between rows, width %td", width);
    release();
}

static void N(check_elements)(const TABLE *table, ptrdiff_t height, ptrdiff_t width, ptrdiff_t ld) {
    T *x = N(block)(height, width, ld), *dy = N(block)(height, width, ld), *slopes = N(randoms)(width, -1, 1, 0);
    T *y = fresh((size_t)(height * ld) * sizeof(T)), *dx = fresh((size_t)(height * ld) * sizeof(T));
    T *scaled = fresh((size_t)(height * ld) * sizeof(T)), *pushed = N(copied)(height * ld, dy);
    x[0] = 0;
    table->prelu(height, width, x, ld, slopes, y, ld);
    table->prelu_backward(height, width, x, ld, slopes, dy, ld, 0, dx, ld);
    table->affine(height, width, (T)0.75, (T)-2, x, ld, scaled, ld);
    table->penalize(height, width, (T)0.5, (T)0.25, x, ld, pushed, ld);
    int right = 1;
    for (ptrdiff_t r = 0; r < height; r++)
        for (ptrdiff_t j = 0; j < width; j++) {
            const T at = x[r * ld + j], up = dy[r * ld + j];
            right &= y[r * ld + j] == (at > 0 ? at : at * slopes[j]) && dx[r * ld + j] == (at > 0 ? up : up * slopes[j]);
            right &= N(near)((double)scaled[r * ld + j], 0.75L * at - 2, 4, 2);
            right &= N(near)((double)pushed[r * ld + j], up + 0.5L * ((at > 0) - (at < 0)) + 0.25L * at, 4, 3);
        }
    check(right, "slopes, affine, penalty: height %td width %td", height, width);
    check(N(gaps_kept)(height, width, ld, y) && N(gaps_kept)(height, width, ld, dx) && N(gaps_kept)(height, width, ld, scaled),
          "slopes, affine: between rows, width %td", width);
    release();
}

static void N(check_sparse)(const TABLE *table, ptrdiff_t width) {
    enum { ROWS = 5, INPUTS = 7, ELEMENTS = 9 };
    const int32_t columns[ELEMENTS] = {3, 0, 6, 3, 1, 1, 5, 2, 0};
    const int64_t starts[ROWS + 1] = {0, 2, 2, 6, 7, 9}, index[3] = {2, 4, 2};
    const int32_t next[ELEMENTS] = {4, -1, -1, 7, 3, -1, -1, -1, -1}, rows[ELEMENTS] = {0, 0, 1, 1, 2, 0, 0, 2, 0};
    T *values = N(randoms)(ELEMENTS, -1, 1, 0), *w = N(randoms)(INPUTS * width, -1, 1, 512), *bias = N(randoms)(width, -1, 1, 0);
    T *y = fresh((size_t)(3 * width) * sizeof(T)), *dy = N(randoms)(3 * width, -1, 1, 0), *sums = fresh((size_t)width * sizeof(T));
    table->sparse_product(3, width, values, columns, starts, index, w, width, bias, y, width);
    table->sparse_gradient(width, 0, next, rows, values, dy, width, sums);
    int right = 1;
    for (ptrdiff_t j = 0; j < width; j++) {
        for (int r = 0; r < 3; r++) {
            long double wanted = bias[j];
            for (int64_t p = starts[index[r]]; p < starts[index[r] + 1]; p++) wanted += (long double)values[p] * w[columns[p] * width + j];
            right &= N(near)((double)y[r * width + j], wanted, 5, 6);
        }
        long double wanted = 0;
        for (int p = 0; p >= 0; p = next[p]) wanted += (long double)values[p] * dy[rows[p] * width + j];
        right &= N(near)((double)sums[j], wanted, 4, 6);
    }
    check(right, "sparse rows: width %td", width);
    release();
}

static void N(check_normalize)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, heights[] = {1, 2, 7};
    for (int w = 0; w < COUNT(widths); w++) {
        for (int h = 0; h < COUNT(heights); h++) {
            const ptrdiff_t ld = widths[w] + h;
            N(check_columns)(table, heights[h], widths[w], ld);
            N(check_rows)(table, heights[h], widths[w], ld);
            N(check_elements)(table, heights[h], widths[w], ld);
        }
        N(check_sparse)(table, widths[w]);
    }
    report("normalize", TYPE_NAME);
}
