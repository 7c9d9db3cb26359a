"""Losses of classes: cross-entropies, hinges, divergence. A class each, with its kernels, its ranges and its scales."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.losses.base import Loss


class _Crossentropy(Loss):
    """Base of cross-entropies: they take probabilities, or logits."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits = bool(from_logits)
        self.label_smoothing = arguments.number("label_smoothing", label_smoothing, least=0.0, most=1.0)
        self.parameter = self.label_smoothing


class BinaryCrossentropy(_Crossentropy):
    """Cross-entropy of independent yes-or-no outputs, ``mean_j -(y_j log f_j + (1 - y_j) log(1 - f_j))``.

    Parameters
    ----------
    from_logits : bool, default False
        Whether outputs are logits: the last layer is linear and the sigmoid is in the loss. Metrics see the logits:
        ``metrics.BinaryAccuracy(threshold=0.0)``.
    label_smoothing : float in [0, 1], default 0
        The truth becomes ``y (1 - label_smoothing) + label_smoothing / 2``.
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError if label_smoothing, or the truth when it is called, is outside [0, 1].

    Notes
    -----
    After a sigmoid layer it is computed from the logits, exact for any ``z``; of given probabilities it is clipped to
    [1e-7, 1 - 1e-7]. The truth lies in [0, 1]. Source: Keras 3, ``keras.losses.BinaryCrossentropy``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.BinaryCrossentropy()([[1.0], [0.0]], [[0.8], [0.1]]), 4)
    0.1643
    """

    kernel = "binary_crossentropy"
    logits_kernel = "binary_crossentropy_from_logits"
    output_range = (0.0, 1.0)
    truth_range = (0.0, 1.0)


class MultilabelCrossentropy(BinaryCrossentropy):
    """Cross-entropy of many of many, ``sum_j -(y_j log f_j + (1 - y_j) log(1 - f_j))``: `BinaryCrossentropy`, summed.

    Parameters
    ----------
    from_logits, label_smoothing
        As for `BinaryCrossentropy`.
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError if label_smoothing, or the truth when it is called, is outside [0, 1].

    Notes
    -----
    Source: ``sklearn/neural_network/_base.py``, ``binary_log_loss``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.MultilabelCrossentropy()([[1.0, 0.0]], [[0.8, 0.1]]), 4)
    0.3285
    """

    mean_of_outputs = False


class CategoricalCrossentropy(_Crossentropy):
    """Cross-entropy of one of many, ``-sum_j y_j log f_j``, the truth given as rows of probabilities (one-hot).

    Parameters
    ----------
    from_logits : bool, default False
        Whether outputs are logits: the last layer is linear and the softmax is in the loss. Metrics see the logits.
    label_smoothing : float in [0, 1], default 0
        The truth becomes ``y (1 - label_smoothing) + label_smoothing / outputs``.
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError if label_smoothing, or the truth when it is called, is outside [0, 1].

    Notes
    -----
    After a softmax layer it is computed from the logits, exact for any ``z``. Source: Keras 3,
    ``keras.losses.CategoricalCrossentropy``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.CategoricalCrossentropy()([[0.0, 1.0]], [[0.2, 0.8]]), 3)
    0.223
    """

    kernel = "categorical_crossentropy"
    logits_kernel = "categorical_crossentropy_from_logits"
    mean_of_outputs = False
    truth_range = (0.0, 1.0)

    def check_outputs(self, activation: str, width: int) -> None:
        if width == 1:
            self._refuse("at least 2 outputs, one for each class, received: units=1")
        if not self.from_logits and activation != "softmax":
            self._refuse(f"a softmax last layer, or from_logits=True, received: activation={activation!r}")
        super().check_outputs(activation, width)


class SparseCategoricalCrossentropy(CategoricalCrossentropy):
    """Cross-entropy of one of many, ``-log f_y``, the truth given as class indices ``0 <= y < outputs``.

    Parameters
    ----------
    from_logits : bool, default False
        Whether outputs are logits: the last layer is linear and the softmax is in the loss. Metrics see the logits.
    label_smoothing : float in [0, 1], default 0
        The share of the truth that is spread over all classes evenly.
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError if label_smoothing is outside [0, 1], or when it is called, if the truth is
        no class index.

    Notes
    -----
    Source: Keras 3, ``keras.losses.SparseCategoricalCrossentropy``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.SparseCategoricalCrossentropy()([1], [[0.2, 0.8]]), 3)
    0.223
    """

    kernel = "sparse_categorical_crossentropy"
    logits_kernel = "sparse_categorical_crossentropy_from_logits"


class Hinge(Loss):
    """Mean over outputs of ``max(1 - y_j f_j, 0)``, y = -1 or 1.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError when it is called, if the truth is other than -1 and 1, or 0 and 1.

    Notes
    -----
    The truth is all -1 and 1, or all 0 and 1, where 0 means -1. Gradient ``-y_j / outputs`` where the loss is not 0.
    Source: Keras 3, ``keras.losses.Hinge``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.Hinge()([[1.0], [0.0]], [[0.5], [0.5]])
    1.0
    """

    kernel = "hinge"
    truth_range = (-1.0, 1.0)

    def truth(self, y: Any, rows: int, width: int, dtype: str, name: str = "y") -> np.ndarray:
        values = super().truth(y, rows, width, dtype, name)
        if not (np.isin(values, (0, 1)).all() or np.isin(values, (-1, 1)).all()):
            raise ValueError(
                f"expected {name} of {self.name} to be -1 and 1, or 0 and 1, received: {np.unique(values)[:5].tolist()}"
            )
        return values


class SquaredHinge(Hinge):
    """Mean over outputs of ``max(1 - y_j f_j, 0)^2``, y = -1 or 1.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError when it is called, if the truth is other than -1 and 1, or 0 and 1.

    Notes
    -----
    The truth is that of `Hinge`. Gradient ``-2 y_j max(1 - y_j f_j, 0) / outputs``. Source: Keras 3,
    ``keras.losses.SquaredHinge``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.SquaredHinge()([[1.0], [0.0]], [[0.5], [0.5]])
    1.25
    """

    kernel = "squared_hinge"


class KLDivergence(Loss):
    """Kullback-Leibler divergence of two distributions, ``sum_j y_j log(y_j / f_j)``.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError when it is called, if the truth is outside [0, 1].

    Notes
    -----
    Truth and outputs are clipped to [1e-7, 1]; gradient ``-y_j / f_j``, 0 where clipped. Source: Keras 3,
    ``keras.losses.KLDivergence``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """

    kernel = "kl_divergence"
    mean_of_outputs = False
    output_range = (0.0, 1.0)
    truth_range = (0.0, 1.0)
