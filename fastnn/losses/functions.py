"""A Python function as loss: what it is called with, and what it must return."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import data
from fastnn.losses.base import Loss


class FunctionLoss(Loss):
    """A loss by a Python function: what `Sequential.compile(loss=function)` makes of one.

    Parameters
    ----------
    function : callable
        ``function(y_true, y_pred)`` returns a pair: the loss of each row, shape (rows,), and its derivative with
        respect to each output of that row, shape (rows, outputs). Both arguments have two dimensions and the model's
        dtype, ``y_true`` as many columns as y has (one for y of shape (rows,), class indices too), and are read-only.
    reduction
        See `Loss`.
    name : str, optional
        By default the function's.

    Raises
    ------
    TypeError
        If `function` is not callable; when it is called, if it returns no pair, or no real numbers.
    ValueError
        When it is called, if shapes do not fit, or a gradient is not finite, or a value no number, where the outputs
        are finite.

    Notes
    -----
    Each training step goes forward twice: first for the outputs that the function judges, with the noise and the
    statistics of that step, then in the step itself, which takes the function's gradient on from there. Weights of
    rows, the mean over them and penalties are the engine's. Look at a new function with
    `fastnn.testing.gradcheck.check_gradients`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> def asymmetric(y_true, y_pred):
    ...     error = y_pred - y_true
    ...     factor = np.where(error < 0.0, 4.0, 1.0)  # too little costs four times as much
    ...     return (factor * error**2).sum(axis=1), 2.0 * factor * error
    >>> fastnn.losses.FunctionLoss(asymmetric)([1.0, 1.0], [0.0, 2.0])
    2.5
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1, use_bias=False)], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(0.1), asymmetric)
    >>> history = model.fit(np.ones((2, 1)), [0.0, 1.0], epochs=100, verbose=0)
    >>> print(f"{model.layers[0].kernel.item():.4f}")
    0.8000
    """

    kernel = "given_gradient"

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"expected a loss as a function of (y_true, y_pred), received: {function!r}")
        self.function = function
        named = function.func if isinstance(function, functools.partial) else function
        super().__init__(reduction, name or getattr(named, "__name__", type(named).__name__))

    def _setting(self, kernel: str, width: int) -> Any:
        # the engine's value is then the penalties alone; the function says the rest
        return super()._setting(kernel, width)._replace(value_scale=0.0, gradient_scale=1.0)

    def truth(self, y: Any, rows: int, width: int, dtype: str, name: str = "y") -> np.ndarray:
        """Return y as the function takes it: values [rows, columns] of `dtype`, whatever the outputs' width."""
        return data.values(y, rows, None, dtype, name)

    def judge(self, y_true: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what the function says, checked: values, float64 [rows], and gradient, of the type of `y_pred`.

        Parameters
        ----------
        y_true : ndarray
            What `truth` returned.
        y_pred : ndarray, shape (rows, outputs)
        """
        given = y_true.view(), y_pred.view()
        for array in given:
            array.flags.writeable = False
        made = self.function(*given)
        rows, width = y_pred.shape
        expected = (
            f"expected the loss {self.name!r} to return a pair (values, gradient) of shapes ({rows},) and "
            f"({rows}, {width}): each row's loss, and its derivative with respect to each output"
        )
        if not isinstance(made, (tuple, list)) or len(made) != 2:
            raise TypeError(f"{expected}; received: {type(made).__name__}")
        values, gradient = np.asarray(made[0]), np.asarray(made[1])
        if values.dtype.kind not in "biuf" or gradient.dtype.kind not in "biuf":
            raise TypeError(f"{expected}; received: dtypes {values.dtype} and {gradient.dtype}")
        if values.shape not in ((rows,), (rows, 1)) or gradient.size != y_pred.size or gradient.shape[:1] != (rows,):
            raise ValueError(f"{expected}; received: shapes {values.shape} and {gradient.shape}")
        values = values.reshape(rows).astype(np.float64)
        with np.errstate(over="ignore"):  # what overflows is found below
            gradient = np.ascontiguousarray(gradient.reshape(rows, width), dtype=y_pred.dtype)
        # a value may overflow, as those of kernels do where training diverges
        wrong = (np.isnan(values) | ~np.isfinite(gradient).all(axis=1)) & np.isfinite(y_pred).all(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(
                f"expected the loss {self.name!r} to return finite numbers, received: value {values[row]} and gradient "
                f"{gradient[row]} for y_true={y_true[row]} and y_pred={y_pred[row]}"
            )
        return values, gradient

    def rows(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> np.ndarray:
        """Return each row's loss, float64 [rows], times its sample weight.

        Parameters
        ----------
        y_true : array_like, shape (rows,) or (rows, columns)
        y_pred : array_like of float, shape (rows, outputs), or (rows,) for one output
        sample_weight : array_like of float, shape (rows,), optional
        """
        prediction = data.numeric(y_pred, "y_pred")
        data.check_some(prediction, "y_pred", "output")
        dtype = "float32" if prediction.dtype == np.float32 else "float64"
        prediction = prediction.reshape(-1, 1) if prediction.ndim < 2 else prediction
        prediction = np.ascontiguousarray(prediction, dtype=dtype)
        rows, width = prediction.shape
        values, _ = self.judge(self.truth(y_true, rows, width, dtype, "y_true"), prediction)
        return values if sample_weight is None else values * data.weights(sample_weight, rows, dtype)
