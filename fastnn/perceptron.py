"""What MLPClassifier and MLPRegressor share: constructor rules, fit's epochs and stop rules, state and pickling.

It draws scikit-learn's random numbers in scikit-learn's order and keeps its books (loss_curve_, scores, patience);
every sum over the data is the engine's. Labels and targets do not belong here. Called by estimators.py.
"""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fastnn import data
from fastnn.binding import Binding, Recipe
from fastnn.compat import (
    BaseEstimator,
    ConvergenceWarning,
    check_is_fitted,
    check_random_state,
    check_sample_weight,
    train_test_split,
    validate_data,
)
from fastnn.epoch import Epoch, LossSettings
from fastnn.hyperparameters import ARRAY_LIKE, BOOLEAN, RANDOM_STATE, Between, OneOf, check_parameters
from fastnn.solvers import Solver, adam, sgd

__all__ = ["DTYPES", "BaseMLP", "unchanged_on_error"]

Array = npt.NDArray[Any]

#: What X may be without conversion. Bytes are widened batch by batch in the engine and count as float64.
DTYPES: tuple[Any, ...] = (np.float64, np.float32, np.uint8)

_AT_LEAST_0 = (Between(Real, 0),)
_ABOVE_0 = (Between(Real, 0, closed="neither"),)
_DECAY = (Between(Real, 0, 1, closed="left"),)
_COUNT = (Between(Integral, 1),)


@contextmanager
def unchanged_on_error(estimator: Any) -> Iterator[None]:
    """Give an estimator its attributes back where a check fails, or memory, before it trains."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


class BaseMLP(BaseEstimator, ABC):  # type: ignore[misc, unused-ignore]
    """Fitting and state of both estimators."""

    _rules: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": (ARRAY_LIKE, *_COUNT),
        "activation": (OneOf("a str", ("identity", "logistic", "relu", "tanh")),),
        "solver": (OneOf("a str", ("adam", "lbfgs", "sgd")),),
        "alpha": _AT_LEAST_0,
        "batch_size": (OneOf("a str", ("auto",)), *_COUNT),
        "learning_rate": (OneOf("a str", ("adaptive", "constant", "invscaling")),),
        "learning_rate_init": _ABOVE_0,
        "power_t": _AT_LEAST_0,
        "max_iter": _COUNT,
        "shuffle": BOOLEAN,
        "random_state": RANDOM_STATE,
        "tol": _AT_LEAST_0,
        "verbose": (Between(Integral, 0), *BOOLEAN),
        "warm_start": BOOLEAN,
        "momentum": (Between(Real, 0, 1, closed="both"),),
        "nesterovs_momentum": BOOLEAN,
        "early_stopping": BOOLEAN,
        "validation_fraction": _DECAY,
        "beta_1": _DECAY,
        "beta_2": _DECAY,
        "epsilon": _ABOVE_0,
        "n_iter_no_change": (*_COUNT, OneOf("a float", (np.inf,))),
        "max_fun": _COUNT,
    }

    loss: str
    hidden_layer_sizes: Any
    activation: str
    solver: str
    alpha: float
    batch_size: int | str
    learning_rate: str
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: Any
    tol: float
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int

    def _store(self, arguments: dict[str, Any]) -> None:
        """Keep the constructor's arguments as they are, which is what get_params and clone rely on."""
        for name in self._rules:
            setattr(self, name, arguments[name])

    # ---- what a task adds ---------------------------------------------------------------------------------------

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Array, Array]:
        """Return X (2-D, one of DTYPES) and y (1-D or 2-D) after the task's checks."""

    @abstractmethod
    def _encode(self, y: Array, dtype: np.dtype[Any]) -> tuple[Array, int, str]:
        """Return the truth as the loss reads it, the number of outputs, and the output activation."""

    @abstractmethod
    def _loss_settings(self, truth: Array) -> LossSettings:
        """Return the engine's loss for this truth."""

    @abstractmethod
    def _strata(self, truth: Array) -> Array | None:
        """Return the labels that the validation split keeps in proportion, if any."""

    @abstractmethod
    def _validation_score(self, y: Array, outputs: Array, sample_weight: Array | None) -> float:
        """Return the score that early stopping watches."""

    # ---- the network --------------------------------------------------------------------------------------------

    def _bound(self) -> Binding:
        """Return the network whose parameters coefs_ and intercepts_ are."""
        recipe = Recipe(
            tuple((len(coef), coef.shape[1]) for coef in self.coefs_),
            self.coefs_[0].dtype.name,
            self.activation,
            self.out_activation_,
            float(self.alpha),
        )
        binding: Binding | None = self.__dict__.get("_binding")
        if binding is None or binding.recipe != recipe:
            binding = self._binding = Binding(recipe)
        binding.adopt(self.coefs_, self.intercepts_)
        return binding

    def __getstate__(self) -> dict[str, Any]:
        # The network is made again from coefs_ and intercepts_; a copy of it would share nothing with their copies.
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_binding"}

    def _initialize(self, layer_units: list[int], dtype: np.dtype[Any], out_activation: str) -> None:
        """Draw the first parameters and open the books."""
        vars(self).pop("_binding", None)  # the arrays of an earlier fit stay as they are
        self.n_iter_ = 0
        self.t_ = 0
        self.n_outputs_ = layer_units[-1]
        self.n_layers_ = len(layer_units)
        self.out_activation_ = out_activation
        self.coefs_: list[Array] = []
        self.intercepts_: list[Array] = []
        for inputs, units in pairwise(layer_units):
            # Glorot's bound; two instead of six for the logistic function, and for the biases too: scikit-learn's
            bound = np.sqrt((2.0 if self.activation == "logistic" else 6.0) / (inputs + units))
            self.coefs_.append(self._random_state.uniform(-bound, bound, (inputs, units)).astype(dtype))
            self.intercepts_.append(self._random_state.uniform(-bound, bound, units).astype(dtype))
        self.loss_curve_: list[float] = []
        self._watch()

    def _watch(self) -> None:
        """Start to watch the validation score or the loss, whichever decides when to stop."""
        self.validation_scores_: Any = [] if self.early_stopping else None
        self.best_validation_score_: Any = -np.inf if self.early_stopping else None
        self.best_loss_: Any = None if self.early_stopping else np.inf
        self._no_improvement_count = 0

    # ---- fit ----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows X and targets y.

        Parameters
        ----------
        X : array-like of shape (n, features)
            float32 trains a float32 network, everything else a float64 one; uint8 is read without a copy.
        y : array-like of shape (n,) or (n, outputs)
            Labels of any kind, an indicator matrix for several labels a row, or numbers for a regressor.
        sample_weight : array-like of shape (n,), optional
            Factor of each row in the loss; each batch divides by the sum of its own.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data or arguments that cannot be trained on, and where training ended in weights that are not finite.

        Warns
        -----
        ConvergenceWarning
            If max_iter epochs passed and the loss or score was still improving.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    def _check_settings(self) -> None:
        """Raise for constructor arguments out of their range."""
        check_parameters(self._rules, self.get_params(deep=False), type(self).__name__)
        if self.solver == "lbfgs":
            raise ValueError(
                f"{type(self).__name__} trains with solver='adam' or solver='sgd', received: solver='lbfgs'"
            )
        sizes = np.ravel(self.hidden_layer_sizes)
        if sizes.size and sizes.dtype.kind not in "iu":
            raise ValueError(f"expected hidden_layer_sizes to be integers, received: {self.hidden_layer_sizes!r}")
        if np.any(sizes <= 0):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes.tolist()}.")

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Self:
        with unchanged_on_error(self):
            self._check_settings()
            if self.early_stopping and incremental:
                raise ValueError("partial_fit does not support early_stopping=True")
            first_pass = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
            X, y = self._validate_input(X, y, incremental, reset=first_pass)
            if sample_weight is not None:
                sample_weight = check_sample_weight(sample_weight, X)
            dtype = np.dtype(np.float32) if X.dtype == np.float32 else np.dtype(np.float64)
            dtype = dtype if first_pass else self.coefs_[0].dtype
            X = data.features(X, None, dtype.name)
            truth, outputs, out_activation = self._encode(y, dtype)
            self._random_state = check_random_state(self.random_state)
            if first_pass:
                hidden = np.ravel(self.hidden_layer_sizes).tolist()
                self._initialize([X.shape[1], *hidden, outputs], dtype, out_activation)
            binding = self._bound()
            if not incremental or not hasattr(self, "_optimizer"):
                make = sgd if self.solver == "sgd" else adam
                self._optimizer: Solver = make(self, binding.model.parameters.size, dtype)
            rows, validation = self._split(X, y, truth, sample_weight)
            batch_size = self._batch_size(len(rows))
            loss = self._loss_settings(truth)
            epoch = Epoch(binding, self._optimizer, loss, batch_size, X, truth, sample_weight)
        self._train(binding, epoch, rows, validation, incremental)
        if not np.isfinite(binding.model.parameters).all():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
                "preprocessed."
            )
        return self

    def _split(self, X: Array, y: Array, truth: Array, weight: Array | None) -> tuple[Array, tuple[Any, ...] | None]:
        """Return the numbers of the training rows, and the validation rows (X, y, weight) if they are set apart."""
        rows = np.arange(len(X), dtype=np.int64)
        if not self.early_stopping:
            return rows, None
        train, held_out = train_test_split(
            rows, random_state=self._random_state, test_size=self.validation_fraction, stratify=self._strata(truth)
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return train, (X[held_out], y[held_out], None if weight is None else weight[held_out])

    def _batch_size(self, n: int) -> int:
        if isinstance(self.batch_size, str):
            return min(200, n)
        if self.batch_size > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=4
            )
        return min(int(self.batch_size), n)

    def _train(
        self, binding: Binding, epoch: Epoch, rows: Array, validation: tuple[Any, ...] | None, incremental: bool
    ) -> None:
        """Run epochs until a stop rule says enough."""
        if (self.validation_scores_ is not None) != self.early_stopping:
            self._watch()  # early_stopping was changed before a warm start
        best = binding.model.parameters.copy() if validation else None
        # A warm start in which no epoch beats the earlier fits ends with its last weights, as scikit-learn's does
        restores = not self.loss_curve_
        try:
            self.n_iter_ = 0
            for _ in range(self.max_iter):
                if self.shuffle:
                    # scikit-learn shuffles the shuffled rows again, by a fresh permutation
                    permutation = np.arange(len(rows))
                    self._random_state.shuffle(permutation)
                    rows = rows[permutation]
                self.loss_ = epoch.run(rows)
                self.n_iter_ += 1
                self.t_ += len(rows)
                self.loss_curve_.append(self.loss_)
                if self.verbose:
                    print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
                if validation is not None and best is not None:
                    restores |= self._note_score(binding, validation, best)
                else:
                    self._note_loss()
                self._optimizer.iteration_ends(self.t_)
                if self._no_improvement_count > self.n_iter_no_change:
                    watched = "Validation score" if validation else "Training loss"
                    message = (
                        f"{watched} did not improve more than tol={self.tol:f} for {self.n_iter_no_change:.0f} "
                        "consecutive epochs."
                    )
                    if self._optimizer.trigger_stopping(message, bool(self.verbose)):
                        break
                    self._no_improvement_count = 0
                if incremental:
                    break
                if self.n_iter_ == self.max_iter:
                    warnings.warn(
                        f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization "
                        "hasn't converged yet.",
                        ConvergenceWarning,
                        stacklevel=4,
                    )
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=4)
        if best is not None and restores:
            binding.model.parameters[...] = best

    def _note_loss(self) -> None:
        """Count epochs whose loss is not better than the best by tol."""
        # written with scikit-learn's comparisons: a NaN loss resets the count
        self._no_improvement_count = self._no_improvement_count + 1 if self.loss_ > self.best_loss_ - self.tol else 0
        if self.loss_ < self.best_loss_:
            self.best_loss_ = self.loss_

    def _note_score(self, binding: Binding, validation: tuple[Any, ...], best: Array) -> bool:
        """Score the held-out rows and count epochs without a gain of tol; put the best parameters so far into `best`.

        Returns whether these are.
        """
        X, y, weight = validation
        score = self._validation_score(y, binding.model.predict(X), weight)
        self.validation_scores_.append(score)
        if self.verbose:
            print(f"Validation score: {score:f}")
        worse = score < self.best_validation_score_ + self.tol
        self._no_improvement_count = self._no_improvement_count + 1 if worse else 0
        if not score > self.best_validation_score_:  # a NaN is no gain
            return False
        self.best_validation_score_ = score
        best[...] = binding.model.parameters
        return True

    # ---- predict ------------------------------------------------------------------------------------------------

    def _outputs(self, X: Any) -> Array:
        """Return the network's outputs for rows that a user passed."""
        check_is_fitted(self)
        return self._bound().model.predict(validate_data(self, X, dtype=DTYPES, reset=False))
