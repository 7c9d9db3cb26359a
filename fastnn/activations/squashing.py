"""Functions that take all numbers into an interval: steps, sigmoids, and their forms of straight lines."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.activations.registry import Kernel, declare, run


def _heaviside(zero: float = 0.5) -> Kernel:
    return "heaviside", arguments.number("zero", zero, least=0.0, most=1.0)


@declare(0.0, 1.0, _heaviside)
def heaviside(x: Any, zero: float = 0.5) -> np.ndarray:
    """Heaviside step, ``f(z) = 0, zero, 1`` for ``z < 0, z = 0, z > 0``. No derivative: it cannot be trained through.

    `sigmoid` is its smooth form.

    Parameters
    ----------
    x : array_like of float, any shape
    zero : float, default 0.5
        The value at 0.

    Returns
    -------
    ndarray of x's shape, values in {0, zero, 1}

    Raises
    ------
    ValueError
        If zero is not in [0, 1].

    Notes
    -----
    Source: ``numpy.heaviside``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.heaviside([-3.0, 0.0, 0.5])
    array([0. , 0.5, 1. ])
    """
    return run("heaviside", x, zero=zero)


def _sign(zero: float = 0.0) -> Kernel:
    return "sign", arguments.number("zero", zero, least=-1.0, most=1.0)


@declare(-1.0, 1.0, _sign)
def sign(x: Any, zero: float = 0.0) -> np.ndarray:
    """Sign, ``f(z) = -1, zero, 1`` for ``z < 0, z = 0, z > 0``. No derivative: it cannot be trained through.

    `tanh` is its smooth form.

    Parameters
    ----------
    x : array_like of float, any shape
    zero : float, default 0
        The value at 0; the textbook unit "1 if v > 0 else -1" has -1. In a layer:
        ``Dense(2, activation=functools.partial(fastnn.activations.sign, zero=-1))``.

    Returns
    -------
    ndarray of x's shape, values in {-1, zero, 1}

    Raises
    ------
    ValueError
        If zero is not in [-1, 1].

    Notes
    -----
    Source: ``numpy.sign``, for zero=0.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.sign([-3.0, 0.0, 0.5], zero=-1)
    array([-1., -1.,  1.])
    """
    return run("sign", x, zero=zero)


@declare(0.0, 1.0)
def piecewise_linear(x: Any) -> np.ndarray:
    """Piecewise linear unit, ``f(z) = z + 1/2`` cut off at 0 and 1, with ``f' = 1`` for ``-1/2 < z < 1/2``, else 0.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, 1]

    Notes
    -----
    Source: Haykin, Neural Networks, 1999, section 1.3.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.piecewise_linear([-1.0, 0.25, 2.0])
    array([0.  , 0.75, 1.  ])
    """
    return run("piecewise_linear", x)


@declare(0.0, 1.0)
def sigmoid(x: Any) -> np.ndarray:
    """Logistic function, ``f(z) = 1 / (1 + exp(-z))``, with ``f' = f (1 - f)``.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, 1]

    Notes
    -----
    Source: Keras 3, ``keras.activations.sigmoid``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.sigmoid([0.0, 1000.0])
    array([0.5, 1. ])
    """
    return run("sigmoid", x)


@declare(0.0, 1.0)
def hard_sigmoid(x: Any) -> np.ndarray:
    """Straight lines near the sigmoid, ``f(z) = z / 6 + 1/2`` cut off at 0 and 1.

    ``f' = 1/6`` for ``-3 < z < 3``, else 0.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, 1]

    Notes
    -----
    Source: Keras 3, ``keras.activations.hard_sigmoid``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.hard_sigmoid([-4.0, 0.0, 3.0])
    array([0. , 0.5, 1. ])
    """
    return run("hard_sigmoid", x)


@declare(-1.0, 1.0)
def tanh(x: Any) -> np.ndarray:
    """Hyperbolic tangent, ``f(z) = 2 sigmoid(2 z) - 1``, with ``f' = 1 - f^2``.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [-1, 1]

    Notes
    -----
    Source: Keras 3, ``keras.activations.tanh``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.tanh([0.0, -1000.0])
    array([ 0., -1.])
    """
    return run("tanh", x)


@declare(-1.0, 1.0)
def hard_tanh(x: Any) -> np.ndarray:
    """Straight lines near tanh, ``f(z) = z`` cut off at -1 and 1, with ``f' = 1`` for ``-1 < z < 1``, else 0.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [-1, 1]

    Notes
    -----
    Source: Keras 3, ``keras.activations.hard_tanh``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.hard_tanh([-2.0, 0.5, 1.0])
    array([-1. ,  0.5,  1. ])
    """
    return run("hard_tanh", x)


@declare(-1.0, 1.0)
def softsign(x: Any) -> np.ndarray:
    """Softsign, ``f(z) = z / (1 + |z|)``, with ``f' = (1 - |f|)^2``: reaches its limits more slowly than tanh.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [-1, 1]

    Notes
    -----
    Source: Keras 3, ``keras.activations.softsign``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.softsign([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75])
    """
    return run("softsign", x)
