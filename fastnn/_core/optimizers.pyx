# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Optimizers on arrays, for tests and bench: one step of a flat parameter vector.

The engine calls targets.optimizer itself. Learning rates, bias corrections and Keras's classes: fastnn/optimizers.py.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_update, real

from fastnn._core.checks import checked
from fastnn._core.targets import OPTIMIZERS


def _update(const real[::1] g, real[::1] w, real[::1] s0, real[::1] s1, real[::1] s2, int kind, fn_update numbers):
    cdef real *first = &s0[0] if s0 is not None else <real *>NULL
    cdef real *second = &s1[0] if s1 is not None else <real *>NULL
    cdef real *third = &s2[0] if s2 is not None else <real *>NULL
    with nogil:
        targets.optimizer(kind, w.shape[0], &numbers, &g[0], &w[0], first, second, third)


def update(name, g, w, *states, rate=0.01, gradient_rate=0.0, momentum=0.0, rho=0.9, beta_1=0.9, beta_2=0.999,
           epsilon=1e-7, weight_decay=0.0, l1=0.0, l2=0.0):
    """One step of the parameters w[n] and the optimizer's states, in place.

    Parameters
    ----------
    name : str
        A name of ``targets.OPTIMIZERS``. ``"store"`` writes the gradient with its penalties to its state.
    g : ndarray of shape (n,), float32 or float64, contiguous
        The loss's gradient.
    w : ndarray of shape (n,), same dtype
        The parameters.
    *states : ndarrays of shape (n,), same dtype
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
        For another dtype or shape, an unknown optimizer, or a wrong number of states.

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
    checked("g", g, (None,))
    checked("w", w, g.shape, g.dtype)
    for i, state in enumerate(states):
        checked(f"states[{i}]", state, g.shape, g.dtype)
    cdef fn_update numbers
    numbers.rate, numbers.gradient_rate, numbers.momentum = rate, gradient_rate, momentum
    numbers.rho, numbers.epsilon = rho, epsilon
    numbers.beta_1, numbers.beta_2, numbers.weight_decay = beta_1, beta_2, weight_decay
    numbers.l1, numbers.l2 = l1, l2
    if g.size:
        _update(g, w, *states, *(None,) * (3 - slots), kind, numbers)
