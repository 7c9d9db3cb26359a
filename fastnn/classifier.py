"""MLPClassifier: scikit-learn's estimator for classes, trained by fastnn's engine.

What belongs to labels is here: encoding, outputs, loss, score, class weights. The rest is perceptron.py's.
"""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fastnn import criteria, losses, schedules
from fastnn.compat import ClassifierMixin, type_of_target, unique_labels
from fastnn.descent import HeldOut
from fastnn.hyperparameters import NONE, RULES, Between, InstanceOf, OneOf, check_parameters
from fastnn.inputs import DTYPES, SPARSE, one_column, validated, weights_of
from fastnn.labels import LabelCodec, class_factors
from fastnn.perceptron import BaseMLP, partial_fit_available
from fastnn.scoring import accuracy
from fastnn.undoing import unchanged_on_error

__all__ = ["MLPClassifier"]

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
    activation : str or list of str, default='relu'
        Of the hidden layers, or of each: 'identity', 'logistic', 'tanh', 'relu', or another of fastnn.activations.
    solver : {'adam', 'sgd', 'lbfgs'}, default='adam'
        'lbfgs' takes all rows at each step, by SciPy: for small data.
    alpha : float, default=0.0001
        Adds alpha / 2 times the sum of squared weights (not biases), divided by the batch's rows, to the loss.
    batch_size : int or 'auto', default='auto'
        Rows of one step; 'auto' is min(200, n).
    learning_rate : {'constant', 'invscaling', 'adaptive'} or schedule, default='constant'
        A schedule gives the rate of each step, of any solver but 'lbfgs'. The names are for 'sgd': 'invscaling'
        divides the rate by (samples seen + 1) ** power_t after each epoch; 'adaptive' divides it by 5 when training
        would otherwise stop, down to 1e-6.
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
        For 'lbfgs': most evaluations of the loss.
    class_weight : dict, 'balanced' or None, default=None
        Factor of each class's rows, 1 for those not named; 'balanced' is n / (classes * rows of the class), counted in
        each call of fit or partial_fit.
    loss : 'log_loss' or Loss, default='log_loss'
        One of fastnn.losses for probabilities, with a 0 or 1 for each class as truth.
    label_smoothing : float, default=0.0
        In [0, 1): this part of the truth is spread evenly over the classes.
    optimizer : str, Optimizer or None, default=None
        One of fastnn.optimizers instead of `solver`'s 'adam' or 'sgd'; an object has its own rate, a name takes
        `learning_rate_init`.
    early_stopping_metric : str, callable or None, default=None
        What early stopping watches instead of the accuracy: 'loss', the name of a scorer of scikit-learn's, or a
        callable of (estimator, X, y) that returns a score, larger is better. X are the rows to validate on, those of
        a frame as a frame; it gets `sample_weight` if fit does and it has an argument of that name. Where it raises,
        the estimator is left as it was before fit.
    dropout : float or list, default=0.0
        What part of each hidden layer is dropped at each step, in [0, 1); a list has a number for each hidden layer,
        and one for the input before them if it is one longer. Not for 'lbfgs'.
    l1 : float, default=0.0
        Adds l1 times the sum of absolute weights (not biases), divided by the batch's rows, to the loss.
    batch_norm, layer_norm : bool, default=False
        Normalize each hidden layer's sums before its activation, by fastnn.layers.BatchNormalization or
        LayerNormalization with their defaults: `norms_`. One of them, and not for 'lbfgs'.
    clipnorm : float or None, default=None
        Scale the gradient of each array of parameters down to this norm where it is longer. Not for 'lbfgs'.
    dtype : {'auto', 'float32', 'float64'}, default='auto'
        Of the network; 'auto' is float32 for an X of float32, else float64, and float64 after 'lbfgs'.
    n_jobs : int or None, default=None
        Threads at most; None and -1 take what the machine and OpenMP's settings allow. Results are the same.
    callbacks : Callback or list, default=None
        Of fastnn.callbacks. For 'adam' and 'sgd'.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        Sorted labels; for an indicator matrix the numbers of its columns.
    coefs_, intercepts_ : lists of arrays
        Weights of shape (inputs, units) and biases of shape (units,) of each layer: writable views of the network.
    norms_ : list of arrays of shape (units,)
        With `batch_norm` gamma, beta, moving mean and moving variance of each hidden layer, with `layer_norm` gamma and
        beta, else empty: writable views as well.
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
        Accuracy of the rows to validate on after each epoch.
    best_validation_score_ : float or None
    validation_loss_curve_ : list of float
        Loss of the rows to validate on after each epoch; where there are any. It and `validation_scores_` begin anew
        where `early_stopping` is changed before a warm start.
    best_epoch_ : int or None
        The epoch of the best loss, or of the best score: its place in `loss_curve_`, which a warm start and partial_fit
        continue, counted from 1. None where no epoch was good, or 'lbfgs' has trained since.
    stop_reason_ : str
        'max_iter', 'training loss', 'validation score', 'callback', 'interrupted', 'diverged', 'partial_fit', or
        SciPy's message.
    n_iter_ : int
        Epochs of the last fit, or iterations of 'lbfgs', which sets `loss_` and none of the curves.
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

    _rules: ClassVar[dict[str, Any]] = {
        **RULES,
        "class_weight": (NONE, InstanceOf(Mapping, "a dict"), OneOf("a str", ("balanced",))),
        "loss": (OneOf("a str", ("log_loss",)), InstanceOf(losses.Loss, "a Loss")),
        "label_smoothing": (Between(Real, 0, 1),),
    }

    class_weight: Any
    label_smoothing: float

    def __init__(
        self,
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
        class_weight: Any = None,
        loss: str | losses.Loss = "log_loss",
        label_smoothing: float = 0.0,
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

    @partial_fit_available
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
        check_parameters(self._rules, {name: getattr(self, name) for name in self._rules}, type(self).__name__)
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if known is None:
            with unchanged_on_error(self):
                multilabel = type_of_target(y).startswith("multilabel")
                self._codec = LabelCodec(y if multilabel else np.asarray(classes))
                self.classes_ = unique_labels(classes)
                return self._fit(X, y, sample_weight, incremental=True)
        if classes is not None and not np.array_equal(known, unique_labels(classes)):
            raise ValueError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}")
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Array:
        """Return the label of each row of X, of shape (n,), or of shape (n, labels) for an indicator matrix.

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

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of predict(X): the part of the rows whose labels are all met.

        Parameters
        ----------
        X : array-like of shape (n, features)
        y : array-like of shape (n,) or (n, labels)
        sample_weight : array-like of shape (n,), optional

        Raises
        ------
        NotFittedError, ValueError
            As in predict, or if y has another number of rows than X.
        """
        return accuracy(y, self.predict(X), sample_weight)

    def predict_proba(self, X: Any) -> Array:
        """Return each row's probability of each class, of shape (n, classes), in the order of `classes_`.

        Raises
        ------
        NotFittedError, ValueError
            As in predict.
        """
        return self._probabilities(self._outputs(X))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of predict_proba; -inf where that is 0.

        Raises
        ------
        NotFittedError, ValueError
            As in predict.
        """
        probabilities = self.predict_proba(X)
        return np.log(probabilities, out=probabilities)

    def _decoded(self, outputs: Array) -> Array:
        return self._codec.decode(outputs)

    def _probabilities(self, outputs: Array) -> Array:
        return np.concatenate([1 - outputs, outputs], axis=1) if self.n_outputs_ == 1 else outputs

    def _validate_input(self, X: Any, y: Any, purpose: str, reset: bool) -> tuple[Any, Array]:
        X, y = validated(self, X, y, multi_output=True, dtype=DTYPES, accept_sparse=SPARSE, reset=reset)
        y = one_column(y)
        if not hasattr(self, "classes_") or (purpose == "fit" and not self.warm_start):
            self._codec = LabelCodec(y)
            self.classes_ = self._codec.classes
            return X, y
        labels = unique_labels(y)
        if self.warm_start and purpose != "validation" and set(labels) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {labels}"
            )
        if not np.isin(labels, self.classes_).all():
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {labels}."
            )
        return X, y

    def _loss(self) -> losses.Loss:
        if isinstance(self.loss, losses.Loss):
            if self.loss.labels and self.label_smoothing:
                raise ValueError(
                    "expected label_smoothing=0 for a loss of labels, received: "
                    f"label_smoothing={self.label_smoothing!r}, loss={self.loss!r}; the loss has its own"
                )
            return criteria.of_kernel(self.loss)
        if self._codec.kind != "multiclass":
            return criteria.LogLoss()
        return criteria.SmoothedLogLoss() if self.label_smoothing else criteria.LabelLogLoss()

    def _outputs_of(self, y: Array) -> tuple[int, str]:
        return self._codec.outputs, "softmax" if self._codec.kind == "multiclass" else "logistic"

    def _encode(self, y: Array, dtype: np.dtype[Any]) -> Array:
        codec = self._codec
        truth = codec.encode(y, dtype)
        if codec.kind == "multiclass" and not self._loss().labels:
            truth = np.eye(codec.outputs, dtype=dtype)[truth]
        if self.label_smoothing:
            classes = codec.outputs if codec.kind == "multiclass" else 2
            truth = truth * dtype.type(1 - self.label_smoothing) + dtype.type(self.label_smoothing / classes)
        return truth

    def _training_weight(self, y: Array, sample_weight: Array | None, dtype: np.dtype[Any]) -> Array | None:
        if self.class_weight is None:
            return super()._training_weight(y, sample_weight, dtype)
        weight = class_factors(self.class_weight, self._codec, y)
        if sample_weight is None:
            return weights_of(weight, dtype, "class_weight of rows")
        with np.errstate(over="ignore"):  # which the check finds
            weight = weight * sample_weight
        return weights_of(weight, dtype, "sample_weight times class_weight")

    def _strata(self, y: Array) -> Array | None:
        # scikit-learn keeps proportions only where one column says the class: two classes
        return self._codec.encode(y, bool) if self._codec.outputs == 1 else None

    def _default_score(self, held_out: HeldOut, outputs: Array) -> float:
        y = held_out.y
        truth = (y != 0).astype(int) if y.ndim == 2 else y
        return accuracy(truth, self._decoded(outputs), held_out.weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
