"""A Python function as initializer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.initializers.base import Initializer, Shape


class FunctionInitializer(Initializer):
    """Values from a Python function: what `kernel_initializer=function` becomes.

    Parameters
    ----------
    function : callable
        ``function(shape)``; it is given `dtype` (a name) and `generator` (numpy.random.Generator, the model's source of
        randomness) too if it takes arguments of these names. Returns an array of `shape`.

    Raises
    ------
    TypeError
        If it is not callable.
    ValueError
        When values are drawn, if they have another shape or are not finite numbers.

    Examples
    --------
    >>> import fastnn
    >>> def positive(shape, generator):
    ...     return abs(generator.normal(size=shape))
    >>> layer = fastnn.layers.Dense(2, kernel_initializer=positive)
    >>> model = fastnn.Sequential([fastnn.Input((3,)), layer], seed=0)
    >>> bool((layer.kernel > 0).all())
    True
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise TypeError(f"expected an initializer as a function of the shape, received: {function!r}")
        self.function = function

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        offered = {"dtype": "float64", "generator": generator}
        taken = inspect.signature(self.function).parameters
        every = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
        made = self.function(shape, **{name: value for name, value in offered.items() if every or name in taken})
        values = np.asarray(made)
        if values.shape != shape or values.dtype.kind not in "biuf" or not np.isfinite(values).all():
            raise ValueError(
                f"expected the initializer {self.function!r} to return finite numbers of shape {shape}, received: "
                f"shape={values.shape}, dtype={values.dtype}"
            )
        return values.astype(np.float64)
