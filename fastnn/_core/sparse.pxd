# cython: language_level=3
"""Sparse rows (CSR) before the first dense product: forward, and the gradient of the columns that a batch has."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t

from fastnn._core.data cimport Rows
from fastnn._core.targets cimport real
from fastnn._core.threads cimport Share

# For each column of X, a list of a batch's elements in it, in the order of rows: first[column], next[first], ..., -1. Written
# by the thread that owns the column.
cdef struct Links:
    int32_t *first             # [columns], -1 without elements
    int32_t *next              # by element of the batch
    int32_t *rows              # by element: its row in the batch
    void *values               # by element, of the plan's type
    int32_t **touched          # by thread: columns that have elements

# y[rows, columns] = bias + x w; row r is x's row index[r] (index NULL: first + r)
cdef void sparse_forward(const Rows *x, const int64_t *index, ptrdiff_t first, Share rows, Share columns, ptrdiff_t outputs,
                         const real *w, const real *bias, real *y, ptrdiff_t ldy) noexcept nogil

# Make the lists of the columns `mine` of X for the rows index[0 .. rows - 1]; returns how many columns have elements.
cdef ptrdiff_t link(const Rows *x, const int64_t *index, ptrdiff_t rows, Share mine, int thread, const Links *links,
                    const real *sample) noexcept nogil

# Forget the lists that `link` made.
cdef void unlink(ptrdiff_t count, int thread, const Links *links) noexcept nogil
