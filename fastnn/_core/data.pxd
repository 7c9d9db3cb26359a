# cython: language_level=3
"""The rows that a run reads, as the kernels see them: bare pointers, checked above."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t

from fastnn._core.targets cimport real

cimport numpy as cnp

cdef enum ElementKind:
    SINGLE
    DOUBLE
    BYTE
    SPARSE_SINGLE              # compressed: see Compressed
    SPARSE_DOUBLE

# X[rows, width], of any of three element types, with a row stride; or its elements that are not zero.
cdef struct Rows:
    const void *start          # of the elements; of those that are not zero
    ptrdiff_t stride           # in elements
    ptrdiff_t itemsize
    ElementKind kind
    const int32_t *columns     # sparse rows only
    const int64_t *starts

cdef inline bint is_sparse(const Rows *x) noexcept nogil:
    return x.kind == SPARSE_SINGLE or x.kind == SPARSE_DOUBLE

cdef Rows rows_of(array) except *

# Where an array's numbers are; its type is checked. An ndarray's attributes take microseconds from Python.
cdef inline void *data_of(array) except? NULL:
    return cnp.PyArray_DATA(<cnp.ndarray?>array)

# Elements from one row of a 2-D array to the next.
cdef inline ptrdiff_t stride_of(array, ptrdiff_t itemsize) except? -1:
    return cnp.PyArray_STRIDE(<cnp.ndarray?>array, 0) // itemsize

# out[rows, width] = x[index[r]] (index NULL: first + r), converted to out's type
cdef void gather(const Rows *x, ptrdiff_t first, const int64_t *index, ptrdiff_t rows, ptrdiff_t width, real *out,
                 ptrdiff_t ldout) noexcept nogil
