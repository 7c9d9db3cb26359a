"""Metrics: names, functions of (y_true, y_pred), and the same with arguments as classes in Keras's words.

y_true [rows, outputs] or class indices [rows]; y_pred [rows, outputs]. Any Python function that returns a number, or
one a row, serves as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import arguments, losses
from fastnn.metrics.base import Function, FunctionMetric, Metric, is_own
from fastnn.metrics.classification import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    f1_score,
    precision,
    recall,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
    zero_one_loss,
)
from fastnn.metrics.of_classes import (
    AUC,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    F1Score,
    Precision,
    Recall,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from fastnn.metrics.of_values import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError
from fastnn.metrics.ranking import auc, average_precision
from fastnn.metrics.regression import mean_absolute_error, mean_squared_error, r2_score, root_mean_squared_error

__all__ = [
    "AUC",
    "CLASSES",
    "LARGER_IS_BETTER",
    "NAMES",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "F1Score",
    "Function",
    "FunctionMetric",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "auc",
    "average_precision",
    "binary_accuracy",
    "categorical_accuracy",
    "f1_score",
    "get",
    "larger_is_better",
    "mean_absolute_error",
    "mean_squared_error",
    "precision",
    "r2_score",
    "recall",
    "root_mean_squared_error",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
    "zero_one_loss",
]

NAMES: dict[str, Function] = {
    "accuracy": accuracy,
    "acc": accuracy,
    "binary_accuracy": binary_accuracy,
    "categorical_accuracy": categorical_accuracy,
    "sparse_categorical_accuracy": sparse_categorical_accuracy,
    "mean_squared_error": mean_squared_error,
    "mse": mean_squared_error,
    "mean_absolute_error": mean_absolute_error,
    "mae": mean_absolute_error,
    "r2_score": r2_score,
    "r2": r2_score,
    "top_k_categorical_accuracy": top_k_categorical_accuracy,
    "sparse_top_k_categorical_accuracy": sparse_top_k_categorical_accuracy,
    "root_mean_squared_error": root_mean_squared_error,
    "rmse": root_mean_squared_error,
    "zero_one_loss": zero_one_loss,
    "auc": auc,
    "AUC": auc,
    "average_precision": average_precision,
    "precision": precision,
    "recall": recall,
    "f1_score": f1_score,
    "f1": f1_score,
}

#: Metrics with arguments.
CLASSES: dict[str, type[Metric]] = {
    kind.__name__: kind
    for kind in (
        *(Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy),
        *(SparseTopKCategoricalAccuracy, Precision, Recall, F1Score, AUC),
        *(MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, R2Score),
    )
}

#: Names of functions that grow as a model gets better; all others, and losses, shrink.
LARGER_IS_BETTER = frozenset(
    {"accuracy", "acc", "r2_score", "r2", "auc", "AUC", "average_precision", "precision", "recall", "f1_score", "f1"}
    | {"score"}  # an estimator's
)


def larger_is_better(name: str, compiled: Sequence[Metric] = ()) -> bool:
    """Whether a key of the logs, "val_" or not, names a metric to be maximized.

    Parameters
    ----------
    name : str
    compiled : sequence of Metric
        A model's, whose classes know it whatever their name.

    Raises
    ------
    ValueError
        If it is a compiled function that is none of ours, nor has the name of one.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.larger_is_better("val_accuracy"), fastnn.metrics.larger_is_better("loss")
    (True, False)
    """
    name = name.removeprefix("val_")
    for metric in compiled:
        if metric.name != name:
            continue
        if metric.larger_is_better is not None:
            return metric.larger_is_better
        if not (name in NAMES or name in losses.NAMES or is_own(metric)):
            raise ValueError(
                f"expected mode='min' or mode='max' for the metric {name!r}, of which it is not known whether "
                "smaller or larger values are better, received: mode='auto'"
            )
    return name in LARGER_IS_BETTER or name.endswith("accuracy")


def get(identifier: Any) -> Metric:
    """Return the metric that `identifier` means.

    Parameters
    ----------
    identifier : str, Metric, class, dict of class_name and config, Loss, or callable
        A name, of a class or a loss too, which is then its key in logs; or a function of (y_true, y_pred), whose key is
        its ``__name__``.

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.get("mae").name, fastnn.metrics.get(fastnn.metrics.BinaryAccuracy(threshold=0.7)).name
    ('mae', 'binary_accuracy')
    """
    if isinstance(identifier, str) and identifier in NAMES:
        return FunctionMetric(NAMES[identifier], identifier)
    if isinstance(identifier, str) and identifier in CLASSES:
        return CLASSES[identifier](name=identifier)
    if isinstance(identifier, str):
        if identifier in losses.NAMES:
            return FunctionMetric(losses.get(identifier), identifier)
        raise ValueError(f"expected metric to be one of {', '.join(map(repr, NAMES))}, received: {identifier!r}")
    if isinstance(identifier, losses.Loss):
        return FunctionMetric(identifier, identifier.name)
    if callable(identifier) and not isinstance(identifier, (Metric, type)):
        return FunctionMetric(identifier)
    metric: Metric = arguments.look_up("metric", identifier, Metric, CLASSES)
    return metric
