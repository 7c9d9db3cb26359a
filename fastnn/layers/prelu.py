"""PReLU: a rectifier whose slope is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import constraints, initializers, regularizers
from fastnn.layers.base import Layer, Op, Weight


class PReLU(Layer):
    """``y = x`` where x > 0, else ``alpha x``, with an alpha for each column that is learned (He et al., 2015).

    Parameters
    ----------
    alpha_initializer : str or Initializer, default "zeros"
    alpha_regularizer : None, str or Regularizer
    alpha_constraint : None, str or Constraint
        Followed after each update.
    name, trainable, input_shape
        See `Layer`.

    Attributes
    ----------
    alpha : ndarray, shape (I,)
        The slopes, a writable view of the parameters.

    Raises
    ------
    ValueError
        If a name is not known.
    TypeError
        If an argument is no initializer, regularizer or constraint.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.PReLU(fastnn.initializers.Constant(0.25))([[-4.0, 4.0]])
    array([[-1.,  4.]])
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, trainable, input_shape)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)

    @property
    def alpha(self) -> np.ndarray:
        """The slopes, shape (I,): a writable view of the parameters."""
        return self.arrays()[0]

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        return (
            Weight(
                "alpha", (inputs,), self.alpha_initializer, self.alpha_regularizer, constraint=self.alpha_constraint
            ),
        )

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("prelu", offsets[0], self.trainable)]
