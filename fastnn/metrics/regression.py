"""Metrics of values, as functions: y_true and y_pred [rows, outputs], or [rows] for one output."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.metrics.base import pair

#: How the scores of several outputs become one.
AGGREGATIONS = ("uniform_average", "variance_weighted_average")


def root_mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """Root of the mean of ``(y_true - y_pred)^2``.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (rows, outputs), or (rows,) for one output

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
    >>> fastnn.metrics.root_mean_squared_error([1.0, 2.0], [4.0, 5.0])
    3.0
    """
    return float(np.sqrt(mean_squared_error(y_true, y_pred)))


def mean_squared_error(y_true: Any, y_pred: Any) -> float:
    """Mean of ``(y_true - y_pred)^2``.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.mean_squared_error``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.mean_squared_error([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    truth, prediction = pair(y_true, y_pred)
    return float(np.mean(np.square(truth - prediction)))


def mean_absolute_error(y_true: Any, y_pred: Any) -> float:
    """Mean of ``|y_true - y_pred|``.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.mean_absolute_error``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.mean_absolute_error([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    truth, prediction = pair(y_true, y_pred)
    return float(np.mean(np.abs(truth - prediction)))


def r2_score(y_true: Any, y_pred: Any, class_aggregation: str = "uniform_average") -> float:
    """Share of variance explained, ``1 - sum (y - f)^2 / sum (y - mean y)^2``, averaged over outputs.

    A constant output scores 1 if it is met exactly, else 0 (as in scikit-learn).

    Parameters
    ----------
    y_true, y_pred : array_like, shape (rows, outputs), or (rows,) for one output
    class_aggregation : {"uniform_average", "variance_weighted_average"}, default "uniform_average"
        The mean over outputs, or the mean weighted by each output's variance.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If shapes do not fit, or class_aggregation is another.

    Notes
    -----
    Source: scikit-learn, ``sklearn.metrics.r2_score``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.r2_score([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    0.5
    """
    arguments.one_of("class_aggregation", class_aggregation, AGGREGATIONS)
    truth, prediction = pair(y_true, y_pred)
    residual = np.square(truth - prediction).sum(axis=0)
    total = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    varies = total > 0.0
    scores = np.where(varies, 1.0 - residual / np.where(varies, total, 1.0), np.where(residual == 0.0, 1.0, 0.0))
    weighted = class_aggregation == "variance_weighted_average" and bool(varies.any())
    return float(np.average(scores, weights=total if weighted else None))
