"""Functions that let positive numbers pass and hold negative ones back: relu, its relatives, and its smooth forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.activations.registry import Kernel, declare, number_from_0, run


def _relu(negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Kernel:
    """The plainest kernel that serves: without the numbers that are at their defaults."""
    slope, start = number_from_0("negative_slope", negative_slope), number_from_0("threshold", threshold)
    limit = np.inf if max_value is None else number_from_0("max_value", max_value)
    if limit == np.inf and start == 0.0:
        return ("leaky_relu", slope) if slope else ("relu", 0.0)
    return ("relu_general" if slope else "relu_clipped"), slope, limit, start


@declare(0.0, np.inf, _relu, relu_clipped=(0.0, np.inf), relu_general=(-np.inf, np.inf))
def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> np.ndarray:
    """Rectified linear unit, ``f(z) = max(0, z)``, with ``f' = 1`` for ``z > 0``, else 0.

    In general ``f(z) = min(z, max_value)`` for ``z > threshold``, else ``negative_slope (z - threshold)``.

    Parameters
    ----------
    x : array_like of float, any shape
    negative_slope : float >= 0, default 0
    max_value : float >= 0, optional
        By default there is no limit.
    threshold : float >= 0, default 0

    Returns
    -------
    ndarray of x's shape, values in [0, inf) unless negative_slope is given

    Raises
    ------
    ValueError
        If an argument is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.activations.relu``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.relu([-1.0, 2.0])
    array([0., 2.])
    >>> fastnn.activations.relu([-1.0, 2.0, 9.0], negative_slope=0.5, max_value=6.0)
    array([-0.5,  2. ,  6. ])
    """
    return run("relu", x, negative_slope=negative_slope, max_value=max_value, threshold=threshold)


@declare(0.0, 6.0)
def relu6(x: Any) -> np.ndarray:
    """Rectified linear unit with a limit, ``f(z) = min(max(0, z), 6)``, with ``f' = 1`` for ``0 < z < 6``, else 0.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, 6]

    Notes
    -----
    Source: Keras 3, ``keras.activations.relu6``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.relu6([-1.0, 2.0, 9.0])
    array([0., 2., 6.])
    """
    return run("relu6", x)


def _leaky_relu(negative_slope: float = 0.2) -> Kernel:
    slope = number_from_0("negative_slope", negative_slope)
    return ("leaky_relu", slope) if slope else ("relu", 0.0)


@declare(-np.inf, np.inf, _leaky_relu)
def leaky_relu(x: Any, negative_slope: float = 0.2) -> np.ndarray:
    """Leaky rectified linear unit, ``f(z) = z`` for ``z > 0``, else ``negative_slope z``.

    ``f' = 1`` for ``z > 0``, else `negative_slope`.

    Parameters
    ----------
    x : array_like of float, any shape
    negative_slope : float >= 0, default 0.2
        Keras's default for the function; the layer `LeakyReLU` has 0.3. In a layer:
        ``Dense(2, activation=functools.partial(fastnn.activations.leaky_relu, negative_slope=0.01))``.

    Returns
    -------
    ndarray of x's shape

    Raises
    ------
    ValueError
        If negative_slope is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.activations.leaky_relu``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.leaky_relu([-1.0, 2.0])
    array([-0.2,  2. ])
    """
    return run("leaky_relu", x, negative_slope=negative_slope)


def _elu(alpha: float = 1.0) -> Kernel:
    return "elu", number_from_0("alpha", alpha)


@declare(-np.inf, np.inf, _elu)
def elu(x: Any, alpha: float = 1.0) -> np.ndarray:
    """Exponential linear unit, ``f(z) = z`` for ``z > 0``, else ``alpha (exp(z) - 1)``.

    ``f' = 1`` for ``z > 0``, else ``f + alpha`` (Clevert et al., 2016).

    Parameters
    ----------
    x : array_like of float, any shape
    alpha : float >= 0, default 1
        The limit far below 0 is -alpha.

    Returns
    -------
    ndarray of x's shape

    Raises
    ------
    ValueError
        If alpha is negative or not finite.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.elu([-1000.0, 2.0])
    array([-1.,  2.])
    """
    return run("elu", x, alpha=alpha)


@declare(-np.inf, np.inf)
def selu(x: Any) -> np.ndarray:
    """Scaled exponential linear unit, ``f(z) = 1.0507 z`` for ``z > 0``, else ``1.7581 (exp(z) - 1)``.

    With these constants and `LecunNormal` kernels mean 0 and variance 1 persist from layer to layer
    (Klambauer et al., 2017).

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.selu([0.0, 1.0])
    array([0.        , 1.05070099])
    """
    return run("selu", x)


@declare(0.0, np.inf)
def softplus(x: Any) -> np.ndarray:
    """Softplus, ``f(z) = ln(1 + exp(z))``, with ``f' = sigmoid(z)``: relu with its corner rounded off.

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [0, inf)

    Notes
    -----
    Source: Keras 3, ``keras.activations.softplus``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.softplus([-1000.0, 0.0, 1000.0])
    array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    return run("softplus", x)


def _gelu(approximate: bool = False) -> Kernel:
    if not isinstance(approximate, (bool, np.bool_)):
        raise ValueError(f"expected `approximate` to be True or False, received: approximate={approximate!r}")
    return ("gelu_tanh" if approximate else "gelu"), 0.0


@declare(-0.17, np.inf, _gelu, gelu_tanh=(-0.171, np.inf))
def gelu(x: Any, approximate: bool = False) -> np.ndarray:
    """Gaussian error linear unit, ``f(z) = z F(z)``, F the normal distribution function.

    ``F(z) = 1/2 (1 + erf(z / sqrt(2)))`` and ``f' = F(z) + z exp(-z^2 / 2) / sqrt(2 pi)`` (Hendrycks and Gimpel, 2016).

    Parameters
    ----------
    x : array_like of float, any shape
    approximate : bool, default False
        Whether to take ``f(z) = z / 2 (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3)))`` instead.

    Returns
    -------
    ndarray of x's shape, values in [-0.17, inf)

    Raises
    ------
    ValueError
        If approximate is neither True nor False.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.gelu([-1000.0, 0.0, 1.0])
    array([-0.        ,  0.        ,  0.84134475])
    """
    return run("gelu", x, approximate=approximate)


@declare(-0.279, np.inf)
def silu(x: Any) -> np.ndarray:
    """Sigmoid linear unit or swish, ``f(z) = z s``, s = sigmoid(z), with ``f' = s (1 + z (1 - s))``.

    ``swish`` is its other name (Ramachandran et al., 2017).

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [-0.279, inf)

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.silu([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """
    return run("silu", x)


@declare(-0.309, np.inf)
def mish(x: Any) -> np.ndarray:
    """Mish, ``f(z) = z tanh(softplus(z))``.

    ``f' = w + z (1 - w^2) sigmoid(z)``, w = tanh(softplus(z)) (Misra, 2019).

    Parameters
    ----------
    x : array_like of float, any shape

    Returns
    -------
    ndarray of x's shape, values in [-0.309, inf)

    Examples
    --------
    >>> import fastnn
    >>> fastnn.activations.mish([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """
    return run("mish", x)
