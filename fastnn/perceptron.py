"""What MLPClassifier and MLPRegressor share: fit, from what a user passes to a trained network.

It draws scikit-learn's random numbers in scikit-learn's order. Epochs and stop rules are descent.py's and lbfgs.py's,
labels and targets the estimators'. Called by classifier.py and regressor.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fastnn import data, lbfgs, losses, team
from fastnn._core import engine
from fastnn.binding import Binding
from fastnn.callbacks import CallbackList
from fastnn.compat import (
    CallbackSupport,
    available_if,
    check_sample_weight,
    config_context,
    require,
    train_test_split,
    with_callbacks,
)
from fastnn.descent import Descent, HeldOut
from fastnn.epoch import Epoch, Samples
from fastnn.fitted import FittedNetwork
from fastnn.hyperparameters import RULES, check_parameters, layer_sizes
from fastnn.inputs import as_given, rows_of, weights_of
from fastnn.reporting import Report
from fastnn.scoring import check_metric, score_outputs
from fastnn.seeding import random_source
from fastnn.shared import once
from fastnn.solvers import Solver, make_optimizer
from fastnn.turns import making, turn
from fastnn.undoing import state_of, unchanged_on_error, undone_by_metrics
from fastnn.warning import warn

__all__ = ["BaseMLP", "partial_fit_available"]

Array = npt.NDArray[Any]

#: Attributes that the checks of X and y set.
_LEARNED = ("n_features_in_", "feature_names_in_", "classes_", "_codec")


def _has_partial_fit(estimator: Any) -> bool:
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


#: partial_fit is no attribute of a classifier with solver='lbfgs'; a regressor has it, as scikit-learn's does.
partial_fit_available: Callable[[Any], Any] = available_if(_has_partial_fit)


class BaseMLP(CallbackSupport, FittedNetwork, ABC):  # type: ignore[misc, unused-ignore]
    """Fitting and state of both estimators."""

    _rules: ClassVar[dict[str, Any]] = RULES

    loss: Any
    batch_size: int | str
    learning_rate: Any
    max_iter: int
    random_state: Any
    tol: float
    verbose: bool | int
    warm_start: bool
    validation_fraction: float
    max_fun: int
    power_t: float
    optimizer: Any
    clipnorm: float | None
    early_stopping_metric: Any
    dtype: str
    callbacks: Any

    def _store(self, arguments: dict[str, Any]) -> None:
        """Keep the constructor's arguments as they are, which is what get_params and clone rely on."""
        for name in self._rules:
            setattr(self, name, arguments[name])

    # ---- what a task adds ---------------------------------------------------------------------------------------

    @abstractmethod
    def _validate_input(self, X: Any, y: Any, purpose: str, reset: bool) -> tuple[Any, Array]:
        """Return X (2-D, one of DTYPES, or sparse) and y (1-D or 2-D) after the task's checks.

        `purpose` is 'fit', 'partial_fit' or 'validation'.
        """

    @abstractmethod
    def _encode(self, y: Array, dtype: np.dtype[Any]) -> Array:
        """Return the truth as the loss reads it."""

    @abstractmethod
    def _outputs_of(self, y: Array) -> tuple[int, str]:
        """Return the number of outputs for validated y, and their activation."""

    @abstractmethod
    def _loss(self) -> losses.Loss:
        """Return the loss object."""

    @abstractmethod
    def _strata(self, y: Array) -> Array | None:
        """Return the labels that the validation split keeps in proportion, if any."""

    @abstractmethod
    def _decoded(self, outputs: Array) -> Array:
        """Return what predict returns for these outputs."""

    @abstractmethod
    def _default_score(self, held_out: HeldOut, outputs: Array) -> float:
        """Return scikit-learn's validation score."""

    def _training_weight(self, y: Array, sample_weight: Array | None, dtype: np.dtype[Any]) -> Array | None:
        """Return the factor of each row's loss, in the network's type."""
        return weights_of(sample_weight, dtype, "sample_weight")

    # ---- fit ----------------------------------------------------------------------------------------------------

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None) -> Self:
        """Train on rows X and targets y.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n, features)
            float32 trains a float32 network unless `dtype` says otherwise, everything else a float64 one; uint8 is
            read without a copy. What 'lbfgs' leaves is a float64 network in either case, as in scikit-learn. A float32
            network also predicts in float32, whatever the type of X; scikit-learn computes in float64 then.
        y : array-like of shape (n,) or (n, outputs)
            Labels of any kind, an indicator matrix for several labels a row, or numbers for a regressor.
        sample_weight : array-like of shape (n,), optional
            Factor of each row in the loss; each batch divides by the sum of its own.
        X_val, y_val : as X and y, optional
            Rows to validate on after each epoch: `validation_loss_curve_` and `validation_scores_`. With
            `early_stopping` they stand in for the part that `validation_fraction` would set apart. Not for 'lbfgs'.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For data or arguments that cannot be trained on, and where training ended in weights that are not finite:
            those of the best epoch are kept, or the first.
        ImportError
            For solver='lbfgs', sparse matrices and frames where scikit-learn is not installed.

        Warns
        -----
        ConvergenceWarning
            If max_iter epochs passed and the loss or score was still improving.
        RuntimeWarning
            If the weights stopped being finite with `early_stopping`: those of the best score, or the first, are kept.
        """
        return self._fit(X, y, sample_weight, incremental=False, validation=(X_val, y_val))

    def _check_settings(self, incremental: bool) -> None:
        """Raise for constructor arguments out of their range, or that do not go together."""
        check_parameters(self._rules, {name: getattr(self, name) for name in self._rules}, type(self).__name__)
        layer_sizes(self.hidden_layer_sizes)
        if self.solver == "lbfgs":
            beyond = self.optimizer is not None or self.clipnorm is not None or bool(self.callbacks)
            if beyond or self._norm_kind() or np.any(self.dropout):
                raise ValueError(
                    "expected solver='adam' or solver='sgd' with dropout, normalization, clipnorm, callbacks or an "
                    "optimizer, received: solver='lbfgs'"
                )
        if self.batch_norm and self.layer_norm:
            raise ValueError("expected batch_norm or layer_norm, received: both")
        if self.early_stopping and incremental and self.solver != "lbfgs":
            raise ValueError("partial_fit does not support early_stopping=True")

    def _check_needs(self, validation: tuple[Any, Any]) -> None:
        """Raise where a fit would need what is not there, or what its solver does not do."""
        check_metric(self.early_stopping_metric)
        if self.solver == "lbfgs":
            require("solver='lbfgs'")
            if any(given is not None for given in validation):
                raise ValueError(
                    "expected solver='adam' or solver='sgd' with X_val and y_val, received: solver='lbfgs'"
                )

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, validation: tuple[Any, Any] = (None, None)
    ) -> Self:
        scored = self.early_stopping_metric is not None
        before = state_of(self) if scored else {}
        with unchanged_on_error(self):
            self._check_settings(incremental)
            self._check_needs(validation)
            first_pass = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
            hidden = layer_sizes(self.hidden_layer_sizes).astype(int).tolist()
            layers = len(hidden) + 1
            if not first_pass and layers != len(self.coefs_):
                raise ValueError(
                    f"expected hidden_layer_sizes to be of {len(self.coefs_) - 1} layers as the fitted network, "
                    f"received: hidden_layer_sizes={self.hidden_layer_sizes!r}"
                )
            if not first_pass and self._norm_kind() != self._fitted_norm:
                raise ValueError(
                    f"expected batch_norm and layer_norm as in the fitted network, received: "
                    f"batch_norm={self.batch_norm}, layer_norm={self.layer_norm}"
                )
            given = X, y, sample_weight
            X, y, sample_weight = self._checked(given, incremental, first_pass)
            dtype = self._network_dtype(X, first_pass)
            outputs, out_activation = self._outputs_of(y)
            truth = self._encode(y, dtype)
            keeps_sparse = self._keeps_sparse(layers)
            rows = once(("rows", dtype, keeps_sparse), lambda: rows_of(X, dtype.name, keeps_sparse), *given)
            self._random_state = random_source(self.random_state)
            with making():  # a prediction in another thread meets the old network or the new one
                if first_pass:
                    self._initialize([rows.shape[1], *hidden, outputs], dtype, out_activation)
                elif self.solver == "lbfgs":
                    vars(self).pop("_binding", None)  # as scikit-learn's, it makes new arrays
                self._draw_dropout_seed()
                binding = self._bound()
            loss = self._loss().setting(binding.model.last_activation(), binding.model.plan.outputs)
            samples = Samples(rows, truth, self._training_weight(y, sample_weight, dtype))
            report = Report(self, *given, listens=not incremental)
            if self.solver == "lbfgs":
                objective = lbfgs.Objective(binding, loss, team.size(self.n_jobs), samples)
            else:
                train, held_out = self._validation_rows(given[0], samples, y, sample_weight, validation, dtype)
                descent = self._descent(binding, loss, samples, train, held_out, incremental, report)
        report.begin()
        with engine.under_way():
            if self.solver == "lbfgs":
                self._minimize(objective, report)
            else:
                undone = undone_by_metrics(self, before, binding.model.parameters) if scored else nullcontext()
                with undone, turn(binding.model.training) if descent.told.callbacks else nullcontext():
                    descent.run()
        report.end()
        return self

    def _checked(self, given: tuple[Any, Any, Any], incremental: bool, first_pass: bool) -> tuple[Any, Array, Any]:
        """Return X, y and sample_weight after all checks; what they teach of the data becomes the estimator's."""
        X, y, sample_weight = given

        def check() -> tuple[tuple[Any, Array, Any], dict[str, Any]]:
            data.check_unmasked(sample_weight, "sample_weight")
            rows, targets = self._validate_input(X, y, "partial_fit" if incremental else "fit", reset=first_pass)
            weight = None if sample_weight is None else check_sample_weight(sample_weight, rows)
            return (rows, targets, weight), {name: value for name, value in vars(self).items() if name in _LEARNED}

        if incremental or self.warm_start:  # where the last fit has a say
            return check()[0]
        checked: tuple[Any, Array, Any]
        checked, learned = once(("checked", type(self)), check, *given)
        for name in _LEARNED:
            if name not in learned:
                vars(self).pop(name, None)
        vars(self).update(learned)
        return checked

    def _network_dtype(self, X: Any, first_pass: bool) -> np.dtype[Any]:
        if not first_pass:
            return np.dtype(np.float32 if np.asarray(self.coefs_[0]).dtype == np.float32 else np.float64)
        follows = "float32" if X.dtype == np.float32 else "float64"
        return np.dtype(follows if self.dtype == "auto" else self.dtype)

    def _validation_rows(
        self,
        X: Any,
        samples: Samples,
        y: Array,
        sample_weight: Array | None,
        validation: tuple[Any, Any],
        dtype: np.dtype[Any],
    ) -> tuple[Array, HeldOut | None]:
        """Return the numbers of the training rows, and the rows to validate on."""
        rows = np.arange(len(samples.truth), dtype=np.int64)
        X_val, y_val = validation
        if (X_val is None) != (y_val is None):
            raise ValueError("expected X_val and y_val together, received: one of them")
        if X_val is not None:
            checked, y_val = self._validate_input(X_val, y_val, "validation", reset=False)
            judged_rows = rows_of(checked, dtype.name, self._keeps_sparse(len(self.coefs_)))
            judged = Samples(judged_rows, self._encode(y_val, dtype), None)
            return rows, HeldOut(judged, y_val, None, self._shown(judged_rows, X_val))
        if not self.early_stopping:
            return rows, None
        with config_context(skip_parameter_validation=True):  # as scikit-learn does inside of its fit
            train, held_out = train_test_split(
                rows, random_state=self._random_state, test_size=self.validation_fraction, stratify=self._strata(y)
            )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        weight = None if sample_weight is None else sample_weight[held_out]
        judged = samples.take(held_out)
        judged = judged._replace(weight=None if weight is None else weight.astype(dtype))
        return train, HeldOut(judged, y[held_out], weight, self._shown(judged.X, X, held_out))

    def _shown(self, rows: Any, X: Any, numbers: Array | None = None) -> Any:
        """Return what early_stopping_metric gets as X, where there is one."""
        return None if self.early_stopping_metric is None else as_given(rows, X, numbers)

    def _descent(
        self,
        binding: Binding,
        loss: losses.Setting,
        samples: Samples,
        rows: Array,
        held_out: HeldOut | None,
        incremental: bool,
        report: Report,
    ) -> Descent:
        size = binding.model.parameters.size
        if not incremental or not hasattr(self, "_optimizer"):
            optimizer, schedule = make_optimizer(self)
            self._optimizer: Solver = Solver(optimizer, size, binding.recipe.dtype, schedule, self.power_t)
        else:
            self._optimizer = self._optimizer.fitting(size, binding.recipe.dtype)
        batch_size = self._batch_size(len(rows))
        epochs, steps = 1 if incremental else self.max_iter, -(-len(rows) // batch_size)
        told = CallbackList(
            self.callbacks, binding.model, {"epochs": epochs, "steps": steps, "verbose": int(self.verbose)}
        )
        if told.callbacks:
            # with the loss too, for callbacks that look at gradients
            binding.model.compile(self._optimizer.optimizer, self._loss(), penalty_over_batch=True)
        epoch = Epoch(binding, self._optimizer, loss, batch_size, team.size(self.n_jobs), samples, len(rows))
        return Descent(self, binding, epoch, rows, held_out, incremental, told, report)

    def _batch_size(self, n: int) -> int:
        if isinstance(self.batch_size, str):
            return min(200, n)
        if self.batch_size > n:
            warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
        return min(int(self.batch_size), n)

    def _minimize(self, objective: lbfgs.Objective, report: Report) -> None:
        """Train with solver='lbfgs'."""
        if hasattr(self, "best_epoch_"):
            self.best_epoch_ = None
        self.n_iter_, self.loss_, self.stop_reason_, solution = lbfgs.fit_lbfgs(
            objective,
            max_iter=self.max_iter,
            max_fun=self.max_fun,
            tol=self.tol,
            verbose=bool(self.verbose),
            report=report,
        )
        if self.stop_reason_ == "interrupted":
            warn("Training interrupted by user.")
        if not np.isfinite(objective.parameters).all():
            layer = self._bound().layer_not_finite()
            objective.unpack(objective.best)
            self.loss_, self.stop_reason_ = objective.best_value, "diverged"
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
                f"preprocessed. Training diverged in iteration {self.n_iter_}: layer {layer} has weights that are not "
                "finite. The weights that are kept are the best before."
            )
        if self.dtype == "auto" and objective.parameters.dtype == np.float32:
            # scikit-learn's network is now what SciPy counted in
            self.coefs_, self.intercepts_ = (
                [array.astype(np.float64) for array in arrays] for arrays in (self.coefs_, self.intercepts_)
            )
            binding = self._bound()
            binding.model.parameters[binding.packing] = solution

    def _loss_grad_lbfgs(
        self, packed_coef_inter: Array, X: Any, y: Array, sample_weight: Array | None = None, *buffers: Any
    ) -> tuple[float, Array]:
        """Return the loss and its gradient at parameters packed as scikit-learn packs them; sets them.

        `y` is what scikit-learn's loss reads: a column for each output. `buffers` are its own, and not used.
        """
        binding = self._bound()
        dtype = binding.recipe.dtype
        loss = self._loss()
        truth = y.argmax(axis=1).astype(np.int32) if loss.labels else np.ascontiguousarray(y, dtype=dtype)
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=dtype)
        setting = loss.setting(binding.model.last_activation(), binding.model.plan.outputs)
        samples = Samples(rows_of(X, dtype, self._keeps_sparse(len(self.coefs_))), truth, weight)
        return lbfgs.Objective(binding, setting, team.size(self.n_jobs), samples)(packed_coef_inter)

    def _validation_score(self, held_out: HeldOut, outputs: Array, loss: float) -> float:
        """Return the score that early stopping watches."""
        if self.early_stopping_metric is None:
            return self._default_score(held_out, outputs)
        return score_outputs(self, self.early_stopping_metric, held_out, outputs, loss)
