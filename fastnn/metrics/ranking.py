"""Metrics of how outputs rank positives above the rest, as functions: areas under curves over every threshold.

y_true and y_pred [rows, outputs].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.metrics.base import pair


def auc(y_true: Any, y_pred: Any) -> float:
    """Area under the ROC curve, exact: the chance that a positive is ranked above a negative, ties counted half.

    Over all outputs together, as Keras does; NaN where only one class is there, or an output is NaN. Source:
    Mann and Whitney, 1947.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output
        Above 0.5 is positive.
    y_pred : array_like, of the shape of y_true

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
    >>> fastnn.metrics.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    truth, prediction = pair(y_true, y_pred)
    positive = truth.reshape(-1) > 0.5
    _, place, counts = np.unique(prediction, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]  # the mean rank of equal outputs
    positives = int(positive.sum())
    negatives = positive.size - positives
    if not positives or not negatives or np.isnan(prediction).any():
        return float("nan")
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(y_true: Any, y_pred: Any) -> float:
    """Area under the curve of precision over recall as a sum of steps, ``sum_k (R_k - R_(k-1)) P_k``.

    Over all outputs together; NaN where there is no positive, or an output is NaN. Source: scikit-learn's
    ``average_precision_score``.

    Parameters
    ----------
    y_true : array_like, shape (rows, outputs), or (rows,) for one output
        Above 0.5 is positive.
    y_pred : array_like, of the shape of y_true

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
    >>> round(fastnn.metrics.average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
    0.8333
    """
    truth, prediction = pair(y_true, y_pred)
    positive, score = truth.reshape(-1) > 0.5, prediction.reshape(-1)
    if not positive.any() or np.isnan(score).any():
        return float("nan")
    order = np.argsort(-score, kind="stable")
    right, last = np.cumsum(positive[order]), np.append(np.diff(score[order]) != 0, True)  # of equal outputs
    right, predicted = right[last], np.flatnonzero(last) + 1
    return float(np.sum(np.diff(right, prepend=0) * right / predicted) / right[-1])
