/* optimizer.inc.h: every entry of FN_OPTIMIZER_LIST, <name>_update: one step of n parameters.
 *
 * Room: formulas on vectors and the one loop that runs them. Called by the engine, on whole segments or on a tile
 * of a weight gradient. Formulas are Keras 3's (keras/src/optimizers/<name>.py); whatever is the same for all
 * parameters, bias corrections too, is in fn_update. Roots and quotients are exact: approximate ones differ between
 * CPUs. Each element is computed alike in a whole vector and in a partial one.
 * To add one: its entry in lists.h and a function FN(<name>_formula) here.
 */

/* fn_update in lanes, with what the formulas make of it */
typedef struct {
    V minus_rate, rate, momentum, rho, one_less_rho, one_less_beta_1, one_less_beta_2, epsilon;
    V minus_decay, l1, l2;
} FN(numbers);

INLINE FN(numbers) FN(numbers_of)(const fn_update *u) {
    return (FN(numbers)){
        .minus_rate = FN(splat)((T)-u->rate),
        .rate = FN(splat)((T)u->rate),
        .momentum = FN(splat)((T)u->momentum),
        .rho = FN(splat)((T)u->rho),
        .one_less_rho = FN(splat)((T)(1 - u->rho)),
        .one_less_beta_1 = FN(splat)((T)(1 - u->beta_1)),
        .one_less_beta_2 = FN(splat)((T)(1 - u->beta_2)),
        .epsilon = FN(splat)((T)u->epsilon),
        .minus_decay = FN(splat)((T)-u->weight_decay),
        .l1 = FN(splat)((T)u->l1),
        .l2 = FN(splat)((T)u->l2),
    };
}

/* Each formula: gradient g, parameters w and their states s0, s1 -> the new parameters and, in place, states. */

/* s0 = gradient with its penalties; the loop below leaves w alone */
INLINE V FN(store_formula)(const FN(numbers) *c, V g, V w, V *s0, V *s1) {
    (void)c, (void)s1;
    *s0 = g;
    return w;
}

/* w -= rate g */
INLINE V FN(sgd_formula)(const FN(numbers) *c, V g, V w, V *s0, V *s1) {
    (void)s0, (void)s1;
    return FN(fma)(c->minus_rate, g, w);
}

/* v = momentum v - rate g; w += v */
INLINE V FN(momentum_formula)(const FN(numbers) *c, V g, V w, V *v, V *s1) {
    (void)s1;
    *v = FN(fma)(c->momentum, *v, c->minus_rate * g);
    return w + *v;
}

/* v = momentum v - rate g; w += momentum v - rate g */
INLINE V FN(nesterov_formula)(const FN(numbers) *c, V g, V w, V *v, V *s1) {
    (void)s1;
    const V step = c->minus_rate * g;
    *v = FN(fma)(c->momentum, *v, step);
    return w + FN(fma)(c->momentum, *v, step);
}

/* v = rho v + (1 - rho) g^2; the increment is rate g / sqrt(v + epsilon): epsilon inside the root, as in Keras */
INLINE V FN(rmsprop_increment)(const FN(numbers) *c, V g, V *v) {
    *v = FN(fma)(c->rho, *v, c->one_less_rho * (g * g));
    return (c->rate * g) / FN(root)(*v + c->epsilon);
}

/* w -= increment */
INLINE V FN(rmsprop_formula)(const FN(numbers) *c, V g, V w, V *v, V *s1) {
    (void)s1;
    return w - FN(rmsprop_increment)(c, g, v);
}

/* m = momentum m + increment; w -= m */
INLINE V FN(rmsprop_momentum_formula)(const FN(numbers) *c, V g, V w, V *v, V *m) {
    *m = FN(fma)(c->momentum, *m, FN(rmsprop_increment)(c, g, v));
    return w - *m;
}

/* m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); w -= rate m / (sqrt(v) + epsilon) */
INLINE V FN(adam_formula)(const FN(numbers) *c, V g, V w, V *m, V *v) {
    *m = FN(fma)(g - *m, c->one_less_beta_1, *m);
    *v = FN(fma)(FN(fma)(g, g, -*v), c->one_less_beta_2, *v);
    return w - (c->rate * *m) / (FN(root)(*v) + c->epsilon);
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

/* One vector of n elements: g + l2 w + l1 sign(w), the decay of w, the formula. `kind`, `slots` and `plain`, that is
 * without penalties and decay, are constants wherever this is inlined. */
INLINE void FN(step)(V (*const formula)(const FN(numbers) *, V, V, V *, V *), const fn_optimizer_kind kind,
                     const int slots, const int plain, const FN(numbers) *c, ptrdiff_t n, const T *g0, T *w0, T *s0,
                     T *s1) {
    const V zero = FN(splat)(0);
    const int stores = kind == FN_OPTIMIZER_store;
    V g = FN(load_part)(g0, n), w = stores && plain ? zero : FN(load_part)(w0, n), a = zero, b = zero;
    if (slots > 0 && !stores) a = FN(load_part)(s0, n);
    if (slots > 1) b = FN(load_part)(s1, n);
    if (!plain) {
        g = FN(fma)(c->l2, w, g);
        g = g + FN(select)(w == zero, zero, FN(with_sign)(c->l1, w));
        w = FN(fma)(c->minus_decay, w, w);
    }
    w = formula(c, g, w, &a, &b);
    if (!stores) FN(store_part)(w0, n, w);
    if (slots > 0) FN(store_part)(s0, n, a);
    if (slots > 1) FN(store_part)(s1, n, b);
}

INLINE void FN(steps)(V (*const formula)(const FN(numbers) *, V, V, V *, V *), const fn_optimizer_kind kind,
                      const int slots, const int plain, const fn_update *update, ptrdiff_t n, const T *g, T *w, T *s0,
                      T *s1) {
    const FN(numbers) c = FN(numbers_of)(update);
    ptrdiff_t i = 0;
    /* states that an optimizer lacks are NULL, to which nothing may be added */
    for (; i + LANES <= n; i += LANES)
        FN(step)(formula, kind, slots, plain, &c, LANES, g + i, w + i, slots > 0 ? s0 + i : NULL,
                 slots > 1 ? s1 + i : NULL);
    if (i < n)
        FN(step)(formula, kind, slots, plain, &c, n - i, g + i, w + i, slots > 0 ? s0 + i : NULL,
                 slots > 1 ? s1 + i : NULL);
}

#define FN_DEFINE_UPDATE(name, slots, ...)                                                                           \
    static void FN(name##_update)(ptrdiff_t n, const fn_update *u, const T *g, T *w, T *s0, T *s1) {                 \
        if (u->l1 == 0 && u->l2 == 0 && u->weight_decay == 0)                                                        \
            FN(steps)(FN(name##_formula), FN_OPTIMIZER_##name, slots, 1, u, n, g, w, s0, s1);                        \
        else                                                                                                         \
            FN(steps)(FN(name##_formula), FN_OPTIMIZER_##name, slots, 0, u, n, g, w, s0, s1);                        \
    }
FN_OPTIMIZER_LIST(FN_DEFINE_UPDATE)
#undef FN_DEFINE_UPDATE
