"""Scores: a classifier's accuracy; early_stopping_metric, a scorer of scikit-learn's or one's own, on known outputs.

Called by perceptron.py and classifier.py.
"""

from inspect import signature
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn.compat import accuracy_score, get_scorer
from fastnn.descent import HeldOut
from fastnn.undoing import MetricError

__all__ = ["accuracy", "check_metric", "score_outputs"]

Array = npt.NDArray[Any]


class _Answers:
    """An estimator as a scorer sees it, whose outputs for X are known already."""

    def __init__(self, estimator: Any, X: Any, outputs: Array) -> None:
        self._estimator, self._X, self._known = estimator, X, outputs

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._estimator, name)
        answers = {"predict": "_decoded", "predict_proba": "_probabilities"}
        if name not in answers:
            return found

        def answer(X: Any) -> Any:
            return getattr(self._estimator, answers[name])(self._known) if X is self._X else found(X)

        answer.__name__ = name  # scorers know methods by their names
        return answer


def accuracy(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """Return scikit-learn's accuracy_score.

    Its checks of two arrays of labels take longer than a small network's outputs for them. Integers and booleans
    leave them nothing to find.

    Examples
    --------
    >>> accuracy(np.array([1, 2, 3, 3]), np.array([1, 2, 3, 1]))
    0.75
    """
    if sample_weight is None and _plain(y) and _plain(predicted) and len(y) == len(predicted) > 0:
        return float(np.mean(y == predicted))
    return float(accuracy_score(y, predicted, sample_weight=sample_weight))


def _plain(labels: Any) -> bool:
    return type(labels) is np.ndarray and labels.ndim == 1 and labels.dtype.kind in "iub"


def check_metric(metric: Any) -> None:
    """Raise for a name that is none of 'loss' and scikit-learn's scorers."""
    if isinstance(metric, str) and metric != "loss":
        get_scorer(metric)


def _takes_weights(scorer: Any) -> bool:
    """Return what scikit-learn's searches ask, of a scorer's function or of a callable: has it such an argument?"""
    return "sample_weight" in signature(getattr(scorer, "_score_func", scorer)).parameters


def _number(score: Any, metric: Any) -> float:
    """Return a score as float, or raise TypeError naming the metric that returned something else."""
    try:
        if not isinstance(score, (str, bytes)) and np.ndim(score) == 0:
            return float(score)
    except (TypeError, ValueError):
        pass
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", metric)
    raise TypeError(f"expected early_stopping_metric {name!r} to return a number, received: {score!r}")


def score_outputs(estimator: Any, metric: Any, held_out: HeldOut, outputs: Array, loss: float) -> float:
    """Return a score, larger is better; NaN for outputs that are not finite.

    Parameters
    ----------
    estimator : BaseMLP
    metric : str or callable
        'loss' for minus the validation loss, the name of a scorer of scikit-learn's, or a callable of
        (estimator, X, y).
    held_out : HeldOut
    outputs : array of shape (rows, outputs)
        The network's, for the held-out rows.
    loss : float
        The validation loss.

    Raises
    ------
    MetricError
        Whatever the metric raises, or TypeError where it returns no number.
    """
    if isinstance(metric, str) and metric == "loss":
        return -loss
    if not np.isfinite(outputs).all():
        return float("nan")
    scorer, X, y = get_scorer(metric), held_out.X, held_out.y
    try:
        weighted = held_out.weight is not None and _takes_weights(scorer)
        weight = {"sample_weight": held_out.weight} if weighted else {}
        return _number(scorer(_Answers(estimator, X, outputs), X, y, **weight), metric)
    except Exception as error:
        raise MetricError(error) from error
