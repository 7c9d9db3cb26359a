"""scikit-learn's stochastic solvers: learning rate, stop decision and state between epochs.

The update of the parameters is the engine's; epochs are the estimator's. Called by perceptron.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn._core import engine, targets

__all__ = ["SMALLEST_ADAPTIVE_RATE", "Solver", "adam", "sgd"]

#: 'adaptive' gives up once its rate has come down to this (scikit-learn's constant).
SMALLEST_ADAPTIVE_RATE = 1e-6


class Solver:
    """What one run of training carries from epoch to epoch, and from one partial_fit to the next.

    Parameters
    ----------
    optimizer : str
        A name of the engine's optimizers.
    numbers : mapping
        Constants of its update.
    n_parameters : int
    dtype : dtype
        The network's.
    learning_rate : float
        The first rate.
    schedule : {'constant', 'invscaling', 'adaptive'}
    power_t : float
        Exponent of 'invscaling'.

    Attributes
    ----------
    learning_rate : float
        The rate of the next epoch.
    iterations : int
        Steps done, which Adam's bias correction counts.
    states : array of shape (slots, n_parameters)
        Moments or velocities.
    """

    def __init__(
        self,
        optimizer: str,
        numbers: Mapping[str, float],
        n_parameters: int,
        dtype: npt.DTypeLike,
        learning_rate: float,
        schedule: str = "constant",
        power_t: float = 0.5,
    ) -> None:
        self.optimizer = optimizer
        self.numbers = dict(numbers)
        self.learning_rate_init = float(learning_rate)
        self.learning_rate = self.learning_rate_init
        self.schedule = schedule
        self.power_t = power_t
        self.iterations = 0
        slots = targets.OPTIMIZERS[optimizer][1]
        self.states = engine.allocate(slots * n_parameters, np.dtype(dtype).name).reshape(slots, n_parameters)

    def iteration_ends(self, samples_seen: int) -> None:
        """Lower the rate as 'invscaling' does after an epoch: rate_init / (samples + 1) ** power_t."""
        if self.schedule == "invscaling":
            self.learning_rate = self.learning_rate_init / (samples_seen + 1) ** self.power_t

    def trigger_stopping(self, message: str, verbose: bool) -> bool:
        """Say whether training is over now that it no longer improves; 'adaptive' goes on with a fifth of the rate."""
        stopping = self.schedule != "adaptive" or self.learning_rate <= SMALLEST_ADAPTIVE_RATE
        if self.schedule != "adaptive":
            consequence = "Stopping."
        elif stopping:
            consequence = "Learning rate too small. Stopping."
        else:
            self.learning_rate /= 5.0
            consequence = f"Setting learning rate to {self.learning_rate:f}"
        if verbose:
            print(f"{message} {consequence}")
        return stopping

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copied or unpickled array has lost the alignment and the slack that the kernels count on.
        self.__dict__.update(state)
        loaded = self.states
        self.states = engine.allocate(loaded.size, loaded.dtype.name).reshape(loaded.shape)
        self.states[...] = loaded


def adam(settings: Any, n_parameters: int, dtype: npt.DTypeLike) -> Solver:
    """Return the solver of an estimator with solver='adam'."""
    numbers = {"beta_1": settings.beta_1, "beta_2": settings.beta_2, "epsilon": settings.epsilon}
    return Solver("adam", numbers, n_parameters, dtype, settings.learning_rate_init)


def sgd(settings: Any, n_parameters: int, dtype: npt.DTypeLike) -> Solver:
    """Return the solver of an estimator with solver='sgd'."""
    optimizer = "nesterov" if settings.nesterovs_momentum else "momentum"
    return Solver(
        optimizer if settings.momentum > 0 else "sgd",
        {"momentum": settings.momentum},
        n_parameters,
        dtype,
        settings.learning_rate_init,
        settings.learning_rate,
        settings.power_t,
    )
