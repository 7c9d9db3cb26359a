/* check_reduce.inc.h: sums, accumulate, the search for NaN, and gathering from each type. */

static void N(check_sums)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {0, 1, 2, 7, 33};
    for (int w = 0; w < COUNT(widths); w++)
        for (int r = 0; r < COUNT(rows); r++)
            for (ptrdiff_t gap = 0; gap < 4; gap += 3) {
                const ptrdiff_t width = widths[w], ld = width + gap;
                T *x = N(randoms)(rows[r] ? (rows[r] - 1) * ld + width : 0, -1, 1, 0), *sums = N(randoms)(width, -1, 1, 0);
                T *wanted = N(copied)(width, sums);
                for (ptrdiff_t i = 0; i < rows[r]; i++)
                    for (ptrdiff_t j = 0; j < width; j++) wanted[j] += x[i * ld + j];
                table->column_sums(rows[r], width, x, ld, sums);
                check(N(same)(width, sums, wanted), "column_sums rows %td width %td gap %td", rows[r], width, gap);
                release();
            }
    for (ptrdiff_t n = 0; n < 20 * table->lanes; n++) {
        T *x = N(randoms)(n, -1, 1, 0), *y = N(randoms)(n, -1, 1, 0), *wanted = N(copied)(n, y);
        T *moved = (T *)((char *)fresh((size_t)n * sizeof(T) + sizeof(T))) + 1;
        long double squares = 0, magnitudes = 0;
        for (ptrdiff_t i = 0; i < n; i++) {
            squares += (long double)x[i] * (long double)x[i];
            magnitudes += fabsl((long double)x[i]);
            wanted[i] += x[i];
            moved[i] = x[i];
        }
        const double square = table->sum_of_squares(n, x), magnitude = table->sum_of_magnitudes(n, x);
        check(fabsl(square - squares) <= 4 * DBL_EPSILON * squares, "sum_of_squares n %td: %.17g", n, square);
        check(fabsl(magnitude - magnitudes) <= 4 * DBL_EPSILON * magnitudes, "sum_of_magnitudes n %td: %.17g", n, magnitude);
        check(table->sum_of_squares(n, moved) == square && table->sum_of_magnitudes(n, moved) == magnitude,
              "sums depend on where x lies: n %td", n);
        table->accumulate(n, x, y);
        check(N(same)(n, y, wanted), "accumulate n %td", n);
        release();
    }
}

static void N(check_search)(const TABLE *table) {
    const T bad[] = {(T)NAN, (T)INFINITY, (T)-INFINITY};
    const T largest = sizeof(T) == 4 ? (T)FLT_MAX : (T)DBL_MAX, smallest = sizeof(T) == 4 ? (T)FLT_TRUE_MIN : (T)DBL_TRUE_MIN;
    for (ptrdiff_t n = 0; n < 6000; n = n < 70 ? n + 1 : n * 2 + 3) {
        T *x = N(randoms)(n, -1, 1, 0);
        for (ptrdiff_t i = 0; i < n; i++) x[i] = i % 5 == 0 ? largest : i % 5 == 1 ? -smallest : i % 5 == 2 ? -largest : x[i];
        check(table->first_not_finite(n, x) == n, "first_not_finite: finite, n %td", n);
        for (ptrdiff_t at = n - 1; at >= 0; at = n < 100 ? at - 1 : at - 97) {
            x[at] = bad[at % 3]; /* later ones stay */
            const ptrdiff_t got = table->first_not_finite(n, x);
            check(got == at, "first_not_finite: n %td, expected %td, received %td", n, at, got);
        }
        release();
    }
}

static void N(check_gather)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {1, 2, 5, 13};
    enum { EXAMPLES = 6 };
    for (int w = 0; w < COUNT(widths); w++)
        for (int r = 0; r < COUNT(rows); r++)
            for (int indexed = 0; indexed < 2; indexed++) {
                const ptrdiff_t width = widths[w], ldx = width + 2, ldout = width + 3;
                const ptrdiff_t examples = indexed ? EXAMPLES : rows[r], size = (examples - 1) * ldx + width;
                float *singles = fresh((size_t)size * sizeof *singles);
                double *doubles = fresh((size_t)size * sizeof *doubles);
                uint8_t *bytes = fresh((size_t)size);
                int64_t *index = fresh((size_t)rows[r] * sizeof *index);
                for (ptrdiff_t i = 0; i < size; i++) {
                    doubles[i] = random_in(-1, 1);
                    singles[i] = (float)doubles[i];
                    bytes[i] = (uint8_t)random_bits();
                }
                bytes[0] = 255;
                for (ptrdiff_t i = 0; i < rows[r]; i++) index[i] = indexed ? (int64_t)(random_bits() % EXAMPLES) : i;
                T *out[3];
                for (int i = 0; i < 3; i++) out[i] = fresh((size_t)((rows[r] - 1) * ldout + width) * sizeof(T));
                const int64_t *given = indexed ? index : NULL;
                table->gather_f32(rows[r], width, singles, ldx, given, out[0], ldout);
                table->gather_f64(rows[r], width, doubles, ldx, given, out[1], ldout);
                table->gather_u8(rows[r], width, bytes, ldx, given, out[2], ldout);
                int same = 1;
                for (ptrdiff_t i = 0; i < rows[r]; i++) {
                    for (ptrdiff_t j = 0; j < width; j++) {
                        const ptrdiff_t from = index[i] * ldx + j, to = i * ldout + j;
                        same &= out[0][to] == (T)singles[from] && out[1][to] == (T)doubles[from] && out[2][to] == (T)bytes[from];
                    }
                    for (int k = 0; k < 3 && i + 1 < rows[r]; k++) same &= N(untouched)(ldout - width, out[k] + i * ldout + width);
                }
                check(same, "gather: rows %td width %td indexed %d", rows[r], width, indexed);
                release();
            }
}

static void N(check_reduce)(const TABLE *table) {
    N(check_sums)(table);
    N(check_search)(table);
    N(check_gather)(table);
    report("reduce", TYPE_NAME);
}
