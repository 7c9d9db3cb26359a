/* check_vmath.inc.h: exp, log, tanh and sigmoid within 2 units in the last place of long double, and where they end. */

static long double N(sigmoid_wanted)(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }

/* Samples of every exponent, and of [-100, 100] again, where the work is. */
static T N(sample)(int i) {
    union { uint64_t u; uint32_t w[2]; T value; } bits = {.u = random_bits()};
    if (sizeof(T) == 4) bits.w[0] = bits.w[1] = (uint32_t)(bits.u >> 32);
    return i % 3 == 0 ? bits.value : (T)(i % 3 == 1 ? random_in(-100, 100) : random_in(-2, 2));
}

static void N(check_vmath)(const TABLE *table) {
    enum { SAMPLES = 30000 };
    void (*const functions[])(ptrdiff_t, const T *, T *) = {table->exp, table->log, table->tanh, table->sigmoid};
    long double (*const wanted[])(long double) = {expl, logl, tanhl, N(sigmoid_wanted)};
    const char *const names[] = {"exp", "log", "tanh", "sigmoid"};
    const T inf = (T)INFINITY, nan = (T)NAN;
    /* at -inf, -0, 0, inf */
    const T ends[4][4] = {{0, 1, 1, inf}, {nan, -inf, -inf, inf}, {-1, (T)-0.0, 0, 1}, {0, (T)0.5, (T)0.5, 1}};
    T *x = malloc(SAMPLES * sizeof(T)), *y = malloc(SAMPLES * sizeof(T));
    for (int f = 0; f < 4; f++) {
        double worst = 0;
        T where = 0;
        for (int i = 0; i < SAMPLES; i++) x[i] = N(sample)(i);
        functions[f](SAMPLES, x, y);
        for (int i = 0; i < SAMPLES; i++) {
            const double error = N(ulps)(y[i], wanted[f]((long double)x[i]));
            if (error > worst) worst = error, where = x[i];
        }
        check(worst <= 2, "%s(%.17g): %g ulp", names[f], (double)where, worst);
        const T corners[] = {-inf, (T)-0.0, 0, inf};
        T at[5];
        functions[f](4, corners, at);
        for (int i = 0; i < 4; i++)
            check((isnan(at[i]) && isnan(ends[f][i])) || (at[i] == ends[f][i] && !signbit(at[i]) == !signbit(ends[f][i])),
                  "%s(%g) = %g", names[f], (double)corners[i], (double)at[i]);
        functions[f](1, &nan, at);
        check(isnan(at[0]), "%s(NaN) = %g", names[f], (double)at[0]);
        /* tails and y = x: an element's bits do not depend on where it stands */
        for (ptrdiff_t n = 0; n <= 3 * table->lanes + 1; n++) {
            T *in = N(copied)(n, x), *out = fresh((size_t)n * sizeof(T));
            functions[f](n, in, out);
            check(N(same)(n, out, y), "%s: n = %td", names[f], n);
            functions[f](n, in, in);
            check(N(same)(n, in, y), "%s in place: n = %td", names[f], n);
            release();
        }
    }
    free(x), free(y);
    report("vmath", TYPE_NAME);
}
