"""A run of training over the data: the engine's Trainer with scikit-learn's scales and means, an epoch at a time.

What an epoch means for the books is descent.py's. Called by perceptron.py, descent.py and lbfgs.py.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastnn import data, team
from fastnn._core import engine
from fastnn.binding import Binding
from fastnn.callbacks import CallbackList
from fastnn.losses import Setting
from fastnn.optimizers import Optimizer
from fastnn.pace import FIRST_ROWS, Pace
from fastnn.solvers import Solver

__all__ = ["Epoch", "Samples", "check_sums", "make_trainer"]

Array = npt.NDArray[Any]


class Samples(NamedTuple):
    """Rows as the engine reads them: X, the truth, and weights of the network's type or None."""

    X: Any  # dense, or engine.Compressed
    truth: Array
    weight: Array | None

    def take(self, rows: Array) -> "Samples":
        """Return copies of these rows."""
        return Samples(data.take(self.X, rows), self.truth[rows], None if self.weight is None else self.weight[rows])


def check_sums(sums: Any) -> None:
    """Raise scikit-learn's error, out of np.average, where the weights of a batch sum to zero."""
    if not np.all(sums):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")


def make_trainer(
    binding: Binding,
    loss: Setting,
    batch_size: int,
    threads: int,
    samples: Samples,
    optimizer: Optimizer | None,
    states: Array,
) -> Any:
    """Return an engine.Trainer over the samples with scikit-learn's means; without an optimizer `states` receives the
    gradient.
    """
    trainer = engine.Trainer(
        binding.model.plan,
        binding.model.parameters,
        states if len(states) else None,
        loss=loss.kernel,
        optimizer=optimizer.kernel if optimizer else "store",
        value_scale=loss.value_scale,
        gradient_scale=loss.gradient_scale,
        parameter=loss.parameter,
        reduction="mean_with_sample_weight",
        penalty_over_batch=True,
        numbers=optimizer.numbers() if optimizer else {},
        flat=optimizer.flat() if optimizer else {},
        batch_size=batch_size,
        threads=threads,
        seed=binding.model.dropout_key(),
        sparse=isinstance(samples.X, engine.Compressed),
    )
    trainer.bind(*samples)
    return trainer


class Epoch:
    """One pass over the data: a Trainer of the engine, its learning rates, and the mean of its losses.

    Parameters
    ----------
    rows : int
        Of one pass.

    Attributes
    ----------
    last_rate : float
        Of the last step.
    """

    def __init__(
        self,
        binding: Binding,
        solver: Solver,
        loss: Setting,
        batch_size: int,
        threads: int,
        samples: Samples,
        rows: int,
    ) -> None:
        self.solver, self.batch_size, self.samples, self.model = solver, batch_size, samples, binding.model
        self._starts = np.arange(0, rows, batch_size)
        self._sizes = np.diff(self._starts, append=rows).astype(np.float64)
        self.pace = Pace()
        self.trainer = make_trainer(binding, loss, batch_size, threads, samples, solver.optimizer, solver.states)
        self.trainer.iterations = solver.iterations

    def run(self, rows: Array, told: CallbackList) -> tuple[float, int]:
        """Train on the rows in this order, to the end or until a callback asks for it after a step.

        Returns
        -------
        loss : float
            The mean of the batches' losses, each counted by its rows.
        done : int
            Rows that were trained on.
        """
        weight = self.samples.weight
        if weight is not None:  # the engine would skip such a batch
            check_sums(np.add.reduceat(weight[rows], self._starts))
        steps = len(self._starts)
        losses = np.empty(steps)
        batches = told.wants_batches
        rates, end, stopping = np.empty(0), 0, self.model.stop_training  # who asked before an epoch gets it after
        try:
            for first, last in Pace.ones(steps) if batches else self.pace.slices(steps):
                team.heed()
                if batches:
                    told.call("on_train_batch_begin", first, {})
                self.solver.iterations = self.trainer.iterations
                rates = self.solver.rates(last - first)
                end = min(last * self.batch_size, len(rows))
                self.trainer.run(rows, first * self.batch_size, end, rates, losses[first:last])
                told.call("on_train_batches_end", last - 1, losses[first:last])
                if batches:
                    told.call("on_train_batch_end", first, {"loss": float(losses[first])})
                if self.model.stop_training and not stopping:
                    break
        finally:  # also where Ctrl-C ended it: the moments have counted these steps
            self.solver.iterations = self.trainer.iterations
            self.last_rate = float(rates[-1]) if len(rates) else self.solver.learning_rate
        return float(losses[:last] @ self._sizes[:last] / end), end

    def judge(self, samples: Samples, outputs: Array) -> float:
        """Return the mean loss of rows that are not trained on, penalty included; `outputs` receives the outputs."""
        rows = len(outputs)
        losses = np.empty(rows)
        for start, stop in Pace(FIRST_ROWS).slices(rows):
            part = Samples(*(None if array is None else array[start:stop] for array in samples))  # type: ignore[arg-type]
            losses[start:stop] = self.trainer.evaluate(*part, outputs[start:stop])
        total = rows if samples.weight is None else float(samples.weight.sum(dtype=np.float64))
        return float((losses.sum() + self.trainer.penalty()) / total) if total else float("nan")
