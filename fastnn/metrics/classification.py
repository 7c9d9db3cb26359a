"""Metrics of classes, as functions: shares of right answers, precision, recall.

y_true [rows, outputs] or class indices [rows]; y_pred [rows, outputs].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.metrics.base import columns, indices, pair, rounded


def accuracy(y_true: Any, y_pred: Any) -> float:
    """Fraction of right answers, by the shapes: binary for one output, sparse for class indices, else categorical.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output or class indices
    y_pred : array_like, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, or class indices are not those of outputs.

    Notes
    -----
    Source: Keras 3, which chooses so for ``metrics=["accuracy"]``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """
    truth, prediction = columns(y_true), columns(y_pred, "y_pred")
    if prediction.shape[1] == 1:
        return binary_accuracy(truth, prediction)
    if truth.shape[1] == 1:
        return sparse_categorical_accuracy(truth, prediction)
    return categorical_accuracy(truth, prediction)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Fraction of outputs on the right side: ``y_true == (y_pred > threshold)``.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (rows, outputs), or (rows,) for one output
    threshold : float, default 0.5
        An output above it counts as 1, others as 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.binary_accuracy``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.binary_accuracy([1, 0], [0.7, 0.6])
    0.5
    """
    truth, prediction = pair(y_true, y_pred)
    return float(np.mean(truth == (prediction > rounded(threshold, y_pred))))


def categorical_accuracy(y_true: Any, y_pred: Any) -> float:
    """Fraction of rows whose largest output is at the largest value of a one-hot truth.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs)
        One-hot rows, or probabilities.
    y_pred : array_like, shape (rows, outputs)

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.categorical_accuracy``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """
    truth, prediction = pair(y_true, y_pred)
    return float(np.mean(truth.argmax(axis=1) == prediction.argmax(axis=1)))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> float:
    """Fraction of rows whose largest output is at the class index.

    Parameters
    ----------
    y_true : array_like of class indices, shape (rows,)
    y_pred : array_like, shape (rows, outputs)

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, or y_true is not the index of an output.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """
    truth, prediction = indices(y_true, y_pred)
    return float(np.mean(truth == prediction.argmax(axis=1)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> float:
    """Fraction of rows in which the largest value of a one-hot truth is at one of the `k` largest outputs.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs)
        One-hot rows, or probabilities.
    y_pred : array_like, shape (rows, outputs)
    k : int >= 1, default 5

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, or k is not a positive integer.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.top_k_categorical_accuracy``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.top_k_categorical_accuracy([[0, 0, 1], [1, 0, 0]], [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5]], k=2)
    0.5
    """
    truth, prediction = pair(y_true, y_pred)
    return sparse_top_k_categorical_accuracy(truth.argmax(axis=1), prediction, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> float:
    """Fraction of rows in which fewer than `k` outputs are larger than the one at the class index.

    Parameters
    ----------
    y_true : array_like of class indices, shape (rows,)
    y_pred : array_like, shape (rows, outputs)
    k : int >= 1, default 5

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, y_true is not the index of an output, or k is not a positive integer.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.sparse_top_k_categorical_accuracy([2, 0], [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5]], k=2)
    0.5
    """
    arguments.integer("k", k, least=1)
    truth, prediction = indices(y_true, y_pred)
    chosen = np.take_along_axis(prediction, truth[:, None], axis=1)
    return float(np.mean((prediction > chosen).sum(axis=1) < k))


def zero_one_loss(y_true: Any, y_pred: Any) -> float:
    """Fraction of wrong answers, ``1 - accuracy``: a metric only, it has no gradient to train with.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output or class indices
    y_pred : array_like, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As for `accuracy`.

    Notes
    -----
    Source: scikit-learn, ``sklearn.metrics.zero_one_loss``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.zero_one_loss([1, 0, 0, 0], [0.7, 0.6, 0.1, 0.2])
    0.25
    """
    return 1.0 - accuracy(y_true, y_pred)


def found(y_true: Any, y_pred: Any, threshold: float) -> tuple[int, int, int]:
    """Return true positives, predicted positives, positives; over all outputs."""
    truth, prediction = pair(y_true, y_pred)
    positive, predicted = truth > 0.5, prediction > rounded(threshold, y_pred)
    return int((positive & predicted).sum()), int(predicted.sum()), int(positive.sum())


def precision(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Share of the predicted positives that are positive (efficiency), ``TP / (TP + FP)``; 0 if there are none.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output
        Above 0.5 is positive.
    y_pred : array_like, of the shape of y_true
    threshold : float, default 0.5
        An output above it is positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.precision([1, 0, 1], [0.9, 0.8, 0.1])
    0.5
    """
    right, predicted, _ = found(y_true, y_pred, threshold)
    return right / predicted if predicted else 0.0


def recall(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Share of the positives that are predicted (completeness), ``TP / (TP + FN)``; 0 if there are none.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output
        Above 0.5 is positive.
    y_pred : array_like, of the shape of y_true
    threshold : float, default 0.5
        An output above it is positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.recall([1, 0, 1], [0.9, 0.8, 0.1])
    0.5
    """
    right, _, positives = found(y_true, y_pred, threshold)
    return right / positives if positives else 0.0


def f1_score(y_true: Any, y_pred: Any, threshold: float = 0.5) -> float:
    """Harmonic mean of precision and recall, ``2 TP / (2 TP + FP + FN)``, over all outputs; 0 for 0 / 0.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output
        Above 0.5 is positive.
    y_pred : array_like, of the shape of y_true
    threshold : float, default 0.5
        An output above it is positive.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.f1_score([1, 0, 1, 1], [0.9, 0.8, 0.1, 0.7])
    0.6666666666666666
    """
    right, predicted, positives = found(y_true, y_pred, threshold)
    return 2.0 * right / (predicted + positives) if predicted + positives else 0.0
