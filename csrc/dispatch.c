/* dispatch.c: which CPU target: the list of those in this build, best first, and what the lists' entries are called; what
 * all targets share: a thread's room, denormals. */
#include "fastnn.h"
#include "room.h"

_Thread_local _Alignas(64) unsigned char fn_room[FN_ROOM_PANELS + FN_ROOM_TILES];

extern const fn_target fn_target_generic;
#if defined(__x86_64__)
extern const fn_target fn_target_avx2, fn_target_avx512;
static const fn_target *const targets[] = {&fn_target_avx512, &fn_target_avx2, &fn_target_generic, NULL};
#elif defined(__aarch64__)
extern const fn_target fn_target_neon;
static const fn_target *const targets[] = {&fn_target_neon, &fn_target_generic, NULL};
#else
static const fn_target *const targets[] = {&fn_target_generic, NULL};
#endif

#define FN_INFO_ENTRY(name, ...) {#name, __VA_ARGS__},
const fn_activation_info fn_activation_infos[] = {FN_ACTIVATION_LIST(FN_INFO_ENTRY){NULL, 0, 0.0}};
const fn_loss_info fn_loss_infos[] = {FN_LOSS_LIST(FN_INFO_ENTRY){NULL, 0, NULL, 0.0}};
const fn_optimizer_info fn_optimizer_infos[] = {FN_OPTIMIZER_LIST(FN_INFO_ENTRY){NULL, 0, 0}};
const fn_noise_info fn_noise_infos[] = {FN_NOISE_LIST(FN_INFO_ENTRY){NULL, 0, 0}};

const fn_target *fn_target_at(int index) {
    const int count = (int)(sizeof targets / sizeof *targets) - 1;
    return index >= 0 && index < count ? targets[index] : NULL;
}

const fn_target *fn_target_best(void) {
    const fn_target *const *target = targets;
    while (!(*target)->supported()) target++;
    return *target;
}

const fn_target *fn_target_named(const char *name) {
    for (const fn_target *const *target = targets; *target; target++) {
        const char *a = (*target)->name, *b = name;
        while (*a && *a == *b) a++, b++;
        if (*a == *b) return (*target)->supported() ? *target : NULL;
    }
    return NULL;
}

#if defined(__x86_64__)
#include <xmmintrin.h>
#define FN_FLUSH_BITS 0x8040u /* MXCSR: flush to zero, denormals are zero */
uint64_t fn_denormals_flush(void) {
    uint64_t mode = _mm_getcsr();
    if ((mode & FN_FLUSH_BITS) != FN_FLUSH_BITS) _mm_setcsr((unsigned)mode | FN_FLUSH_BITS);
    return mode;
}
void fn_denormals_restore(uint64_t mode) {
    if ((mode & FN_FLUSH_BITS) != FN_FLUSH_BITS) _mm_setcsr((_mm_getcsr() & ~FN_FLUSH_BITS) | ((unsigned)mode & FN_FLUSH_BITS));
}
#elif defined(__aarch64__)
#define FN_FLUSH_BITS ((uint64_t)1 << 24) /* FPCR.FZ */
uint64_t fn_denormals_flush(void) {
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | FN_FLUSH_BITS));
    return mode;
}
void fn_denormals_restore(uint64_t mode) {
    uint64_t now;
    __asm__ volatile("mrs %0, fpcr" : "=r"(now));
    __asm__ volatile("msr fpcr, %0" : : "r"((now & ~FN_FLUSH_BITS) | (mode & FN_FLUSH_BITS)));
}
#else
uint64_t fn_denormals_flush(void) { return 0; }
void fn_denormals_restore(uint64_t mode) { (void)mode; }
#endif
