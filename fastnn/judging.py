"""Losses that are Python functions: the outputs that a batch will have, judged before the engine takes the step.

The function's gradient is then the engine's truth. Called by training.py and stepwise.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import losses
from fastnn._core import engine
from fastnn.datasets import Dataset

#: Where an op of engine.Plan says whether it is trainable; batch normalization needs that for its statistics.
_TRAINABLE = {"dense": 4, "layer_norm": 4, "prelu": 2}


def no_truth(rows: int, outputs: int, dtype: str) -> np.ndarray:
    """Return zeros [rows, outputs], all one row in memory, for passes whose loss nobody reads."""
    return np.broadcast_to(np.zeros((1, outputs), dtype=dtype), (rows, outputs))


class Judge:
    """Makes the outputs of steps before they are taken, and has them judged.

    Parameters
    ----------
    model : Sequential
        Built; its loss is a FunctionLoss.
    batch_size : int
        At most so many rows at a time.
    x : ndarray or engine.Compressed
        Rows like those that are judged.
    threads : int
    """

    def __init__(self, model: Any, batch_size: int, x: Any, threads: int) -> None:
        self.model, self.loss = model, model.loss
        plan = model.plan
        # the same ops without a way back, and parameters of its own: statistics move in every pass
        ops = [_frozen(op) for op in plan.ops]
        self.parameters = engine.allocate(plan.n_parameters, plan.dtype)
        self.passes = engine.Trainer(
            engine.Plan(plan.dtype, plan.inputs, ops, [(0, plan.n_parameters, 0.0, 0.0, False)]),
            self.parameters,
            None,
            loss=self.loss.kernel,
            optimizer="sgd",
            batch_size=batch_size,
            sparse=isinstance(x, engine.Compressed),
            threads=threads,
            seed=model.dropout_key(),
        )

    def outputs(self, x: Any, iterations: int) -> np.ndarray:
        """Return the outputs for rows `x`, a batch, of the step that comes after `iterations` steps."""
        rows, plan = x.shape[0], self.model.plan
        self.parameters[...] = self.model.parameters
        made = np.empty((rows, plan.outputs), dtype=plan.dtype)
        self.passes.iterations = iterations
        self.passes.bind(x, no_truth(rows, plan.outputs, plan.dtype))
        self.passes.run(np.arange(rows, dtype=np.int64), 0, rows, np.zeros(1), np.empty(1), made)
        return made

    def step(self, batch: Dataset, iterations: int) -> tuple[float, np.ndarray]:
        """Return the loss of a step without penalties, and the gradient that is its truth; raises as the loss does."""
        return judged(self.loss, batch, self.outputs(batch.x, iterations))


def judged(loss: losses.FunctionLoss, batch: Dataset, outputs: np.ndarray) -> tuple[float, np.ndarray]:
    """Return a batch's loss, reduced as `loss` says, and its gradient with respect to the outputs."""
    values, gradient = loss.judge(batch.y, outputs)
    return loss.reduced(values if batch.weight is None else values * batch.weight, batch.weight), gradient


def _frozen(op: tuple[Any, ...]) -> tuple[Any, ...]:
    """An op of engine.Plan that is not trained, as far as that does not change what it computes."""
    if op[0] == "residual":
        return op[0], [_frozen(inner) for inner in op[1]], [_frozen(inner) for inner in op[2]]
    place = _TRAINABLE.get(op[0])
    return op if place is None else (*op[:place], False, *op[place + 1 :])
