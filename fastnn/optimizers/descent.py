"""Optimizers whose step has the gradient's size, or none: SGD, Lion."""

from __future__ import annotations

from typing import Unpack

from fastnn import arguments
from fastnn.optimizers.base import Optimizer, Options, Rate


class SGD(Optimizer):
    """Gradient descent, with momentum.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.01
    momentum : float in [0, 1], default 0
    nesterov : bool, default False
    weight_decay : float, optional
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``w -= rate g``; with momentum ``v = momentum v - rate g`` and ``w += v``, with nesterov
    ``w += momentum v - rate g``. Source: Keras 3, ``keras.optimizers.SGD``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    """

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.momentum = arguments.number("momentum", momentum, least=0.0, most=1.0)
        self.nesterov = bool(nesterov)

    @property
    def kernel(self) -> str:
        """The engine's name of the update: "sgd", or with momentum "momentum" or "nesterov"."""
        if self.momentum == 0.0:
            return "sgd"
        return "nesterov" if self.nesterov else "momentum"


class Lion(Optimizer):
    """Steps of one size: the sign of the gradient mixed with its running mean.

    Parameters
    ----------
    learning_rate : float, Schedule or callable, default 0.001
        Usually a third to a tenth of Adam's.
    beta_1 : float in (0, 1], default 0.9
        Share of the mean in the mixture.
    beta_2 : float in [0, 1), default 0.99
    weight_decay : float, optional
        Usually three to ten times Adam's.
    **options
        See `Optimizer`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``w -= rate sign(beta_1 m + (1 - beta_1) g)``; ``m = beta_2 m + (1 - beta_2) g``. Source: Chen et al., 2023,
    algorithm 2; Keras 3, ``keras.optimizers.Lion``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.Lion(1e-4, weight_decay=0.1).slots
    1
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        weight_decay: float | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **options)
        self.beta_1 = arguments.number("beta_1", beta_1, above=0.0, most=1.0)
        self.beta_2 = arguments.number("beta_2", beta_2, least=0.0, below=1.0)

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        return "lion"
