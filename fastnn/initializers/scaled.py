"""Initializers whose width follows from the layer's inputs and outputs: VarianceScaling and its named cases."""

from __future__ import annotations

import math

import numpy as np

from fastnn import arguments
from fastnn.initializers.base import Initializer, Shape
from fastnn.initializers.distributions import truncated_normal

#: Standard deviation of a unit normal truncated at two: what is drawn is divided by it, as in Keras.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(Initializer):
    """Zero mean and a variance of ``scale / n``, n by the mode: inputs, outputs or their mean.

    Parameters
    ----------
    scale : float > 0, default 1
    mode : {"fan_in", "fan_out", "fan_avg"}, default "fan_in"
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}, default "truncated_normal"
        uniform is U(-limit, limit) with ``limit = sqrt(3 scale / n)``.
    seed : int, optional

    Raises
    ------
    ValueError
        If scale is not positive and finite, mode or distribution is not known, or seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.VarianceScaling``.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.VarianceScaling(3.0, distribution="uniform", seed=0)((9, 9))).max() <= 1.0)
    True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        self.scale = arguments.number("scale", scale, above=0.0)
        self.mode = arguments.one_of("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        self.distribution = arguments.one_of(
            "distribution", distribution, ("truncated_normal", "untruncated_normal", "uniform")
        )
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        inputs, outputs = shape[0], shape[-1]
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2.0}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return generator.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return generator.normal(0.0, math.sqrt(variance), shape)
        return math.sqrt(variance) / _TRUNCATED_STDDEV * truncated_normal(generator, shape)


class _Scaled(VarianceScaling):
    """A VarianceScaling with a name: scale, mode and distribution are the class's, the seed is the only argument."""

    scale = 1.0
    mode = "fan_in"
    distribution = "truncated_normal"

    def __init__(self, seed: int | None = None) -> None:
        self.seed = arguments.seed(seed)


class GlorotUniform(_Scaled):
    """U(-limit, limit) with ``limit = sqrt(6 / (inputs + outputs))``: suits tanh, sigmoid, softmax.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: Glorot and Bengio, 2010, equation 16.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.GlorotUniform(seed=0)((3, 3))).max() <= 1.0)
    True
    """

    mode = "fan_avg"
    distribution = "uniform"


class GlorotNormal(_Scaled):
    """Truncated normal of variance ``2 / (inputs + outputs)``.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.GlorotNormal``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.GlorotNormal(seed=0)((4, 2)).shape
    (4, 2)
    """

    mode = "fan_avg"


class HeUniform(_Scaled):
    """U(-limit, limit) with ``limit = sqrt(6 / inputs)``: suits ReLU.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.HeUniform``.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.HeUniform(seed=0)((6, 3))).max() <= 1.0)
    True
    """

    scale = 2.0
    distribution = "uniform"


class HeNormal(_Scaled):
    """Truncated normal of variance ``2 / inputs``: suits ReLU.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: He et al., 2015, equation 10.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.HeNormal(seed=0)((4, 2)).shape
    (4, 2)
    """

    scale = 2.0


class LecunUniform(_Scaled):
    """U(-limit, limit) with ``limit = sqrt(3 / inputs)``.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.LecunUniform``.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.LecunUniform(seed=0)((3, 3))).max() <= 1.0)
    True
    """

    distribution = "uniform"


class LecunNormal(_Scaled):
    """Truncated normal of variance ``1 / inputs``.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.LecunNormal``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.LecunNormal(seed=0)((4, 2)).shape
    (4, 2)
    """


class FanInUniform(_Scaled):
    """U(-limit, limit) with ``limit = 1 / sqrt(inputs)``: a variance of ``1 / (3 inputs)``.

    Parameters
    ----------
    seed : int, optional

    Raises
    ------
    ValueError
        If seed is not a non-negative integer.

    Notes
    -----
    Source: the heuristic that Glorot and Bengio, 2010, start from, equation 1.

    Examples
    --------
    >>> import fastnn
    >>> bool(abs(fastnn.initializers.FanInUniform(seed=0)((4, 100))).max() <= 0.5)
    True
    """

    scale = 1.0 / 3.0
    distribution = "uniform"
