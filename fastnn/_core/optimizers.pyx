# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Optimizers on arrays, for tests and bench: one step of a flat parameter vector, and what is done around it.

The engine calls these kernels through targets itself. Learning rates, bias corrections and Keras's classes: fastnn/optimizers.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_update, real

import numpy as np

from fastnn._core.checks import checked
from fastnn._core.targets import OPTIMIZERS


def _update(const real[:, :] g, real[:, :] w, real[:, :] s0, real[:, :] s1, real[:, :] s2, int kind, fn_update numbers):
    cdef real *first = &s0[0, 0] if s0 is not None else <real *>NULL
    cdef real *second = &s1[0, 0] if s1 is not None else <real *>NULL
    cdef real *third = &s2[0, 0] if s2 is not None else <real *>NULL
    with nogil:
        targets.optimizer(kind, w.shape[0], w.shape[1], &numbers, &g[0, 0], g.strides[0] // <ptrdiff_t>sizeof(real), &w[0, 0],
                          first, second, third, w.strides[0] // <ptrdiff_t>sizeof(real))


def update(name, g, w, *states, rate=0.01, gradient_rate=0.0, momentum=0.0, rho=0.9, beta_1=0.9, beta_2=0.999,
           epsilon=1e-7, weight_decay=0.0, l1=0.0, l2=0.0):
    """One step of the parameters w[n], or w[rows, n], and the optimizer's states, in place.

    Parameters
    ----------
    name : str
        A name of ``targets.OPTIMIZERS``. ``"store"`` writes the gradient with its penalties to its state.
    g : ndarray of shape (n,) or (rows, n), float32 or float64, contiguous rows
        The loss's gradient.
    w : ndarray of the same shape and dtype
        The parameters.
    *states : ndarrays of the same shape and dtype, with the strides of w
        As many as ``targets.OPTIMIZERS`` says, in Keras's order: velocity; mean square, momentum, mean (RMSprop);
        mean, mean square, the largest so far (Adam).
    rate : float
        Learning rate, with the corrections that depend on the step:
        ``fastnn.testing.reference.corrected`` gives them.
    gradient_rate : float
        Nadam's factor of the gradient itself.
    momentum, rho, beta_1, beta_2, epsilon : float
        The optimizer's constants.
    weight_decay : float
        Share of each parameter that is taken off before the update, that is the learning rate times Keras's
        ``weight_decay``.
    l1, l2 : float
        ``l1 sign(w) + l2 w`` is added to the gradient.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, an unknown optimizer, or a wrong number of states, or other strides.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([1.0, 2.0])
    >>> update("sgd", np.array([1.0, -1.0]), w, rate=0.5)
    >>> w
    array([0.5, 2.5])
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, received: {name!r}")
    kind, slots = OPTIMIZERS[name]
    if len(states) != slots:
        raise ValueError(f"states: expected {slots} arrays for {name!r}, received: {len(states)}")
    checked("g", g, (None,) * max(1, min(np.ndim(g), 2)))
    checked("w", w, g.shape, g.dtype)
    for i, state in enumerate(states):
        checked(f"states[{i}]", state, g.shape, g.dtype)
        if state.strides != w.strides:
            raise ValueError(f"states[{i}]: expected the strides of w, {w.strides}, received: {state.strides}")
    cdef fn_update numbers
    numbers.rate, numbers.gradient_rate, numbers.momentum = rate, gradient_rate, momentum
    numbers.rho, numbers.epsilon = rho, epsilon
    numbers.beta_1, numbers.beta_2, numbers.weight_decay = beta_1, beta_2, weight_decay
    numbers.l1, numbers.l2 = l1, l2
    if g.size:
        rows = [array if array.ndim == 2 else array[np.newaxis] for array in (g, w, *states)]
        _update(*rows, *(None,) * (3 - slots), kind, numbers)


def _clip(real[::1] x, double factor, double lower, double upper):
    with nogil:
        targets.clip(x.shape[0], <real>factor, <real>lower, <real>upper, &x[0])


def clip(x, factor=1.0, lower=-float("inf"), upper=float("inf")):
    """x[n] = factor x, not below `lower` nor above `upper`, in place; NaN stays NaN.

    Parameters
    ----------
    x : ndarray of shape (n,), float32 or float64, contiguous
    factor, lower, upper : float

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([-1.0, 0.1, 1.0])
    >>> clip(x, factor=2.0, upper=1.5)
    >>> x
    array([-2. ,  0.2,  1.5])
    """
    checked("x", x, (None,))
    if x.size:
        _clip(x, factor, lower, upper)


def _average(const real[::1] x, real[::1] y, double momentum):
    with nogil:
        targets.average(x.shape[0], momentum, &x[0], &y[0])


def average(x, y, momentum):
    """y[n] = momentum y + (1 - momentum) x, in place.

    Parameters
    ----------
    x : ndarray of shape (n,), float32 or float64, contiguous
    y : ndarray of shape (n,), same dtype
    momentum : float

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([1.0, 2.0])
    >>> average(np.array([3.0, 4.0]), y, 0.75)
    >>> y
    array([1.5, 2.5])
    """
    checked("x", x, (None,))
    checked("y", y, x.shape, x.dtype)
    if x.size:
        _average(x, y, momentum)


def _squares_of_columns(const real[:, :] x, double[::1] sums):
    with nogil:
        targets.squares_of_columns(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real), &sums[0])


def squares_of_columns(x):
    """s[O] = sum over rows of x[B,O]^2 in float64, rows in ascending order.

    Parameters
    ----------
    x : ndarray of shape (B, O), float32 or float64, contiguous rows

    Returns
    -------
    ndarray of shape (O,), float64

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> squares_of_columns(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([10., 20.])
    """
    checked("x", x, (None, None))
    sums = np.zeros(x.shape[1])
    if x.size:
        _squares_of_columns(x, sums)
    return sums


def _scale_columns(real[:, :] x, const real[::1] factors):
    with nogil:
        targets.scale_columns(x.shape[0], x.shape[1], &factors[0], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real))


def scale_columns(x, factors):
    """x[B,O] *= factors[O], in place.

    Parameters
    ----------
    x : ndarray of shape (B, O), float32 or float64, contiguous rows
    factors : ndarray of shape (O,), same dtype

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.ones((2, 2))
    >>> scale_columns(x, np.array([2.0, 3.0]))
    >>> x
    array([[2., 3.],
           [2., 3.]])
    """
    checked("x", x, (None, None))
    checked("factors", factors, (x.shape[1],), x.dtype)
    if x.size:
        _scale_columns(x, factors)
