/* check_optimizer.inc.h: one step of every optimizer against its formula, with and without penalties and decay. */

/* The formulas of fastnn.testing.reference, for one parameter. */
static void N(step_wanted)(int kind, const fn_update *u, long double g, long double *w, long double *s) {
    long double step;
    g += u->l2 * *w + u->l1 * (*w > 0 ? 1 : *w < 0 ? -1 : 0);
    if (kind != FN_OPTIMIZER_store) *w -= u->weight_decay * *w;
    switch (kind) {
        case FN_OPTIMIZER_store:
            s[0] = g;
            break;
        case FN_OPTIMIZER_sgd:
            *w -= u->rate * g;
            break;
        case FN_OPTIMIZER_momentum:
            s[0] = u->momentum * s[0] - u->rate * g;
            *w += s[0];
            break;
        case FN_OPTIMIZER_nesterov:
            s[0] = u->momentum * s[0] - u->rate * g;
            *w += u->momentum * s[0] - u->rate * g;
            break;
        case FN_OPTIMIZER_rmsprop:
            s[0] = u->rho * s[0] + (1 - u->rho) * g * g;
            *w -= u->rate * g / sqrtl(s[0] + u->epsilon);
            break;
        case FN_OPTIMIZER_rmsprop_momentum:
            s[0] = u->rho * s[0] + (1 - u->rho) * g * g;
            s[1] = u->momentum * s[1] + u->rate * g / sqrtl(s[0] + u->epsilon);
            *w -= s[1];
            break;
        case FN_OPTIMIZER_rmsprop_centered:
            s[0] = u->rho * s[0] + (1 - u->rho) * g * g;
            s[1] = u->rho * s[1] + (1 - u->rho) * g;
            *w -= u->rate * g / sqrtl(s[0] - s[1] * s[1] + u->epsilon);
            break;
        case FN_OPTIMIZER_rmsprop_centered_momentum:
            s[0] = u->rho * s[0] + (1 - u->rho) * g * g;
            s[2] = u->rho * s[2] + (1 - u->rho) * g;
            s[1] = u->momentum * s[1] + u->rate * g / sqrtl(s[0] - s[2] * s[2] + u->epsilon);
            *w -= s[1];
            break;
        case FN_OPTIMIZER_adagrad:
            s[0] += g * g;
            *w -= u->rate * g / sqrtl(s[0] + u->epsilon);
            break;
        case FN_OPTIMIZER_adadelta:
            s[0] = u->rho * s[0] + (1 - u->rho) * g * g;
            step = sqrtl(s[1] + u->epsilon) * g / sqrtl(s[0] + u->epsilon);
            s[1] = u->rho * s[1] + (1 - u->rho) * step * step;
            *w -= u->rate * step;
            break;
        case FN_OPTIMIZER_adam:
        case FN_OPTIMIZER_amsgrad:
        case FN_OPTIMIZER_nadam:
            s[0] += (g - s[0]) * (1 - (long double)u->beta_1);
            s[1] += (g * g - s[1]) * (1 - (long double)u->beta_2);
            if (kind == FN_OPTIMIZER_amsgrad && s[2] < s[1]) s[2] = s[1];
            step = u->rate * s[0] + (kind == FN_OPTIMIZER_nadam ? u->gradient_rate * g : 0);
            *w -= step / (sqrtl(s[kind == FN_OPTIMIZER_amsgrad ? 2 : 1]) + u->epsilon);
            break;
        case FN_OPTIMIZER_adamax:
            s[0] += (g - s[0]) * (1 - (long double)u->beta_1);
            s[1] = u->beta_2 * s[1] > fabsl(g) ? u->beta_2 * s[1] : fabsl(g);
            *w -= u->rate * s[0] / (s[1] + u->epsilon);
            break;
        case FN_OPTIMIZER_lion:
            step = u->beta_1 * s[0] + (1 - u->beta_1) * g;
            *w -= step > 0 ? u->rate : step < 0 ? -u->rate : 0;
            s[0] = u->beta_2 * s[0] + (1 - u->beta_2) * g;
            break;
        default:
            *w = NAN; /* an optimizer without a formula here fails its checks */
    }
}

static void N(optimizer_case)(const TABLE *table, int kind, int penalties, ptrdiff_t n) {
    const fn_optimizer_info *info = &fn_optimizer_infos[kind];
    const fn_update update = {.rate = 0.01, .gradient_rate = 0.02, .momentum = 0.9, .rho = 0.95, .beta_1 = 0.9, .beta_2 = 0.999,
                              .epsilon = 1e-7, .weight_decay = penalties & 1 ? 0.004 : 0, .l1 = penalties & 2 ? 0.03 : 0,
                              .l2 = penalties & 4 ? 0.02 : 0};
    T *g = N(randoms)(n, -1, 1, 0), *w = N(randoms)(n, -1, 1, 0), *s[3] = {NULL, NULL, NULL}, *before[3] = {NULL, NULL, NULL};
    /* squares are positive and larger than the mean's square; the other states and what `store` overwrites may be anything */
    for (int slot = 0; slot < info->slots; slot++) s[slot] = slot ? N(randoms)(n, 0.01, 0.3, 0) : N(randoms)(n, 0.2, 1, 0);
    if (n) w[0] = 0;
    if (n > 1) g[1] = 0;
    T *w0 = N(copied)(n, w);
    for (int slot = 0; slot < info->slots; slot++) before[slot] = N(copied)(n, s[slot]);
    table->optimizer[kind](1, n, &update, g, n, w, s[0], s[1], s[2], n);
    int close = 1, independent = 1;
    for (ptrdiff_t i = 0; i < n; i++) {
        long double wanted = (long double)w0[i], states[3] = {0};
        T *at[3] = {NULL, NULL, NULL};
        for (int slot = 0; slot < info->slots; slot++) at[slot] = before[slot] + i, states[slot] = (long double)*at[slot];
        N(step_wanted)(kind, &update, (long double)g[i], &wanted, states);
        close &= N(near)(w[i], wanted, 1, 4);
        /* its bits do not depend on where it stands */
        table->optimizer[kind](1, 1, &update, g + i, 1, w0 + i, at[0], at[1], at[2], 1);
        independent &= N(same)(1, w0 + i, w + i);
        for (int slot = 0; slot < info->slots; slot++) {
            close &= N(near)(s[slot][i], states[slot], 1, 4);
            independent &= N(same)(1, at[slot], s[slot] + i);
        }
    }
    check(close, "%s: penalties %d n %td", info->name, penalties, n);
    check(independent, "%s alone: penalties %d n %td", info->name, penalties, n);
    release();
}

/* Rows without gaps in one call have the bits of rows one by one; the gradient's rows have gaps. */
static void N(optimizer_rows)(const TABLE *table, int kind, ptrdiff_t width) {
    enum { ROWS = 3, GAP = 2 };
    const fn_update update = {.rate = 0.01, .gradient_rate = 0.02, .momentum = 0.9, .rho = 0.95, .beta_1 = 0.9, .beta_2 = 0.999,
                              .epsilon = 1e-7};
    const ptrdiff_t n = ROWS * width, ldg = width + GAP;
    T *g = N(randoms)(n + (ROWS - 1) * GAP, -1, 1, 0), *w = N(randoms)(n, -1, 1, 0), *alone = N(copied)(n, w);
    T *s[3] = {NULL, NULL, NULL}, *states[3] = {NULL, NULL, NULL};
    for (int slot = 0; slot < fn_optimizer_infos[kind].slots; slot++) {
        s[slot] = slot ? N(randoms)(n, 0.01, 0.3, 0) : N(randoms)(n, 0.2, 1, 0);
        states[slot] = N(copied)(n, s[slot]);
    }
    table->optimizer[kind](ROWS, width, &update, g, ldg, w, s[0], s[1], s[2], width);
    for (ptrdiff_t r = 0; r < ROWS; r++) {
        T *at[3] = {NULL, NULL, NULL};
        for (int slot = 0; slot < 3; slot++) at[slot] = states[slot] ? states[slot] + r * width : NULL;
        table->optimizer[kind](1, width, &update, g + r * ldg, width, alone + r * width, at[0], at[1], at[2], width);
    }
    int same = N(same)(n, w, alone);
    for (int slot = 0; slot < fn_optimizer_infos[kind].slots; slot++) same &= N(same)(n, s[slot], states[slot]);
    check(same, "%s: rows of %td in one call", fn_optimizer_infos[kind].name, width);
    release();
}

static void N(check_optimizer)(const TABLE *table) {
    for (int kind = 0; kind < FN_OPTIMIZERS; kind++)
        for (int penalties = 0; penalties < 8; penalties++)
            for (ptrdiff_t n = 0; n <= 5 * table->lanes + 1; n++) N(optimizer_case)(table, kind, penalties, n);
    for (int kind = 0; kind < FN_OPTIMIZERS; kind++)
        for (ptrdiff_t width = 1; width <= 3 * table->lanes + 1; width++) N(optimizer_rows)(table, kind, width);
    report("optimizer", TYPE_NAME);
}
