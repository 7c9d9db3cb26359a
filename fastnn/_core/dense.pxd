# cython: language_level=3
"""The three products of a dense layer, for the part of the output that one thread owns.

Dimensions: B rows of a batch, I inputs, O outputs; w[I,O] is row-major without padding (ldw = O).
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core.targets cimport real
from fastnn._core.threads cimport Share

cdef enum:
    LINE_BYTES = 64

# y[rows, columns] = x[B,I] w[I,O] + bias[O], of the sum over I the part `inputs`; bias may be NULL
cdef void dense_forward(Share rows, Share columns, Share inputs, ptrdiff_t outputs, const real *x, ptrdiff_t ldx,
                        const real *w, const real *bias, real *y, ptrdiff_t ldy) noexcept nogil

# dx[rows, columns] = dy[B,O] w[I,O]^T, columns within I, added to what is there where `more`
cdef void dense_input_gradient(Share rows, Share columns, ptrdiff_t outputs, const real *dy, ptrdiff_t lddy,
                               const real *w, bint more, real *dx, ptrdiff_t lddx) noexcept nogil

# block[rows, columns] (leading dimension ldblock, its first element at rows.start, columns.start) = the part rows
# (within I), columns (within O) of x[B,I]^T dy[B,O], going on from what is there where `more`
cdef void dense_weight_gradient(Share rows, Share columns, ptrdiff_t batch, const real *x, ptrdiff_t ldx,
                                const real *dy, ptrdiff_t lddy, bint more, real *block, ptrdiff_t ldblock) noexcept nogil

# Leading dimension of a [*, width] array of `itemsize` bytes an element that the engine lays out itself: room for whole
# vectors of every target, and rows that do not fall into one cache set.
cdef inline ptrdiff_t padded(ptrdiff_t width, ptrdiff_t itemsize) noexcept nogil:
    cdef ptrdiff_t line = LINE_BYTES // itemsize
    cdef ptrdiff_t padded_width = (width + line - 1) // line * line
    return padded_width + line if padded_width * itemsize % 1024 == 0 and padded_width * itemsize >= 2048 else padded_width
