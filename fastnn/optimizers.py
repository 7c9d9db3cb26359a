"""Optimizers: configuration only. The updates are in fastnn._core.optimizers, their state belongs to the model.

To add one that the kernels know: a class here that checks its numbers and names its kernel, and its name in NAMES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn._core import targets

Rate = float | Callable[[int], float]


class Optimizer(arguments.Configured):
    """Base of optimizers.

    Parameters
    ----------
    learning_rate : float or callable
        A rate, or a schedule ``rate(step)`` of the number of steps taken before; may be set at any time.
    weight_decay : float, optional
        Decoupled decay: before each update, parameters shrink by ``learning_rate * weight_decay`` of themselves.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.SGD(lambda step: 0.1 / (step + 1)).rates(first=0, steps=2)
    array([0.1 , 0.05])
    """

    def __init__(self, learning_rate: Rate, weight_decay: float | None = None) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = None if weight_decay is None else arguments.number("weight_decay", weight_decay, least=0.0)

    @property
    def learning_rate(self) -> Rate:
        """The rate, or the schedule that gives it."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._learning_rate = value if callable(value) else arguments.number("learning_rate", value, least=0.0)

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        raise NotImplementedError(f"{type(self).__name__} names no kernel")

    @property
    def slots(self) -> int:
        """State arrays for each parameter."""
        return int(targets.OPTIMIZERS[self.kernel][1])

    def numbers(self) -> dict[str, float]:
        """Return the constants of the update, by the engine's names."""
        names = ("momentum", "rho", "beta_1", "beta_2", "epsilon", "weight_decay")
        return {name: float(getattr(self, name)) for name in names if getattr(self, name, None) is not None}

    def rates(self, first: int, steps: int) -> np.ndarray:
        """Return the learning rates of the steps ``first, first + 1, ...``, float64 [steps]."""
        rate = self._learning_rate
        if not callable(rate):
            return np.full(steps, rate)
        values = np.array([float(rate(step)) for step in range(first, first + steps)], dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            raise ValueError(
                f"expected the learning rate schedule to return finite numbers, received: {values[bad[0]]} at step "
                f"{first + bad[0]}"
            )
        return values


class SGD(Optimizer):
    """Gradient descent, with momentum.

    Parameters
    ----------
    learning_rate : float or callable, default 0.01
    momentum : float in [0, 1], default 0
    nesterov : bool, default False
    weight_decay : float, optional

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
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.momentum = arguments.number("momentum", momentum, least=0.0, most=1.0)
        self.nesterov = bool(nesterov)

    @property
    def kernel(self) -> str:
        if self.momentum == 0.0:
            return "sgd"
        return "nesterov" if self.nesterov else "momentum"


class RMSprop(Optimizer):
    """Gradient divided by a running mean of its magnitude.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
    rho : float in [0, 1), default 0.9
    momentum : float in [0, 1], default 0
    epsilon : float > 0, default 1e-7
    weight_decay : float, optional

    Notes
    -----
    ``v = rho v + (1 - rho) g^2``; ``w -= rate g / sqrt(v + epsilon)``. Source: Keras 3, ``keras.optimizers.RMSprop``.

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
        weight_decay: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.rho = arguments.number("rho", rho, least=0.0, below=1.0)
        self.momentum = arguments.number("momentum", momentum, least=0.0, most=1.0)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)

    @property
    def kernel(self) -> str:
        return "rmsprop_momentum" if self.momentum else "rmsprop"


class Adam(Optimizer):
    """Adaptive moments.

    Parameters
    ----------
    learning_rate : float or callable, default 0.001
    beta_1, beta_2 : float in [0, 1), default 0.9 and 0.999
    epsilon : float > 0, default 1e-7
    weight_decay : float, optional

    Notes
    -----
    ``m = beta_1 m + (1 - beta_1) g``; ``v = beta_2 v + (1 - beta_2) g^2``;
    ``w -= rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``. Source: Kingma and Ba, 2014, section 2,
    last paragraph; Keras 3, ``keras.optimizers.Adam``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.Adam(learning_rate=0.01).kernel
    'adam'
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.beta_1 = arguments.number("beta_1", beta_1, least=0.0, below=1.0)
        self.beta_2 = arguments.number("beta_2", beta_2, least=0.0, below=1.0)
        self.epsilon = arguments.number("epsilon", epsilon, above=0.0)

    @property
    def kernel(self) -> str:
        return "adam"


NAMES: dict[str, type[Optimizer]] = {"sgd": SGD, "rmsprop": RMSprop, "adam": Adam}


def get(identifier: Any) -> Optimizer:
    """Return the optimizer that `identifier` means.

    Parameters
    ----------
    identifier : str, Optimizer, class, or dict of class_name and config

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.get("adam")
    Adam()
    """
    optimizer: Optimizer = arguments.look_up("optimizer", identifier, Optimizer, NAMES)
    return optimizer
