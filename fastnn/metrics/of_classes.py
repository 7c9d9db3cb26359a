"""Metrics of classes with arguments, in Keras's words. The numbers are classification.py's, and exact."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.metrics import classification, ranking
from fastnn.metrics.base import Metric, columns, pair, rounded


class Accuracy(Metric):
    """Fraction of right answers, by the shapes: binary for one output, sparse for class indices, else categorical.

    Parameters
    ----------
    name : str, default "accuracy"

    Raises
    ------
    ValueError
        If name is not a non-empty string; when it is called, if shapes do not fit.

    Notes
    -----
    What the name "accuracy" means in Keras's compile. Keras's class of this name counts outputs that are equal to the
    truth, which probabilities never are.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.Accuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """

    larger_is_better = True

    def __init__(self, name: str = "accuracy") -> None:
        super().__init__(name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.accuracy(y_true, y_pred)


class BinaryAccuracy(Metric):
    """Fraction of outputs on the right side of a threshold: ``y_true == (y_pred > threshold)``.

    Parameters
    ----------
    name : str, default "binary_accuracy"
    threshold : float, default 0.5

    Raises
    ------
    ValueError
        If threshold is not a finite number.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.BinaryAccuracy``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.BinaryAccuracy(threshold=0.65)([1, 0], [0.7, 0.6])
    1.0
    """

    larger_is_better = True

    def __init__(self, name: str = "binary_accuracy", threshold: float = 0.5) -> None:
        super().__init__(name)
        self.threshold = arguments.number("threshold", threshold)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.binary_accuracy(y_true, y_pred, self.threshold)


class CategoricalAccuracy(Metric):
    """Fraction of rows whose largest output is at the largest value of a one-hot truth.

    Parameters
    ----------
    name : str, default "categorical_accuracy"

    Raises
    ------
    ValueError
        If name is not a non-empty string; when it is called, if shapes do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.CategoricalAccuracy()([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """

    larger_is_better = True

    def __init__(self, name: str = "categorical_accuracy") -> None:
        super().__init__(name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.categorical_accuracy(y_true, y_pred)


class SparseCategoricalAccuracy(Metric):
    """Fraction of rows whose largest output is at the class index.

    Parameters
    ----------
    name : str, default "sparse_categorical_accuracy"

    Raises
    ------
    ValueError
        If name is not a non-empty string; when it is called, if shapes do not fit.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]])
    0.5
    """

    larger_is_better = True

    def __init__(self, name: str = "sparse_categorical_accuracy") -> None:
        super().__init__(name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.sparse_categorical_accuracy(y_true, y_pred)


class TopKCategoricalAccuracy(Metric):
    """Fraction of rows in which the largest value of a one-hot truth is at one of the `k` largest outputs.

    Parameters
    ----------
    k : int >= 1, default 5
    name : str, default "top_k_categorical_accuracy"

    Raises
    ------
    ValueError
        If k is not a positive integer.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.TopKCategoricalAccuracy``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.TopKCategoricalAccuracy(k=2)([[0, 0, 1], [1, 0, 0]], [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5]])
    0.5
    """

    larger_is_better = True

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy") -> None:
        super().__init__(name)
        self.k = arguments.integer("k", k, least=1)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.top_k_categorical_accuracy(y_true, y_pred, self.k)


class SparseTopKCategoricalAccuracy(Metric):
    """Fraction of rows in which fewer than `k` outputs are larger than the one at the class index.

    Parameters
    ----------
    k : int >= 1, default 5
    name : str, default "sparse_top_k_categorical_accuracy"

    Raises
    ------
    ValueError
        If k is not a positive integer.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.SparseTopKCategoricalAccuracy(k=2)([2, 0], [[0.5, 0.2, 0.3], [0.1, 0.4, 0.5]])
    0.5
    """

    larger_is_better = True

    def __init__(self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy") -> None:
        super().__init__(name)
        self.k = arguments.integer("k", k, least=1)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.sparse_top_k_categorical_accuracy(y_true, y_pred, self.k)


class _Found(Metric):
    """Base of what counts positives: of one class, or over all outputs."""

    larger_is_better = True

    def __init__(self, thresholds: float | None, class_id: int | None, name: str) -> None:
        super().__init__(name)
        self.thresholds = None if thresholds is None else arguments.number("thresholds", thresholds)
        self.class_id = None if class_id is None else arguments.integer("class_id", class_id, least=0)

    def _arguments(self, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray, float]:
        """Truth and outputs of the class, and the threshold."""
        truth, prediction = one_hot(y_true, y_pred)
        if self.class_id is not None:
            if self.class_id >= prediction.shape[1]:
                raise ValueError(
                    f"expected class_id to be less than the {prediction.shape[1]} outputs, received: "
                    f"class_id={self.class_id}"
                )
            truth, prediction = truth[:, self.class_id], prediction[:, self.class_id]
        return truth, prediction, rounded(0.5 if self.thresholds is None else self.thresholds, y_pred)


class Precision(_Found):
    """Share of the predicted positives that are positive, ``TP / (TP + FP)``; 0 if there are none.

    Parameters
    ----------
    thresholds : float, optional
        An output above it is positive; by default 0.5.
    class_id : int, optional
        The output to look at; by default all of them together.
    name : str, default "precision"

    Raises
    ------
    ValueError
        If an argument is out of range; when it is called, if there is no such output.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.Precision``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.Precision(thresholds=0.75)([1, 0, 1], [0.9, 0.7, 0.1])
    1.0
    """

    def __init__(self, thresholds: float | None = None, class_id: int | None = None, name: str = "precision") -> None:
        super().__init__(thresholds, class_id, name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.precision(*self._arguments(y_true, y_pred))


class Recall(_Found):
    """Share of the positives that are predicted, ``TP / (TP + FN)``; 0 if there are none.

    Parameters
    ----------
    thresholds, class_id
        As for `Precision`.
    name : str, default "recall"

    Raises
    ------
    ValueError
        As for `Precision`.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.Recall``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.Recall(thresholds=0.75)([1, 0, 1], [0.9, 0.7, 0.1])
    0.5
    """

    def __init__(self, thresholds: float | None = None, class_id: int | None = None, name: str = "recall") -> None:
        super().__init__(thresholds, class_id, name)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        return classification.recall(*self._arguments(y_true, y_pred))


class F1Score(Metric):
    """Harmonic mean of precision and recall, ``2 TP / (2 TP + FP + FN)`` of each output; 0 for 0 / 0.

    Parameters
    ----------
    average : {"macro", "micro", "weighted"}, default "macro"
        The mean over outputs, the score of all outputs' counts together, or the mean weighted by each output's
        positives. Keras's default, a score for each output, is no number.
    threshold : float, optional
        An output above it is positive; by default the largest of a row is, and of a single output what is above 0.5.
    name : str, default "f1_score"

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: Keras 3, ``keras.metrics.F1Score``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.F1Score()([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    0.6666666666666666
    """

    larger_is_better = True

    def __init__(self, average: str = "macro", threshold: float | None = None, name: str = "f1_score") -> None:
        super().__init__(name)
        self.average = arguments.one_of("average", average, ("macro", "micro", "weighted"))
        self.threshold = None if threshold is None else arguments.number("threshold", threshold)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        truth, prediction = one_hot(y_true, y_pred)
        threshold = rounded(0.5 if self.threshold is None else self.threshold, y_pred)
        if self.threshold is None and prediction.shape[1] > 1:
            prediction = np.eye(prediction.shape[1])[prediction.argmax(axis=1)]
        if self.average == "micro":
            return classification.f1_score(truth, prediction, threshold)
        scores = [classification.f1_score(*column, threshold) for column in zip(truth.T, prediction.T, strict=True)]
        positives = (truth > 0.5).sum(axis=0)
        weighted = self.average == "weighted" and bool(positives.any())
        return float(np.average(scores, weights=positives if weighted else None))


class AUC(Metric):
    """Area under a curve of all thresholds, exact.

    Parameters
    ----------
    curve : {"ROC", "PR"}, default "ROC"
        The chance that a positive is ranked above a negative, ties counted half; or precision over recall, as a sum of
        steps (scikit-learn's ``roc_auc_score`` and ``average_precision_score``).
    multi_label : bool, default False
        The mean over outputs, instead of all outputs together.
    name : str, default "auc"

    Raises
    ------
    ValueError
        If curve is another.

    Notes
    -----
    Keras's is an approximation by 200 thresholds. Source: scikit-learn, ``sklearn.metrics.roc_auc_score`` and
    ``average_precision_score``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.metrics.AUC()([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """

    larger_is_better = True

    def __init__(self, curve: str = "ROC", multi_label: bool = False, name: str = "auc") -> None:
        super().__init__(name)
        self.curve = arguments.one_of("curve", curve, ("ROC", "PR"))
        self.multi_label = bool(multi_label)

    def __call__(self, y_true: Any, y_pred: Any) -> float:
        area = ranking.auc if self.curve == "ROC" else ranking.average_precision
        truth, prediction = one_hot(y_true, y_pred)
        if not self.multi_label:
            return area(truth, prediction)
        return float(np.mean([area(*column) for column in zip(truth.T, prediction.T, strict=True)]))


def one_hot(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and outputs as float64 [rows, outputs]; class indices become one-hot rows."""
    truth, width = columns(y_true), columns(y_pred, "y_pred").shape[1]
    if truth.shape[1] == 1 and width > 1:
        truth = truth == np.arange(width)
    return pair(truth, y_pred)
