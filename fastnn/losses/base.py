"""What every loss is: its kernels, what outputs and truth it fits, its reduction. The arithmetic is in _core.losses.

Pairs of loss and last activation are checked here; shapes and dtypes of arrays in data.py.
"""

from __future__ import annotations

import math
import re
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastnn import activations, arguments, data
from fastnn._core import losses as kernels
from fastnn._core import targets

#: What may become of the losses of rows in training; called, a loss may leave them as they are ("none").
REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum")
SENSIBLE_PAIRS = (
    "sensible pairs: one of two, or many of many: sigmoid + binary_crossentropy; one of many: softmax + "
    "categorical_crossentropy or sparse_categorical_crossentropy; a count: exponential + poisson; any real value: "
    "linear + mean_squared_error; a value in [0, 1]: sigmoid + mean_squared_error or binary_crossentropy"
)
_LABELS = 1  # FN_TRUTH_LABELS of csrc/fastnn.h


class Setting(NamedTuple):
    """What the engine needs to know of a loss, for a given last activation and width.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.BinaryCrossentropy().setting("sigmoid", 2).kernel
    'binary_crossentropy_from_logits'
    """

    kernel: str
    value_scale: float
    gradient_scale: float
    reduction: str
    parameter: float


class Loss(arguments.Configured):
    """Base of losses: one value a row, averaged over rows.

    Parameters
    ----------
    reduction : {"sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None}
        Divide the sum of weighted rows by the number of rows (Keras's default, and "mean"), by the sum of the weights
        (scikit-learn's mean), or by nothing. The means are the same without sample weights. "none", or None, returns
        the weighted rows as they are when the loss is called, and cannot be trained with.
    name : str

    Raises
    ------
    ValueError
        If reduction is not known; when it is called, if shapes do not fit, or truth or weights are not finite or out of
        range.
    TypeError
        When it is called, if truth, predictions or weights hold no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> loss = fastnn.losses.get("mse")
    >>> loss([0.0, 0.0], [1.0, 3.0]), loss.rows([0.0, 0.0], [1.0, 3.0])
    (5.0, array([1., 9.]))
    """

    #: Kernel that takes predictions; "" if there is none.
    kernel: ClassVar[str] = ""
    #: Kernel that takes logits, and computes the activation that it fuses; "" if there is none.
    logits_kernel: ClassVar[str] = ""
    #: Whether a row's value is the mean over its outputs, and whether its gradient is.
    mean_of_outputs: ClassVar[bool] = True
    #: Interval that outputs must lie in.
    output_range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    #: Interval that the truth must lie in.
    truth_range: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    from_logits = False
    #: The kernel's constant: delta, q, label smoothing; 0 where there is none.
    parameter = 0.0

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        self.reduction = arguments.one_of(
            "reduction", "none" if reduction is None else reduction, (*REDUCTIONS, "none")
        )
        self.name = name or _snake_case(type(self).__name__)

    @property
    def labels(self) -> bool:
        """Whether the truth is one class index a row, rather than a row of values."""
        return bool(targets.LOSSES[self.kernel or self.logits_kernel][1] == _LABELS)

    @property
    def fused_activation(self) -> str:
        """Name of the activation that `logits_kernel` computes inside the loss; "" if there is none."""
        return targets.LOSSES[self.logits_kernel][2] if self.logits_kernel else ""

    def check_outputs(self, activation: str, width: int) -> None:
        """Raise ValueError if outputs of this activation and width make no sense for this loss."""
        low, high = activations.RANGES[activation]
        if self.from_logits:
            if activation != "linear":
                self._refuse(f"a linear last layer where from_logits=True, received: activation={activation!r}")
        elif low < self.output_range[0] or high > self.output_range[1]:
            self._refuse(
                f"outputs in [{self.output_range[0]:g}, {self.output_range[1]:g}], received: "
                f"activation={activation!r}, whose outputs lie in [{low:g}, {high:g}]"
            )
        if activation == "softmax" and width == 1:
            self._refuse("a softmax layer of at least 2 units (its outputs sum to 1), received: units=1")

    def _refuse(self, expected: str) -> None:
        raise ValueError(f"{self.name} expects {expected}; {SENSIBLE_PAIRS}")

    def setting(self, activation: str, width: int) -> Setting:
        """Return the engine's setting for outputs of this activation and width.

        Raises
        ------
        ValueError
            If the pair makes no sense, or nothing is reduced.
        """
        self.check_outputs(activation, width)
        if self.reduction == "none":
            raise ValueError(
                f"expected {self.name} for training with a reduction of {', '.join(map(repr, REDUCTIONS))}, received: "
                "reduction='none'"
            )
        fused = self.logits_kernel and (self.from_logits or activation == self.fused_activation)
        return self._setting(self.logits_kernel if fused else self.kernel, width)

    def _setting(self, kernel: str, width: int) -> Setting:
        scale = 1.0 / width if self.mean_of_outputs else 1.0
        reduction = "sum_over_batch_size" if self.reduction == "mean" else self.reduction
        return Setting(kernel, scale, scale, reduction, self.parameter)

    def truth(self, y: Any, rows: int, width: int, dtype: str, name: str = "y") -> np.ndarray:
        """Return the truth as the engine takes it: values [rows, width] of `dtype`, or int32 labels [rows].

        Raises
        ------
        ValueError, TypeError
            If shape, type or values do not fit; the text names `name`, row and column.
        """
        if self.labels:
            return data.labels(y, rows, width, name)
        values = data.values(y, rows, width, dtype, name)
        data.check_range(values, *self.truth_range, name=f"{name} of {self.name}")
        return values

    def rows(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> np.ndarray:
        """Return each row's loss, float64 [rows], times its sample weight.

        Parameters
        ----------
        y_true : array_like
            Values of the shape of `y_pred`, or labels [rows].
        y_pred : array_like of float, shape (rows, outputs)
            Predictions, or logits if the loss was made with ``from_logits=True``.
        sample_weight : array_like of float, shape (rows,), optional
        """
        y_pred = data.numeric(y_pred, "y_pred")
        data.check_some(y_pred, "y_pred", "output")
        given = y_pred.shape
        dtype = "float32" if y_pred.dtype == np.float32 else "float64"
        if y_pred.ndim < 2:  # one output a row, or one row of probabilities
            y_pred = y_pred.reshape((-1, 1) if self.mean_of_outputs else (1, -1))
            truth = data.numeric(y_true, "y_true")
            if truth.size != (1 if self.labels and not self.mean_of_outputs else y_pred.size):
                raise ValueError(f"expected y_true to go with y_pred, received: {truth.shape} and {given}")
            y_true = truth.reshape(-1) if self.labels else truth.reshape(y_pred.shape)
        y_pred = np.ascontiguousarray(y_pred, dtype=dtype)
        rows, width = y_pred.shape
        setting = self._setting(self.logits_kernel if self.from_logits or not self.kernel else self.kernel, width)
        truth = self.truth(y_true, rows, width, dtype, "y_true")
        weight = None if sample_weight is None else data.weights(sample_weight, rows, dtype)
        return np.asarray(
            kernels.loss(
                setting.kernel,
                y_pred,
                truth,
                weight,
                value_scale=setting.value_scale,
                gradient_scale=setting.gradient_scale,
                parameter=setting.parameter,
            )[0]
        )

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the mean loss over rows, or what `reduction` says; the arguments are those of `rows`.

        Returns
        -------
        float; or float64 [rows] without a reduction
        """
        return self.reduced(self.rows(y_true, y_pred, sample_weight), sample_weight)

    def reduced(self, row_losses: np.ndarray, sample_weight: Any = None) -> Any:
        """Return what `reduction` makes of the weighted losses of rows; the weights decide what it divides by."""
        if self.reduction == "none":
            return row_losses
        if self.reduction == "sum":
            return float(row_losses.sum())
        if sample_weight is not None and self.reduction == "mean_with_sample_weight":
            total = float(np.asarray(sample_weight, dtype=np.float64).sum())
            return float(row_losses.sum()) / (total or 1.0)  # weights of zero: no loss, as in the engine
        return float(row_losses.mean())


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
