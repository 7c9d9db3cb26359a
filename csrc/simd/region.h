/* region.h: opens and closes a part of a file that is compiled for one CPU target; unrolls a loop of constant
 * length whole (FN_UNROLL), any other so many times (FN_UNROLL_BY).
 *
 * Include <immintrin.h> or <arm_neon.h> before FN_REGION_BEGIN; what stands between may use the target's
 * instructions, whatever the compiler's own flags are.
 */
#ifndef FASTNN_REGION_H
#define FASTNN_REGION_H

#define FN_PRAGMA_OF(text) _Pragma(#text)
#define FN_PRAGMA(text) FN_PRAGMA_OF(text)
#if defined(__clang__)
#define FN_UNROLL(times) FN_PRAGMA(clang loop unroll(full))
#define FN_UNROLL_BY(times) FN_PRAGMA(clang loop unroll_count(times))
#define FN_REGION_BEGIN(features) \
    FN_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define FN_REGION_END FN_PRAGMA(clang attribute pop)
#elif defined(__GNUC__)
#define FN_UNROLL(times) FN_PRAGMA(GCC unroll times)
#define FN_UNROLL_BY(times) FN_PRAGMA(GCC unroll times)
#define FN_REGION_BEGIN(features) FN_PRAGMA(GCC push_options) FN_PRAGMA(GCC target(features))
#define FN_REGION_END FN_PRAGMA(GCC pop_options)
#else
#error "fastnn needs vector extensions: compile with GCC or Clang (clang-cl on Windows)"
#endif

#endif
