# cython: language_level=3, cdivision=True
"""The rows that a run reads: a description without Python, and their way into a batch buffer."""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint8_t

from fastnn._core cimport targets
from fastnn._core.targets cimport real

cimport numpy as cnp

import numpy as np

KINDS = ("float32", "float64", "uint8")
SPARSE_KINDS = {"float32": SPARSE_SINGLE, "float64": SPARSE_DOUBLE}


class Compressed:
    """Rows of which few elements are not zero (CSR). A slice of rows shares the arrays.

    Parameters
    ----------
    values : ndarray of float32 or float64
    columns : ndarray of int32
        Of each value, in [0, width).
    starts : ndarray of int64, shape (rows + 1,)
        Row r has the values starts[r] .. starts[r + 1] - 1.
    width : int

    Raises
    ------
    TypeError, ValueError
        If a type or length does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> x = Compressed(np.array([5.0, 7.0]), np.array([0, 2], dtype=np.int32), np.array([0, 1, 2]), 3)
    >>> x.shape, x[1:].shape
    ((2, 3), (1, 3))
    """

    def __init__(self, values, columns, starts, width):
        starts = np.ascontiguousarray(starts, dtype=np.int64)
        if values.dtype.name not in SPARSE_KINDS or columns.dtype != np.int32:
            raise TypeError(f"expected float32 or float64 values in int32 columns, received: {values.dtype}, {columns.dtype}")
        if values.ndim != 1 or values.shape != columns.shape or not starts.size or starts[-1] > values.size:
            raise ValueError(f"expected as many columns as values, received: {columns.shape}, {values.shape}")
        self.values, self.columns, self.starts = np.ascontiguousarray(values), np.ascontiguousarray(columns), starts
        self.shape, self.dtype, self.ndim = (starts.size - 1, int(width)), values.dtype, 2

    def __getitem__(self, rows):
        start, stop, _ = rows.indices(self.shape[0])
        return Compressed(self.values, self.columns, self.starts[start : max(start, stop) + 1], self.shape[1])

    def most_elements(self, rows):
        """How many elements any `rows` rows may have."""
        return int(np.sort(np.diff(self.starts))[-rows:].sum()) if self.shape[0] else 0


cdef Rows rows_of(array) except *:
    """Describe a 2-D array of float32, float64 or uint8 with contiguous rows, or a Compressed one."""
    cdef Rows rows
    rows.columns, rows.starts, rows.stride = NULL, NULL, 0
    if isinstance(array, Compressed):
        rows.start = <const void *><size_t>array.values.ctypes.data
        rows.itemsize, rows.kind = array.dtype.itemsize, SPARSE_KINDS[array.dtype.name]
        rows.columns = <const int32_t *><size_t>array.columns.ctypes.data
        rows.starts = <const int64_t *><size_t>array.starts.ctypes.data
        return rows
    cdef cnp.ndarray x = array
    cdef int kind = cnp.PyArray_TYPE(x)
    rows.itemsize = 4 if kind == cnp.NPY_FLOAT32 else 8 if kind == cnp.NPY_FLOAT64 else 1
    if kind not in (cnp.NPY_FLOAT32, cnp.NPY_FLOAT64, cnp.NPY_UINT8) or cnp.PyArray_NDIM(x) != 2 or (
            cnp.PyArray_DIM(x, 1) > 1 and cnp.PyArray_STRIDE(x, 1) != rows.itemsize):
        raise ValueError(
            f"expected a 2-D array of {', '.join(KINDS)} with contiguous rows, received: {array.dtype} of shape {array.shape}"
        )
    if cnp.PyArray_STRIDE(x, 0) % rows.itemsize:
        raise ValueError(f"expected a row stride in whole elements, received: {array.strides[0]} bytes")
    rows.start = cnp.PyArray_DATA(x)
    rows.stride = cnp.PyArray_STRIDE(x, 0) // rows.itemsize
    rows.kind = SINGLE if kind == cnp.NPY_FLOAT32 else DOUBLE if kind == cnp.NPY_FLOAT64 else BYTE
    return rows


cdef bint all_finite(const real *x, ptrdiff_t size) noexcept:
    cdef ptrdiff_t first
    with nogil:
        first = targets.first_not_finite(size, x)
    return first == size


def plain_rows(x, Py_ssize_t width):
    """Whether x needs no check and no conversion: a C-contiguous ndarray, no subclass, of float32 or float64.

    It has at least one row, and `width` finite numbers in each.

    Examples
    --------
    >>> import numpy as np
    >>> plain_rows(np.ones((1, 2)), 2), plain_rows([[1.0, 1.0]], 2), plain_rows(np.array([[1.0, np.nan]]), 2)
    (True, False, False)
    """
    if not cnp.PyArray_CheckExact(x):
        return False
    cdef cnp.ndarray rows = x
    cdef ptrdiff_t size = cnp.PyArray_SIZE(rows)
    if cnp.PyArray_NDIM(rows) != 2 or cnp.PyArray_DIM(rows, 1) != width or not size or not cnp.PyArray_ISCARRAY_RO(rows):
        return False
    if cnp.PyArray_TYPE(rows) == cnp.NPY_FLOAT64:
        return all_finite(<const double *>cnp.PyArray_DATA(rows), size)
    return cnp.PyArray_TYPE(rows) == cnp.NPY_FLOAT32 and all_finite(<const float *>cnp.PyArray_DATA(rows), size)


cdef void gather(const Rows *x, ptrdiff_t first, const int64_t *index, ptrdiff_t rows, ptrdiff_t width, real *out,
                 ptrdiff_t ldout) noexcept nogil:
    cdef ptrdiff_t skipped = 0 if index != NULL else first * x.stride
    if x.kind == SINGLE:
        targets.gather_f32(rows, width, <const float *>x.start + skipped, x.stride, index, out, ldout)
    elif x.kind == DOUBLE:
        targets.gather_f64(rows, width, <const double *>x.start + skipped, x.stride, index, out, ldout)
    else:
        targets.gather_u8(rows, width, <const uint8_t *>x.start + skipped, x.stride, index, out, ldout)
