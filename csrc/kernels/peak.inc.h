/* peak.inc.h: the fastest that this core can multiply and add; the yardstick of bench/, called by nothing else. */

static T FN(multiply_add_peak)(ptrdiff_t rounds) {
    V sum[FN_PEAK_CHAINS];
    V factor = FN(splat)((T)0.999);
    __asm__ volatile("" : "+m"(factor)); /* a value that the compiler cannot see through */
    for (int c = 0; c < FN_PEAK_CHAINS; c++) sum[c] = FN(splat)((T)c);
    for (ptrdiff_t i = 0; i < rounds; i++)
        FN_UNROLL(16)
        for (int c = 0; c < FN_PEAK_CHAINS; c++) sum[c] = FN(fma)(sum[c], factor, factor);
    for (int c = 1; c < FN_PEAK_CHAINS; c++) sum[0] += sum[c];
    return FN(reduce_add)(sum[0]);
}
