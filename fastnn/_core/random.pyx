# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The random stream of dropout, on arrays, for tests and bench: Philox-4x32-10, a number for each position.

The engine calls the same kernels through targets itself; nothing here is on its path.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport uint64_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_stream, real

import numpy as np

from fastnn._core.checks import checked


def whole(name, value, bits):
    """`value` as an int, if it is an unsigned integer of `bits` bits."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < 2**bits:
        raise ValueError(f"{name}: expected an integer in [0, 2^{bits}), received: {value!r}")
    return int(value)


cdef fn_stream stream_of(key, step, layer) except *:
    cdef fn_stream stream
    stream.key = whole("key", key, 64)
    stream.step = whole("step", step, 64)
    stream.layer = whole("layer", layer, 32)
    return stream


def _uniform(fn_stream stream, uint64_t first, real[::1] u):
    with nogil:
        targets.uniform(u.shape[0], stream, first, &u[0])


def uniform(n, key=0, step=0, layer=0, first=0, dtype="float32"):
    """n numbers in [0, 1), multiples of 2^-24: the stream's positions first, first + 1, ...

    Parameters
    ----------
    n : int
        How many.
    key, step : int
        In [0, 2^64).
    layer : int
        In [0, 2^32); key, step and layer choose the stream.
    first : int
        Position of the first number, in [0, 2^64).
    dtype : {"float32", "float64"}
        Both give the same numbers.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        For a number outside its range or an unknown dtype.

    Examples
    --------
    >>> whole = uniform(10, key=1)
    >>> bool((whole[3:] == uniform(7, key=1, first=3)).all())
    True
    """
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype: expected 'float32' or 'float64', received: {dtype!r}")
    cdef fn_stream stream = stream_of(key, step, layer)
    first = whole("first", first, 64)
    u = np.empty(whole("n", n, 62), dtype)
    if u.size:
        _uniform(stream, first, u)
    return u


def _dropout(const real[:, :] x, real[:, :] y, double rate, fn_stream stream, uint64_t first_row, uint64_t row_stride,
             uint64_t first_column):
    cdef ptrdiff_t ldx = x.strides[0] // <ptrdiff_t>sizeof(real), ldy = y.strides[0] // <ptrdiff_t>sizeof(real)
    with nogil:
        targets.dropout(x.shape[0], x.shape[1], <real>rate, stream, first_row, row_stride, first_column, &x[0, 0],
                        ldx, &y[0, 0], ldy)


def dropout(x, rate, key, step, layer, first_row=0, row_stride=None, first_column=0, out=None):
    """y[B,O] = x / (1 - rate) where the draw is at least `rate`, else 0.

    Parameters
    ----------
    x : ndarray of shape (B, O), float32 or float64, contiguous rows
    rate : float
        Share of elements to drop, in [0, 1).
    key, step, layer : int
        The stream, as in `uniform`.
    first_row, row_stride, first_column : int
        Element (b, o) draws position (first_row + b) * row_stride + first_column + o; row_stride is O by default.
    out : ndarray of shape (B, O), same dtype, optional
        Where to write; `x` itself is allowed.

    Returns
    -------
    ndarray of shape (B, O)
        `out`, where given.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, or a number outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> y = dropout(np.ones((100, 10)), 0.5, key=1, step=0, layer=0)
    >>> np.unique(y)
    array([0., 2.])
    """
    checked("x", x, (None, None))
    if not 0 <= rate < 1:
        raise ValueError(f"rate: expected a number in [0, 1), received: {rate!r}")
    cdef fn_stream stream = stream_of(key, step, layer)
    first_row = whole("first_row", first_row, 64)
    row_stride = x.shape[1] if row_stride is None else whole("row_stride", row_stride, 64)
    first_column = whole("first_column", first_column, 64)
    y = np.empty(x.shape, x.dtype) if out is None else checked("out", out, x.shape, x.dtype)
    if y.size:
        _dropout(x, y, rate, stream, first_row, row_stride, first_column)
    return y
