# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Sparse rows before the first dense product. X stays in compressed form; only columns that a batch has are visited.

The cdef functions do one thread's part for passes and steps; the def functions do the same on whole arrays, for tests.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t

from fastnn._core cimport targets
from fastnn._core.data cimport Rows, rows_of
from fastnn._core.targets cimport real
from fastnn._core.threads cimport Share

import numpy as np

from fastnn._core.checks import checked
from fastnn._core.data import Compressed


cdef void sparse_forward(const Rows *x, const int64_t *index, ptrdiff_t first, Share rows, Share columns, ptrdiff_t outputs,
                         const real *w, const real *bias, real *y, ptrdiff_t ldy) noexcept nogil:
    cdef ptrdiff_t skipped = 0 if index != NULL else first + rows.start
    targets.sparse_product(rows.stop - rows.start, columns.stop - columns.start, <const real *>x.start, x.columns,
                           x.starts + skipped, index + rows.start if index != NULL else <const int64_t *>NULL,
                           w + columns.start, outputs, bias + columns.start if bias != NULL else <const real *>NULL,
                           y + rows.start * ldy + columns.start, ldy)


cdef ptrdiff_t link(const Rows *x, const int64_t *index, ptrdiff_t rows, Share mine, int thread, const Links *links,
                    const real *sample) noexcept nogil:
    cdef const real *values = <const real *>x.start
    cdef real *kept = <real *>links.values
    cdef ptrdiff_t element = 0, count = 0, row
    cdef int64_t source, p
    cdef int32_t column
    for row in range(rows):
        element += x.starts[index[row] + 1] - x.starts[index[row]]
    for row in range(rows - 1, -1, -1):  # backward, so that each list begins with its first row
        source = index[row]
        p = x.starts[source + 1]
        while p > x.starts[source]:
            p -= 1
            element -= 1
            column = x.columns[p]
            if mine.start <= column < mine.stop:
                if links.first[column] < 0:
                    links.touched[thread][count] = column
                    count += 1
                links.next[element] = links.first[column]
                links.rows[element] = <int32_t>row
                kept[element] = values[p]
                links.first[column] = <int32_t>element
    return count


cdef void unlink(ptrdiff_t count, int thread, const Links *links) noexcept nogil:
    cdef ptrdiff_t i
    for i in range(count):
        links.first[links.touched[thread][i]] = -1


# ---- on arrays -------------------------------------------------------------------------------------------------------


def _product(x, const real[:, ::1] w, const real[::1] bias, real[:, ::1] y):
    cdef Rows rows = rows_of(x)
    cdef Share all_rows, columns
    all_rows.start, all_rows.stop = 0, y.shape[0]
    columns.start, columns.stop = 0, y.shape[1]
    sparse_forward(&rows, <const int64_t *>NULL, 0, all_rows, columns, y.shape[1], &w[0, 0],
                   &bias[0] if bias is not None else <const real *>NULL, &y[0, 0], y.shape[1])


def product(x, w, bias=None):
    """bias + x w for sparse rows.

    Parameters
    ----------
    x : Compressed, shape (B, I)
    w : ndarray of shape (I, O), x's dtype
    bias : ndarray of shape (O,), x's dtype, optional

    Returns
    -------
    ndarray of shape (B, O)

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> x = Compressed(np.array([2.0]), np.array([1], dtype=np.int32), np.array([0, 1]), 2)
    >>> product(x, np.array([[1.0], [10.0]]))
    array([[20.]])
    """
    checked("w", w, (x.shape[1], None), x.dtype)
    if bias is not None:
        checked("bias", bias, (w.shape[1],), x.dtype)
    y = np.zeros((x.shape[0], w.shape[1]), x.dtype)
    if y.size and w.size:
        _product(x, np.ascontiguousarray(w), bias, y)
    return y


def _gradient(x, const real[:, ::1] dy, const int64_t[::1] index, real[:, ::1] sums, int32_t[::1] first,
              int32_t[:, ::1] places, real[::1] values):
    cdef Rows rows = rows_of(x)
    cdef Links links
    cdef Share mine
    cdef int32_t *touched = &places[2, 0]
    cdef ptrdiff_t count, i
    links.first, links.next, links.rows, links.values = &first[0], &places[0, 0], &places[1, 0], &values[0]
    links.touched = &touched
    mine.start, mine.stop = 0, sums.shape[0]
    count = link(&rows, &index[0], index.shape[0], mine, 0, &links, &values[0])
    for i in range(count):
        targets.sparse_gradient(sums.shape[1], first[touched[i]], links.next, links.rows, <const real *>links.values,
                                &dy[0, 0], dy.shape[1], &sums[touched[i], 0])
    unlink(count, 0, &links)


def gradient(x, dy, index=None):
    """x^T dy, [I, O], for the rows index of sparse x, all by default.

    Parameters
    ----------
    x : Compressed, shape (B, I)
    dy : ndarray of shape (len(index), O), x's dtype, C-contiguous
    index : ndarray of int64, optional

    Returns
    -------
    ndarray of shape (I, O)

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> x = Compressed(np.array([2.0]), np.array([1], dtype=np.int32), np.array([0, 1]), 2)
    >>> gradient(x, np.array([[3.0]]))
    array([[0.],
           [6.]])
    """
    index = np.arange(x.shape[0], dtype=np.int64) if index is None else np.asarray(index, dtype=np.int64)
    checked("dy", dy, (len(index), None), x.dtype)
    if index.size and not (0 <= index.min() and index.max() < x.shape[0]):
        raise ValueError(f"index: expected rows of [0, {x.shape[0]}), received: {index.min()} to {index.max()}")
    sums = np.zeros((x.shape[1], dy.shape[1]), x.dtype)
    elements = int((x.starts[index + 1] - x.starts[index]).sum()) if index.size else 0
    if sums.size and elements:
        _gradient(x, np.ascontiguousarray(dy), index, sums, np.full(x.shape[1], -1, dtype=np.int32),
                  np.empty((3, elements), dtype=np.int32), np.empty(elements, dtype=x.dtype))
    return sums
