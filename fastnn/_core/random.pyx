# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The random stream of dropout and other noise, on arrays: Philox-4x32-10, a number for each position; shuffled orders.

The engine calls the same kernels through targets itself; of this only `permutation` and `shuffle_as_numpy` are on the
path of a fit.
"""
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_stream, real

import numpy as np

from fastnn._core.checks import checked
from fastnn._core.targets import NOISES


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


cdef enum:
    DRAWN = 512  # numbers at a time


cdef void shuffle(ptrdiff_t n, fn_stream stream, int64_t *order) noexcept nogil:
    """Fisher and Yates's shuffle inside out: number i goes to a place j <= i, whose number moves to the end."""
    cdef float drawn[DRAWN]
    cdef ptrdiff_t i, at = DRAWN
    cdef uint64_t high, low, j
    for i in range(n):
        if at == DRAWN:
            targets.uniform(DRAWN, stream, 2 * <uint64_t>i, drawn)
            at = 0
        high, low = <uint64_t>(drawn[at] * <float>16777216), <uint64_t>(drawn[at + 1] * <float>16777216)
        at += 2
        j = (high * <uint64_t>(i + 1) + ((low * <uint64_t>(i + 1)) >> 24)) >> 24  # floor((i + 1) u), u of 48 bits
        order[i] = order[j]
        order[j] = i


def permutation(n, key=0, step=0, layer=0):
    """The numbers 0 .. n - 1 in a random order that the stream decides, each order as likely as any other.

    Parameters
    ----------
    n : int
        Below 2^32.
    key, step, layer : int
        The stream, as in `uniform`; number i draws its positions 2 i and 2 i + 1.

    Returns
    -------
    ndarray of int64, shape (n,)

    Raises
    ------
    ValueError
        For a number outside its range.

    Examples
    --------
    >>> sorted(permutation(5, key=1).tolist())
    [0, 1, 2, 3, 4]
    """
    cdef fn_stream stream = stream_of(key, step, layer)
    cdef int64_t[::1] order = np.empty(whole("n", n, 32), np.int64)
    if order.shape[0]:
        with nogil:
            shuffle(order.shape[0], stream, &order[0])
    return np.asarray(order)


def _dropout(const real[:, :] x, real[:, :] y, double rate, fn_stream stream, uint64_t first_row, uint64_t row_stride,
             uint64_t first_column):
    cdef ptrdiff_t ldx = x.strides[0] // <ptrdiff_t>sizeof(real), ldy = y.strides[0] // <ptrdiff_t>sizeof(real)
    with nogil:
        targets.dropout(x.shape[0], x.shape[1], <real>rate, stream, first_row, row_stride, first_column, &x[0, 0],
                        ldx, &y[0, 0], ldy)


cdef struct Source:  # the beginning of NumPy's bitgen_t, which a bit generator's capsule points to
    void *state
    uint64_t (*next_uint64)(void *) noexcept nogil
    uint32_t (*next_uint32)(void *) noexcept nogil


def shuffle_as_numpy(int64_t[::1] order, source):
    """Shuffle in place as NumPy's RandomState does, with its draws, which NumPy has promised not to change.

    A draw out of range is no branch here, which a CPU would guess wrong: it exchanges a number with itself. 1198 numbers
    take 6.6 us instead of 12.7 (AMD EPYC, Zen 4).

    Parameters
    ----------
    order : ndarray of shape (n,), int64, contiguous
        n is at most 2^32.
    source : numpy.random.BitGenerator
        The RandomState's.

    Examples
    --------
    >>> import numpy as np
    >>> order = np.arange(5)
    >>> shuffle_as_numpy(order, np.random.RandomState(0)._bit_generator)
    >>> order
    array([2, 0, 1, 3, 4])
    """
    cdef Source *draws = <Source *>PyCapsule_GetPointer(source.capsule, "BitGenerator")
    cdef ptrdiff_t last = order.shape[0] - 1, drawn
    cdef uint64_t mask = 1
    cdef int64_t number
    cdef bint fits
    while mask < <uint64_t>max(last, 0):
        mask = 2 * mask + 1
    with source.lock:
        while last > 0:
            while mask >> 1 >= <uint64_t>last:
                mask >>= 1
            drawn = draws.next_uint32(draws.state) & mask
            fits = drawn <= last
            drawn = last + ((drawn - last) & -<ptrdiff_t>fits)  # drawn, or last
            number = order[last]
            order[last] = order[drawn]
            order[drawn] = number
            last -= fits


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


def _noise(const real[:, :] x, real[:, :] y, int kind, double a, double b, fn_stream stream, uint64_t first_row,
           uint64_t row_stride, uint64_t first_column, bint backward, size_t saved, ptrdiff_t ldsaved):
    cdef ptrdiff_t ldx = x.strides[0] // <ptrdiff_t>sizeof(real), ldy = y.strides[0] // <ptrdiff_t>sizeof(real)
    with nogil:
        if backward:
            targets.noise_backward(kind, x.shape[0], x.shape[1], <real>a, <real>b, stream, first_row, row_stride,
                                   first_column, <const real *>saved, ldsaved, &x[0, 0], ldx, &y[0, 0], ldy)
        else:
            targets.noise_forward(kind, x.shape[0], x.shape[1], <real>a, <real>b, stream, first_row, row_stride,
                                  first_column, &x[0, 0], ldx, &y[0, 0], ldy)


def noise(name, x, a, b, key, step, layer, first_row=0, row_stride=None, first_column=0, *, backward=False, saved=None,
          out=None):
    """x[B,O] with noise drawn, or backward the derivative times x.

    Parameters
    ----------
    name : str
        One of ``targets.NOISES``.
    x : ndarray of shape (B, O), float32 or float64, contiguous rows
    a, b : float
        The noise's parameters; see fastnn.testing.reference.noise_forward.
    key, step, layer, first_row, row_stride, first_column
        As for `dropout`.
    backward : bool
        x is the gradient with respect to the output.
    saved : ndarray of shape (B, O), same dtype, optional
        The forward pass's output, for a noise whose derivative needs it.
    out : ndarray of shape (B, O), same dtype, optional
        Where to write; `x` itself is allowed.

    Returns
    -------
    ndarray of shape (B, O)

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, an unknown name, or a number outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> noise("rrelu", np.array([[-2.0, 2.0]]), 0.5, 0.5, key=1, step=0, layer=0)
    array([[-1.,  2.]])
    """
    checked("x", x, (None, None))
    if name not in NOISES:
        raise ValueError(f"name: expected one of {', '.join(NOISES)}, received: {name!r}")
    kind, saves, _ = NOISES[name]
    if backward and saves and saved is None:
        raise ValueError(f"saved: expected the output of the forward pass, which {name} needs, received: None")
    cdef fn_stream stream = stream_of(key, step, layer)
    first_row = whole("first_row", first_row, 64)
    row_stride = x.shape[1] if row_stride is None else whole("row_stride", row_stride, 64)
    first_column = whole("first_column", first_column, 64)
    y = np.empty(x.shape, x.dtype) if out is None else checked("out", out, x.shape, x.dtype)
    if saved is not None:
        checked("saved", saved, x.shape, x.dtype)
    if y.size:
        _noise(x, y, kind, a, b, stream, first_row, row_stride, first_column, backward,
               0 if saved is None else saved.ctypes.data, 0 if saved is None else saved.strides[0] // saved.itemsize)
    return y
