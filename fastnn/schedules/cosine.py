"""Schedules along half a cosine: down, down again and again, up and down."""

from __future__ import annotations

import numpy as np

from fastnn import arguments
from fastnn.schedules.base import Schedule, rate, steps


def falling(fraction: np.ndarray) -> np.ndarray:
    """Half a cosine: 1 at 0, 0 at 1."""
    return 0.5 * (1.0 + np.cos(np.pi * fraction))


class CosineDecay(Schedule):
    """Down along half a cosine, after a warmup along a line; then constant.

    Parameters
    ----------
    initial_learning_rate : float >= 0
        Of step 0: where the cosine starts, or the warmup.
    decay_steps : int >= 1
        Of the cosine.
    alpha : float in [0, 1], default 0
        The last rate, as a share of the one that the cosine starts from.
    warmup_target : float >= 0, optional
        The rate at the end of the warmup; without it there is none.
    warmup_steps : int >= 0, default 0

    Raises
    ------
    ValueError
        If a number is out of its range, or there are warmup steps without a target.

    Notes
    -----
    ``rate = top ((1 - alpha) (1 + cos(pi min(s / decay_steps, 1))) / 2 + alpha)``, ``s = step - warmup_steps``; top is
    the warmup's target, or the initial rate without one. In the warmup ``rate = initial + (target - initial) step /
    warmup_steps``. Source: Loshchilov and Hutter, 2017; Keras 3, ``keras.optimizers.schedules.CosineDecay``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4)([0, 2, 4, 9, 14])
    array([0. , 0.5, 1. , 0.5, 0. ])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.decay_steps = steps("decay_steps", decay_steps)
        self.alpha = arguments.number("alpha", alpha, least=0.0, most=1.0)
        self.warmup_target = None if warmup_target is None else rate("warmup_target", warmup_target)
        self.warmup_steps = arguments.integer("warmup_steps", warmup_steps, least=0)
        if self.warmup_target is None and self.warmup_steps:
            raise ValueError(f"expected a warmup_target for warmup_steps={warmup_steps!r}, received: None")

    def rates(self, steps: np.ndarray) -> np.ndarray:
        first, top = self.initial_learning_rate, self.warmup_target
        top = first if top is None else top
        done = np.clip((steps - self.warmup_steps) / self.decay_steps, 0.0, 1.0)
        decayed = top * ((1.0 - self.alpha) * falling(done) + self.alpha)
        warmed = first + (top - first) * steps / max(self.warmup_steps, 1)
        return np.where(steps < self.warmup_steps, warmed, decayed)


class CosineDecayRestarts(Schedule):
    """Down along half a cosine, then up at once and down again, each time more slowly.

    Parameters
    ----------
    initial_learning_rate : float >= 0
    first_decay_steps : int >= 1
        Of the first cosine.
    t_mul : float >= 1, default 2
        Each cosine has so many times the steps of the one before.
    m_mul : float >= 0, default 1
        Each starts from so many times the rate of the one before.
    alpha : float in [0, 1], default 0
        The lowest rate, as a share of the initial one.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    ``rate = initial ((1 - alpha) m_mul^i (1 + cos(pi f)) / 2 + alpha)`` in the i-th cosine, counted from 0, at its part
    f. Source: Loshchilov and Hutter, 2017; Keras 3, ``keras.optimizers.schedules.CosineDecayRestarts``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.CosineDecayRestarts(1.0, 10)([0, 5, 10, 20, 30])
    array([1. , 0.5, 1. , 0.5, 1. ])
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)
        self.first_decay_steps = steps("first_decay_steps", first_decay_steps)
        self.t_mul = arguments.number("t_mul", t_mul, least=1.0)
        self.m_mul = arguments.number("m_mul", m_mul, least=0.0)
        self.alpha = arguments.number("alpha", alpha, least=0.0, most=1.0)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        fraction, growth = steps / self.first_decay_steps, self.t_mul
        if growth == 1.0:
            restart = np.floor(fraction)
            done = fraction - restart
        else:
            # cosine i starts at (growth^i - 1) / (growth - 1); a rounding may put a start into the cosine before
            def start(i: np.ndarray) -> np.ndarray:
                return np.asarray((growth**i - 1.0) / (growth - 1.0))

            restart = np.floor(np.log1p(fraction * (growth - 1.0)) / np.log(growth))
            restart += start(restart + 1.0) <= fraction
            done = (fraction - start(restart)) / growth**restart
        rates: np.ndarray = self.initial_learning_rate * (
            (1.0 - self.alpha) * self.m_mul**restart * falling(done) + self.alpha
        )
        return rates


class OneCycle(Schedule):
    """Up to a high rate and down far below the first, over the whole of training.

    Parameters
    ----------
    max_learning_rate : float >= 0
    total_steps : int >= 2
    warmup_fraction : float in (0, 1), default 0.3
        The part of the steps on the way up.
    initial_divisor : float > 0, default 25
        The first rate is the highest divided by this.
    final_divisor : float > 0, default 10000
        The last rate is the first divided by this.
    linear : bool, default False
        Straight lines in place of half cosines.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    From ``max / initial_divisor`` at step 0 to max at step ``warmup_fraction total_steps - 1``, then to
    ``max / initial_divisor / final_divisor`` at step ``total_steps - 1``, where it stays. Source: Smith and Topin,
    2018; the numbers are those of PyTorch's ``OneCycleLR``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.OneCycle(1.0, total_steps=11, warmup_fraction=2 / 11, linear=True)([0, 1, 10]).round(6)
    array([4.e-02, 1.e+00, 4.e-06])
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        warmup_fraction: float = 0.3,
        initial_divisor: float = 25.0,
        final_divisor: float = 1e4,
        linear: bool = False,
    ) -> None:
        self.max_learning_rate = rate("max_learning_rate", max_learning_rate)
        self.total_steps = arguments.integer("total_steps", total_steps, least=2)
        self.warmup_fraction = arguments.number("warmup_fraction", warmup_fraction, above=0.0, below=1.0)
        self.initial_divisor = arguments.number("initial_divisor", initial_divisor, above=0.0)
        self.final_divisor = arguments.number("final_divisor", final_divisor, above=0.0)
        self.linear = bool(linear)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        first = self.max_learning_rate / self.initial_divisor
        peak, last = self.warmup_fraction * self.total_steps - 1.0, self.total_steps - 1.0
        # the peak may lie before step 0: nothing goes up then
        risen = np.clip(steps / peak, 0.0, 1.0) if peak > 0.0 else np.ones_like(steps)
        fallen = np.clip((steps - peak) / (last - peak), 0.0, 1.0)
        weight = (lambda fraction: 1.0 - fraction) if self.linear else falling
        up = self.max_learning_rate + (first - self.max_learning_rate) * weight(risen)
        down = first / self.final_divisor + (self.max_learning_rate - first / self.final_divisor) * weight(fallen)
        return np.where(steps < peak, up, down)
