"""Schedule: a learning rate as a function of the number of steps taken before."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import arguments


class Schedule(arguments.Configured):
    """Base of schedules: called with a step it gives the step's rate, with an array of steps their rates.

    The first step is 0. Steps go on counting from one `fit` to the next, and over all steps where gradients are
    accumulated. A schedule in epochs: multiply by the steps of an epoch, ``ceil(rows / batch_size)``.

    Examples
    --------
    >>> import fastnn
    >>> schedule = fastnn.schedules.StepDecay(0.1, decay_steps=5)
    >>> schedule(4), schedule(5)
    (0.1, 0.05)
    >>> schedule([0, 10])
    array([0.1  , 0.025])
    """

    def __call__(self, step: Any) -> Any:
        """Return the rate of a step: a float, or float64 of the steps' shape."""
        steps = np.asarray(step, dtype=np.float64)
        if steps.ndim:
            return self.rates(steps)
        # of a number NumPy takes the C library's power, of an array its own: on AVX-512 the last bit is another
        return float(self.rates(steps.reshape(1))[0])

    def rates(self, steps: np.ndarray) -> np.ndarray:
        """Return the rates of `steps`, float64 of the same shape."""
        raise NotImplementedError(f"{type(self).__name__} gives no rates")


def rate(name: str, value: Any) -> float:
    """Return a learning rate as float, or raise if it is negative or no number."""
    return arguments.number(name, value, least=0.0)


def steps(name: str, value: Any) -> int:
    """Return a number of steps as int, or raise if it is not positive."""
    return arguments.integer(name, value, least=1)


def rising(name: str, values: Sequence[int]) -> list[int]:
    """Return step numbers, each larger than the one before."""
    given = [arguments.integer(name, value, least=0) for value in arguments.sequence(name, values)]
    if any(after <= before for before, after in itertools.pairwise(given)):
        raise ValueError(f"expected `{name}` to rise, received: {name}={values!r}")
    return given


def get(identifier: Any) -> Schedule:
    """Return the schedule that `identifier` means.

    Parameters
    ----------
    identifier : Schedule, or dict of class_name and config

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is neither.

    Examples
    --------
    >>> import fastnn
    >>> schedule = fastnn.schedules.StepDecay(0.1, decay_steps=5)
    >>> fastnn.schedules.get({"class_name": "StepDecay", "config": schedule.get_config()})
    StepDecay(initial_learning_rate=0.1, decay_steps=5)
    """
    names = {kind.__name__: kind for kind in Schedule.__subclasses__()}
    schedule: Schedule = arguments.look_up("schedule", identifier, Schedule, names)
    return schedule
