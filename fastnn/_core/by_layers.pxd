# cython: language_level=3
"""Threads that share each product of a step, by columns, by rows or by halves of its inputs."""
from libc.stddef cimport ptrdiff_t

from fastnn._core.heads cimport Memory
from fastnn._core.step_parts cimport Run
from fastnn._core.targets cimport real


cdef inline const Memory *memory_of(const Run *run, ptrdiff_t step, int threads) noexcept nogil:
    """What a step works on: batches alternate, and two threads have places of their own for what each makes half of."""
    return &(run.by_halves if threads == 2 and run.by_halves != NULL else run.memories)[step & 1]


# This thread's share of the batch that starts at `position`, into the input buffer
cdef void gather_share(const Run *run, const real *sample, const Memory *memory, ptrdiff_t position, int thread,
                       int threads) noexcept nogil

# One step, the part of `thread`; another one's first product may follow at once. The next batch is gathered at the end
cdef void step_by_layers(const Run *run, const real *sample, ptrdiff_t step, int thread, int threads) noexcept nogil
