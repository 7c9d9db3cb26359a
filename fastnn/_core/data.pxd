# cython: language_level=3
"""The rows that a run reads, as the kernels see them: bare pointers, checked above."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t

from fastnn._core.targets cimport real

cdef enum ElementKind:
    SINGLE
    DOUBLE
    BYTE

# X[rows, width], of any of three element types, with a row stride.
cdef struct Rows:
    const void *start
    ptrdiff_t stride           # in elements
    ptrdiff_t itemsize
    ElementKind kind

cdef Rows rows_of(array) except *

# out[rows, width] = x[index[r]] (index NULL: first + r), converted to out's type
cdef void gather(const Rows *x, ptrdiff_t first, const int64_t *index, ptrdiff_t rows, ptrdiff_t width, real *out,
                 ptrdiff_t ldout) noexcept nogil
