"""Metrics of values with names and arguments, in Keras's words. The numbers are regression.py's."""

from __future__ import annotations

from typing import Any

from fastnn import arguments
from fastnn.metrics import regression
from fastnn.metrics.base import Metric


class MeanSquaredError(Metric):
    """Mean of ``(y_true - y_pred)^2``.

    Parameters
    ----------
    name : str, default "mean_squared_error"

    Raises
    ------
    ValueError
        If name is not a non-empty string; when it is called, if shapes do not fit.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.MeanSquaredError``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.MeanSquaredError()([1.0, 2.0], [1.0, 4.0])
    2.0
    """

    larger_is_better = False

    def __init__(self, name: str = "mean_squared_error") -> None:
        super().__init__(name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return regression.mean_squared_error(y_true, y_pred)


class RootMeanSquaredError(Metric):
    """Root of the mean of ``(y_true - y_pred)^2``.

    Parameters
    ----------
    name : str, default "root_mean_squared_error"

    Raises
    ------
    ValueError
        If name is not a non-empty string; when it is called, if shapes do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.RootMeanSquaredError()([1.0, 2.0], [4.0, 5.0])
    3.0
    """

    larger_is_better = False

    def __init__(self, name: str = "root_mean_squared_error") -> None:
        super().__init__(name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return regression.root_mean_squared_error(y_true, y_pred)


class MeanAbsoluteError(Metric):
    """Mean of ``|y_true - y_pred|``.

    Parameters
    ----------
    name : str, default "mean_absolute_error"

    Raises
    ------
    ValueError
        If name is not a non-empty string; when it is called, if shapes do not fit.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.MeanAbsoluteError``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.MeanAbsoluteError()([1.0, 2.0], [1.0, 4.0])
    1.0
    """

    larger_is_better = False

    def __init__(self, name: str = "mean_absolute_error") -> None:
        super().__init__(name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return regression.mean_absolute_error(y_true, y_pred)


class R2Score(Metric):
    """Share of variance explained, ``1 - sum (y - f)^2 / sum (y - mean y)^2`` of each output.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average"}, default "uniform_average"
        The mean over outputs, or the mean weighted by each output's variance.
    name : str, default "r2_score"

    Raises
    ------
    ValueError
        If class_aggregation is another.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.R2Score``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.R2Score()([1.0, 2.0, 3.0], [1.0, 2.0, 2.0])
    0.5
    """

    larger_is_better = True

    def __init__(self, class_aggregation: str = "uniform_average", name: str = "r2_score") -> None:
        super().__init__(name)
        self.class_aggregation = arguments.one_of("class_aggregation", class_aggregation, regression.AGGREGATIONS)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return regression.r2_score(y_true, y_pred, self.class_aggregation)
