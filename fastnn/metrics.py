"""Metrics: NumPy functions of (y_true, y_pred), each a mean over rows. Any Python function that returns
a number, or one a row, serves as one.

y_true [rows, outputs] or class indices [rows]; y_pred [rows, outputs].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastnn import losses

Function = Callable[[Any, Any], Any]


class Metric(NamedTuple):
    """A metric of a compiled model: its key in logs, and its function.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.get("mae").function([1.0, 2.0], [1.0, 4.0])
    1.0
    """

    name: str
    function: Function

    def score(self, y_true: Any, y_pred: Any) -> float:
        """Return the function's number, or the mean of its numbers, one a row; TypeError if it returns neither."""
        made = self.function(y_true, y_pred)
        if not isinstance(made, tuple):
            values = np.asarray(made)
            if values.dtype.kind in "biuf" and values.shape in ((), (1,), (len(y_pred),)):
                return float(values.mean())
        received = f"shape={np.shape(made)}" if isinstance(made, np.ndarray) else repr(made)[:60]
        raise TypeError(f"expected the metric {self.name!r} to return a number, or one a row, received: {received}")


def _columns(y: Any) -> np.ndarray:
    values: np.ndarray = np.asarray(y)
    return values.reshape(-1, 1) if values.ndim < 2 else values


def _pair(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 [rows, outputs]."""
    truth, prediction = _columns(y_true).astype(np.float64), _columns(y_pred).astype(np.float64)
    if truth.shape != prediction.shape:
        raise ValueError(f"expected y_true and y_pred of one shape, received: {truth.shape} and {prediction.shape}")
    return truth, prediction


def accuracy(y_true: Any, y_pred: Any) -> float:
    """Fraction of right answers, by the shapes: binary for one output, sparse for class indices, else categorical.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """
    truth, prediction = _columns(y_true), _columns(y_pred)
    if prediction.shape[1] == 1:
        return binary_accuracy(truth, prediction)
    if truth.shape[1] == 1:
        return sparse_categorical_accuracy(truth, prediction)
    return categorical_accuracy(truth, prediction)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Fraction of outputs on the right side: ``y_true == (y_pred > threshold)``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.binary_accuracy([1, 0], [0.7, 0.6])
    0.5
    """
    truth, prediction = _pair(y_true, y_pred)
    return float(np.mean(truth == (prediction > threshold)))


def categorical_accuracy(y_true: Any, y_pred: Any) -> float:
    """Fraction of rows whose largest output is at the largest value of a one-hot truth.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """
    truth, prediction = _pair(y_true, y_pred)
    return float(np.mean(truth.argmax(axis=1) == prediction.argmax(axis=1)))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> float:
    """Fraction of rows whose largest output is at the class index.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """
    return float(np.mean(np.asarray(y_true).reshape(-1) == np.asarray(y_pred).argmax(axis=1)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> float:
    """Fraction of rows in which the largest value of a one-hot truth is at one of the `k` largest outputs.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.top_k_categorical_accuracy([[0, 0, 1], [1, 0, 0]], [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5]], k=2)
    0.5
    """
    truth, prediction = _pair(y_true, y_pred)
    return sparse_top_k_categorical_accuracy(truth.argmax(axis=1), prediction, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> float:
    """Fraction of rows in which fewer than `k` outputs are larger than the one at the class index.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.sparse_top_k_categorical_accuracy([2, 0], [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5]], k=2)
    0.5
    """
    prediction = np.asarray(y_pred)
    chosen = np.take_along_axis(prediction, np.asarray(y_true).reshape(-1, 1).astype(np.intp), axis=1)
    return float(np.mean((prediction > chosen).sum(axis=1) < k))


def zero_one_loss(y_true: Any, y_pred: Any) -> float:
    """Fraction of wrong answers, ``1 - accuracy``: a metric only, it has no gradient to train with.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.zero_one_loss([1, 0, 0, 0], [0.7, 0.6, 0.1, 0.2])
    0.25
    """
    return 1.0 - accuracy(y_true, y_pred)


def _found(y_true: Any, y_pred: Any, threshold: float) -> tuple[int, int, int]:
    """True positives, predicted positives, positives; over all outputs."""
    truth, prediction = _pair(y_true, y_pred)
    positive, predicted = truth > 0.5, prediction > threshold
    return int((positive & predicted).sum()), int(predicted.sum()), int(positive.sum())


def precision(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Share of the predicted positives that are positive (efficiency), ``TP / (TP + FP)``; 0 if there are none.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.precision([1, 0, 1], [0.9, 0.8, 0.1])
    0.5
    """
    right, predicted, _ = _found(y_true, y_pred, threshold)
    return right / predicted if predicted else 0.0


def recall(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Share of the positives that are predicted (completeness), ``TP / (TP + FN)``; 0 if there are none.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.recall([1, 0, 1], [0.9, 0.8, 0.1])
    0.5
    """
    right, _, positives = _found(y_true, y_pred, threshold)
    return right / positives if positives else 0.0


def auc(y_true: Any, y_pred: Any) -> float:
    """Area under the ROC curve, exact: the chance that a positive is ranked above a negative, ties counted half.

    Over all outputs together, as Keras does; NaN where only one class is there. Source: Mann and Whitney, 1947.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    truth, prediction = _pair(y_true, y_pred)
    positive = truth.reshape(-1) > 0.5
    _, place, counts = np.unique(prediction, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]  # the mean rank of equal outputs
    positives = int(positive.sum())
    negatives = positive.size - positives
    if not positives or not negatives:
        return float("nan")
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def root_mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """Root of the mean of ``(y_true - y_pred)^2``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.root_mean_squared_error([1.0, 2.0], [4.0, 5.0])
    3.0
    """
    return float(np.sqrt(mean_squared_error(y_true, y_pred)))


def mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """Mean of ``(y_true - y_pred)^2``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.mean_squared_error([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    truth, prediction = _pair(y_true, y_pred)
    return float(np.mean(np.square(truth - prediction)))


def mean_absolute_error(y_true: Any, y_pred: Any) -> float:
    """Mean of ``|y_true - y_pred|``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.mean_absolute_error([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    truth, prediction = _pair(y_true, y_pred)
    return float(np.mean(np.abs(truth - prediction)))


def r2_score(y_true: Any, y_pred: Any) -> float:
    """Share of variance explained, ``1 - sum (y - f)^2 / sum (y - mean y)^2``, averaged over outputs.

    A constant output scores 1 if it is met exactly, else 0 (as in scikit-learn).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.r2_score([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    0.5
    """
    truth, prediction = _pair(y_true, y_pred)
    residual = np.square(truth - prediction).sum(axis=0)
    total = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    varies = total > 0.0
    scores = np.where(varies, 1.0 - residual / np.where(varies, total, 1.0), np.where(residual == 0.0, 1.0, 0.0))
    return float(scores.mean())


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
    "precision": precision,
    "recall": recall,
}

#: Metrics that grow as a model gets better; all others, and losses, shrink.
LARGER_IS_BETTER = frozenset({"accuracy", "acc", "r2_score", "r2", "auc", "AUC", "precision", "recall"})


def larger_is_better(name: str) -> bool:
    """Whether a key of the logs, "val_" or not, names a metric to be maximized."""
    return name.removeprefix("val_") in LARGER_IS_BETTER or name.endswith("accuracy")


def get(identifier: Any) -> Metric:
    """Return the metric that `identifier` means.

    Parameters
    ----------
    identifier : str or callable
        A name, of a loss too, which is then its key in logs, or a function of (y_true, y_pred), whose key is its
        ``__name__``.

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is neither.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.get("mae").name
    'mae'
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        if identifier in NAMES:
            return Metric(identifier, NAMES[identifier])
        if identifier in losses.NAMES:
            return Metric(identifier, losses.get(identifier))
        raise ValueError(f"expected metric to be one of {', '.join(map(repr, NAMES))}, received: {identifier!r}")
    if callable(identifier):
        return Metric(getattr(identifier, "__name__", type(identifier).__name__), identifier)
    raise TypeError(f"expected metric to be a name or a function of (y_true, y_pred), received: {identifier!r}")
