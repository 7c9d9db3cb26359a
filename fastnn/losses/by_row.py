"""The losses as functions of (y_true, y_pred), as Keras has them: the value of each row, float64 [rows].

Arrays of one dimension hold one output a row. Arguments, formulas and errors are those of the class of each;
``compile(loss=function)`` takes them for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.losses import classification, regression


def mean_squared_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j (y_j - f_j)^2`` of each row; see `MeanSquaredError`."""
    return regression.MeanSquaredError().rows(y_true, y_pred)


def half_squared_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``1/2 mean_j (y_j - f_j)^2`` of each row; see `HalfSquaredError`."""
    return regression.HalfSquaredError().rows(y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j |y_j - f_j|`` of each row; see `MeanAbsoluteError`."""
    return regression.MeanAbsoluteError().rows(y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> np.ndarray:
    """Return ``mean_j of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2`` of each row; see `Huber`."""
    return regression.Huber(delta).rows(y_true, y_pred)


def log_cosh(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j log cosh(f_j - y_j)`` of each row; see `LogCosh`."""
    return regression.LogCosh().rows(y_true, y_pred)


def quantile(y_true: Any, y_pred: Any, q: float = 0.5) -> np.ndarray:
    """Return ``mean_j max(q e_j, (q - 1) e_j)`` of each row, e = y - f; see `Quantile`."""
    return regression.Quantile(q).rows(y_true, y_pred)


def poisson(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j (f_j - y_j log(f_j + 1e-7))`` of each row; see `Poisson`."""
    return regression.Poisson().rows(y_true, y_pred)


def half_poisson_deviance(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j (f_j - y_j + y_j log(y_j / f_j))`` of each row, f = e^y_pred; see `HalfPoissonDeviance`."""
    return regression.HalfPoissonDeviance().rows(y_true, y_pred)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``mean_j -(y_j log f_j + (1 - y_j) log(1 - f_j))`` of each row; see `BinaryCrossentropy`."""
    return classification.BinaryCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def multilabel_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``sum_j -(y_j log f_j + (1 - y_j) log(1 - f_j))`` of each row; see `MultilabelCrossentropy`."""
    return classification.MultilabelCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``-sum_j y_j log f_j`` of each row; see `CategoricalCrossentropy`."""
    return classification.CategoricalCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``-log f_y`` of each row; see `SparseCategoricalCrossentropy`."""
    return classification.SparseCategoricalCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j max(1 - y_j f_j, 0)`` of each row; see `Hinge`."""
    return classification.Hinge().rows(y_true, y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j max(1 - y_j f_j, 0)^2`` of each row; see `SquaredHinge`."""
    return classification.SquaredHinge().rows(y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``sum_j y_j log(y_j / f_j)`` of each row; see `KLDivergence`."""
    return classification.KLDivergence().rows(y_true, y_pred)
