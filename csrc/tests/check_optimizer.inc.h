/* check_optimizer.inc.h: one step of every optimizer against its formula, with and without penalties and decay. */

/* The formulas of fastnn.testing.reference, for one parameter. */
static void N(step_wanted)(int kind, const fn_update *u, long double g, long double *w, long double *s0, long double *s1) {
    g += u->l2 * *w + u->l1 * (*w > 0 ? 1 : *w < 0 ? -1 : 0);
    if (kind != FN_OPTIMIZER_store) *w -= u->weight_decay * *w;
    switch (kind) {
        case FN_OPTIMIZER_store:
            *s0 = g;
            break;
        case FN_OPTIMIZER_sgd:
            *w -= u->rate * g;
            break;
        case FN_OPTIMIZER_momentum:
            *s0 = u->momentum * *s0 - u->rate * g;
            *w += *s0;
            break;
        case FN_OPTIMIZER_nesterov:
            *s0 = u->momentum * *s0 - u->rate * g;
            *w += u->momentum * *s0 - u->rate * g;
            break;
        case FN_OPTIMIZER_rmsprop:
            *s0 = u->rho * *s0 + (1 - u->rho) * g * g;
            *w -= u->rate * g / sqrtl(*s0 + u->epsilon);
            break;
        case FN_OPTIMIZER_rmsprop_momentum:
            *s0 = u->rho * *s0 + (1 - u->rho) * g * g;
            *s1 = u->momentum * *s1 + u->rate * g / sqrtl(*s0 + u->epsilon);
            *w -= *s1;
            break;
        case FN_OPTIMIZER_adam:
            *s0 += (g - *s0) * (1 - (long double)u->beta_1);
            *s1 += (g * g - *s1) * (1 - (long double)u->beta_2);
            *w -= u->rate * *s0 / (sqrtl(*s1) + u->epsilon);
            break;
        default:
            *w = NAN; /* an optimizer without a formula here fails its checks */
    }
}

static void N(optimizer_case)(const TABLE *table, int kind, int penalties, ptrdiff_t n) {
    const fn_optimizer_info *info = &fn_optimizer_infos[kind];
    const fn_update update = {.rate = 0.01, .momentum = 0.9, .rho = 0.95, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7,
                              .weight_decay = penalties & 1 ? 0.004 : 0, .l1 = penalties & 2 ? 0.03 : 0,
                              .l2 = penalties & 4 ? 0.02 : 0};
    T *g = N(randoms)(n, -1, 1, 0), *w = N(randoms)(n, -1, 1, 0);
    /* squares are positive; the other states and what `store` overwrites may be anything */
    T *s0 = info->slots > 0 ? N(randoms)(n, 0.01, 1, 0) : NULL, *s1 = info->slots > 1 ? N(randoms)(n, 0.01, 1, 0) : NULL;
    if (n) w[0] = 0;
    if (n > 1) g[1] = 0;
    T *w0 = N(copied)(n, w), *s0_before = N(copied)(s0 ? n : 0, s0), *s1_before = N(copied)(s1 ? n : 0, s1);
    table->optimizer[kind](n, &update, g, w, s0, s1);
    int close = 1, independent = 1;
    for (ptrdiff_t i = 0; i < n; i++) {
        long double wanted = (long double)w0[i], a = s0 ? (long double)s0_before[i] : 0, b = s1 ? (long double)s1_before[i] : 0;
        N(step_wanted)(kind, &update, (long double)g[i], &wanted, &a, &b);
        close &= N(near)(w[i], wanted, 1, 4);
        if (s0) close &= N(near)(s0[i], a, 1, 4);
        if (s1) close &= N(near)(s1[i], b, 1, 4);
        /* its bits do not depend on where it stands */
        table->optimizer[kind](1, &update, g + i, w0 + i, s0 ? s0_before + i : NULL, s1 ? s1_before + i : NULL);
        independent &= N(same)(1, w0 + i, w + i) && (!s0 || N(same)(1, s0_before + i, s0 + i)) && (!s1 || N(same)(1, s1_before + i, s1 + i));
    }
    check(close, "%s: penalties %d n %td", info->name, penalties, n);
    check(independent, "%s alone: penalties %d n %td", info->name, penalties, n);
    release();
}

static void N(check_optimizer)(const TABLE *table) {
    for (int kind = 0; kind < FN_OPTIMIZERS; kind++)
        for (int penalties = 0; penalties < 8; penalties++)
            for (ptrdiff_t n = 0; n <= 5 * table->lanes + 1; n++) N(optimizer_case)(table, kind, penalties, n);
    report("optimizer", TYPE_NAME);
}
