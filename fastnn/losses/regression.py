"""Losses of values and counts: a class each, with its kernel, its ranges and its scales."""

from __future__ import annotations

import math

from fastnn import arguments
from fastnn.losses.base import Loss, Setting


class MeanSquaredError(Loss):
    """Mean over outputs of the squared error, ``mean_j (y_j - f_j)^2``.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`.

    Notes
    -----
    Gradient ``2 (f_j - y_j) / outputs``. Source: Keras 3, ``keras.losses.MeanSquaredError``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.MeanSquaredError()([1, 0, -1], [0.1, 0.8, 0.6]), 4)
    1.3367
    """

    kernel = "squared_error"


class HalfSquaredError(Loss):
    """Half the squared error, as scikit-learn's MLPRegressor descends and reports it.

    The gradient is that of ``1/2 sum_j (y_j - f_j)^2``; the value is that divided by the number of outputs.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`.

    Notes
    -----
    Source: ``sklearn/neural_network/_base.py``, ``squared_loss``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.HalfSquaredError()([[1.0, 0.0]], [[3.0, 0.0]])
    1.0
    """

    kernel = "squared_error"

    def _setting(self, kernel: str, width: int) -> Setting:
        return super()._setting(kernel, width)._replace(value_scale=0.5 / width, gradient_scale=0.5)


class MeanAbsoluteError(Loss):
    """Mean over outputs of the absolute error, ``mean_j |y_j - f_j|``.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`.

    Notes
    -----
    Gradient ``sign(f_j - y_j) / outputs``, 0 where they are equal. Source: Keras 3, ``keras.losses.MeanAbsoluteError``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.MeanAbsoluteError()([[1.0, 0.0]], [[3.0, 1.0]])
    1.5
    """

    kernel = "absolute_error"


class Huber(Loss):
    """Squared near 0, linear beyond: ``e^2 / 2`` for ``|e| <= delta``, else ``delta |e| - delta^2 / 2``, ``e = f - y``.

    Parameters
    ----------
    delta : float > 0, default 1
        Where the square ends.
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError if delta is not positive and finite.

    Notes
    -----
    Mean over outputs; gradient ``clip(e, -delta, delta) / outputs``. Source: Keras 3, ``keras.losses.Huber``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.Huber(delta=1.0)([[0.0], [0.0]], [[0.5], [3.0]])
    1.3125
    """

    kernel = "huber"

    def __init__(
        self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str | None = None
    ) -> None:
        super().__init__(reduction, name)
        self.delta = self.parameter = arguments.number("delta", delta, above=0.0)


class LogCosh(Loss):
    """Mean over outputs of ``log cosh(f_j - y_j)``: nearly ``e^2 / 2`` near 0 and ``|e| - log 2`` far away.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`.

    Notes
    -----
    Gradient ``tanh(f_j - y_j) / outputs``. No error overflows. Source: Keras 3, ``keras.losses.LogCosh``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.LogCosh()([[0.0]], [[1000.0]]), 3)
    999.307
    """

    kernel = "log_cosh"


class Quantile(Loss):
    """Pinball loss, mean over outputs of ``max(q e, (q - 1) e)``, ``e = y - f``: least at the q-th quantile of y.

    Parameters
    ----------
    q : float in (0, 1), default 0.5
        The quantile; 0.5 is the median.
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError if q is not in (0, 1).

    Notes
    -----
    Gradient ``-q / outputs`` below the truth, ``(1 - q) / outputs`` above it, 0 at it. Source: Koenker and Bassett,
    1978; ``sklearn.metrics.mean_pinball_loss``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.Quantile(0.9)([[1.0], [1.0]], [[0.0], [2.0]]), 3)
    0.5
    """

    kernel = "quantile"

    def __init__(self, q: float = 0.5, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(reduction, name)
        self.q = self.parameter = arguments.number("q", q, above=0.0, below=1.0)


class Poisson(Loss):
    """Negative log likelihood of counts, up to a constant: ``mean_j (f_j - y_j log(f_j + 1e-7))``.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError when it is called, if the truth is negative.

    Notes
    -----
    Outputs must not be negative (exponential, relu), nor may the truth. Source: Keras 3, ``keras.losses.Poisson``.

    Examples
    --------
    >>> import fastnn
    >>> round(fastnn.losses.Poisson()([[2.0]], [[1.0]]), 4)
    1.0
    """

    kernel = "poisson"
    output_range = (0.0, math.inf)
    truth_range = (0.0, math.inf)


class HalfPoissonDeviance(Loss):
    """Half the Poisson deviance, as scikit-learn's MLPRegressor(loss="poisson") descends and reports it.

    The gradient is that of ``sum_j (f_j - y_j - y_j log(f_j / y_j))``; the value is that divided by the number of
    outputs. The last activation is exponential, computed inside the loss: no logarithm of a vanishing ``f``.

    Parameters
    ----------
    reduction, name
        See `Loss`.

    Raises
    ------
    ValueError, TypeError
        As for `Loss`; ValueError when it is called, if the truth is negative.

    Notes
    -----
    Called on arrays it takes ``log f``. Source: ``sklearn/neural_network/_base.py``, ``poisson_loss``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.HalfPoissonDeviance()([[1.0]], [[0.0]])
    0.0
    """

    logits_kernel = "poisson_from_log"
    truth_range = (0.0, math.inf)

    def check_outputs(self, activation: str, width: int) -> None:
        if activation != "exponential":
            self._refuse(f"an exponential last layer, received: activation={activation!r}")

    def _setting(self, kernel: str, width: int) -> Setting:
        return super()._setting(kernel, width)._replace(gradient_scale=1.0)
