/* check_product.inc.h: the three products, bit for bit against one chain of multiply-adds an element. */
#ifndef FASTNN_TEST_STARTS
#define FASTNN_TEST_STARTS
enum { START_ZERO, START_BIAS, START_SELF, STARTS };
#endif

/* Whether the target's multiply-add rounds once: then the product of one element keeps EPSILON^2. */
static int N(fuses)(const TABLE *table) {
    T a = 1 + (T)EPSILON, start = -(1 + 2 * (T)EPSILON); /* a a = 1 + 2 EPSILON + EPSILON^2 */
    T b[FN_SLACK_BYTES / sizeof(T) + 1] = {a}, starts[FN_SLACK_BYTES / sizeof(T) + 1] = {start}, c[64];
    table->product(1, 1, 1, &a, 1, b, 1, starts, 0, c, 64);
    return c[0] != 0;
}

/* c[m,n] = start + a[m,k] b[k,n], started from 0, row 0 of `start` or its own element of `start`. */
static void N(chains)(int fused, int mode, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda, const T *b,
                      ptrdiff_t ldb, const T *start, T *c) {
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) {
            T sum = mode == START_ZERO ? 0 : start[(mode == START_SELF ? i * n : 0) + j];
            for (ptrdiff_t p = 0; p < k; p++) {
                const T x = a[i * lda + p], y = b[p * ldb + j], product = x * y;
                sum = fused ? FMA(x, y, sum) : product + sum;
            }
            c[i * n + j] = sum;
        }
}

static void N(product_case)(const TABLE *table, int order, int mode, int tight, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
                            const T *a0, const T *b0, ptrdiff_t columns, const T *start0, ptrdiff_t depth,
                            const T *wanted) {
    const ptrdiff_t whole = (n + table->lanes - 1) / table->lanes * table->lanes;
    const ptrdiff_t lda = (order == 1 ? m : k) + (tight ? 0 : 3), ldb = (order == 2 ? k : n) + (tight ? 0 : 5);
    const ptrdiff_t ldc = tight ? n : whole + 3, room = tight ? m * n + table->lanes - 1 : (m - 1) * ldc + whole;
    T *a = fresh((size_t)((order == 1 ? k : m) * lda) * sizeof(T));
    T *b = fresh((size_t)((order == 2 ? n : k) * ldb) * sizeof(T) + (order == 2 ? 0 : FN_SLACK_BYTES));
    T *bias = fresh((size_t)n * sizeof(T) + FN_SLACK_BYTES);
    T *c = fresh((size_t)room * sizeof(T) + (mode == START_SELF ? FN_SLACK_BYTES : 0));
    for (ptrdiff_t p = 0; p < k; p++) {
        for (ptrdiff_t i = 0; i < m; i++) a[order == 1 ? p * lda + i : i * lda + p] = a0[i * depth + p];
        for (ptrdiff_t j = 0; j < n; j++) b[order == 2 ? j * ldb + p : p * ldb + j] = b0[p * columns + j];
    }
    memcpy(bias, start0, (size_t)n * sizeof(T));
    if (mode == START_SELF)
        for (ptrdiff_t i = 0; i < m; i++) memcpy(c + i * ldc, start0 + i * columns, (size_t)n * sizeof(T));
    const T *start = mode == START_ZERO ? NULL : mode == START_BIAS ? bias : c;
    const ptrdiff_t ldstart = mode == START_SELF ? ldc : 0;
    (order == 0 ? table->product : order == 1 ? table->product_at : table->product_bt)(m, n, k, a, lda, b, ldb, start,
                                                                                       ldstart, c, ldc);
    int same = 1, clean = 1;
    for (ptrdiff_t i = 0; i < m; i++) {
        same &= N(same)(n, c + i * ldc, wanted + i * columns);
        if (!tight && i + 1 < m) clean &= N(untouched)(ldc - whole, c + i * ldc + whole);
    }
    const char *const names[] = {"product", "product_at", "product_bt"};
    check(same, "%s m %td n %td k %td start %d tight %d", names[order], m, n, k, mode, tight);
    check(clean, "%s m %td n %td k %td start %d: wrote between rows", names[order], m, n, k, mode);
    release();
}

/* c[m,n] += a^T b, then y = start + x c: bit for bit the chains of products, and nothing written around. */
static void N(rank_one_case)(const TABLE *table, int fused, int start, ptrdiff_t m, ptrdiff_t n, int tight) {
    const ptrdiff_t ldc = n + (tight ? 0 : 3);
    T *a = fresh((size_t)m * sizeof(T)), *b = fresh((size_t)n * sizeof(T)), *x = fresh((size_t)m * sizeof(T));
    T *bias = fresh((size_t)n * sizeof(T)), *y = fresh((size_t)n * sizeof(T));
    T *c = fresh((size_t)((m - 1) * ldc + n) * sizeof(T));
    T *moved = malloc((size_t)(m * n) * sizeof(T)), *wanted = malloc((size_t)n * sizeof(T));
    for (ptrdiff_t i = 0; i < m; i++) a[i] = (T)random_in(-1, 1), x[i] = (T)random_in(-1, 1);
    for (ptrdiff_t j = 0; j < n; j++) b[j] = (T)random_in(-1, 1), bias[j] = (T)random_in(-1, 1);
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) moved[i * n + j] = c[i * ldc + j] = (T)random_in(-1, 1);
    N(chains)(fused, START_SELF, m, n, 1, a, 1, b, n, moved, moved);
    N(chains)(fused, start, 1, n, m, x, m, moved, n, bias, wanted);
    table->rank_one_product(m, n, a, b, c, ldc, x, start == START_ZERO ? NULL : bias, y);
    int same = N(same)(n, y, wanted), clean = 1;
    for (ptrdiff_t i = 0; i < m; i++) {
        same &= N(same)(n, c + i * ldc, moved + i * n);
        if (i + 1 < m) clean &= N(untouched)(ldc - n, c + i * ldc + n);
    }
    check(same, "rank_one_product m %td n %td start %d tight %d", m, n, start, tight);
    check(clean, "rank_one_product m %td n %td start %d: wrote between rows", m, n, start);
    free(moved), free(wanted);
    release();
}

/* y[n,m] = x[m,n]^T: x read, and y written, no further than the contract says. */
static void N(transposed_case)(const TABLE *table, ptrdiff_t m, ptrdiff_t n) {
    const ptrdiff_t ldx = n + 3, room = (m + table->lanes - 1) / table->lanes * table->lanes, ldy = room + 2;
    T *x = fresh((size_t)((m - 1) * ldx + n) * sizeof(T)), *y = fresh((size_t)((n - 1) * ldy + room) * sizeof(T));
    int same = 1, clean = 1;
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) x[i * ldx + j] = (T)random_in(-1, 1);
    table->transposed(m, n, x, ldx, y, ldy);
    for (ptrdiff_t j = 0; j < n; j++) {
        for (ptrdiff_t i = 0; i < m; i++) same &= y[j * ldy + i] == x[i * ldx + j];
        if (j + 1 < n) clean &= N(untouched)(ldy - room, y + j * ldy + room);
    }
    check(same, "transposed m %td n %td", m, n);
    check(clean, "transposed m %td n %td: wrote between rows", m, n);
    release();
}

static void N(check_product)(const TABLE *table) {
    const int fused = N(fuses)(table);
    const ptrdiff_t rows = table->tile_rows, lanes = table->lanes, tile = table->tile_columns;
    const ptrdiff_t ms[] = {1, 2, rows - 1, rows, rows + 1, 2 * rows - 1, 2 * rows + 1, 101};
    const ptrdiff_t ns[] = {1, 2, 3, 4, lanes / 2, lanes / 2 + 1, lanes - 1,
                            3 * lanes / 2, 3 * lanes / 2 + 1, lanes, lanes + 1, tile - 1, tile, tile + 1, 4 * tile, 4 * tile + 3};
    /* around the depths at which the products split k: 128 (packed tiles), 192 to 768 (panels) */
    const ptrdiff_t ks[] = {0, 1, 17, 128, 129, 395, 777};
    enum { M = 101, DEPTH = 777 };
    const ptrdiff_t columns = 4 * tile + 3;
    T *a = malloc(M * DEPTH * sizeof(T)), *b = malloc((size_t)(DEPTH * columns) * sizeof(T));
    T *start = malloc((size_t)(M * columns) * sizeof(T)), *wanted = malloc((size_t)(M * columns) * sizeof(T));
    for (ptrdiff_t i = 0; i < M * DEPTH; i++) a[i] = (T)random_in(-1, 1);
    for (ptrdiff_t i = 0; i < DEPTH * columns; i++) b[i] = (T)random_in(-1, 1);
    for (ptrdiff_t i = 0; i < M * columns; i++) start[i] = (T)random_in(-1, 1);
    for (int ik = 0; ik < COUNT(ks); ik++)
        for (int mode = 0; mode < STARTS; mode++) {
            const ptrdiff_t k = ks[ik];
            N(chains)(fused, mode, M, columns, k, a, DEPTH, b, columns, start, wanted);
            for (int im = 0; im < COUNT(ms); im++)
                for (int in = 0; in < COUNT(ns); in++)
                    /* deep ones take all the time under emulation: each shape from one of the starts */
                    for (int order = 0; order < 3 && (k < 256 || (im + in + mode) % STARTS == 0); order++) {
                        N(product_case)(table, order, mode, 0, ms[im], ns[in], k, a, b, columns, start, DEPTH, wanted);
                        /* rows without room between them: not where c itself is read, nor where b is transposed */
                        if (mode != START_SELF && order != 2)
                            N(product_case)(table, order, mode, 1, ms[im], ns[in], k, a, b, columns, start, DEPTH, wanted);
                    }
        }
    free(a), free(b), free(start), free(wanted);
    /* b's rows two pages apart, and k of them more than L2 holds; enough columns for copies of a's rows */
    enum { FAR = 8192 / sizeof(T), FAR_M = 41, FAR_K = 270 };
    T *far_a = malloc(FAR_M * FAR_K * sizeof(T)), *far_b = malloc(FAR_K * FAR * sizeof(T));
    T *far_start = malloc(FAR_M * FAR * sizeof(T)), *far_wanted = malloc(FAR_M * FAR * sizeof(T));
    for (ptrdiff_t i = 0; i < FAR_M * FAR_K; i++) far_a[i] = (T)random_in(-1, 1);
    for (ptrdiff_t i = 0; i < FAR_K * FAR; i++) far_b[i] = (T)random_in(-1, 1);
    for (ptrdiff_t i = 0; i < FAR_M * FAR; i++) far_start[i] = (T)random_in(-1, 1);
    for (int mode = 0; mode < START_SELF; mode++) {
        N(chains)(fused, mode, FAR_M, FAR, FAR_K, far_a, FAR_K, far_b, FAR, far_start, far_wanted);
        for (int order = 0; order < 3; order++)
            N(product_case)(table, order, mode, 1, FAR_M, FAR, FAR_K, far_a, far_b, FAR, far_start, FAR_K, far_wanted);
    }
    free(far_a), free(far_b), free(far_start), free(far_wanted);
    const ptrdiff_t heights[] = {1, 2, 7, 8, 9, 16, 31};
    for (int im = 0; im < COUNT(heights); im++)
        for (ptrdiff_t n = 1; n <= 2 * tile + 1; n++)
            for (int which = 0; which < 4; which++)
                N(rank_one_case)(table, fused, which & 1 ? START_BIAS : START_ZERO, heights[im], n, which >> 1);
    for (int im = 0; im < COUNT(heights); im++)
        for (ptrdiff_t n = 1; n <= 2 * tile + 1; n++) N(transposed_case)(table, heights[im], n);
    const T peak = table->multiply_add_peak(10);
    check(isfinite(peak), "multiply_add_peak: %g", (double)peak);
    report("product", TYPE_NAME);
}
