# cython: language_level=3
"""How many threads, in one place; who does which part; and how they wait for each other."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t

cdef extern from "threads.h" nogil:
    int omp_get_max_threads() noexcept
    int bound_cpus "fn_bound_cpus"() noexcept
    int team_size "omp_get_num_threads"() noexcept
    const int OPENMP_DATE "FN_OPENMP_DATE"
    ctypedef struct Barrier "fn_barrier":
        pass
    void wait_for_all "fn_barrier_wait"(Barrier *barrier, int threads) noexcept
    ctypedef struct Progress "fn_progress":
        pass
    void tell "fn_progress_tell"(Progress *progress, int64_t count) noexcept
    void wait_until "fn_progress_wait"(Progress *progress, int64_t count) noexcept
    ctypedef struct Queue "fn_queue":
        Barrier end
    void open_queue "fn_queue_open"(Queue *queue) noexcept
    int64_t take_next "fn_queue_take"(Queue *queue) noexcept
    ctypedef struct Part "fn_part":
        pass
    void open_part "fn_part_open"(Part *part) noexcept
    bint take_piece "fn_part_take"(Part *part, int64_t end, int64_t total, int64_t unit, int64_t most, int64_t *first,
                                   int64_t *stop) noexcept

# Threads that the next parallel region may have, at most `wanted`. Called before every region, without exception:
# it notes that OpenMP has been used, after which a forked child stays serial.
cdef int grant(int wanted) noexcept nogil

# Work that threads may have shared ends `now`, in perf_counter's seconds; and whether such work ended a moment before, so that a
# team's threads still wait for more, or will have more if they are woken.
cdef void note_end(double now) noexcept
cdef bint ended_lately(double now) except -1

# A part of a range of rows or columns.
cdef struct Share:
    ptrdiff_t start
    ptrdiff_t stop

# The part of range(size) that belongs to `thread`, in whole units except at the end.
cdef inline Share share(ptrdiff_t size, ptrdiff_t unit, int thread, int threads) noexcept nogil:
    cdef ptrdiff_t units
    cdef Share part
    if threads == 1:  # most steps of small networks: no division
        part.start, part.stop = 0, size
        return part
    units = (size + unit - 1) // unit
    part.start = min(size, units * thread // threads * unit)
    part.stop = min(size, units * (thread + 1) // threads * unit)
    return part
