"""What every metric is: a name, and a number for truth and outputs of many rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from fastnn import arguments, data, losses

Function = Callable[[Any, Any], Any]


class Metric(arguments.Configured):
    """Base of metrics: called with (y_true, y_pred) they return a number.

    Parameters
    ----------
    name : str
        Its key in logs.

    Raises
    ------
    ValueError
        If name is not a non-empty string.

    Examples
    --------
    >>> import fastnn
    >>> metric = fastnn.metrics.get("mae")
    >>> metric.name, metric([1.0, 2.0], [1.0, 4.0])
    ('mae', 1.0)
    """

    #: Whether it grows as a model gets better; None where that is not known.
    larger_is_better: ClassVar[bool | None] = None

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise ValueError(f"expected `name` to be a non-empty string, received: name={name!r}")
        self.name = name

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        """Return the metric of all rows.

        Parameters
        ----------
        y_true : array_like, shape (rows, outputs) or (rows,)
        y_pred : array_like, shape (rows, outputs), or (rows,) for one output
        """
        raise NotImplementedError(f"{type(self).__name__} has no number")


class FunctionMetric(Metric):
    """A Python function as metric: what `metrics=[function]` becomes.

    Parameters
    ----------
    function : callable, str or dict
        ``function(y_true, y_pred)`` returns a number, or one a row, of which the mean is taken. A name of a metric or
        loss, and what `get_config` writes of a loss, mean these.
    name : str, optional
        By default the function's.

    Raises
    ------
    TypeError
        If it is not callable; when it is called, if it returns something else.
    ValueError
        If the name is not known.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> distance = fastnn.metrics.FunctionMetric(lambda y, f: np.abs(y - f), "distance")
    >>> distance(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    1.0
    """

    def __init__(self, function: Any, name: str | None = None) -> None:
        if isinstance(function, str):
            from fastnn import metrics

            found = metrics.get(function)
            function, name = getattr(found, "function", found), name or found.name
        elif isinstance(function, Mapping):
            function = losses.get(function)
        if not callable(function):
            raise TypeError(f"expected metric as a function of (y_true, y_pred), received: {function!r}")
        self.function: Function = function
        super().__init__(name or str(getattr(function, "__name__", type(function).__name__)))

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        made = self.function(y_true, y_pred)
        if not isinstance(made, tuple):
            values = np.asarray(made)
            if values.dtype.kind in "biuf" and values.shape in ((), (1,), (len(y_pred),)):
                return float(values.mean())
        received = f"shape={made.shape}" if isinstance(made, np.ndarray) else repr(made)[:60]
        raise TypeError(f"expected the metric {self.name!r} to return a number, or one a row, received: {received}")


def columns(y: Any, name: str = "y_true") -> np.ndarray:
    """Return real numbers of at least two dimensions: one column for [rows]; raises ValueError if there are none."""
    values = data.numeric(y, name)
    data.check_some(values, name, "column")
    return values.reshape(-1, 1) if values.ndim < 2 else values


def rounded(threshold: float, y_pred: Any) -> float:
    """Return a threshold as the outputs' type has it: in Keras a float32 output of 0.3 is not above 0.3 either."""
    dtype = np.asarray(y_pred).dtype
    with np.errstate(over="ignore"):  # beyond the largest number no output is above
        return float(dtype.type(threshold)) if dtype.kind == "f" else threshold


def pair(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float64 [rows, outputs]; raises ValueError if their shapes differ."""
    truth, prediction = columns(y_true).astype(np.float64), columns(y_pred, "y_pred").astype(np.float64)
    if truth.shape != prediction.shape:
        received = f"{truth.shape} and {prediction.shape}"
        if truth.shape == (len(prediction), 1):
            received += "; of class indices fastnn.utils.to_categorical makes columns"
        raise ValueError(f"expected y_true and y_pred of one shape, received: {received}")
    return truth, prediction


def indices(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return class indices [rows] and outputs [rows, classes]; raises ValueError where that is not what they are."""
    prediction = columns(y_pred, "y_pred")
    return data.labels(y_true, len(prediction), prediction.shape[1], "y_true"), prediction


def is_own(metric: Metric) -> bool:
    """Whether it is one of fastnn's, and no function or class of somebody's."""
    return str(getattr(getattr(metric, "function", metric), "__module__", "")).startswith("fastnn.")


def check_fit(metrics: Sequence[Metric], y_true: np.ndarray, outputs: int) -> None:
    """Raise ValueError where a metric of ours cannot be had of such truth and so many outputs."""
    made = np.full((min(len(y_true), 2), outputs), 1.0 / outputs)
    for metric in metrics:
        if not is_own(metric):
            continue  # its author may count the calls
        try:
            metric(y_true[: len(made)], made)
        except ValueError as error:
            raise ValueError(f"the metric {metric.name!r} does not fit the model and its truth: {error}") from error
