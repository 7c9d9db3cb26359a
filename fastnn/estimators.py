"""MLPClassifier and MLPRegressor: scikit-learn's estimators, trained by fastnn's engine.

What belongs to one task is here: labels or targets, outputs, loss, score. What both share is in perceptron.py.
"""

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fastnn import data
from fastnn.compat import (
    ClassifierMixin,
    RegressorMixin,
    accuracy_score,
    column_or_1d,
    r2_score,
    unique_labels,
    validate_data,
)
from fastnn.epoch import LossSettings
from fastnn.hyperparameters import OneOf
from fastnn.labels import LabelCodec
from fastnn.perceptron import DTYPES, BaseMLP, unchanged_on_error

__all__ = ["MLPClassifier", "MLPRegressor"]

Array = npt.NDArray[Any]


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc, unused-ignore]
    """Multilayer perceptron for classes, a drop-in for scikit-learn's of the same name.

    Two classes train one logistic unit, several classes a softmax, an indicator matrix one logistic unit a label, all
    by cross-entropy. With an integer `random_state` it draws scikit-learn's numbers in scikit-learn's order and follows
    its loss curve.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; an empty sequence makes a linear model.
    activation : {'identity', 'logistic', 'tanh', 'relu'}, default='relu'
        Of the hidden layers.
    solver : {'adam', 'sgd'}, default='adam'
        'lbfgs' is refused with a ValueError.
    alpha : float, default=0.0001
        Adds alpha / 2 times the sum of squared weights (not biases), divided by the batch's rows, to the loss.
    batch_size : int or 'auto', default='auto'
        Rows of one step; 'auto' is min(200, n).
    learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
        For 'sgd'. 'invscaling' divides the rate by (samples seen + 1) ** power_t after each epoch; 'adaptive' divides
        it by 5 when training would otherwise stop, down to 1e-6.
    learning_rate_init : float, default=0.001
        The first rate.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    max_iter : int, default=200
        Most epochs.
    shuffle : bool, default=True
        Whether each epoch takes the rows in a new order.
    random_state : int, RandomState or None, default=None
        Source of the first weights, the validation split and the order of rows.
    tol : float, default=0.0001
        An epoch that is not better than the best by this much counts as no improvement.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch.
    warm_start : bool, default=False
        Whether fit goes on from the weights of the last fit.
    momentum : float, default=0.9
        For 'sgd', in [0, 1].
    nesterovs_momentum : bool, default=True
        Whether momentum looks ahead.
    early_stopping : bool, default=False
        Set `validation_fraction` of the rows apart, watch their score instead of the loss, and end with the weights
        that scored best.
    validation_fraction : float, default=0.1
        In (0, 1).
    beta_1, beta_2 : float, default=0.9, 0.999
        For 'adam': decay of the two moments, in [0, 1).
    epsilon : float, default=1e-08
        For 'adam': added to the root of the second moment.
    n_iter_no_change : int, default=10
        Epochs without improvement after which training stops.
    max_fun : int, default=15000
        Read by 'lbfgs' only.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        Sorted labels; for an indicator matrix the numbers of its columns.
    coefs_, intercepts_ : lists of arrays
        Weights of shape (inputs, units) and biases of shape (units,) of each layer: writable views of the network.
    n_features_in_ : int
    feature_names_in_ : array of str
        Where X was a frame with such names.
    loss_ : float
        Mean training loss of the last epoch, penalty included.
    best_loss_ : float or None
        The smallest; None with early stopping.
    loss_curve_ : list of float
        One loss an epoch.
    validation_scores_ : list of float or None
        Accuracy of the held-out rows after each epoch.
    best_validation_score_ : float or None
    n_iter_ : int
        Epochs of the last fit.
    t_ : int
        Rows that training has seen.
    n_layers_, n_outputs_ : int
        Layers with the input's, units of the last.
    out_activation_ : {'logistic', 'softmax'}

    See Also
    --------
    MLPRegressor : the same for numbers.
    fastnn.Sequential : the network underneath, in Keras's words.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import MLPClassifier
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> y = ["same", "different", "different", "same"]
    >>> model = MLPClassifier((8,), activation="tanh", learning_rate_init=0.1, max_iter=300, random_state=0).fit(X, y)
    >>> model.predict(X).tolist()
    ['same', 'different', 'different', 'same']
    >>> model.predict_proba(X).shape
    (4, 2)
    """

    loss = "log_loss"

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
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
    ) -> None:
        self._store(locals())

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on these rows, going on from where the last call stopped.

        Parameters
        ----------
        X : array-like of shape (n, features)
        y : array-like of shape (n,) or (n, labels)
        sample_weight : array-like of shape (n,), optional
        classes : array-like of shape (classes,)
            Every label that will ever come; needed in the first call.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Where `classes` is missing or changed, or y has others, and as in fit.
        """
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if known is None:
            with unchanged_on_error(self):
                labels = np.asarray(y)
                multilabel = labels.ndim == 2 and labels.shape[1] > 1
                self._codec = LabelCodec(labels if multilabel else np.asarray(classes))
                self.classes_ = unique_labels(classes)
                return self._fit(X, y, sample_weight, incremental=True)
        if classes is not None and not np.array_equal(known, unique_labels(classes)):
            raise ValueError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}")
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Array:
        """Return the label of each row of X, of shape (n,), or of shape (n, labels) for an indicator matrix."""
        outputs = self._outputs(X)
        return self._codec.decode(outputs)

    def predict_proba(self, X: Any) -> Array:
        """Return each row's probability of each class, of shape (n, classes), in the order of `classes_`."""
        outputs = self._outputs(X)
        return np.hstack([1 - outputs, outputs]) if self.n_outputs_ == 1 else outputs

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of predict_proba; -inf where that is 0."""
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Array, Array]:
        X, y = validate_data(self, X, y, multi_output=True, dtype=DTYPES, reset=reset)
        _refuse_sparse(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._codec = LabelCodec(y)
            self.classes_ = self._codec.classes
            return X, y
        labels = unique_labels(y)
        if self.warm_start and set(labels) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {labels}"
            )
        if not np.isin(labels, self.classes_).all():
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {labels}."
            )
        return X, y

    def _encode(self, y: Array, dtype: np.dtype[Any]) -> tuple[Array, int, str]:
        codec = self._codec
        return codec.encode(y, dtype), codec.outputs, "softmax" if codec.kind == "multiclass" else "logistic"

    def _loss_settings(self, truth: Array) -> LossSettings:
        family = "sparse_categorical" if self.out_activation_ == "softmax" else "binary"
        return LossSettings(f"{family}_crossentropy_from_logits")

    def _strata(self, truth: Array) -> Array | None:
        # scikit-learn keeps proportions only where one column says the class: two classes
        return truth if self.n_outputs_ == 1 else None

    def _validation_score(self, y: Array, outputs: Array, sample_weight: Array | None) -> float:
        truth = (y != 0).astype(int) if y.ndim == 2 else y
        return accuracy_score(truth, self._codec.decode(outputs), sample_weight=sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.classifier_tags.multi_label = True
        return tags


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc, unused-ignore]
    """Multilayer perceptron for numbers, a drop-in for scikit-learn's of the same name.

    With an integer `random_state` it draws scikit-learn's numbers in scikit-learn's order and follows its loss curve.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        Half the squared error (reported as the mean over the outputs), with outputs as they are; or half the Poisson
        deviance, y log(y / f) - y + f, with exponential outputs f, for y >= 0.
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, \
shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, \
beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As in MLPClassifier, with the same defaults. The validation score is R2.

    Attributes
    ----------
    coefs_, intercepts_, n_features_in_, feature_names_in_, loss_, best_loss_, loss_curve_, validation_scores_, \
best_validation_score_, n_iter_, t_, n_layers_, n_outputs_
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

    _rules: ClassVar[dict[str, Any]] = {**BaseMLP._rules, "loss": (OneOf("a str", ("poisson", "squared_error")),)}

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
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
    ) -> None:
        self._store(locals())

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on these rows, going on from where the last call stopped.

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
        """Return the prediction for each row of X, of shape (n,), or (n, outputs) for several outputs."""
        outputs = self._outputs(X)
        return outputs.ravel() if self.n_outputs_ == 1 else outputs

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Array, Array]:
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=DTYPES, reset=reset)
        _refuse_sparse(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not reset and (outputs := 1 if y.ndim == 1 else y.shape[1]) != self.n_outputs_:
            raise ValueError(f"expected y with {self.n_outputs_} outputs as in the last fit, received: {outputs}")
        return X, y

    def _encode(self, y: Array, dtype: np.dtype[Any]) -> tuple[Array, int, str]:
        columns = y.reshape(len(y), -1)
        truth = data.values(columns, *columns.shape, dtype.name)
        if self.loss == "poisson":
            data.check_range(truth, 0.0, np.inf, name="y of loss='poisson'")
        return truth, truth.shape[1], "exp" if self.loss == "poisson" else "identity"

    def _loss_settings(self, truth: Array) -> LossSettings:
        if self.out_activation_ == "exp":
            return LossSettings("poisson_from_log")
        # the engine's is the whole square: half of it, its value a mean over the outputs
        return LossSettings("squared_error", value_scale=0.5 / truth.shape[1], gradient_scale=0.5)

    def _strata(self, truth: Array) -> Array | None:
        return None

    def _validation_score(self, y: Array, outputs: Array, sample_weight: Array | None) -> float:
        if not np.isfinite(outputs).all():
            return float("nan")
        return r2_score(y, outputs.reshape(y.shape), sample_weight=sample_weight)


def _refuse_sparse(y: Any) -> None:
    if not isinstance(y, np.ndarray):
        raise TypeError(f"Sparse data was passed for y, but dense data is required, received: {type(y).__name__}")
