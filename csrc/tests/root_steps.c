/* root_steps.c: is the root that simd/isa.inc.h makes by Newton's method right to the bit, whatever estimate a CPU gives it?
 *
 * A program by itself (make test-roots), with the method written out once more, a number at a time.
 * The method is the same for x and 4 x, so [1, 4) stands for all, and for any estimate within 2^-14 that a float can hold: a CPU's
 * have 14 bits or a few more. It tries every float with every such estimate. A double's root can only come out wrong where it lies
 * within 6 2^-106 of itself from the middle of two doubles, for that is what the last step's exact value is off by at most; so it
 * tries those doubles, which are few, with every such estimate, and some next to them for good measure.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define REACH (0x1.02p-14) /* a little more than is promised */

static float root_of_float(float x, float estimate) {
    float root = x * estimate, inverse = 0.5f * estimate;
    const float off = fmaf(-root, inverse, 0.5f);
    root = fmaf(root, off, root);
    inverse = fmaf(inverse, off, inverse);
    return fmaf(fmaf(-root, root, x), inverse, root);
}

static double root_of_double(double x, double estimate) {
    double root = x * estimate, inverse = 0.5 * estimate;
    for (int step = 0; step < 2; step++) {
        const double off = fma(-root, inverse, 0.5);
        root = fma(root, off, root);
        inverse = fma(inverse, off, inverse);
    }
    return fma(fma(-root, root, x), inverse, root);
}

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static long wrong_floats(void) {
    long wrong = 0;
    for (uint32_t bits = bits_of(1); bits < bits_of(4); bits++) {
        const float x = float_of(bits), expected = sqrtf(x);
        const uint32_t first = bits_of((float)((1 - REACH) / sqrt(x))), count = bits_of((float)((1 + REACH) / sqrt(x))) - first + 1;
        int differ = 0;
        for (uint32_t i = 0; i < count; i++) differ |= root_of_float(x, float_of(first + i)) != expected;
        wrong += differ;
    }
    return wrong;
}

/* x = (o^2 + k) 2^-106, o odd in [2^53, 2^54), is a double: o^2 + k = 0 modulo 2^54, or 2^55 from 2 on */
static long wrong_doubles(int most, long *tried) {
    enum { MOST = 64 };
    long wrong = 0;
    for (int k = -most; k <= most; k++)
        for (int bits = 54; bits <= 55; bits++) {
            uint64_t found[MOST] = {1};
            int count = 1;
            for (int bit = 1; bit <= bits; bit++) { /* solutions modulo 2^bit from those modulo 2^(bit - 1) */
                const uint64_t mask = (1ull << bit) - 1;
                uint64_t next[MOST];
                int more = 0;
                for (int i = 0; i < count; i++)
                    for (int upper = 0; upper < (bit > 1 ? 2 : 1); upper++) {
                        const uint64_t o = found[i] | (uint64_t)upper << (bit - 1);
                        if (!((o * o + (uint64_t)(int64_t)k) & mask) && more < MOST) next[more++] = o;
                    }
                memcpy(found, next, sizeof next);
                count = more;
            }
            for (int i = 0; i < count; i++) {
                const uint64_t o = found[i] & ((1ull << 54) - 1);
                const long double square = (long double)o * (long double)o * 0x1p-106L;
                const unsigned __int128 scaled = ((unsigned __int128)o * o + (unsigned __int128)(__int128)k) >> bits;
                const double x = ldexp((double)(uint64_t)scaled, bits - 106);
                if (o < 1ull << 53 || (bits == 54) != (square < 2) || x < 1 || x >= 4) continue;
                int differ = 0;
                const uint32_t first = bits_of((float)((1 - REACH) / sqrt(x))), end = bits_of((float)((1 + REACH) / sqrt(x)));
                for (uint32_t e = first; e <= end; e++) differ |= root_of_double(x, float_of(e)) != sqrt(x);
                ++*tried;
                wrong += differ;
                if (differ) printf("double %a, k = %d\n", x, k);
            }
        }
    return wrong;
}

int main(void) {
    long tried = 0;
    const long floats = wrong_floats(), doubles = wrong_doubles(64, &tried);
    printf("floats: %ld of %u have a wrong root for some estimate\n", floats, bits_of(4) - bits_of(1));
    printf("doubles: %ld of the %ld nearest to a middle\n", doubles, tried);
    return floats || doubles || !tried;
}
