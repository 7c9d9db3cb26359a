"""Layers that draw random numbers in training and are their mean at inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.layers.base import Layer, Op
from fastnn.layers.core import Dense


class Noise(Layer):
    """Base of layers that draw random numbers in training.

    Parameters
    ----------
    seed : int, optional
        Picks the layer's stream of random numbers, whatever its place in the model; the stream is the same in every
        process if the model has a seed or all its layers that draw have.
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If seed is not a non-negative integer, or as for `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> isinstance(fastnn.layers.Dropout(0.5), fastnn.layers.Noise)
    True
    """

    random = True

    def __init__(
        self, seed: int | None = None, name: str | None = None, input_shape: tuple[int, ...] | None = None
    ) -> None:
        super().__init__(name, input_shape=input_shape)
        self.seed = arguments.seed(seed)


def _stream(seed: int | None, place: int) -> int:
    """The number of a layer's stream: of its place in the model, unless it has a seed."""
    return place if seed is None else int(np.random.SeedSequence(seed).generate_state(1)[0])


class _Rated(Noise):
    """What the dropouts have in common: a rate."""

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(seed, name, input_shape)
        self.rate = arguments.number("rate", rate, least=0.0, below=1.0)


class Dropout(_Rated):
    """Drops inputs in training: each becomes 0 with probability `rate`, the others ``x / (1 - rate)``.

    Parameters
    ----------
    rate : float in [0, 1)
        Keras's rate: the probability to drop, not to keep.
    seed, name, input_shape
        See `Noise`.

    Raises
    ------
    ValueError
        If rate is outside [0, 1).

    Notes
    -----
    Source: Keras 3, ``keras.layers.Dropout``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Dropout(0.5)([[1.0, 2.0]])  # inference: nothing is dropped
    array([[1., 2.]])
    """

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("dropout", self.rate, _stream(self.seed, stream))]


class GaussianNoise(Noise):
    """Adds normal numbers in training: ``Y = X + N(0, stddev^2)``.

    Parameters
    ----------
    stddev : float >= 0
        Standard deviation of what is added.
    seed, name, input_shape
        See `Noise`.

    Raises
    ------
    ValueError
        If stddev is negative.

    Notes
    -----
    Source: Keras 3, ``keras.layers.GaussianNoise``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.GaussianNoise(0.5)([[1.0, 2.0]])  # inference: nothing is drawn
    array([[1., 2.]])
    """

    def __init__(
        self,
        stddev: float,
        seed: int | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(seed, name, input_shape)
        self.stddev = arguments.number("stddev", stddev, least=0.0)

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("gaussian_noise", self.stddev, 0.0, _stream(self.seed, stream))]


class GaussianDropout(_Rated):
    """Multiplies by normal numbers in training: ``Y = X N(1, rate / (1 - rate))``, dropout's mean and variance.

    Parameters
    ----------
    rate : float in [0, 1)
        The rate of a dropout of the same variance (Srivastava et al., 2014).
    seed, name, input_shape
        See `Noise`.

    Raises
    ------
    ValueError
        If rate is outside [0, 1).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.GaussianDropout(0.5)([[1.0, 2.0]])  # inference: nothing is drawn
    array([[1., 2.]])
    """

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("gaussian_dropout", float(np.sqrt(self.rate / (1.0 - self.rate))), 0.0, _stream(self.seed, stream))]


class AlphaDropout(_Rated):
    """Dropout that keeps mean 0 and variance 1, for selu networks (Klambauer et al., 2017).

    In training an input becomes selu's limit -1.7581 with probability `rate`; then all are scaled and shifted.

    Parameters
    ----------
    rate : float in [0, 1)
    seed, name, input_shape
        See `Noise`.

    Raises
    ------
    ValueError
        If rate is outside [0, 1).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.AlphaDropout(0.5)([[1.0, 2.0]])  # inference: nothing is drawn
    array([[1., 2.]])
    """

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("alpha_dropout", self.rate, 0.0, _stream(self.seed, stream))]


class RReLU(Noise):
    """Randomized ReLU: ``max(x, s x)``, the slope s drawn from U(lower, upper) for each element of each batch.

    At inference the slope is its mean, (lower + upper) / 2 (Xu et al., Empirical evaluation of rectified activations,
    2015).

    Parameters
    ----------
    lower, upper : float, default 1/8 and 1/3
        ``0 < lower <= upper``.
    seed, name, input_shape
        See `Noise`.

    Raises
    ------
    ValueError
        If lower is not positive, or above upper.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.RReLU(0.25, 0.75)])
    >>> model.predict([[-2.0, 4.0]])
    array([[-1.,  4.]], dtype=float32)
    """

    def __init__(
        self,
        lower: float = 1.0 / 8.0,
        upper: float = 1.0 / 3.0,
        seed: int | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(seed, name, input_shape)
        self.lower = arguments.number("lower", lower, above=0.0)
        self.upper = arguments.number("upper", upper, least=self.lower)

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("rrelu", self.lower, self.upper, _stream(self.seed, stream))]


class DropConnect(Dense):
    """A `Dense` layer that drops weights in training: each element of its kernel becomes 0 with probability `rate`.

    The others are divided by ``1 - rate``; the mask is drawn anew for each batch, biases stay (Wan et al.,
    Regularization of neural networks using DropConnect, 2013). At inference nothing is dropped.

    Parameters
    ----------
    units : int
        Width of the output, O.
    rate : float in [0, 1), default 0.5
        The probability to drop, not to keep.
    seed : int, optional
        See `Noise`.
    **options
        As for `Dense`.

    Raises
    ------
    ValueError
        If rate is outside [0, 1), or as for `Dense`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.DropConnect(1, 0.5, kernel_initializer="ones")([[1.0, 2.0]])  # inference: nothing is dropped
    array([[3.]])
    """

    random = True

    def __init__(self, units: int, rate: float = 0.5, seed: int | None = None, **options: Any) -> None:
        super().__init__(units, **options)
        self.rate = arguments.number("rate", rate, least=0.0, below=1.0)
        self.seed = arguments.seed(seed)

    def get_config(self) -> dict[str, Any]:
        options = Dense(self.units).get_config()
        dense = {name: arguments.serialize(getattr(self, name)) for name in options}
        return {**dense, "rate": self.rate, "seed": self.seed}

    def __repr__(self) -> str:
        return f"DropConnect(units={self.units}, rate={self.rate:g}, name={self.name!r})"

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        dense, *behind = super().ops(inputs, offsets, stream)
        return [(*dense, self.rate, _stream(self.seed, stream)), *behind]
