# cython: language_level=3
"""Heads of segments (plan.Head): forward, backward and the sums that are their parameters' gradients, of a part."""
from libc.stddef cimport ptrdiff_t

from fastnn._core.passes cimport Batch, Memory
from fastnn._core.plan cimport Segment
from fastnn._core.targets cimport real
from fastnn._core.threads cimport Share

# values[product][rows, columns] of segment `index`
cdef void head_forward(real *parameters, const Segment *segments, int index, const Memory *memory, const Batch *batch,
                       Share rows, Share columns) noexcept nogil

# deltas[target][rows, columns] from deltas[index], added to what is there where `more`; target is a segment that `index` reads
cdef void head_backward(const real *parameters, const Segment *segments, int index, int target, bint more,
                        const Memory *memory, Share rows, Share columns) noexcept nogil

# sums[columns] += the gradient of a kernel of one row, over `rows`
cdef void head_gradient(const real *parameters, const Segment *segment, int index, const Memory *memory, Share rows,
                        Share columns, real *sums) noexcept nogil

# BATCH_NORM's gradient of its kernel, or of its bias, as head_backward left it
cdef const real *batch_gradient(const real *sample, int index, const Memory *memory, bint bias) noexcept nogil

# The rows of a kernel of which some elements are dropped, written to the segment's buffer
cdef void mask_kernel(const real *parameters, const Segment *segment, int index, const Memory *memory, const Batch *batch,
                      Share rows) noexcept nogil
