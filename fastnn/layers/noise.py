"""Layers that draw random numbers in training: Dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastnn import arguments
from fastnn.layers.base import Layer, Op


class Dropout(Layer):
    """Drops inputs in training: each becomes 0 with probability `rate`, the others ``x / (1 - rate)``.

    Parameters
    ----------
    rate : float in [0, 1)
        Keras's rate: the probability to drop, not to keep.
    seed : int, optional
        Picks the layer's stream of random numbers, whatever its place in the model; the stream is the same in every
        process if the model has a seed or all its Dropout layers have.
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If rate is outside [0, 1).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Dropout(0.5)([[1.0, 2.0]])  # inference: nothing is dropped
    array([[1., 2.]])
    """

    random = True

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, input_shape=input_shape)
        self.rate = arguments.number("rate", rate, least=0.0, below=1.0)
        self.seed = arguments.seed(seed)

    def ops(self, offsets: Sequence[int], stream: int) -> list[Op]:
        if self.seed is not None:
            stream = int(np.random.SeedSequence(self.seed).generate_state(1)[0])
        return [("dropout", self.rate, stream)]
