"""scikit-learn's losses as the engine scales them, and which loss an estimator's argument means.

Formulas of losses are those of losses/. Called by classifier.py and regressor.py, and named by saving/objects.py.
"""

from typing import Any

import numpy as np

from fastnn import losses

__all__ = [
    "NAMES",
    "LabelLogLoss",
    "LogLoss",
    "PoissonDeviance",
    "SmoothedLogLoss",
    "SquaredError",
    "of_kernel",
    "of_regressor",
]

# All divide by the sum of weights: the reduction that epoch.py gives the Trainer.


class LogLoss(losses.Loss):
    """Cross-entropy of logistic outputs, summed over them, within scikit-learn's bounds."""

    logits_kernel = "binary_log_loss"
    truth_range = (0.0, 1.0)
    mean_of_outputs = False


class LabelLogLoss(losses.Loss):
    """Cross-entropy of a softmax, for class numbers, within scikit-learn's bounds."""

    logits_kernel = "sparse_log_loss"
    mean_of_outputs = False


class SmoothedLogLoss(losses.Loss):
    """Cross-entropy of a softmax, for a probability of each class."""

    logits_kernel = "categorical_crossentropy_from_logits"
    mean_of_outputs = False


class SquaredError(losses.HalfSquaredError):
    """Half the squared error; its value is the mean over the outputs, its gradient that of the sum."""


class PoissonDeviance(losses.HalfPoissonDeviance):
    """Half the Poisson deviance, summed over the outputs."""

    def _setting(self, kernel: str, width: int) -> losses.Setting:
        return super()._setting(kernel, width)._replace(value_scale=1.0)


_OF_SCIKIT_LEARN: dict[str, type[losses.Loss]] = {"poisson": PoissonDeviance, "squared_error": SquaredError}
#: Names of a regressor's losses: scikit-learn's, then those of fastnn.losses that no last activation is needed for.
NAMES = (
    *_OF_SCIKIT_LEARN,
    *(
        name
        for name, kind in losses.NAMES.items()
        if kind.kernel and kind.output_range == (-np.inf, np.inf) and kind.truth_range == (-np.inf, np.inf)
    ),
)


def of_regressor(loss: Any) -> losses.Loss:
    """Return what a regressor's argument means: one of NAMES, or an object of fastnn.losses."""
    if isinstance(loss, str) and loss in _OF_SCIKIT_LEARN:
        return _OF_SCIKIT_LEARN[loss]()
    return of_kernel(losses.get(loss))


def of_kernel(loss: losses.Loss) -> losses.Loss:
    """Return the loss, or raise TypeError if it is a Python function."""
    if isinstance(loss, losses.FunctionLoss):
        raise TypeError(
            f"expected a loss that is computed in a kernel, received: {loss!r}; functions are for Sequential.compile"
        )
    return loss
