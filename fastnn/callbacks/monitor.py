"""MonitorCallback: the base of callbacks that look whether a value of the logs improves."""

from __future__ import annotations

import math
from typing import Any

from fastnn import arguments, metrics
from fastnn.callbacks.base import Callback, Logs
from fastnn.warning import warn


class MonitorCallback(Callback):
    """Base of callbacks that follow one value of the logs.

    Parameters
    ----------
    monitor : str
        A key of the logs.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" knows the names of metrics, takes smaller values of other keys
        of the logs for better, and raises for a compiled function that is not known.
    min_delta : float
        What counts as an improvement: a change by more than this.

    Raises
    ------
    ValueError
        If monitor is not a string, mode is not known, or min_delta is not a finite number.

    Examples
    --------
    >>> import fastnn
    >>> callback = fastnn.callbacks.MonitorCallback("val_accuracy")
    >>> callback.improves(0.9, 0.8), callback.improves(0.7, 0.8), callback.improves(0.7, None)
    (True, False, True)
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0.0) -> None:
        super().__init__()
        if not isinstance(monitor, str):
            raise ValueError(f"expected `monitor` to be a key of the logs, received: monitor={monitor!r}")
        self.monitor = monitor
        self.mode = arguments.one_of("mode", mode, ("auto", "min", "max"))
        self.min_delta = abs(arguments.number("min_delta", min_delta))

    def set_model(self, model: Any) -> None:
        """Note the model; raises ValueError where "auto" does not know the direction of one of its metrics."""
        super().set_model(model)
        self.larger_is_better  # noqa: B018

    @property
    def larger_is_better(self) -> bool:
        """Whether larger values of what is monitored are better."""
        if self.mode != "auto":
            return self.mode == "max"
        compiled = getattr(self.model, "training", None)  # an estimator has none
        return metrics.larger_is_better(self.monitor, getattr(compiled, "metrics", ()))

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether `value` is better than `reference` by more than min_delta; any number is better than None or NaN."""
        if reference is None or math.isnan(reference):
            return not math.isnan(value)
        gain = value - reference if self.larger_is_better else reference - value
        return gain > self.min_delta

    def monitored(self, logs: Logs | None) -> float | None:
        """Return the value to look at; None, with a warning, if the logs have none."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warn(f"{type(self).__name__} looks at {self.monitor!r}, which is not in the logs: {', '.join(logs or {})}")
        return value
