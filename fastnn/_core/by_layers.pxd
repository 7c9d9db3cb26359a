# cython: language_level=3
"""Threads that share each product of a step, by columns, by rows or by halves of its inputs."""
from libc.stddef cimport ptrdiff_t

from fastnn._core.heads cimport Batch, Memory
from fastnn._core.step_parts cimport Run
from fastnn._core.targets cimport fn_update, real


cdef inline const Memory *memory_of(const Run *run, ptrdiff_t step, int threads) noexcept nogil:
    """What a step works on: batches alternate, and two threads have places of their own for what each makes half of."""
    return &(run.by_halves if threads == 2 and run.by_halves != NULL else run.memories)[step & 1]


# This thread's share of the batch that starts at `position`, into the input buffer
cdef void gather_share(const Run *run, const real *sample, const Memory *memory, ptrdiff_t position, int thread,
                       int threads) noexcept nogil

# This step's part of the kernels whose elements are dropped, for all who multiply with them
cdef void mask_kernels(const Run *run, const real *sample, const Memory *memory, const Batch *batch, int thread,
                       int threads) noexcept nogil

cdef inline bint is_updated(const Run *run, const Batch *batch, int index, bint sparse) noexcept nogil:
    """Whether a segment is trained, and reads X's sparse rows or does not."""
    return index > 0 and run.segments[index].trainable and (batch.sparse != NULL and index == 1) == sparse


# Gradient and update of the kernel that sparse rows are multiplied with, this thread's share
cdef void update_sparse_share(const Run *run, const real *sample, ptrdiff_t rows, const Memory *memory, const Batch *batch,
                              const fn_update *numbers, double divisor, int thread, int threads) noexcept nogil

# One step by two threads or more, the part of `thread`. The next batch is gathered at the end
cdef void step_by_layers(const Run *run, const real *sample, ptrdiff_t step, int thread, int threads) noexcept nogil
