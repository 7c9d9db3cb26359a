"""Initializers that draw each value from a distribution whose width is given."""

from __future__ import annotations

import math

import numpy as np

from fastnn import arguments
from fastnn.initializers.base import Initializer, Shape


class RandomNormal(Initializer):
    """Normal distribution.

    Parameters
    ----------
    mean : float, default 0
    stddev : float >= 0, default 0.05
    seed : int, optional

    Raises
    ------
    ValueError
        If mean is not finite, stddev is negative or not finite, or seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.RandomNormal``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.RandomNormal(stddev=1.0, seed=0)((3, 2)).shape
    (3, 2)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = arguments.number("mean", mean)
        self.stddev = arguments.number("stddev", stddev, least=0.0)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return generator.normal(self.mean, self.stddev, shape)


class RandomUniform(Initializer):
    """Uniform distribution in [minval, maxval).

    Parameters
    ----------
    minval, maxval : float, default -0.05 and 0.05
    seed : int, optional

    Raises
    ------
    ValueError
        If minval or maxval is not finite, maxval is less than minval, or seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.RandomUniform``.

    Examples
    --------
    >>> import fastnn
    >>> bool((abs(fastnn.initializers.RandomUniform(seed=0)((3, 2))) <= 0.05).all())
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval = arguments.number("minval", minval)
        self.maxval = arguments.number("maxval", maxval, least=self.minval)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return generator.uniform(self.minval, self.maxval, shape)


class TruncatedNormal(Initializer):
    """Normal distribution, values beyond two standard deviations drawn anew.

    Parameters
    ----------
    mean : float, default 0
    stddev : float >= 0, default 0.05
    seed : int, optional

    Raises
    ------
    ValueError
        If mean is not finite, stddev is negative or not finite, or seed is not a non-negative integer.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.TruncatedNormal``.

    Examples
    --------
    >>> import fastnn
    >>> bool((abs(fastnn.initializers.TruncatedNormal(seed=0)((30, 20))) <= 0.1).all())
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean = arguments.number("mean", mean)
        self.stddev = arguments.number("stddev", stddev, least=0.0)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return self.mean + self.stddev * truncated_normal(generator, shape)


def truncated_normal(generator: np.random.Generator, shape: Shape) -> np.ndarray:
    """Draw standard normal numbers, those beyond 2 anew."""
    drawn = generator.standard_normal(math.prod(shape))
    while (outside := np.flatnonzero(np.abs(drawn) > 2.0)).size:
        drawn[outside] = generator.standard_normal(outside.size)
    return drawn.reshape(shape)
