"""Losses: names, formulas, and the kernel of each; classes, and functions that give each row's value.

To add one that the kernels know: a class in regression.py or classification.py, a function in by_row.py, and its names
in NAMES.
"""

from __future__ import annotations

import functools
from typing import Any

from fastnn import arguments
from fastnn.losses import by_row
from fastnn.losses.base import REDUCTIONS, SENSIBLE_PAIRS, Loss, Setting
from fastnn.losses.by_row import (
    binary_crossentropy,
    categorical_crossentropy,
    half_poisson_deviance,
    half_squared_error,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_squared_error,
    multilabel_crossentropy,
    poisson,
    quantile,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from fastnn.losses.classification import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Hinge,
    KLDivergence,
    MultilabelCrossentropy,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from fastnn.losses.functions import FunctionLoss
from fastnn.losses.regression import (
    HalfPoissonDeviance,
    HalfSquaredError,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    Quantile,
)

__all__ = [
    "NAMES",
    "REDUCTIONS",
    "SENSIBLE_PAIRS",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "FunctionLoss",
    "HalfPoissonDeviance",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MultilabelCrossentropy",
    "Poisson",
    "Quantile",
    "Setting",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "half_poisson_deviance",
    "half_squared_error",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
    "multilabel_crossentropy",
    "poisson",
    "quantile",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

NAMES: dict[str, type[Loss]] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "MSE": MeanSquaredError,
    "half_squared_error": HalfSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "MAE": MeanAbsoluteError,
    "huber": Huber,
    "log_cosh": LogCosh,
    "logcosh": LogCosh,
    "quantile": Quantile,
    "poisson": Poisson,
    "half_poisson_deviance": HalfPoissonDeviance,
    "binary_crossentropy": BinaryCrossentropy,
    "bce": BinaryCrossentropy,
    "BCE": BinaryCrossentropy,
    "multilabel_crossentropy": MultilabelCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "kl_divergence": KLDivergence,
    "kld": KLDivergence,
    "KLD": KLDivergence,
}


def get(identifier: Any) -> Loss:
    """Return the loss that `identifier` means.

    Parameters
    ----------
    identifier : str, Loss, class, dict of class_name and config, or function of (y_true, y_pred)
        Functions of this module mean their classes; another becomes a `FunctionLoss`.

    Raises
    ------
    ValueError
        If the name is not known, or ``"zero_one_loss"`` or a metric, which have no gradient: the text names losses
        that have.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.get("mse").name
    'mean_squared_error'
    """
    given = getattr(identifier, "__name__", identifier)
    # of fastnn.metrics, which imports this module; a partial of one is its function
    metric = getattr(getattr(identifier, "func", identifier), "__module__", None)
    if str(metric).startswith("fastnn.metrics") or (
        isinstance(identifier, str) and identifier.lower().replace("_", "") == "zerooneloss"
    ):
        raise ValueError(
            f"expected a loss with a gradient, received: {given!r}, which has none: train with a surrogate, "
            "binary_crossentropy (logistic), categorical_crossentropy, hinge or squared_hinge, and count right answers "
            "with metrics=['accuracy']"
        )
    if callable(identifier) and not isinstance(identifier, (Loss, type)):
        function = identifier.func if isinstance(identifier, functools.partial) else identifier
        own = getattr(by_row, getattr(function, "__name__", ""), None)
        if own is None or own is not function:
            return FunctionLoss(identifier)
        return NAMES[own.__name__](**getattr(identifier, "keywords", {}))
    loss: Loss = arguments.look_up("loss", identifier, Loss, NAMES)
    return loss
