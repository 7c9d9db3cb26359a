# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Parameters and statistics of columns and rows, on arrays, for tests and bench: csrc/kernels/normalize.inc.h.

The engine calls the same kernels through targets itself (heads); nothing here is on its path.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.targets cimport real

import numpy as np

from fastnn._core.checks import checked


cdef size_t address(array) except? 0:
    return 0 if array is None else <size_t>array.ctypes.data


def vector(name, array, x, rows=False):
    """`array`, checked to have an element for each column (or two for each row) of x, or None."""
    return array if array is None else checked(name, array, (2 * x.shape[0] if rows else x.shape[1],), x.dtype)


def result(out, x):
    """Where to write: `out`, checked, or a new array like x."""
    return np.empty(x.shape, x.dtype) if out is None else checked("out", out, x.shape, x.dtype)


def _add(const real[:, :] x, size_t other, ptrdiff_t ldother, real[:, :] y):
    targets.add(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real), <const real *>other, ldother,
                &y[0, 0], y.strides[0] // <ptrdiff_t>sizeof(real))


def add(x, other=None, out=None):
    """x + other, both [B, O]; a copy of x without other.

    Examples
    --------
    >>> import numpy as np
    >>> add(np.ones((1, 2)), np.ones((1, 2)))
    array([[2., 2.]])
    """
    checked("x", x, (None, None))
    y = result(out, x)
    if other is not None:
        checked("other", other, x.shape, x.dtype)
    if x.size:
        _add(x, address(other), 0 if other is None else other.strides[0] // other.itemsize, y)
    return y


def _affine(const real[:, :] x, double scale, double offset, real[:, :] y):
    targets.affine(x.shape[0], x.shape[1], <real>scale, <real>offset, &x[0, 0],
                   x.strides[0] // <ptrdiff_t>sizeof(real), &y[0, 0], y.strides[0] // <ptrdiff_t>sizeof(real))


def affine(x, scale, offset, out=None):
    """scale x + offset for x [B, O]; out may be x.

    Examples
    --------
    >>> import numpy as np
    >>> affine(np.ones((1, 2)), 2, 1)
    array([[3., 3.]])
    """
    checked("x", x, (None, None))
    y = result(out, x)
    if x.size:
        _affine(x, scale, offset, y)
    return y


def _penalize(const real[:, :] x, real[:, :] dx, double l1, double l2):
    targets.penalize(x.shape[0], x.shape[1], <real>l1, <real>l2, &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real),
                     &dx[0, 0], dx.strides[0] // <ptrdiff_t>sizeof(real))


def penalize(x, dx, l1, l2):
    """Add l1 sign(x) + l2 x to dx [B, O], in place.

    Examples
    --------
    >>> import numpy as np
    >>> penalize(np.array([[-2.0, 0.0]]), np.zeros((1, 2)), 1, 1)
    array([[-3.,  0.]])
    """
    checked("x", x, (None, None))
    checked("dx", dx, x.shape, x.dtype)
    if x.size:
        _penalize(x, dx, l1, l2)
    return dx


def _column_squares(const real[:, :] x, size_t mean, real[::1] sums):
    targets.column_squares(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real), <const real *>mean,
                           &sums[0])


def column_squares(x, mean):
    """Sum over rows of (x - mean)^2: [O] of x [B, O].

    Examples
    --------
    >>> import numpy as np
    >>> column_squares(np.array([[1.0], [3.0]]), np.array([2.0]))
    array([2.])
    """
    checked("x", x, (None, None))
    vector("mean", mean, x)
    sums = np.zeros(x.shape[1], x.dtype)
    if x.size:
        _column_squares(x, address(mean), sums)
    return sums


def _column_products(const real[:, :] dy, const real[:, :] x, size_t mean, size_t variance, double epsilon,
                     real[::1] sums):
    targets.column_products(x.shape[0], x.shape[1], <real>epsilon, &dy[0, 0],
                            dy.strides[0] // <ptrdiff_t>sizeof(real), &x[0, 0],
                            x.strides[0] // <ptrdiff_t>sizeof(real), <const real *>mean, <const real *>variance, &sums[0])


def column_products(dy, x, mean, variance, epsilon):
    """Sum over rows of dy (x - mean) / sqrt(variance + epsilon): [O] of dy, x [B, O].

    Examples
    --------
    >>> import numpy as np
    >>> column_products(np.ones((2, 1)), np.array([[1.0], [4.0]]), np.array([2.0]), np.array([1.0]), 0.0)
    array([1.])
    """
    checked("x", x, (None, None))
    checked("dy", dy, x.shape, x.dtype)
    vector("mean", mean, x)
    vector("variance", variance, x)
    sums = np.zeros(x.shape[1], x.dtype)
    if x.size:
        _column_products(dy, x, address(mean), address(variance), epsilon, sums)
    return sums


def _normalize(const real[:, :] x, size_t mean, size_t variance, double epsilon, size_t gamma, size_t beta,
               real[:, :] y):
    targets.normalize(x.shape[0], x.shape[1], <real>epsilon, &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real),
                      <const real *>mean, <const real *>variance, <const real *>gamma, <const real *>beta, &y[0, 0],
                      y.strides[0] // <ptrdiff_t>sizeof(real))


def normalize(x, mean, variance, epsilon, gamma=None, beta=None, out=None):
    """(x - mean) / sqrt(variance + epsilon) gamma + beta for x [B, O], all others [O].

    Examples
    --------
    >>> import numpy as np
    >>> normalize(np.array([[1.0], [3.0]]), np.array([2.0]), np.array([1.0]), 0.0)
    array([[-1.],
           [ 1.]])
    """
    checked("x", x, (None, None))
    for name, given in (("mean", mean), ("variance", variance), ("gamma", gamma), ("beta", beta)):
        vector(name, given, x)
    y = result(out, x)
    if x.size:
        _normalize(x, address(mean), address(variance), epsilon, address(gamma), address(beta), y)
    return y


def _normalize_backward(const real[:, :] dy, const real[:, :] x, size_t mean, size_t variance, double epsilon,
                        size_t gamma, size_t dy_sums, size_t product_sums, bint more, real[:, :] dx):
    targets.normalize_backward(x.shape[0], x.shape[1], <real>epsilon, <real>x.shape[0], &x[0, 0],
                               x.strides[0] // <ptrdiff_t>sizeof(real), <const real *>mean, <const real *>variance,
                               <const real *>gamma, <const real *>dy_sums, <const real *>product_sums, &dy[0, 0],
                               dy.strides[0] // <ptrdiff_t>sizeof(real), more, &dx[0, 0],
                               dx.strides[0] // <ptrdiff_t>sizeof(real))


def normalize_backward(dy, x, mean, variance, epsilon, gamma=None, sums=None, onto=None):
    """dx of `normalize`. sums: (column sums of dy, column_products), where mean and variance are x's own over its rows;
    onto: an array [B, O] to which dx is added, in place.

    Examples
    --------
    >>> import numpy as np
    >>> normalize_backward(np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.array([4.0]), 0.0)
    array([[0.5]])
    """
    checked("x", x, (None, None))
    checked("dy", dy, x.shape, x.dtype)
    for name, given in (("mean", mean), ("variance", variance), ("gamma", gamma)):
        vector(name, given, x)
    dy_sums, product_sums = (None, None) if sums is None else (vector("sums", given, x) for given in sums)
    dx = result(onto, x)
    if x.size:
        _normalize_backward(dy, x, address(mean), address(variance), epsilon, address(gamma), address(dy_sums),
                            address(product_sums), onto is not None, dx)
    return dx


def _layer_norm(const real[:, :] x, double epsilon, size_t gamma, size_t beta, real[::1] statistics, real[:, :] y):
    targets.layer_norm(x.shape[0], x.shape[1], <real>epsilon, &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real),
                       <const real *>gamma, <const real *>beta, &statistics[0], &y[0, 0],
                       y.strides[0] // <ptrdiff_t>sizeof(real))


def layer_norm(x, epsilon, gamma=None, beta=None, out=None):
    """(y, statistics): each row of x [B, O] by its own mean and variance, times gamma [O], plus beta [O]; statistics
    [2 B] holds each row's mean and 1 / sqrt(variance + epsilon).

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm(np.array([[1.0, 3.0]]), 0.0)
    (array([[-1.,  1.]]), array([2., 1.]))
    """
    checked("x", x, (None, None))
    vector("gamma", gamma, x)
    vector("beta", beta, x)
    y, statistics = result(out, x), np.zeros(2 * x.shape[0], x.dtype)
    if x.size:
        _layer_norm(x, epsilon, address(gamma), address(beta), statistics, y)
    return y, statistics


def _layer_norm_backward(const real[:, :] dy, const real[:, :] x, size_t statistics, size_t gamma, bint more,
                         real[:, :] dx):
    targets.layer_norm_backward(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real),
                                <const real *>statistics, <const real *>gamma, &dy[0, 0],
                                dy.strides[0] // <ptrdiff_t>sizeof(real), more, &dx[0, 0],
                                dx.strides[0] // <ptrdiff_t>sizeof(real))


def layer_norm_backward(dy, x, statistics, gamma=None, onto=None):
    """dx of `layer_norm`, added to `onto` where given.

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm_backward(np.ones((1, 2)), np.array([[1.0, 3.0]]), np.array([2.0, 1.0]))
    array([[0., 0.]])
    """
    checked("x", x, (None, None))
    checked("dy", dy, x.shape, x.dtype)
    vector("statistics", statistics, x, rows=True)
    vector("gamma", gamma, x)
    dx = result(onto, x)
    if x.size:
        _layer_norm_backward(dy, x, address(statistics), address(gamma), onto is not None, dx)
    return dx


def _row_products(const real[:, :] dy, const real[:, :] x, size_t statistics, real[::1] sums):
    targets.row_products(x.shape[0], x.shape[1], &dy[0, 0], dy.strides[0] // <ptrdiff_t>sizeof(real), &x[0, 0],
                         x.strides[0] // <ptrdiff_t>sizeof(real), <const real *>statistics, &sums[0])


def row_products(dy, x, statistics):
    """Sum over rows of dy u, u from the statistics of `layer_norm`: [O] of dy, x [B, O].

    Examples
    --------
    >>> import numpy as np
    >>> row_products(np.ones((1, 2)), np.array([[1.0, 3.0]]), np.array([2.0, 1.0]))
    array([-1.,  1.])
    """
    checked("x", x, (None, None))
    checked("dy", dy, x.shape, x.dtype)
    vector("statistics", statistics, x, rows=True)
    sums = np.zeros(x.shape[1], x.dtype)
    if x.size:
        _row_products(dy, x, address(statistics), sums)
    return sums


def _prelu(const real[:, :] x, size_t slopes, real[:, :] y):
    targets.prelu(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real), <const real *>slopes,
                  &y[0, 0], y.strides[0] // <ptrdiff_t>sizeof(real))


def prelu(x, slopes, out=None):
    """x where x > 0, else slopes x, for x [B, O], slopes [O].

    Examples
    --------
    >>> import numpy as np
    >>> prelu(np.array([[-2.0, 2.0]]), np.array([0.5, 0.5]))
    array([[-1.,  2.]])
    """
    checked("x", x, (None, None))
    vector("slopes", slopes, x)
    y = result(out, x)
    if x.size:
        _prelu(x, address(slopes), y)
    return y


def _prelu_backward(const real[:, :] dy, const real[:, :] x, size_t slopes, bint more, real[:, :] dx):
    targets.prelu_backward(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real),
                           <const real *>slopes, &dy[0, 0], dy.strides[0] // <ptrdiff_t>sizeof(real), more, &dx[0, 0],
                           dx.strides[0] // <ptrdiff_t>sizeof(real))


def prelu_backward(dy, x, slopes, onto=None):
    """dx of `prelu`, added to `onto` where given.

    Examples
    --------
    >>> import numpy as np
    >>> prelu_backward(np.ones((1, 2)), np.array([[-2.0, 2.0]]), np.array([0.5, 0.5]))
    array([[0.5, 1. ]])
    """
    checked("x", x, (None, None))
    checked("dy", dy, x.shape, x.dtype)
    vector("slopes", slopes, x)
    dx = result(onto, x)
    if x.size:
        _prelu_backward(dy, x, address(slopes), onto is not None, dx)
    return dx


def _prelu_products(const real[:, :] dy, const real[:, :] x, real[::1] sums):
    targets.prelu_products(x.shape[0], x.shape[1], &dy[0, 0], dy.strides[0] // <ptrdiff_t>sizeof(real), &x[0, 0],
                           x.strides[0] // <ptrdiff_t>sizeof(real), &sums[0])


def prelu_products(dy, x):
    """Sum over rows of dy min(x, 0): [O] of dy, x [B, O].

    Examples
    --------
    >>> import numpy as np
    >>> prelu_products(np.ones((2, 1)), np.array([[-2.0], [2.0]]))
    array([-2.])
    """
    checked("x", x, (None, None))
    checked("dy", dy, x.shape, x.dtype)
    sums = np.zeros(x.shape[1], x.dtype)
    if x.size:
        _prelu_products(dy, x, sums)
    return sums
