# cython: language_level=3, cdivision=True
"""The rows that a run reads: a description without Python, and their way into a batch buffer."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint8_t

from fastnn._core cimport targets
from fastnn._core.targets cimport real

import numpy as np

KINDS = {"float32": SINGLE, "float64": DOUBLE, "uint8": BYTE}


cdef Rows rows_of(array) except *:
    """Describe a 2-D array of float32, float64 or uint8 with contiguous rows."""
    cdef Rows rows
    if array.ndim != 2 or array.dtype.name not in KINDS or (array.shape[1] > 1 and array.strides[1] != array.itemsize):
        raise ValueError(
            f"expected a 2-D array of {', '.join(KINDS)} with contiguous rows, received: {array.dtype} of shape {array.shape}"
        )
    if array.strides[0] % array.itemsize:
        raise ValueError(f"expected a row stride in whole elements, received: {array.strides[0]} bytes")
    rows.start = <const void *><size_t>array.ctypes.data
    rows.stride = array.strides[0] // array.itemsize
    rows.itemsize = array.itemsize
    rows.kind = KINDS[array.dtype.name]
    return rows


cdef void gather(const Rows *x, ptrdiff_t first, const int64_t *index, ptrdiff_t rows, ptrdiff_t width, real *out,
                 ptrdiff_t ldout) noexcept nogil:
    cdef ptrdiff_t skipped = 0 if index != NULL else first * x.stride
    if x.kind == SINGLE:
        targets.gather_f32(rows, width, <const float *>x.start + skipped, x.stride, index, out, ldout)
    elif x.kind == DOUBLE:
        targets.gather_f64(rows, width, <const double *>x.start + skipped, x.stride, index, out, ldout)
    else:
        targets.gather_u8(rows, width, <const uint8_t *>x.start + skipped, x.stride, index, out, ldout)
