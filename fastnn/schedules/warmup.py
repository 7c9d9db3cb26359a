"""A line up before any other schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.schedules.base import Schedule, get, rate, steps


class LinearWarmup(Schedule):
    """A straight line up to another schedule's first rate, then that schedule from its step 0.

    Parameters
    ----------
    schedule : Schedule, float, callable or dict
        What comes after; a number is a constant rate.
    warmup_steps : int >= 1
    initial_learning_rate : float >= 0, default 0
        Of step 0.

    Raises
    ------
    ValueError
        If a number is out of its range.
    TypeError
        If the schedule is none.

    Notes
    -----
    ``rate = initial + (schedule(0) - initial) step / warmup_steps`` before step warmup_steps, then
    ``schedule(step - warmup_steps)``. Source: Goyal et al., 2017, section 2.2 (gradual warmup).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.schedules.LinearWarmup(fastnn.schedules.StepDecay(1.0, 2), warmup_steps=4)([0, 1, 4, 6])
    array([0.  , 0.25, 1.  , 0.5 ])
    """

    def __init__(self, schedule: Any, warmup_steps: int, initial_learning_rate: float = 0.0) -> None:
        if isinstance(schedule, Mapping):
            schedule = get(schedule)
        if not callable(schedule):
            schedule = arguments.number("schedule", schedule, least=0.0)
        self.schedule = schedule
        self.warmup_steps = steps("warmup_steps", warmup_steps)
        self.initial_learning_rate = rate("initial_learning_rate", initial_learning_rate)

    def rates(self, steps: np.ndarray) -> np.ndarray:
        after = np.maximum(steps - self.warmup_steps, 0.0)
        then = self._following(after)
        first, top = self.initial_learning_rate, self._following(np.zeros(1))
        return np.where(steps < self.warmup_steps, first + (top - first) * steps / self.warmup_steps, then)

    def _following(self, steps: np.ndarray) -> np.ndarray:
        """The rates of the schedule that comes after."""
        if not callable(self.schedule):
            return np.full(steps.shape, self.schedule)
        if isinstance(self.schedule, Schedule):
            return self.schedule.rates(steps)
        return np.array([float(self.schedule(int(step))) for step in steps], dtype=np.float64)
