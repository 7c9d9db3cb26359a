"""Functions of a last layer: any value, one of many, a rate. (One of two, or many of many: squashing.sigmoid.)"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments, data
from fastnn.activations.registry import Kernel, declare, run


@declare(-np.inf, np.inf)
def linear(x: Any) -> np.ndarray:
    """Identity, ``f(z) = z``: any real value, for regression.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape

    Notes
    -----
    Source: Keras 3, ``keras.activations.linear``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.linear([-1.0, 2.0])
    array([-1.,  2.])
    """
    return run("linear", x)


def _softmax(axis: int = -1) -> Kernel:
    if axis not in (-1, 1):
        raise ValueError(f"expected `axis` of a layer's softmax to be the last one, -1 or 1, received: axis={axis!r}")
    return "softmax", 0.0


@declare(0.0, 1.0, _softmax)
def softmax(x: Any, axis: int = -1) -> np.ndarray:
    """Softmax, ``f(z)_i = exp(z_i) / sum_j exp(z_j)``: one of many. Stable for large ``z``.

    Parameters
    ----------
    x : array_like of float, any shape
    axis : int, default -1
        Over which axis the values sum to 1; in a layer the last one.

    Returns
    -------
    ndarray of x's shape, values in [0, 1]

    Raises
    ------
    ValueError
        If x has no such axis, or axis is not an integer.

    Notes
    -----
    Source: Keras 3, ``keras.activations.softmax``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.softmax([[1000.0, 1000.0], [0.0, -1000.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    x = data.numeric(x, "x")
    if not x.ndim:
        raise ValueError(f"expected x to have an axis over which to sum, received: {x}")
    last = arguments.integer("axis", axis, least=-x.ndim)
    if last >= x.ndim:
        raise ValueError(f"expected `axis` to be one of the {x.ndim} of x, received: axis={axis!r}")
    return np.moveaxis(run("softmax", np.moveaxis(x, last, -1)), -1, last)


@declare(0.0, np.inf)
def exponential(x: Any) -> np.ndarray:
    """Exponential, ``f(z) = exp(z)``: a positive rate, for the Poisson loss.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, inf)

    Notes
    -----
    Source: Keras 3, ``keras.activations.exponential``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.exponential([0.0])
    array([1.])
    """
    return run("exponential", x)
