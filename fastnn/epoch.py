"""One epoch of an estimator: the engine's Trainer with scikit-learn's scales and means. Called by perceptron.py."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastnn._core import engine, threads
from fastnn.binding import Binding
from fastnn.solvers import Solver
from fastnn.training import Pace

__all__ = ["Epoch", "LossSettings"]

Array = npt.NDArray[Any]


class LossSettings(NamedTuple):
    """A loss of the engine as scikit-learn scales it.

    Parameters
    ----------
    name : str
        One of the engine's losses.
    value_scale, gradient_scale : float
        Factors on a row's sum over its outputs, and on its gradient.
    """

    name: str
    value_scale: float = 1.0
    gradient_scale: float = 1.0


class Epoch:
    """One pass over the data: a Trainer of the engine, its learning rates, and the mean of its losses."""

    def __init__(
        self,
        binding: Binding,
        solver: Solver,
        loss: LossSettings,
        batch_size: int,
        X: Array,
        truth: Array,
        weight: Array | None,
    ) -> None:
        self.solver, self.batch_size, self.weight = solver, batch_size, weight
        self.pace = Pace()
        self.trainer = engine.Trainer(
            binding.model.plan,
            binding.model.parameters,
            solver.states if len(solver.states) else None,
            loss=loss.name,
            optimizer=solver.optimizer,
            value_scale=loss.value_scale,
            gradient_scale=loss.gradient_scale,
            weighted_mean=True,
            penalty_over_batch=True,
            numbers=solver.numbers,
            batch_size=batch_size,
            threads=threads.default_threads(),
            seed=0,
        )
        self.trainer.iterations = solver.iterations
        self.trainer.bind(X, truth, None if weight is None else weight.astype(binding.recipe.dtype, copy=False))

    def run(self, rows: Array) -> float:
        """Train on the rows in this order; return the mean of the batches' losses, each counted by its rows."""
        starts = np.arange(0, len(rows), self.batch_size)
        if self.weight is not None and not np.add.reduceat(self.weight[rows], starts).all():
            # scikit-learn's error, out of np.average; the engine would skip such a batch
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        losses = np.empty(len(starts))
        rates = np.full(len(starts), self.solver.learning_rate)
        try:
            for first, last in self.pace.slices(len(starts)):
                end = min(last * self.batch_size, len(rows))
                self.trainer.run(rows, first * self.batch_size, end, rates[first:last], losses[first:last])
        finally:  # also where Ctrl-C ended it: the moments have counted these steps
            self.solver.iterations = self.trainer.iterations
        return float(losses @ np.diff(starts, append=len(rows)) / len(rows))
