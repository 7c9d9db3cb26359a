/* optimizer.inc.h: every entry of FN_OPTIMIZER_LIST, <name>_update: one step of rows of parameters.
 *
 * Room: formulas on vectors and the one loop that runs them. Called by the engine, on whole segments or on a tile
 * of a weight gradient. Formulas are Keras 3's (keras/src/optimizers/<name>.py); whatever is the same for all
 * parameters, bias corrections too, is in fn_update. Roots and quotients are exact: approximate ones differ between
 * CPUs. Where AVX-512 makes quotients of float64 by steps (simd/isa.inc.h), they are but for numerators below 2^-969 or
 * denominators above 2^1022. Each element is computed alike in a whole vector and in a partial one.
 * To add one: its entry in lists.h and a function FN(<name>_formula) here.
 */

/* fn_update in lanes, with what the formulas make of it */
typedef struct {
    V minus_rate, rate, gradient_rate, momentum, rho, one_less_rho, beta_1, beta_2, one_less_beta_1, one_less_beta_2;
    V epsilon, minus_decay, l1, l2;
} FN(numbers);

INLINE FN(numbers) FN(numbers_of)(const fn_update *u) {
    return (FN(numbers)){
        .minus_rate = FN(splat)((T)-u->rate),
        .rate = FN(splat)((T)u->rate),
        .gradient_rate = FN(splat)((T)u->gradient_rate),
        .momentum = FN(splat)((T)u->momentum),
        .rho = FN(splat)((T)u->rho),
        .one_less_rho = FN(splat)((T)(1 - u->rho)),
        .beta_1 = FN(splat)((T)u->beta_1),
        .beta_2 = FN(splat)((T)u->beta_2),
        .one_less_beta_1 = FN(splat)((T)(1 - u->beta_1)),
        .one_less_beta_2 = FN(splat)((T)(1 - u->beta_2)),
        .epsilon = FN(splat)((T)u->epsilon),
        .minus_decay = FN(splat)((T)-u->weight_decay),
        .l1 = FN(splat)((T)u->l1),
        .l2 = FN(splat)((T)u->l2),
    };
}

/* Each formula: gradient g, parameters w and their states s -> the new parameters and, in place, states. */

/* s0 = gradient with its penalties; the loop below leaves w alone */
INLINE V FN(store_formula)(const FN(numbers) *c, V g, V w, V *s) {
    (void)c;
    s[0] = g;
    return w;
}

/* w -= rate g */
INLINE V FN(sgd_formula)(const FN(numbers) *c, V g, V w, V *s) {
    (void)s;
    return FN(fma)(c->minus_rate, g, w);
}

/* v = momentum v - rate g; w += v */
INLINE V FN(momentum_formula)(const FN(numbers) *c, V g, V w, V *v) {
    *v = FN(fma)(c->momentum, *v, c->minus_rate * g);
    return w + *v;
}

/* v = momentum v - rate g; w += momentum v - rate g */
INLINE V FN(nesterov_formula)(const FN(numbers) *c, V g, V w, V *v) {
    const V step = c->minus_rate * g;
    *v = FN(fma)(c->momentum, *v, step);
    return w + FN(fma)(c->momentum, *v, step);
}

/* a += g^2; w -= rate g / sqrt(a + epsilon) */
INLINE V FN(adagrad_formula)(const FN(numbers) *c, V g, V w, V *a) {
    *a = FN(fma)(g, g, *a);
    return w - FN(quotient)(c->rate * g, FN(root)(*a + c->epsilon));
}

/* mean square of x: v = rho v + (1 - rho) x^2 */
INLINE V FN(mean_square)(const FN(numbers) *c, V x, V v) { return FN(fma)(c->rho, v, c->one_less_rho * (x * x)); }

/* s0: mean square of g, s1: of steps; step = sqrt(s1 + epsilon) / sqrt(s0 + epsilon) g; w -= rate step */
INLINE V FN(adadelta_formula)(const FN(numbers) *c, V g, V w, V *s) {
    s[0] = FN(mean_square)(c, g, s[0]);
    const V step = FN(quotient)(FN(root)(s[1] + c->epsilon) * g, FN(root)(s[0] + c->epsilon));
    s[1] = FN(mean_square)(c, step, s[1]);
    return FN(fma)(c->minus_rate, step, w);
}

/* v: mean square of g; the increment is rate g / sqrt(v + epsilon): epsilon inside the root, as in Keras */
INLINE V FN(rmsprop_increment)(const FN(numbers) *c, V g, V *v) {
    *v = FN(mean_square)(c, g, *v);
    return FN(quotient)(c->rate * g, FN(root)(*v + c->epsilon));
}

/* the same with the variance v - a^2 in the root, a the mean of g: not negative, though its rounded value may be */
INLINE V FN(rmsprop_centered_increment)(const FN(numbers) *c, V g, V *v, V *a) {
    *v = FN(mean_square)(c, g, *v);
    *a = FN(fma)(c->rho, *a, c->one_less_rho * g);
    const V variance = FN(maximum)(FN(splat)(0), FN(minimum)(FN(fma)(-*a, *a, *v), *v)); /* v where both squares overflow */
    return FN(quotient)(c->rate * g, FN(root)(variance + c->epsilon));
}

/* w -= increment */
INLINE V FN(rmsprop_formula)(const FN(numbers) *c, V g, V w, V *s) { return w - FN(rmsprop_increment)(c, g, s); }
INLINE V FN(rmsprop_centered_formula)(const FN(numbers) *c, V g, V w, V *s) {
    return w - FN(rmsprop_centered_increment)(c, g, s, s + 1);
}

/* m = momentum m + increment; w -= m */
INLINE V FN(rmsprop_momentum_formula)(const FN(numbers) *c, V g, V w, V *s) {
    s[1] = FN(fma)(c->momentum, s[1], FN(rmsprop_increment)(c, g, s));
    return w - s[1];
}
INLINE V FN(rmsprop_centered_momentum_formula)(const FN(numbers) *c, V g, V w, V *s) {
    s[1] = FN(fma)(c->momentum, s[1], FN(rmsprop_centered_increment)(c, g, s, s + 2));
    return w - s[1];
}

/* m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2. Not v += (g^2 - v)(1 - beta_2): where beta_2 is 0 or
 * small, that loses g^2 beside a v that was large, and of an infinite v it makes NaN. */
INLINE void FN(moments)(const FN(numbers) *c, V g, V *m, V *v) {
    *m = FN(fma)(c->beta_1, *m, c->one_less_beta_1 * g);
    *v = FN(fma)(c->beta_2, *v, c->one_less_beta_2 * (g * g));
}

/* w -= rate m / (sqrt(v) + epsilon) */
INLINE V FN(adam_formula)(const FN(numbers) *c, V g, V w, V *s) {
    FN(moments)(c, g, s, s + 1);
    return w - FN(quotient)(c->rate * s[0], FN(root)(s[1]) + c->epsilon);
}

/* the same with the largest v so far */
INLINE V FN(amsgrad_formula)(const FN(numbers) *c, V g, V w, V *s) {
    FN(moments)(c, g, s, s + 1);
    s[2] = FN(maximum)(s[2], s[1]);
    return w - FN(quotient)(c->rate * s[0], FN(root)(s[2]) + c->epsilon);
}

/* m as Adam's; u = max(beta_2 u, |g|); w -= rate m / (u + epsilon) */
INLINE V FN(adamax_formula)(const FN(numbers) *c, V g, V w, V *s) {
    s[0] = FN(fma)(g - s[0], c->one_less_beta_1, s[0]);
    s[1] = FN(maximum)(c->beta_2 * s[1], FN(absolute)(g));
    return w - (c->rate * s[0]) / (s[1] + c->epsilon);
}

/* w -= (rate m + gradient_rate g) / (sqrt(v) + epsilon) */
INLINE V FN(nadam_formula)(const FN(numbers) *c, V g, V w, V *s) {
    FN(moments)(c, g, s, s + 1);
    return w - FN(quotient)(FN(fma)(c->rate, s[0], c->gradient_rate * g), FN(root)(s[1]) + c->epsilon);
}

/* w -= rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g. The sign of 0 is 0, of NaN NaN. */
INLINE V FN(lion_formula)(const FN(numbers) *c, V g, V w, V *m) {
    const V towards = FN(fma)(c->beta_1, *m, c->one_less_beta_1 * g);
    const I signless = (towards == FN(splat)(0)) | (towards != towards);
    const V step = FN(select)(signless, towards, FN(with_sign)(c->rate, towards));
    *m = FN(fma)(c->beta_2, *m, c->one_less_beta_2 * g);
    return w - step;
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

/* Elements: hardware fetches ahead within a page, not into the next. */
#define AHEAD ((ptrdiff_t)(4096 / sizeof(T)))

typedef V (*const FN(formula))(const FN(numbers) *, V, V, V *);

/* One vector of n elements from the i-th on: g + l2 w + l1 sign(w), the decay of w, the formula. `kind`, `slots` and
 * `plain`, that is without penalties and decay, are constants wherever this is inlined. States that an optimizer lacks
 * are NULL, to which nothing may be added. */
INLINE void FN(step)(FN(formula) formula, const fn_optimizer_kind kind, const int slots, const int plain,
                     const FN(numbers) *c, ptrdiff_t i, ptrdiff_t n, V g, T *w0, T *const *states) {
    const V zero = FN(splat)(0);
    const int stores = kind == FN_OPTIMIZER_store;
    V w = stores && plain ? zero : FN(load_part)(w0 + i, n), s[3] = {zero, zero, zero};
    FN_UNROLL(3)
    for (int slot = 0; slot < slots && !stores; slot++) s[slot] = FN(load_part)(states[slot] + i, n);
    if (!plain) {
        g = FN(fma)(c->l2, w, g);
        g = g + FN(select)(w == zero, zero, FN(with_sign)(c->l1, w));
        w = FN(fma)(c->minus_decay, w, w);
    }
    w = formula(c, g, w, s);
    if (!stores) FN(store_part)(w0 + i, n, w);
    FN_UNROLL(3)
    for (int slot = 0; slot < slots; slot++) FN(store_part)(states[slot] + i, n, s[slot]);
}

/* Asks for what comes a page after the i-th element, if it is before `end`: what comes then may be another core's. */
INLINE void FN(ask_ahead)(const fn_optimizer_kind kind, const int slots, ptrdiff_t i, ptrdiff_t end, const T *w, T *const *states) {
    if (i >= end - AHEAD) return;
    if (kind != FN_OPTIMIZER_store) FN(ask_to_write)(w + i + AHEAD);
    FN_UNROLL(3)
    for (int slot = 0; slot < slots; slot++) __builtin_prefetch(states[slot] + i + AHEAD, 1, 2);
}

/* A vector of g[rows, width] as if its rows had no gaps: from `row` on those columns that are left, then the next row's. */
INLINE V FN(across_rows)(const T *row, ptrdiff_t column, ptrdiff_t width, ptrdiff_t ldg) {
    const V here = FN(load)(row + column);
    const ptrdiff_t left = width - column;
    return left >= LANES ? here : FN(select)(FN(first_lanes)(left), here, FN(load)(row + ldg - left));
}

/* Rows of w without gaps, longer than a vector, in whole vectors from the first to the last element. A tail of each by itself
 * would take as long as a vector, and the next row's load would wait for what the tail's masked store leaves of a line. */
INLINE void FN(steps_across)(FN(formula) formula, const fn_optimizer_kind kind, const int slots, const int plain,
                             const FN(numbers) *c, ptrdiff_t rows, ptrdiff_t width, const T *g, ptrdiff_t ldg, T *w,
                             T *const *states) {
    const ptrdiff_t end = rows * width;
    ptrdiff_t i = 0, column = 0;
    for (; i + LANES <= end; i += LANES) {
        FN(ask_ahead)(kind, slots, i, end, w, states);
        FN(step)(formula, kind, slots, plain, c, i, LANES, FN(across_rows)(g, column, width, ldg), w, states);
        column += LANES;
        if (column >= width) {
            column -= width;
            g += ldg;
        }
    }
    if (i < end) FN(step)(formula, kind, slots, plain, c, i, end - i, FN(load_part)(g + column, end - i), w, states);
}

INLINE void FN(steps)(FN(formula) formula, const fn_optimizer_kind kind, const int slots, const int plain,
                      const fn_update *update, ptrdiff_t rows, ptrdiff_t width, const T *g, ptrdiff_t ldg, T *w,
                      T *const *states, ptrdiff_t ldw) {
    const FN(numbers) c = FN(numbers_of)(update);
    T *at[3] = {states[0], states[1], states[2]};
    if (rows > 1 && ldw == width && width > LANES && width % LANES) {
        FN(steps_across)(formula, kind, slots, plain, &c, rows, width, g, ldg, w, states);
        return;
    }
    for (ptrdiff_t r = 0; r < rows; r++) {
        ptrdiff_t i = 0;
        for (; i + LANES <= width; i += LANES) {
            FN(ask_ahead)(kind, slots, i, (rows - 1 - r) * ldw + width, w, at);
            FN(step)(formula, kind, slots, plain, &c, i, LANES, FN(load)(g + i), w, at);
        }
        if (i < width) FN(step)(formula, kind, slots, plain, &c, i, width - i, FN(load_part)(g + i, width - i), w, at);
        g += ldg;
        w += ldw;
        FN_UNROLL(3)
        for (int slot = 0; slot < slots; slot++) at[slot] += ldw;
    }
}

#define FN_DEFINE_UPDATE(name, slots, ...)                                                                           \
    static void FN(name##_update)(ptrdiff_t rows, ptrdiff_t width, const fn_update *u, const T *g, ptrdiff_t ldg,    \
                                  T *w, T *s0, T *s1, T *s2, ptrdiff_t ldw) {                                        \
        T *const states[3] = {s0, s1, s2};                                                                           \
        if (u->l1 == 0 && u->l2 == 0 && u->weight_decay == 0)                                                        \
            FN(steps)(FN(name##_formula), FN_OPTIMIZER_##name, slots, 1, u, rows, width, g, ldg, w, states, ldw);    \
        else                                                                                                         \
            FN(steps)(FN(name##_formula), FN_OPTIMIZER_##name, slots, 0, u, rows, width, g, ldg, w, states, ldw);    \
    }
FN_OPTIMIZER_LIST(FN_DEFINE_UPDATE)
#undef FN_DEFINE_UPDATE
#undef AHEAD
