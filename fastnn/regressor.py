"""MLPRegressor: scikit-learn's estimator for numbers, trained by fastnn's engine.

What belongs to targets is here: their checks, loss, score. The rest is perceptron.py's.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fastnn import criteria, losses, schedules
from fastnn.compat import RegressorMixin, r2_score
from fastnn.descent import HeldOut
from fastnn.hyperparameters import RULES, InstanceOf, OneOf
from fastnn.inputs import DTYPES, SPARSE, dense_labels, narrowed, one_column, validated
from fastnn.perceptron import BaseMLP

__all__ = ["MLPRegressor"]

Array = npt.NDArray[Any]


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc, unused-ignore]
    """Multilayer perceptron for numbers, a drop-in for scikit-learn's of the same name.

    With an integer `random_state` it draws scikit-learn's numbers in scikit-learn's order and follows its loss curve.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, str or Loss, default='squared_error'
        Half the squared error (reported as the mean over the outputs), with outputs as they are; or half the Poisson
        deviance, y log(y / f) - y + f, with exponential outputs f, for y >= 0. Or another loss of fastnn.losses
        for numbers of any size, by name or as an object.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, \
shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, \
beta_1, beta_2, epsilon, n_iter_no_change, max_fun, optimizer, early_stopping_metric, dropout, l1, batch_norm, \
layer_norm, clipnorm, dtype, n_jobs, callbacks
        As in MLPClassifier, with the same defaults. The validation score is R2.

    Attributes
    ----------
    coefs_, intercepts_, norms_, n_features_in_, feature_names_in_, loss_, best_loss_, loss_curve_, \
validation_scores_, best_validation_score_, validation_loss_curve_, best_epoch_, stop_reason_, n_iter_, t_, \
n_layers_, n_outputs_
        As in MLPClassifier.
    out_activation_ : {'identity', 'exp'}

    See Also
    --------
    MLPClassifier : the same for classes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import MLPRegressor
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> y = X.ravel() ** 2
    >>> model = MLPRegressor(hidden_layer_sizes=(20,), batch_size=20, learning_rate_init=0.01, random_state=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.95)
    True
    """

    _rules: ClassVar[dict[str, Any]] = {
        "loss": (OneOf("a str", criteria.NAMES), InstanceOf(losses.Loss, "a Loss")),
        **RULES,
    }

    def __init__(
        self,
        loss: str | losses.Loss = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | schedules.Schedule | Callable[..., Any] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        optimizer: Any = None,
        early_stopping_metric: Any = None,
        dropout: Any = 0.0,
        l1: float = 0.0,
        batch_norm: bool = False,
        layer_norm: bool = False,
        clipnorm: float | None = None,
        dtype: str = "auto",
        n_jobs: int | None = None,
        callbacks: Any = None,
    ) -> None:
        self._store(locals())

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on these rows, going on from where the last call stopped; with 'lbfgs' as many as fit would.

        Parameters
        ----------
        X : array-like of shape (n, features)
        y : array-like of shape (n,) or (n, outputs)
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in fit.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Array:
        """Return the prediction for each row of X, of shape (n,), or (n, outputs) for several outputs.

        Parameters
        ----------
        X : array-like of shape (n, features)

        Raises
        ------
        NotFittedError
            Before the first fit; a ValueError.
        ValueError
            If X has no rows, other columns than in fit, or values that are not finite real numbers.
        """
        return self._decoded(self._outputs(X))

    def _decoded(self, outputs: Array) -> Array:
        return outputs.ravel() if self.n_outputs_ == 1 else outputs

    def _validate_input(self, X: Any, y: Any, purpose: str, reset: bool) -> tuple[Any, Array]:
        X, y = validated(self, X, y, multi_output=True, y_numeric=True, dtype=DTYPES, accept_sparse=SPARSE, reset=reset)
        y = one_column(narrowed(dense_labels(y)))
        if not reset and (outputs := 1 if y.ndim == 1 else y.shape[1]) != self.n_outputs_:
            raise ValueError(f"expected y with {self.n_outputs_} outputs as in the last fit, received: {outputs}")
        return X, y

    def _loss(self) -> losses.Loss:
        return criteria.of_regressor(self.loss)

    def _outputs_of(self, y: Array) -> tuple[int, str]:
        return 1 if y.ndim == 1 else y.shape[1], "exp" if self.loss == "poisson" else "identity"

    def _encode(self, y: Array, dtype: np.dtype[Any]) -> Array:
        columns = y.reshape(len(y), -1)
        return self._loss().truth(columns, *columns.shape, dtype.name)

    def _strata(self, y: Array) -> Array | None:
        return None

    def _default_score(self, held_out: HeldOut, outputs: Array) -> float:
        if not np.isfinite(outputs).all():
            return float("nan")
        return r2_score(held_out.y, outputs.reshape(held_out.y.shape), sample_weight=held_out.weight)
