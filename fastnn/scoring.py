"""Scores: a classifier's accuracy; early_stopping_metric, a scorer of scikit-learn's or one's own, on known outputs.

Called by perceptron.py and classifier.py.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn.compat import accuracy_score, get_scorer
from fastnn.descent import HeldOut
from fastnn.inputs import as_given

__all__ = ["accuracy", "score_outputs"]

Array = npt.NDArray[Any]


class _Answers:
    """An estimator as a scorer sees it, which answers from outputs instead of looking at X."""

    def __init__(self, estimator: Any, outputs: Array) -> None:
        self._estimator, self._known = estimator, outputs

    def __getattr__(self, name: str) -> Any:
        answers = {"predict": "_decoded", "predict_proba": "_probabilities"}
        found = getattr(self._estimator, answers.get(name, name))
        if name not in answers:
            return found

        def answer(X: Any) -> Any:
            return found(self._known)

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
    """
    if isinstance(metric, str) and metric == "loss":
        return -loss
    if not np.isfinite(outputs).all():
        return float("nan")
    weight = {} if held_out.weight is None else {"sample_weight": held_out.weight}
    return float(get_scorer(metric)(_Answers(estimator, outputs), as_given(held_out.samples.X), held_out.y, **weight))
