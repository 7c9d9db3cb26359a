"""Schedules that only fall, smoothly or in steps, by one formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastnn import arguments
from fastnn.schedules.base import Schedule, rate, rising, steps


class PolynomialDecay(Schedule):
    """From one rate to another in so many steps, as a power of what is left of them; then constant.

    Parameters
    ----------
    initial_learning_rate : float >= 0
    decay_steps : int >= 1
    end_learning_rate : float >= 0, default 0.0001
    power : float > 0, default 1
        1: a straight line.
    cycle : bool, default False
        Past the end, start again from where a decay over twice as many steps would be, then three times, and so on.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``rate = (initial - end) (1 - min(step, decay_steps) / decay_steps)^power + end``. With cycle ``decay_steps`` is
    multiplied by ``ceil(step / decay_steps)``, at least 1. Source: Keras 3,
    ``keras.optimizers.schedules.PolynomialDecay``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.PolynomialDecay(1.0, decay_steps=4, end_learning_rate=0.0, power=2)([0, 2, 9])
    array([1.  , 0.25, 0.  ])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = steps("decay_steps", decay_steps)
        self.end_learning_rate = rate("end_learning_rate", end_learning_rate)
        self.power = arguments.number("power", power, above=0.0)
        self.cycle = bool(cycle)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        fraction = steps / self.decay_steps
        done = fraction / np.maximum(np.ceil(fraction), 1.0) if self.cycle else np.minimum(fraction, 1.0)
        return (self.initial_learning_rate - self.end_learning_rate) * (1.0 - done) ** self.power + (
            self.end_learning_rate
        )


class LinearDecay(Schedule):
    """A straight line to a last rate, then constant.

    Parameters
    ----------
    initial_learning_rate : float >= 0
    decay_steps : int >= 1
    end_learning_rate : float >= 0, optional
        A hundredth of the first by default.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``rate = (1 - a) initial + a end``, ``a = min(step / decay_steps, 1)``. Source: Goodfellow, Bengio and Courville,
    Deep Learning, 2016, equation 8.14.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.LinearDecay(1.0, decay_steps=10)([0, 5, 10, 11])
    array([1.   , 0.505, 0.01 , 0.01 ])
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float | None = None) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = steps("decay_steps", decay_steps)
        self.end_learning_rate = None if end_learning_rate is None else rate("end_learning_rate", end_learning_rate)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        end = 0.01 * self.initial_learning_rate if self.end_learning_rate is None else self.end_learning_rate
        done = np.minimum(steps / self.decay_steps, 1.0)
        return (1.0 - done) * self.initial_learning_rate + done * end


class ExponentialDecay(Schedule):
    """The same factor for the same number of steps.

    Parameters
    ----------
    initial_learning_rate : float >= 0
    decay_steps : int >= 1
    decay_rate : float >= 0
        Factor of the rate after `decay_steps` steps.
    staircase : bool, default False
        Only after whole `decay_steps`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``rate = initial decay_rate^(step / decay_steps)``, the exponent rounded down with staircase. Source: Keras 3,
    ``keras.optimizers.schedules.ExponentialDecay``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.ExponentialDecay(1.0, decay_steps=2, decay_rate=0.25)([0, 1, 2])
    array([1.  , 0.5 , 0.25])
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = steps("decay_steps", decay_steps)
        self.decay_rate = arguments.number("decay_rate", decay_rate, least=0.0)
        self.staircase = bool(staircase)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        periods = steps / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (np.floor(periods) if self.staircase else periods)


class StepDecay(Schedule):
    """Cut by a factor every so many steps, constant between.

    Parameters
    ----------
    initial_learning_rate : float >= 0
    decay_steps : int >= 1
        Usually those of 5 epochs for a half, of 20 for a tenth.
    decay_rate : float >= 0, default 0.5
        The factor.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``rate = initial decay_rate^floor(step / decay_steps)``: `ExponentialDecay` with staircase.
    Source: Keras 3, ``keras.optimizers.schedules.ExponentialDecay`` with staircase.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.StepDecay(1.0, decay_steps=20, decay_rate=0.1)([0, 19, 20, 40])
    array([1.  , 1.  , 0.1 , 0.01])
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float = 0.5) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = steps("decay_steps", decay_steps)
        self.decay_rate = arguments.number("decay_rate", decay_rate, least=0.0)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        return self.initial_learning_rate * self.decay_rate ** np.floor(steps / self.decay_steps)


class InverseTimeDecay(Schedule):
    """Divided by a number that grows with the steps.

    Parameters
    ----------
    initial_learning_rate : float >= 0
    decay_steps : int >= 1
    decay_rate : float >= 0
    staircase : bool, default False
        Only after whole `decay_steps`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``rate = initial / (1 + decay_rate step / decay_steps)``, the quotient rounded down with staircase. Source: Keras 3,
    ``keras.optimizers.schedules.InverseTimeDecay``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.InverseTimeDecay(1.0, decay_steps=1, decay_rate=1.0)([0, 1, 3])
    array([1.  , 0.5 , 0.25])
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = steps("decay_steps", decay_steps)
        self.decay_rate = arguments.number("decay_rate", decay_rate, least=0.0)
        self.staircase = bool(staircase)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        periods = steps / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * (np.floor(periods) if self.staircase else periods))


class PiecewiseConstantDecay(Schedule):
    """A rate for each part of training.

    Parameters
    ----------
    boundaries : list of int
        The last step of each part but the last, rising.
    values : list of float >= 0
        The rates of the parts: one more than boundaries.

    Raises
    ------
    ValueError
        If a number is out of its range, or there are not one more values than boundaries.

    Notes
    -----
    The rate of step s is that of the first part whose boundary is not below s. Source: Keras 3,
    ``keras.optimizers.schedules.PiecewiseConstantDecay``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1])([0, 10, 11, 20, 21])
    array([1. , 1. , 0.5, 0.5, 0.1])
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        self.boundaries = rising("boundaries", boundaries)
        self.values = [rate("values", value) for value in arguments.sequence("values", values)]
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"expected one more values than boundaries, received: {len(self.boundaries)} boundaries, "
                f"{len(self.values)} values"
            )

    def rates(self, steps: np.ndarray) -> np.ndarray:
        return np.asarray(self.values)[np.searchsorted(self.boundaries, steps, side="left")]
