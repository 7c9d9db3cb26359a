"""An estimator as it was before a fit, where the fit comes to nothing: after a failed check, or a metric that raises.

Called by perceptron.py, classifier.py and scoring.py.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MetricError", "state_of", "unchanged_on_error", "undone_by_metrics"]


class MetricError(Exception):
    """early_stopping_metric raised; `error` is what."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def state_of(estimator: Any) -> dict[str, Any]:
    """Return the attributes, with copies of the curves, to which a warm start appends."""
    return {
        name: value[:] if name.endswith(("_curve_", "_scores_")) and value is not None else value
        for name, value in vars(estimator).items()
    }


def _go_back(estimator: Any, before: dict[str, Any]) -> None:
    vars(estimator).clear()
    vars(estimator).update(before)


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Give an estimator its attributes back where a check fails, or memory, before it trains."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        _go_back(estimator, before)
        raise


@contextmanager
def undone_by_metrics(estimator: Any, before: dict[str, Any], parameters: npt.NDArray[Any]) -> Iterator[None]:
    """Give attributes and parameters back where a metric raises, and raise its error."""
    first = np.array(parameters)
    try:
        yield
    except MetricError as failure:
        parameters[...] = first
        _go_back(estimator, before)
        raise failure.error from None
