"""Copies of a compiled model, and a sample of its data, to try things on; the model itself is never touched."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from fastnn import data


def sample(X: Any, y: Any, rows: int) -> tuple[Any, np.ndarray]:
    """Return at most `rows` rows of X and y, drawn without replacement, always the same ones."""
    X = X.tocsr() if data.is_sparse(X) else data.numeric(X, "X")
    y = data.numeric(y, "y")
    drawn = np.sort(np.random.default_rng(0).permutation(X.shape[0])[:rows])
    return X[drawn], y[drawn]


def check_data(model: Any, X: Any, y: Any) -> None:
    """Raise what a fit would raise, and TypeError where there is no model to fit."""
    if not hasattr(model, "training"):
        raise TypeError(f"expected a compiled Sequential, received: {model!r}")
    model.training.dataset(X, y)


def trial(model: Any, X: Any, optimizer: Any = None, dtype: str | None = None) -> Any:
    """Return a copy of `model`, built for X and compiled anew: its weights, its loss, no state of an optimizer.

    Parameters
    ----------
    model : Sequential
        Compiled; built or not.
    X : array_like
        Rows, for the width of a model that is not built.
    optimizer : Optimizer, optional
        By default a copy of the model's own.
    dtype : {"float32", "float64"}, optional
        By default the model's own.
    """
    compiled = model.training
    twin = copy.deepcopy(model)
    if dtype is not None:
        twin.dtype = dtype
        twin.__setstate__(twin.__getstate__())  # lays the parameters out again, in this type
    optimizer = copy.deepcopy(compiled.optimizer) if optimizer is None else optimizer
    twin.compile(optimizer, compiled.loss, penalty_over_batch=compiled.penalty_over_batch)
    if not twin.built:
        twin.build((np.shape(twin.flat(X))[1],))
    return twin
