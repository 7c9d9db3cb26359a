# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Two threads that meet: waits at the engine's barrier, and cache lines that cross between cores.

The yardstick of bench/, called by nothing else.
"""
from cython.parallel cimport parallel, threadid
from libc.stddef cimport ptrdiff_t

from fastnn._core.threads cimport Barrier, grant, team_size, wait_for_all

from fastnn._core.workspace import allocate

cdef enum:
    LINE = 8  # doubles


cdef void meet_often(double *lines, ptrdiff_t count, ptrdiff_t times, Barrier *barrier, int thread,
                     int threads) noexcept nogil:
    """Each thread's part of `lines` begins with one for its results: how many met, and what it read."""
    cdef double *mine = lines + thread * (count + 1) * LINE
    cdef const double *other = lines + (thread + 1) % threads * (count + 1) * LINE
    cdef double seen = 0
    cdef ptrdiff_t time, i
    for time in range(times):
        for i in range(1, count + 1):
            mine[i * LINE] += 1
        wait_for_all(barrier, threads)
        for i in range(1, count + 1):
            seen += other[i * LINE]
        wait_for_all(barrier, threads)
    mine[0], mine[1] = threads, seen


def meet(times, lines=0):
    """Let two threads, `times` times, write `lines` cache lines each, wait, read the other's lines, and wait.

    Parameters
    ----------
    times, lines : int
        At least 0.

    Returns
    -------
    threads : int
        That met: 1 where there is no second one, which then reads its own lines.
    seen : float
        What each thread read, added up: with the same number added to all lines each time, lines times (times + 1) / 2
        for each thread.

    Raises
    ------
    ValueError
        For a negative number.
    """
    cdef ptrdiff_t often = times, count = lines
    cdef int team = grant(2)
    if often < 0 or count < 0:
        raise ValueError(f"times, lines: expected at least 0, received: {times!r}, {lines!r}")
    memory, meeting = allocate(2 * (count + 1) * LINE, "float64"), allocate(sizeof(Barrier), "uint8")
    cdef double *shared = <double *><size_t>memory.ctypes.data
    cdef Barrier *barrier = <Barrier *><size_t>meeting.ctypes.data
    with nogil, parallel(num_threads=team):
        meet_often(shared, count, often, barrier, threadid(), team_size())
    results = memory.reshape(2, -1)
    return int(results[0, 0]), float(results[:, 1].sum())
