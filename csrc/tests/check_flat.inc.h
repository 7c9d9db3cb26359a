/* check_flat.inc.h: clipping, moving averages, squares and factors of columns. */

static void N(check_clip_and_average)(const TABLE *table) {
    const double limits[][2] = {{-0.5, 0.75}, {-INFINITY, INFINITY}, {-INFINITY, 0.25}}, momenta[] = {0, 0.7, 1};
    for (ptrdiff_t n = 0; n < 20 * table->lanes; n++)
        for (int k = 0; k < 3; k++) {
            T *x = N(randoms)(n, -2, 2, 0), *y = N(randoms)(n, -2, 2, 0), *before = N(copied)(n, x), *old = N(copied)(n, y);
            const T factor = (T)0.3, least = (T)limits[k][0], most = (T)limits[k][1];
            int clipped = 1, averaged = 1;
            if (n) x[n / 2] = before[n / 2] = (T)NAN;
            table->average(n, momenta[k], before, y);
            table->clip(n, factor, least, most, x);
            for (ptrdiff_t i = 0; i < n; i++) {
                const T scaled = factor * before[i];
                const T wanted = scaled < least ? least : scaled > most ? most : scaled;
                const long double mean = (long double)momenta[k] * old[i] + (1 - (long double)momenta[k]) * before[i];
                clipped &= x[i] == wanted || (isnan(x[i]) && isnan(wanted));
                averaged &= N(near)((double)y[i], mean, 4, 2);
            }
            check(clipped, "clip n %td limits %d", n, k);
            check(averaged, "average n %td momentum %g", n, momenta[k]);
            release();
        }
}

static void N(check_squares_and_factors)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {0, 1, 2, 7, 33};
    for (int w = 0; w < COUNT(widths); w++)
        for (int r = 0; r < COUNT(rows); r++)
            for (ptrdiff_t gap = 0; gap < 4; gap += 3) {
                const ptrdiff_t width = widths[w], ld = width + gap, size = rows[r] ? (rows[r] - 1) * ld + width : 0;
                T *x = N(randoms)(size, -2, 2, 0), *before = N(copied)(size, x), *factors = N(randoms)(width, -2, 2, 0);
                double *sums = fresh((size_t)width * sizeof *sums);
                int summed = 1, scaled = 1;
                for (ptrdiff_t j = 0; j < width; j++) sums[j] = (double)j;
                table->squares_of_columns(rows[r], width, x, ld, sums);
                table->scale_columns(rows[r], width, factors, x, ld);
                for (ptrdiff_t j = 0; j < width; j++) {
                    long double wanted = j;
                    for (ptrdiff_t i = 0; i < rows[r]; i++) {
                        const T value = before[i * ld + j];
                        wanted += (long double)value * (long double)value;
                        scaled &= x[i * ld + j] == (T)(value * factors[j]);
                    }
                    summed &= fabsl(sums[j] - wanted) <= 2 * (long double)(rows[r] + 1) * DBL_EPSILON * wanted;
                }
                for (ptrdiff_t i = 0; i + 1 < rows[r]; i++)
                    scaled &= N(same)(gap, x + i * ld + width, before + i * ld + width);
                check(summed, "squares_of_columns rows %td width %td gap %td", rows[r], width, gap);
                check(scaled, "scale_columns rows %td width %td gap %td", rows[r], width, gap);
                release();
            }
}

static void N(check_flat)(const TABLE *table) {
    N(check_clip_and_average)(table);
    N(check_squares_and_factors)(table);
    report("flat", TYPE_NAME);
}
