"""The scores that the estimators have from scikit-learn, with NumPy alone: what standins.py is to the rest of it.

Imported by compat.py and by nothing else.
"""

import warnings
from typing import Any

import numpy as np

from fastnn.standins import Array, InvalidParameterError, as_array, check_finite, check_sample_weight, type_of_target

KINDS = ("binary", "multiclass", "multilabel-indicator")


class UndefinedMetricWarning(UserWarning):
    """A score has no value for these data."""


class ClassifierMixin:
    """Adds score: the accuracy."""

    _estimator_type = "classifier"

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the (weighted) fraction of rows whose prediction is right in every label."""
        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)  # type: ignore[attr-defined]


class RegressorMixin:
    """Adds score: the coefficient of determination."""

    _estimator_type = "regressor"

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R2, the mean over the outputs."""
        return r2_score(y, self.predict(X), sample_weight=sample_weight)  # type: ignore[attr-defined]


def _given(y: Any, name: str) -> Array:
    if y is None:
        raise ValueError(f"expected {name} to be an array, received: None")
    array = as_array(y, name)
    if array.ndim not in (1, 2):
        raise ValueError(f"expected {name} of shape (rows,) or (rows, outputs), received: {array.shape}")
    check_finite(array, name)
    return array


def _weight_of(rows: Array, others: Array, sample_weight: Any) -> Array:
    """Check that there are as many rows on both sides, and a weight for each."""
    if len(rows) != len(others):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: [{len(rows)}, {len(others)}]")
    if sample_weight is None:
        return np.ones(len(rows))
    if np.ndim(sample_weight) == 0:  # which fit takes
        raise InvalidParameterError(f"expected sample_weight to be an array-like or None, received: {sample_weight!r}")
    return check_sample_weight(sample_weight, rows)


def accuracy_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Return the weighted fraction of rows that agree in every label."""
    truth, prediction = (
        array.ravel() if array.ndim == 2 and array.shape[1] == 1 else array
        for array in (_given(y_true, "y_true"), _given(y_pred, "y_pred"))
    )
    weight = _weight_of(truth, prediction, sample_weight)
    kinds = [type_of_target(array) for array in (truth, prediction)]
    if truth.ndim != prediction.ndim or not set(kinds) <= set(KINDS):
        raise ValueError(f"Classification metrics can't handle a mix of {kinds[0]} and {kinds[1]} targets")
    if truth.shape != prediction.shape:
        raise ValueError(f"expected y_true and y_pred of one shape, received: {truth.shape} and {prediction.shape}")
    if (truth.dtype.kind in "biuf") != (prediction.dtype.kind in "biuf"):
        raise ValueError(
            f"Labels in y_true and y_pred should be of the same type. Got y_true={np.unique(truth)} and "
            f"y_pred={np.unique(prediction)}. Make sure that the predictions provided by the classifier coincides with "
            "the true labels."
        )
    agree = np.asarray(truth == prediction)
    return float(np.average(agree.all(axis=1) if agree.ndim == 2 else agree, weights=weight))


def r2_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Return 1 - (squared error) / (squared deviation from the mean), the mean over the outputs.

    A constant output counts 1 where it is met exactly and 0 elsewhere; fewer than two rows have no score (NaN).
    """
    truth, prediction = (
        array.astype(np.float64).reshape(len(array), -1)
        for array in (_given(y_true, "y_true"), _given(y_pred, "y_pred"))
    )
    weight = _weight_of(truth, prediction, sample_weight)
    if truth.shape[1] != prediction.shape[1]:
        raise ValueError(f"y_true and y_pred have different number of output ({truth.shape[1]}!={prediction.shape[1]})")
    if len(truth) < 2:
        warnings.warn("R^2 score is not well-defined with less than two samples.", UndefinedMetricWarning, stacklevel=2)
        return float("nan")
    error = weight @ (truth - prediction) ** 2
    deviation = weight @ (truth - np.average(truth, axis=0, weights=weight)) ** 2
    constant = deviation == 0
    scores = np.where(constant, np.where(error == 0, 1.0, 0.0), 1.0 - error / np.where(constant, 1.0, deviation))
    return float(scores.mean())
