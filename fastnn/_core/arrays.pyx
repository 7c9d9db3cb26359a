# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Elementwise functions, sums, the search for NaN and the gathering of rows, on arrays.

data.py and descent.py look for NaN by it, the rest is for tests and bench. The engine calls the same kernels through
targets itself; nothing here is on its path.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint8_t

from fastnn._core cimport targets
from fastnn._core.targets cimport real

import numpy as np

from fastnn._core.checks import checked

ELEMENTWISE = ("exp", "log", "tanh", "sigmoid")


def _elementwise(int function, const real[::1] x, real[::1] y):
    with nogil:
        if function == 0:
            targets.exp(x.shape[0], &x[0], &y[0])
        elif function == 1:
            targets.log(x.shape[0], &x[0], &y[0])
        elif function == 2:
            targets.tanh(x.shape[0], &x[0], &y[0])
        else:
            targets.sigmoid(x.shape[0], &x[0], &y[0])


def elementwise(name, x, out=None):
    """y[n] = f(x[n]), within 2 units in the last place.

    Parameters
    ----------
    name : {"exp", "log", "tanh", "sigmoid"}
    x : ndarray of shape (n,), float32 or float64, contiguous
    out : ndarray of shape (n,), same dtype, optional
        Where to write; `x` itself is allowed.

    Returns
    -------
    ndarray of shape (n,)
        `out`, where given.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, or an unknown function.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise("exp", np.array([0.0, -np.inf]))
    array([1., 0.])
    """
    if name not in ELEMENTWISE:
        raise ValueError(f"name: expected one of {', '.join(ELEMENTWISE)}, received: {name!r}")
    checked("x", x, (None,))
    y = np.empty_like(x) if out is None else checked("out", out, x.shape, x.dtype)
    if x.size:
        _elementwise(ELEMENTWISE.index(name), x, y)
    return y


def _column_sums(const real[:, :] x, real[::1] sums):
    with nogil:
        targets.column_sums(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real), &sums[0])


def column_sums(x):
    """s[O] = sum over rows of x[B,O], rows in ascending order.

    Parameters
    ----------
    x : ndarray of shape (B, O), float32 or float64, contiguous rows

    Returns
    -------
    ndarray of shape (O,), same dtype

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([4., 6.])
    """
    checked("x", x, (None, None))
    sums = np.zeros(x.shape[1], x.dtype)
    if x.size:
        _column_sums(x, sums)
    return sums


def _sum_of_squares(const real[::1] x):
    cdef double total
    with nogil:
        total = targets.sum_of_squares(x.shape[0], &x[0])
    return total


def _sum_of_magnitudes(const real[::1] x):
    cdef double total
    with nogil:
        total = targets.sum_of_magnitudes(x.shape[0], &x[0])
    return total


def sum_of_squares(x):
    """Sum of x[n]^2, added up in double in an order that depends on n alone.

    Parameters
    ----------
    x : ndarray of shape (n,), float32 or float64, contiguous

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> sum_of_squares(np.array([3.0, -4.0]))
    25.0
    """
    return _sum_of_squares(x) if checked("x", x, (None,)).size else 0.0


def sum_of_magnitudes(x):
    """Sum of abs(x[n]), added up in double in an order that depends on n alone.

    Parameters
    ----------
    x : ndarray of shape (n,), float32 or float64, contiguous

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> sum_of_magnitudes(np.array([3.0, -4.0]))
    7.0
    """
    return _sum_of_magnitudes(x) if checked("x", x, (None,)).size else 0.0


def _accumulate(const real[::1] x, real[::1] y):
    with nogil:
        targets.accumulate(x.shape[0], &x[0], &y[0])


def accumulate(x, y):
    """y[n] += x[n], in place.

    Parameters
    ----------
    x, y : ndarray of shape (n,), float32 or float64, contiguous
        Arrays of one dtype that do not overlap.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([1.0, 2.0])
    >>> accumulate(np.array([0.5, 0.5]), y)
    >>> y
    array([1.5, 2.5])
    """
    checked("x", x, (None,))
    checked("y", y, x.shape, x.dtype)
    if x.size:
        _accumulate(x, y)


def _first_not_finite(const real[::1] x):
    cdef ptrdiff_t first
    with nogil:
        first = targets.first_not_finite(x.shape[0], &x[0])
    return first


def first_not_finite(x):
    """First index whose x is NaN or infinite; n if there is none.

    Parameters
    ----------
    x : ndarray of shape (n,), float32 or float64, contiguous

    Returns
    -------
    int

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> first_not_finite(np.array([1.0, np.nan, np.inf]))
    1
    """
    return _first_not_finite(x) if checked("x", x, (None,)).size else 0


ctypedef fused source:
    float
    double
    uint8_t


def _gather(const source[:, :] x, const int64_t[::1] index, real[:, :] out):
    cdef ptrdiff_t ldx = x.strides[0] // <ptrdiff_t>sizeof(source), ldout = out.strides[0] // <ptrdiff_t>sizeof(real)
    cdef const int64_t *rows = <const int64_t *>NULL if index is None else &index[0]
    with nogil:
        if source is float:
            targets.gather_f32(out.shape[0], out.shape[1], &x[0, 0], ldx, rows, &out[0, 0], ldout)
        elif source is double:
            targets.gather_f64(out.shape[0], out.shape[1], &x[0, 0], ldx, rows, &out[0, 0], ldout)
        else:
            targets.gather_u8(out.shape[0], out.shape[1], &x[0, 0], ldx, rows, &out[0, 0], ldout)


def gather(x, index=None, dtype="float32", out=None):
    """out[B,I] = x[index[b]], converted.

    Parameters
    ----------
    x : ndarray of shape (N, I), float32, float64 or uint8, contiguous rows
    index : ndarray of shape (B,), int64, contiguous, optional
        Rows of x, in [0, N); by default all of them in order.
    dtype : {"float32", "float64"}
        Of the result; where `out` is given, `out`'s counts.
    out : ndarray of shape (B, I), float32 or float64, contiguous rows, optional
        Where to write; it must not overlap `x`.

    Returns
    -------
    ndarray of shape (B, I)
        `out`, where given.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.
    IndexError
        For an index outside [0, N).

    Examples
    --------
    >>> import numpy as np
    >>> gather(np.array([[1, 2], [3, 4]], np.uint8), np.array([1, 1]))
    array([[3., 4.],
           [3., 4.]], dtype=float32)
    """
    if not isinstance(x, np.ndarray) or x.dtype not in (np.float32, np.float64, np.uint8):
        raise TypeError(f"x: expected a float32, float64 or uint8 array, received: {getattr(x, 'dtype', type(x))}")
    if x.ndim != 2 or (x.shape[1] > 1 and x.strides[1] != x.itemsize):
        raise ValueError(f"x: expected 2-D with contiguous rows, received: shape {x.shape}, strides {x.strides}")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype: expected 'float32' or 'float64', received: {dtype!r}")
    if index is not None:
        if not isinstance(index, np.ndarray) or index.dtype != np.int64:
            raise TypeError(f"index: expected an int64 array, received: {getattr(index, 'dtype', type(index))}")
        if index.ndim != 1 or not index.flags.c_contiguous:
            raise ValueError(f"index: expected contiguous 1-D, received: shape {index.shape}, strides {index.strides}")
        if index.size and not (0 <= index.min() and index.max() < len(x)):
            raise IndexError(f"index: expected rows in [0, {len(x)}), received: {index.min()} to {index.max()}")
    shape = len(x) if index is None else len(index), x.shape[1]
    result = np.empty(shape, dtype) if out is None else checked("out", out, shape)
    if result.size:
        _gather(x, index, result)
    return result
