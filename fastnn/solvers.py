"""scikit-learn's stochastic solvers: learning rate, stop decision and state between epochs.

The update of the parameters is the engine's, its constants are an object's of optimizers/; epochs are descent.py's.
Called by perceptron.py, descent.py, epoch.py and estimator_files.py.
"""

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn import optimizers
from fastnn._core import engine

__all__ = ["SCHEDULES", "SMALLEST_ADAPTIVE_RATE", "Solver", "make_optimizer"]

#: 'adaptive' gives up once its rate has come down to this (scikit-learn's constant).
SMALLEST_ADAPTIVE_RATE = 1e-6

SCHEDULES = ("constant", "invscaling", "adaptive")


class Solver:
    """What one run of training carries from epoch to epoch, and from one partial_fit to the next.

    Parameters
    ----------
    optimizer : Optimizer
        Its learning rate is the first rate; a callback may set it.
    n_parameters : int
    dtype : dtype
        The network's.
    schedule : {'constant', 'invscaling', 'adaptive'}
    power_t : float
        Exponent of 'invscaling'.

    Attributes
    ----------
    iterations : int
        Steps done, which Adam's bias correction counts.
    states : array of shape (slots, n_parameters)
        Moments or velocities.
    """

    def __init__(
        self,
        optimizer: optimizers.Optimizer,
        n_parameters: int,
        dtype: npt.DTypeLike,
        schedule: str = "constant",
        power_t: float = 0.5,
    ) -> None:
        self.optimizer = optimizer
        self.learning_rate_init = optimizer.learning_rate
        self.schedule = schedule
        self.power_t = power_t
        self.iterations = 0
        self.states = engine.allocate(optimizer.slots * n_parameters, np.dtype(dtype).name).reshape(
            optimizer.slots, n_parameters
        )
        for slot, value in optimizer.first_states().items():
            self.states[slot] = value

    @property
    def learning_rate(self) -> Any:
        """The rate of the next epoch; of the next step, where a schedule gives it."""
        rate = self.optimizer.learning_rate
        return float(self.optimizer.rates(self.iterations, 1)[0]) if callable(rate) else rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self.optimizer.learning_rate = value

    def rates(self, steps: int) -> npt.NDArray[np.float64]:
        """Return the rates of the next steps."""
        return self.optimizer.rates(self.iterations, steps)

    def iteration_ends(self, samples_seen: int, rate: float) -> None:
        """Lower the rate as 'invscaling' does after an epoch: rate_init / (samples + 1) ** power_t.

        Where a callback has changed the epoch's `rate` since, all further ones change by the same factor.
        """
        if self.schedule == "invscaling":
            if self.learning_rate != rate and rate > 0:
                self.learning_rate_init *= self.learning_rate / rate
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

    def fitting(self, n_parameters: int, dtype: npt.DTypeLike) -> "Solver":
        """Return what goes on from these states with a network: itself, or a copy with states of another type.

        Parameters
        ----------
        n_parameters : int
        dtype : dtype
            The network's.

        Raises
        ------
        ValueError
            If there are states of another number of parameters, or of another optimizer.
        """
        expected = self.optimizer.slots, n_parameters
        if self.states.shape != expected:
            raise ValueError(
                f"expected states of the optimizer of shape {expected} for a network of {n_parameters} parameters, "
                f"received: shape={self.states.shape}, which an earlier network left; fit starts with new ones"
            )
        if self.states.dtype == dtype:
            return self
        made = Solver.__new__(Solver)
        made.__setstate__(vars(self) | {"states": self.states.astype(dtype)})
        return made

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copied or unpickled array has lost the alignment and the slack that the kernels count on.
        self.__dict__.update(state)
        loaded = self.states
        self.states = engine.allocate(loaded.size, loaded.dtype.name).reshape(loaded.shape)
        self.states[...] = loaded


def make_optimizer(settings: Any) -> tuple[optimizers.Optimizer, str]:
    """Return the optimizer that an estimator's arguments describe, and its schedule by scikit-learn's name.

    An object given as `optimizer` is copied: training changes its rate.
    """
    scheduled = callable(settings.learning_rate)
    # float, since scikit-learn's numbers may be True and False
    rate = settings.learning_rate if scheduled else float(settings.learning_rate_init)
    optimizer: optimizers.Optimizer
    if settings.optimizer is not None:
        optimizer = copy.deepcopy(optimizers.get(settings.optimizer))
        if scheduled or isinstance(settings.optimizer, str):
            optimizer.learning_rate = rate
    elif settings.solver == "sgd":
        optimizer = optimizers.SGD(rate, momentum=float(settings.momentum), nesterov=settings.nesterovs_momentum)
    else:
        optimizer = optimizers.Adam(rate, float(settings.beta_1), float(settings.beta_2), float(settings.epsilon))
    if settings.clipnorm is not None:
        if optimizer.clipvalue is not None or optimizer.global_clipnorm is not None:
            raise ValueError(
                f"expected an optimizer that does not clip otherwise with clipnorm, received: {settings.optimizer!r}"
            )
        optimizer.clipnorm = float(settings.clipnorm)
    # scikit-learn's schedules by name belong to its 'sgd'; its 'adam' overlooks them
    by_name = not scheduled and (settings.solver == "sgd" or settings.optimizer is not None)
    if by_name and callable(optimizer.learning_rate) and settings.learning_rate != "constant":
        raise ValueError(
            f"expected learning_rate='constant' where the optimizer has a schedule of its own, received: "
            f"learning_rate={settings.learning_rate!r}"
        )
    return optimizer, settings.learning_rate if by_name else "constant"
