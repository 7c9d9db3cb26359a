"""Optimizers that divide the gradient by its own size so far, without a mean: Adagrad, Adadelta, RMSprop."""

from __future__ import annotations

from typing import Unpack

from fastnn import arguments
from fastnn.optimizers.base import Optimizer, Options, Rate


class Adagrad(Optimizer):
    """Gradient divided by the root of the sum of all its squares.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
    initial_accumulator_value : float >= 0, default 0.1
        What the sum starts with.
    epsilon : float > 0, default 1e-7
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``a += g^2``; ``w -= rate g / sqrt(a + epsilon)``. Source: Duchi, Hazan and Singer, 2011; Keras 3,
    ``keras.optimizers.Adagrad``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.Adagrad(0.1)
    Adagrad(learning_rate=0.1)
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.initial_accumulator_value = arguments.number(
            "initial_accumulator_value", initial_accumulator_value, least=0.0
        )
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        return "adagrad"

    def first_states(self) -> dict[int, float]:
        return {0: self.initial_accumulator_value}


class Adadelta(Optimizer):
    """Steps as large as the last ones were, in the gradient's direction.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
        The paper has 1.
    rho : float in [0, 1), default 0.95
    epsilon : float > 0, default 1e-7
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``v = rho v + (1 - rho) g^2``; ``d = sqrt(s + epsilon) / sqrt(v + epsilon) g``;
    ``s = rho s + (1 - rho) d^2``; ``w -= rate d``. Source: Zeiler, 2012, algorithm 1; Keras 3,
    ``keras.optimizers.Adadelta``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.Adadelta(1.0).slots
    2
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.rho = arguments.number("rho", rho, least=0.0, below=1.0)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        return "adadelta"


class RMSprop(Optimizer):
    """Gradient divided by a running mean of its magnitude.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
    rho : float in [0, 1), default 0.9
    momentum : float in [0, 1], default 0
    epsilon : float > 0, default 1e-7
    centered : bool, default False
        Divide by an estimate of the standard deviation instead.
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``v = rho v + (1 - rho) g^2``; ``d = rate g / sqrt(v + epsilon)``; ``w -= d``, with momentum
    ``m = momentum m + d`` and ``w -= m``. Centered: ``a = rho a + (1 - rho) g`` and ``v - a^2`` in place of v, 0 where
    rounding makes it negative. Source: Keras 3, ``keras.optimizers.RMSprop``; Graves, 2013, for the centered form.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.RMSprop(rho=0.99)
    RMSprop(rho=0.99)
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.rho = arguments.number("rho", rho, least=0.0, below=1.0)
        self.momentum = arguments.number("momentum", momentum, least=0.0, most=1.0)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)
        self.centered = bool(centered)

    @property
    def kernel(self) -> str:
        """The engine's name of the update: "rmsprop", with "_centered" and "_momentum" behind it where they are on."""
        return "rmsprop" + "_centered" * self.centered + "_momentum" * bool(self.momentum)
