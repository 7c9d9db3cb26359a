"""Activation functions: names, formulas and ranges. The arithmetic is in fastnn._core.activations.

To add one that the kernels know: a function here with its docstring and the range of its values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn._core import activations as kernels
from fastnn._core import targets

Function = Callable[..., Any]

_NOT_DIFFERENTIABLE = 3  # FN_NOT_DIFFERENTIABLE of csrc/fastnn.h

#: Public name of each activation and its function.
NAMES: dict[str, Function] = {}
#: Interval that holds the values of each activation.
RANGES: dict[str, tuple[float, float]] = {}


def _declare(low: float, high: float) -> Callable[[Function], Function]:
    """Register the activation of the function's name, with the interval of its values."""

    def register(function: Function) -> Function:
        NAMES[function.__name__] = function
        RANGES[function.__name__] = (low, high)
        return function

    return register


def _apply(name: str, x: Any, alpha: float | None = None) -> np.ndarray:
    """f(x) by the kernel: float32 and float64 keep their type, other numbers become float64."""
    x = np.asarray(x)
    if x.dtype not in (np.float32, np.float64):
        if x.dtype.kind not in "biuf":
            raise TypeError(f"expected an array of real numbers, received: dtype={x.dtype}")
        x = x.astype(np.float64)
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1] if x.ndim else 1)
    return kernels.forward(name, rows, alpha=alpha).reshape(x.shape)


@_declare(-np.inf, np.inf)
def linear(x: Any) -> np.ndarray:
    """Identity, ``f(z) = z``: any real value, for regression.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.linear([-1.0, 2.0])
    array([-1.,  2.])
    """
    return _apply("linear", x)


@_declare(-np.inf, np.inf)
def sign(x: Any, zero: float = 0.0) -> np.ndarray:
    """Sign, ``f(z) = -1, zero, 1`` for ``z < 0, z = 0, z > 0``. No derivative: it cannot be trained through.

    Parameters
    ----------
    x : array_like of float, any shape
    zero : float, default 0
        The value at 0; the textbook unit "1 if v > 0 else -1" has -1. In a layer:
        ``Dense(2, activation=functools.partial(fastnn.activations.sign, zero=-1))``.

    Returns
    -------
    ndarray of x's shape

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.sign([-3.0, 0.0, 0.5], zero=-1)
    array([-1., -1.,  1.])
    """
    return _apply("sign", x, float(zero))


@_declare(0.0, 1.0)
def sigmoid(x: Any) -> np.ndarray:
    """Logistic function, ``f(z) = 1 / (1 + exp(-z))``, with ``f' = f (1 - f)``.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, 1]

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.sigmoid([0.0, 1000.0])
    array([0.5, 1. ])
    """
    return _apply("sigmoid", x)


@_declare(-1.0, 1.0)
def tanh(x: Any) -> np.ndarray:
    """Hyperbolic tangent, ``f(z) = 2 sigmoid(2 z) - 1``, with ``f' = 1 - f^2``.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [-1, 1]

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.tanh([0.0, -1000.0])
    array([ 0., -1.])
    """
    return _apply("tanh", x)


@_declare(0.0, np.inf)
def relu(x: Any) -> np.ndarray:
    """Rectified linear unit, ``f(z) = max(0, z)``, with ``f' = 1`` for ``z > 0``, else 0.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, inf)

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.relu([-1.0, 2.0])
    array([0., 2.])
    """
    return _apply("relu", x)


@_declare(0.0, 1.0)
def softmax(x: Any) -> np.ndarray:
    """Softmax over the last axis, ``f(z)_i = exp(z_i) / sum_j exp(z_j)``: one of many. Stable for large ``z``.

    Parameters
    ----------
    x : array_like of float, shape (..., classes)

    Returns
    -------
    ndarray of x's shape, values in [0, 1] that sum to 1 over the last axis

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.softmax([[1000.0, 1000.0], [0.0, -1000.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    return _apply("softmax", x)


@_declare(0.0, np.inf)
def exponential(x: Any) -> np.ndarray:
    """Exponential, ``f(z) = exp(z)``: a positive rate, for the Poisson loss.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, inf)

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.exponential([0.0])
    array([1.])
    """
    return _apply("exponential", x)


def get(identifier: Any) -> Function:
    """Return the activation that `identifier` means.

    Parameters
    ----------
    identifier : None, str, function of this module, or functools.partial of one
        None is linear.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is neither a name nor a function of this module: the engine runs its own kernels only.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.get("relu").__name__
    'relu'
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        if identifier in NAMES:
            return NAMES[identifier]
        raise ValueError(f"expected activation to be one of {', '.join(map(repr, NAMES))}, received: {identifier!r}")
    function = identifier.func if isinstance(identifier, functools.partial) else identifier
    if not any(function is known for known in NAMES.values()):
        raise TypeError(
            "expected activation to be a name, a function of fastnn.activations or a functools.partial of one, "
            f"received: {identifier!r}"
        )
    chosen: Function = identifier
    return chosen


def kernel(activation: Function) -> tuple[str, float]:
    """Return (name, alpha) of the engine's op for what `get` returned."""
    if isinstance(activation, functools.partial):
        name = activation.func.__name__
        values = list(activation.keywords.values())
        return name, float(values[0]) if values else targets.ACTIVATIONS[name][2]
    return activation.__name__, targets.ACTIVATIONS[activation.__name__][2]


def differentiable(name: str) -> bool:
    """Whether the engine can train through the activation `name`."""
    return targets.ACTIVATIONS[name][1] != _NOT_DIFFERENTIABLE
