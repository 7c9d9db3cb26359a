"""Training step by step from Python: each batch goes through functions of the user's before the engine takes it.

An augmentation changes it, a loss judges what the network makes of it.

Called by fitting.py and training.py in place of the engine's Trainer, one step at a time; network.py has arguments
checked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import data
from fastnn.datasets import Dataset
from fastnn.judging import Judge

#: Stream of random numbers for augmentation; stack.py and fitting.py have the others.
AUGMENT_STREAM = 3

#: (x, y, generator) -> (x, y)
Augment = Callable[[Any, Any, Any], Any]


def checked_augment(augment: Any) -> Augment | None:
    """Return a function of (x, y, generator), which gives (x, y); of one of (x, generator) too, which keeps y.

    Raises
    ------
    TypeError
        If it is no function that takes two or three arguments.
    """
    if augment is None:
        return None
    expected = "expected `augment` to be a function of (x, generator) or (x, y, generator), received: "
    if not callable(augment):
        raise TypeError(f"{expected}{augment!r}")
    try:
        signature = inspect.signature(augment)
    except (TypeError, ValueError):
        raise TypeError(f"{expected}{augment!r}, whose arguments cannot be told") from None
    taken = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if len(taken) == 3:
        return augment  # type: ignore[no-any-return]
    if len(taken) != 2:
        raise TypeError(f"{expected}{augment!r} of ({', '.join(taken)})")
    return lambda x, y, generator: (augment(x, generator), y)


class Steps:
    """Runs an epoch's steps one by one, as ``engine.Trainer.run`` does many.

    Parameters
    ----------
    training : Training
    trainer : engine.Trainer
    dataset : Dataset
    order : ndarray of int64
        Rows of the epoch.
    augment : callable (x, y, generator) -> (x, y), optional
    judge : Judge, optional
        Where the loss is a Python function.

    Attributes
    ----------
    y : ndarray
        The truth of the rows in the epoch's order, as the steps taken had it.
    """

    def __init__(
        self,
        training: Any,
        trainer: Any,
        dataset: Dataset,
        order: np.ndarray,
        augment: Augment | None = None,
        judge: Judge | None = None,
    ) -> None:
        self.training, self.trainer, self.dataset = training, trainer, dataset
        self.augment, self.judge = augment, judge
        self.y = dataset.y[order]

    def run(
        self, order: np.ndarray, start: int, stop: int, rates: np.ndarray, losses: np.ndarray, outputs: Any = None
    ) -> None:
        """Take the step on the rows order[start:stop]; the arguments are those of ``engine.Trainer.run``."""
        rows = order[start:stop]
        weight = None if self.dataset.weight is None else np.ascontiguousarray(self.dataset.weight[rows])
        x, y = data.take(self.dataset.x, rows), self.y[start:stop]
        if self.augment is not None:
            x, y = self._augmented(x, y, self.augment)
            self.y[start:stop] = y
        value = 0.0
        if self.judge is not None:
            value, y = self.judge.step(Dataset(x, y, weight), self.trainer.iterations)
        self.trainer.bind(x, y, weight)
        self.trainer.run(np.arange(stop - start, dtype=np.int64), 0, stop - start, rates, losses, outputs)
        losses += value

    def _augmented(self, x: np.ndarray, y: np.ndarray, augment: Augment) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch as the user's function makes it, checked; raises ValueError or TypeError."""
        model = self.training.model
        source = model.random_source(AUGMENT_STREAM, self.trainer.iterations)
        given = x.astype(model.dtype), y.copy()
        made = augment(*given, np.random.Generator(np.random.Philox(source)))
        if not isinstance(made, (tuple, list)) or len(made) != 2:
            raise TypeError(f"expected `augment` to return a pair (x, y), received: {type(made).__name__}")
        new = data.features(made[0], model.inputs, model.dtype, "the augmented X")
        if new.shape[0] != x.shape[0]:
            raise ValueError(f"expected the augmented X of shape {x.shape}, received: shape={new.shape}")
        truth = self.training.loss.truth(made[1], x.shape[0], model.plan.outputs, model.dtype, "the augmented y")
        return new, truth


def check_dense(x: Any) -> None:
    """Raise TypeError if rows to be augmented are compressed."""
    if data.is_sparse(x):
        raise TypeError("expected X to be a dense array where `augment` is given, received a sparse one")
