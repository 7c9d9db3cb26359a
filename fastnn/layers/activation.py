"""Layers that are one activation: ReLU, LeakyReLU, ELU, Softmax. Each is `Activation` with arguments of its own."""

from __future__ import annotations

import functools
from typing import Any

from fastnn import activations
from fastnn.layers.core import Activation


class ReLU(Activation):
    """Rectified linear unit: ``max(0, x)``; see `fastnn.activations.relu`.

    Parameters
    ----------
    max_value : float >= 0, optional
        By default there is no limit.
    negative_slope : float >= 0, default 0
    threshold : float >= 0, default 0
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If an argument is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.layers.ReLU``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.ReLU(max_value=6.0)([[-1.0, 2.0, 9.0]])
    array([[0., 2., 6.]])
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        name: str | None = None,
        input_shape: Any = None,
    ) -> None:
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold
        function = functools.partial(
            activations.relu, negative_slope=negative_slope, max_value=max_value, threshold=threshold
        )
        super().__init__(function, name, input_shape)


class LeakyReLU(Activation):
    """Leaky rectified linear unit: ``x`` above 0, ``negative_slope x`` below; see `fastnn.activations.leaky_relu`.

    Parameters
    ----------
    negative_slope : float >= 0, default 0.3
        Keras's default for the layer; the function has 0.2.
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If negative_slope is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.layers.LeakyReLU``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.LeakyReLU()([[-1.0, 2.0]])
    array([[-0.3,  2. ]])
    """

    def __init__(self, negative_slope: float = 0.3, name: str | None = None, input_shape: Any = None) -> None:
        self.negative_slope = negative_slope
        super().__init__(functools.partial(activations.leaky_relu, negative_slope=negative_slope), name, input_shape)


class ELU(Activation):
    """Exponential linear unit: ``x`` above 0, ``alpha (exp(x) - 1)`` below; see `fastnn.activations.elu`.

    Parameters
    ----------
    alpha : float >= 0, default 1
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If alpha is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.layers.ELU``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.ELU(alpha=2.0)([[-1000.0, 2.0]])
    array([[-2.,  2.]])
    """

    def __init__(self, alpha: float = 1.0, name: str | None = None, input_shape: Any = None) -> None:
        self.alpha = alpha
        super().__init__(functools.partial(activations.elu, alpha=alpha), name, input_shape)


class Softmax(Activation):
    """Softmax over a row; see `fastnn.activations.softmax`.

    Parameters
    ----------
    axis : int, default -1
        The last one, -1 or 1: rows are examples.
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        For another axis.

    Notes
    -----
    Source: Keras 3, ``keras.layers.Softmax``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Softmax()([[1000.0, 1000.0]])
    array([[0.5, 0.5]])
    """

    def __init__(self, axis: int = -1, name: str | None = None, input_shape: Any = None) -> None:
        self.axis = axis
        super().__init__(functools.partial(activations.softmax, axis=axis), name, input_shape)
