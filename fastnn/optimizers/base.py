"""Optimizer: the arguments that all share, and what the engine asks of one."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import numpy as np

from fastnn import arguments, schedules
from fastnn._core import targets

Rate = float | Callable[[int], float]


class Options(TypedDict, total=False):
    """Arguments of every optimizer, by keyword; see `Optimizer`.

    Examples
    --------
    >>> import fastnn
    >>> options: fastnn.optimizers.Options = {"clipnorm": 1.0, "use_ema": True}
    >>> fastnn.optimizers.Adam(**options).clipnorm
    1.0
    """

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    gradient_accumulation_steps: int | None


class Optimizer(arguments.Configured):
    """Base of optimizers.

    Parameters
    ----------
    learning_rate : float, Schedule or callable
        A rate, or a schedule ``rate(step)`` of the number of steps taken before; may be set at any time, but a number
        does not replace a schedule.
    weight_decay : float >= 0, optional
        Decoupled decay: before each update, parameters shrink by ``learning_rate * weight_decay`` of themselves.
    clipnorm : float > 0, optional
        The gradient of each kernel and bias is scaled down to at most this norm.
    clipvalue : float > 0, optional
        Each element of the gradient is brought into [-clipvalue, clipvalue].
    global_clipnorm : float > 0, optional
        The whole gradient is scaled down to at most this norm. Only one of the three may be given.
    use_ema : bool, default False
        Keep an exponential moving average of the parameters, which replaces them when `fit` ends.
    ema_momentum : float in [0, 1], default 0.99
        ``average = ema_momentum average + (1 - ema_momentum) parameters`` after each step; the first average is the
        parameters after the first step.
    ema_overwrite_frequency : int >= 1, optional
        The average replaces the parameters after every so many updates too.
    gradient_accumulation_steps : int >= 2, optional
        Parameters change after every so many steps only, by the mean of their gradients.

    Raises
    ------
    ValueError
        If a number is out of its range, or more than one of clipnorm, clipvalue and global_clipnorm is given.

    Notes
    -----
    In a step, in this order: penalties are added to the gradient, gradients are accumulated and clipped, weights
    decay, the update, the average, the constraints. Without clipping, averages, accumulation and constraints the
    update runs on each piece of the gradient while it is in cache; these need the gradient as a whole, which costs
    one more pass over it and the parameters. Source: Keras 3, ``keras/src/optimizers/base_optimizer.py``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.optimizers.SGD(lambda step: 0.1 / (step + 1)).rates(first=0, steps=2)
    array([0.1 , 0.05])
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        """Show the shared options, which a subclass takes as ``**options``, by their names."""
        super().__init_subclass__(**keywords)
        own = [p for p in inspect.signature(cls.__init__).parameters.values() if p.kind is not p.VAR_KEYWORD][1:]
        shared = inspect.signature(Optimizer.__init__).parameters
        options = [shared[name].replace(kind=inspect.Parameter.KEYWORD_ONLY) for name in Options.__annotations__]
        cls.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]

    def __init__(
        self,
        learning_rate: Rate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = None if weight_decay is None else arguments.number("weight_decay", weight_decay, least=0.0)
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {name: arguments.number(name, limit, above=0.0) for name, limit in limits.items() if limit is not None}
        if len(given) > 1:
            received = ", ".join(f"{name}={limit!r}" for name, limit in given.items())
            raise ValueError(f"expected one of clipnorm, clipvalue and global_clipnorm, received: {received}")
        self.clipnorm, self.clipvalue, self.global_clipnorm = (given.get(name) for name in limits)
        self.use_ema = bool(use_ema)
        self.ema_momentum = arguments.number("ema_momentum", ema_momentum, least=0.0, most=1.0)
        self.ema_overwrite_frequency = _count("ema_overwrite_frequency", ema_overwrite_frequency, 1)
        self.gradient_accumulation_steps = _count("gradient_accumulation_steps", gradient_accumulation_steps, 2)

    @property
    def learning_rate(self) -> Rate:
        """The rate, or the schedule that gives it.

        Raises
        ------
        TypeError
            On setting a number where a schedule is.
        """
        rate: Rate = self._learning_rate
        return rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, Mapping):
            value = schedules.get(value)
        if callable(value):
            self._learning_rate = value
            return
        if callable(getattr(self, "_learning_rate", None)):
            raise TypeError(
                f"expected a schedule as learning_rate, because this {type(self).__name__} has one "
                f"({self._learning_rate!r}), whose rates a number cannot change, received: learning_rate={value!r}; "
                "make the optimizer with a number to set the rate from a callback"
            )
        self._learning_rate = arguments.number("learning_rate", value, least=0.0)

    @property
    def kernel(self) -> str:
        """The engine's name of the update."""
        raise NotImplementedError(f"{type(self).__name__} names no kernel")

    @property
    def slots(self) -> int:
        """State arrays for each parameter: the update's, then the sum of gradients, then the average."""
        return int(targets.OPTIMIZERS[self.kernel][1]) + bool(self.gradient_accumulation_steps) + self.use_ema

    def first_states(self) -> dict[int, float]:
        """Return what state arrays start with, by their number, where that is not 0."""
        return {}

    def numbers(self) -> dict[str, float]:
        """Return the constants of the update, by the engine's names."""
        names = ("momentum", "rho", "beta_1", "beta_2", "epsilon", "weight_decay")
        return {name: float(getattr(self, name)) for name in names if getattr(self, name, None) is not None}

    def flat(self) -> dict[str, Any]:
        """Return what needs the whole gradient or all parameters, as the engine's FlatPath takes it."""
        options: dict[str, Any] = {}
        clips = {"norm": self.clipnorm, "value": self.clipvalue, "global_norm": self.global_clipnorm}
        for name, limit in clips.items():
            if limit is not None:
                options = {"clip": name, "limit": limit}
        if self.gradient_accumulation_steps:
            options["accumulation"] = self.gradient_accumulation_steps
        if self.use_ema:
            options.update(average=self.ema_momentum, overwrite=self.ema_overwrite_frequency or 0)
        return options

    def rates(self, first: int, steps: int) -> np.ndarray:
        """Return the learning rates of the steps ``first, first + 1, ...``, float64 [steps]."""
        rate = self._learning_rate
        if not callable(rate):
            return np.full(steps, rate)
        if isinstance(rate, schedules.Schedule):
            return rate.rates(np.arange(first, first + steps, dtype=np.float64))
        made = [rate(step) for step in range(first, first + steps)]
        for step, value in enumerate(made, first):
            if not isinstance(value, (int, float, np.number)) or not 0 <= value < np.inf:
                raise ValueError(
                    "expected the learning rate schedule to return finite numbers, none of them negative, received: "
                    f"{value!r} at step {step}"
                )
        return np.array(made, dtype=np.float64)


def _count(name: str, value: int | None, least: int) -> int | None:
    return None if value is None else arguments.integer(name, value, least=least, most=sys.maxsize)
