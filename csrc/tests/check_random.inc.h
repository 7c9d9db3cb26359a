/* check_random.inc.h: Philox against its published answers, any split of its stream, and dropout. */
#ifndef FASTNN_TEST_PHILOX
#define FASTNN_TEST_PHILOX
/* Word `position` of the stream, by the definition (Salmon et al. 2011), one block at a time. */
static uint32_t philox_word(fn_stream stream, uint64_t position) {
    uint32_t c[4] = {(uint32_t)(position / 4), stream.layer, (uint32_t)stream.step, (uint32_t)(stream.step >> 32)};
    uint32_t k[2] = {(uint32_t)stream.key, (uint32_t)(stream.key >> 32)};
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ k[1], (uint32_t)a};
        memcpy(c, next, sizeof c);
        k[0] += 0x9E3779B9u;
        k[1] += 0xBB67AE85u;
    }
    return c[position % 4];
}
#endif

/* Random123's kat_vectors, philox4x32 10: counter {position / 4, layer, step}, key, and the block. */
static void N(check_answers)(const TABLE *table) {
    const struct { fn_stream stream; uint64_t block; uint32_t words[4]; } answers[] = {
        {{0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{UINT64_MAX, UINT64_MAX, UINT32_MAX}, UINT32_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3}, 0x243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (int i = 0; i < COUNT(answers); i++) {
        T u[4];
        table->uniform(4, answers[i].stream, 4 * answers[i].block, u);
        for (int j = 0; j < 4; j++) {
            check(u[j] == (T)(answers[i].words[j] >> 8) * (T)0x1p-24, "Philox answer %d word %d: %.9g", i, j, (double)u[j]);
            check(philox_word(answers[i].stream, 4 * answers[i].block + (uint64_t)j) == answers[i].words[j], "the test's own Philox");
        }
    }
}

static void N(check_uniform)(const TABLE *table) {
    const uint64_t firsts[] = {0, 1, 2, 3, 5, 250, ((uint64_t)1 << 34) - 5, UINT64_MAX - 6};
    const ptrdiff_t ns[] = {0, 1, 3, 4, 7, 16, 63, 64, 65, 255, 256, 257, 519};
    const fn_stream stream = {random_bits(), random_bits(), (uint32_t)random_bits()};
    for (int f = 0; f < COUNT(firsts); f++)
        for (int n = 0; n < COUNT(ns); n++) {
            T *u = fresh((size_t)ns[n] * sizeof(T));
            table->uniform(ns[n], stream, firsts[f], u);
            int same = 1;
            for (ptrdiff_t i = 0; i < ns[n]; i++)
                same &= u[i] == (T)(philox_word(stream, firsts[f] + (uint64_t)i) >> 8) * (T)0x1p-24;
            check(same, "uniform: first %llu n %td", (unsigned long long)firsts[f], ns[n]);
            release();
        }
}

static void N(check_dropout)(const TABLE *table) {
    const ptrdiff_t widths[] = WIDTHS, rows[] = {1, 2, 5, 40};
    const T rates[] = {0, (T)0.25, (T)0.1, (T)0.999};
    const fn_stream stream = {random_bits(), random_bits(), 3};
    for (int w = 0; w < COUNT(widths); w++)
        for (int r = 0; r < COUNT(rows); r++)
            for (int use = 0; use < 16; use++) {
                const ptrdiff_t width = widths[w], ld = width + use % 3, size = (rows[r] - 1) * ld + width;
                const T rate = rates[use / 4], scale = 1 / (1 - rate);
                const uint64_t row_stride = (uint64_t)width + (use % 4 == 3 ? 1000 : use % 4), first_row = (uint64_t)use * 77;
                const uint64_t first_column = (uint64_t)use * 5;
                T *x = N(randoms)(size, -1, 1, 0), *y = fresh((size_t)size * sizeof(T)), *in_place = N(copied)(size, x);
                x[0] = in_place[0] = (T)INFINITY;
                table->dropout(rows[r], width, rate, stream, first_row, row_stride, first_column, x, ld, y, ld);
                table->dropout(rows[r], width, rate, stream, first_row, row_stride, first_column, in_place, ld, in_place, ld);
                int right = 1, same = 1;
                for (ptrdiff_t i = 0; i < rows[r]; i++) {
                    for (ptrdiff_t j = 0; j < width; j++) {
                        const uint64_t position = (first_row + (uint64_t)i) * row_stride + first_column + (uint64_t)j;
                        const T u = (T)(philox_word(stream, position) >> 8) * (T)0x1p-24;
                        right &= y[i * ld + j] == (u >= rate ? x[i * ld + j] * scale : 0);
                    }
                    same &= N(same)(width, in_place + i * ld, y + i * ld);
                    if (i + 1 < rows[r]) same &= N(untouched)(ld - width, y + i * ld + width);
                }
                check(right, "dropout: rows %td width %td use %d", rows[r], width, use);
                check(same, "dropout: in place or between rows, rows %td width %td use %d", rows[r], width, use);
                release();
            }
}

static void N(check_random)(const TABLE *table) {
    N(check_answers)(table);
    N(check_uniform)(table);
    N(check_dropout)(table);
    report("random", TYPE_NAME);
}
