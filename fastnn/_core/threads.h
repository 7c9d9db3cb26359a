/* threads.h: what _core/threads and the engine need of the machine beneath OpenMP: a barrier of our own, how far a
 * thread has come, a queue, parts that are taken in pieces, and the team's size with and without OpenMP. Included by Cython's output only.
 */
#ifndef FASTNN_THREADS_H
#define FASTNN_THREADS_H

#include <stdatomic.h>
#include <stdint.h>

#ifdef _OPENMP
#include <omp.h>
#define FN_OPENMP_DATE _OPENMP
/* CPUs of this process where OMP_PROC_BIND keeps each thread on a place of its own, else 0: the affinity of a thread
 * says nothing of the process then. */
static inline int fn_bound_cpus(void) { return omp_get_proc_bind() == omp_proc_bind_false ? 0 : omp_get_num_procs(); }
#else
static inline int fn_bound_cpus(void) { return 0; }
static inline int omp_get_max_threads(void) { return 1; }
static inline int omp_get_num_threads(void) { return 1; }
#define FN_OPENMP_DATE 0
#endif

#ifdef _WIN32
#include <windows.h>
#define fn_yield() SwitchToThread()
#define FN_NOINLINE static __declspec(noinline)
#else
#include <sched.h>
#define fn_yield() sched_yield()
#define FN_NOINLINE static __attribute__((noinline, unused))
#endif

#if defined(__x86_64__)
#define fn_pause() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define fn_pause() __asm__ volatile("isb")
#else
#define fn_pause() ((void)0)
#endif

/* Long enough for the slowest neighbour of a healthy team, short enough not to burn a core that somebody else needs:
 * a pause is 15 to 50 ns. */
#define FN_SPINS 1000

typedef struct {
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_uint generation; /* of which there may be more than an int counts */
} fn_barrier;

/* Everything written before by any of `threads` threads is seen after by all. */
static inline void fn_barrier_wait(fn_barrier *barrier, int threads) {
    if (threads == 1) return;
    const unsigned generation = atomic_load_explicit(&barrier->generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) == threads - 1) {
        atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
        atomic_store_explicit(&barrier->generation, generation + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&barrier->generation, memory_order_acquire) == generation; spins++)
        if (spins < FN_SPINS) fn_pause();
        else fn_yield();
}

/* How far a thread has come: a count that only grows, told by one thread, on a line of its own. Everything written before it
 * was told is seen by who has waited for it. */
typedef struct {
    _Alignas(64) _Atomic(int64_t) count;
} fn_progress;

static inline void fn_progress_tell(fn_progress *progress, int64_t count) {
    atomic_store_explicit(&progress->count, count, memory_order_release);
}

static inline void fn_progress_wait(fn_progress *progress, int64_t count) {
    for (int spins = 0; atomic_load_explicit(&progress->count, memory_order_acquire) < count; spins++)
        if (spins < FN_SPINS) fn_pause();
        else fn_yield();
}

/* Pieces of work that threads take one after the other, so that who comes late finds fewer left, and where they meet at the end. */
typedef struct {
    _Alignas(64) _Atomic(int64_t) taken;
    fn_barrier end;
} fn_queue;

static inline void fn_queue_open(fn_queue *queue) { atomic_store_explicit(&queue->taken, 0, memory_order_relaxed); }

/* The number of the next piece. */
static inline int64_t fn_queue_take(fn_queue *queue) { return atomic_fetch_add_explicit(&queue->taken, 1, memory_order_relaxed); }

/* How much of a thread's part of some work is taken, by itself or by others who have finished theirs; on a line of its own. What
 * was made of it is seen by who has waited at a barrier. */
typedef struct {
    _Alignas(64) _Atomic(int64_t) taken;
} fn_part;

static inline void fn_part_open(fn_part *part) { atomic_store_explicit(&part->taken, 0, memory_order_relaxed); }

/* The next piece of what ends at `end` in a part of `total`: half of what is left, in whole units, but no less than a share of
 * `most` in all; 0 if everything up to `end` is taken. Not inlined: few steps are long enough to be cut in pieces. */
FN_NOINLINE int fn_part_take(fn_part *part, int64_t end, int64_t total, int64_t unit, int64_t most, int64_t *first, int64_t *stop) {
    const int64_t share = (total / most + unit - 1) / unit * unit, least = share > unit ? share : unit;
    int64_t taken = atomic_load_explicit(&part->taken, memory_order_relaxed);
    while (taken < end) {
        const int64_t half = (total - taken) / 2 / unit * unit, size = half > least ? half : least;
        *first = taken;
        *stop = end - taken - size < least ? end : taken + size;
        if (atomic_compare_exchange_weak_explicit(&part->taken, &taken, *stop, memory_order_relaxed, memory_order_relaxed)) return 1;
    }
    return 0;
}

#endif
