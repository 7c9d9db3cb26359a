"""What the estimators need from scikit-learn, for arrays and with NumPy alone.

Each name has the signature (as far as it is used), the random draws and the meaning of scikit-learn's; tests compare
them where scikit-learn is installed. Frames and sparse matrices do not belong here: they need the real one. Scores have
a file of their own. Imported by compat.py and standin_scores.py.
"""

import functools
import inspect
import types
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

Method = TypeVar("Method", bound=Callable[..., Any])

INSTALL = 'pip install "fastnn-mlp[sklearn]"'


class ConvergenceWarning(UserWarning):
    """Training ended before it converged."""


class DataConversionWarning(UserWarning):
    """Data was taken in another shape than it was given in."""


class InvalidParameterError(ValueError, TypeError):
    """A constructor argument has a wrong type or value."""


class NotFittedError(ValueError, AttributeError):
    """The estimator was used before fit."""


# ---- the estimator protocol -------------------------------------------------------------------------------------


class BaseEstimator:
    """get_params, set_params and a repr, read off the signature of __init__."""

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        signature = inspect.signature(cls.__init__)
        return {name: entry.default for name, entry in signature.parameters.items() if name != "self"}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor arguments by name (`deep` is there for scikit-learn's callers)."""
        return {name: getattr(self, name) for name in sorted(self._defaults())}

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments by name; they count from the next fit on."""
        valid = sorted(self._defaults())
        for name, value in params.items():
            if name not in valid:
                raise ValueError(f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {valid!r}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = self._defaults()
        changed = {name: value for name, value in self.get_params().items() if repr(value) != repr(defaults[name])}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"


class CallbackSupport:
    """Nothing: scikit-learn's callbacks are its own from 1.9 on."""


def with_callbacks(method: Method) -> Method:
    """Return the method as it is."""
    return method


class _AvailableIf:
    """A method that its class has always and an instance only where a check passes."""

    def __init__(self, method: Callable[..., Any], check: Callable[[Any], Any]) -> None:
        functools.update_wrapper(self, method)  # type: ignore[arg-type]
        self.method, self.check = method, check

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self.method
        if not self.check(instance):
            raise AttributeError(f"{owner.__name__!r} object has no attribute {self.method.__name__!r}")
        return types.MethodType(self.method, instance)


def available_if(check: Callable[[Any], Any]) -> Callable[[Method], Method]:
    """Make a method an attribute only of those instances for which the check is true; it may raise AttributeError."""

    def decorate(method: Method) -> Method:
        return _AvailableIf(method, check)  # type: ignore[return-value]

    return decorate


def check_is_fitted(estimator: Any) -> None:
    """Raise NotFittedError unless fit has left an attribute whose name ends in an underscore."""
    if not any(name.endswith("_") and not name.startswith("_") for name in vars(estimator)):
        raise NotFittedError(
            f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments "
            "before using this estimator."
        )


def config_context(**settings: Any) -> AbstractContextManager[None]:
    """Do nothing: what is here has no settings."""
    return nullcontext()


def get_config() -> dict[str, Any]:
    """Return scikit-learn's settings as they are by default, as far as they are asked for."""
    return {"assume_finite": False}


# ---- arrays -----------------------------------------------------------------------------------------------------


def as_array(data: Any, name: str) -> Array:
    """Return data as an array; what needs scikit-learn raises ImportError."""
    if hasattr(data, "toarray"):
        raise ImportError(f"sparse data for {name} needs scikit-learn ({INSTALL}), received: {type(data).__name__}")
    if any(hasattr(data, name) for name in ("iloc", "columns", "__dataframe__")):
        raise ImportError(f"frames for {name} need scikit-learn ({INSTALL}), received: {type(data).__name__}")
    array = np.asarray(data)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {array.dtype}")
    return array


def check_finite(array: Array, name: str) -> None:
    """Raise ValueError where there is NaN or infinity."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        problem = "NaN" if np.isnan(array).any() else f"infinity or a value too large for {array.dtype!r}"
        raise ValueError(f"Input {name} contains {problem}.")


def _as_number(array: Array, dtypes: Any, name: str) -> Array:
    """Convert to the first of `dtypes` unless it has one of them already; "numeric" stands for any type of numbers."""
    if isinstance(dtypes, str):
        if array.dtype.kind in "USV":
            raise ValueError(
                "dtype='numeric' is not compatible with arrays of bytes/strings. Convert your data to numeric values "
                "explicitly instead."
            )
        dtypes = (np.float64,) if array.dtype.kind == "O" else (array.dtype,)
    if array.dtype in [np.dtype(dtype) for dtype in dtypes]:
        return array
    try:
        return array.astype(dtypes[0])
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected numbers for {name}, received: dtype {array.dtype} ({error})") from error


def validate_data(
    estimator: Any,
    X: Any,
    y: Any = "no_validation",
    *,
    reset: bool = True,
    dtype: Any = (np.float64, np.float32),
    accept_sparse: Any = False,
    multi_output: bool = False,
    y_numeric: bool = False,
) -> Any:
    """Check X, and y if given; note the number of features (`reset`) or compare with the one noted.

    Returns
    -------
    X or (X, y) : arrays
        X 2-D of one of `dtype` (or of any type of numbers, for "numeric"); y 1-D or 2-D with as many rows.
        `accept_sparse` is there for scikit-learn: sparse data raises an ImportError here.
    """
    name = type(estimator).__name__
    X = as_array(X, "X")
    if X.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {X.ndim}D array instead. Reshape your data either using array.reshape(-1, 1) if "
            "your data has a single feature or array.reshape(1, -1) if it contains a single sample."
        )
    for axis, what in enumerate(("sample", "feature")):
        if X.shape[axis] == 0:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is required by {name}."
            )
    X = _as_number(X, dtype, "X")
    check_finite(X, "X")
    if reset:
        estimator.n_features_in_ = X.shape[1]
    elif X.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} features, but {name} is expecting {estimator.n_features_in_} features as input."
        )
    if isinstance(y, str) and y == "no_validation":
        return X
    if y is None:
        raise ValueError(f"This {name} estimator requires y to be passed, but the target y is None.")
    y = as_array(y, "y")
    if y.ndim not in (1, 2) or (y.ndim == 2 and not multi_output):
        raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
    if y_numeric and y.dtype.kind == "O":
        y = _as_number(y, (np.float64,), "y")
    check_finite(y, "y")
    if len(X) != len(y):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: [{len(X)}, {len(y)}]")
    return X, y


def column_or_1d(y: Array) -> Array:
    """Return y of shape (n,) or (n, 1) as (n,)."""
    if y.ndim == 2 and y.shape[1] == 1:
        return y.ravel()
    if y.ndim != 1:
        raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")
    return y


def check_sample_weight(sample_weight: Any, X: Array) -> Array:
    """Return one finite weight a row of X; a number stands for all of them."""
    if np.ndim(sample_weight) == 0:
        sample_weight = np.full(len(X), sample_weight)
    weight = _as_number(as_array(sample_weight, "sample_weight"), (np.float64, np.float32), "sample_weight")
    if weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weight.ndim}D array.")
    if weight.shape != (len(X),):
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(len(X),)}!")
    check_finite(weight, "sample_weight")
    if not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight


# ---- labels -----------------------------------------------------------------------------------------------------


def type_of_target(y: Any) -> str:
    """Say what kind of target y is, in scikit-learn's words ('binary', 'multiclass', 'multilabel-indicator' ...)."""
    y = np.asarray(y)
    if y.dtype.kind == "S":
        raise TypeError(
            "Support for labels represented as bytes is not supported. Convert the labels to a string or integer "
            "format."
        )
    if y.ndim not in (1, 2) or (y.dtype == object and not all(isinstance(label, str) for label in y.flat)):
        return "unknown"
    fractional = y.dtype.kind == "f" and bool((y != np.trunc(y)).any())
    if y.ndim == 2 and y.shape[1] > 1:
        if fractional:
            return "continuous-multioutput"
        is_indicator = y.dtype.kind in "biuf" and len(np.unique(y)) < 3
        return "multilabel-indicator" if is_indicator else "multiclass-multioutput"
    if fractional:
        return "continuous"
    return "multiclass" if len(np.unique(y)) > 2 else "binary"


def unique_labels(y: Any) -> Array:
    """Return the sorted labels in y; for an indicator matrix the numbers of its columns."""
    kind = type_of_target(y)
    if kind == "multilabel-indicator":
        return np.arange(np.shape(y)[1])
    if kind not in ("binary", "multiclass"):
        raise ValueError(f"Unknown label type: {kind}")
    labels = np.unique(y)
    return labels.astype(str) if labels.dtype == object else labels


# ---- scores -----------------------------------------------------------------------------------------------------


def get_scorer(name: Any) -> Any:
    """Return a callable that scores (estimator, X, y); names of scorers are scikit-learn's."""
    if callable(name):
        return name
    raise ImportError(f"the score {name!r} needs scikit-learn ({INSTALL})")


# ---- random draws -----------------------------------------------------------------------------------------------


def check_random_state(seed: Any) -> np.random.RandomState:
    """Return the generator that a random_state argument stands for."""
    if seed is None or seed is np.random:
        generator: np.random.RandomState = np.random.mtrand._rand
        return generator
    if isinstance(seed, np.random.RandomState):
        return seed
    # the old generator: its stream of numbers is the one that scikit-learn draws from
    return np.random.RandomState(seed)


def _share(counts: Array, n: int, generator: np.random.RandomState) -> Array:
    """Share n draws among classes in proportion to their counts: floors first, then the largest remainders.

    Equal remainders are settled by a draw from `generator`.
    """
    exact = counts / counts.sum() * n
    shares: Array = np.floor(exact)
    missing = int(n - shares.sum())
    remainders = exact - shares
    for value in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        (equal,) = np.nonzero(remainders == value)
        chosen = generator.choice(equal, size=min(len(equal), missing), replace=False)
        shares[chosen] += 1
        missing -= len(chosen)
    return shares.astype(int)


def _stratified(labels: Array, n_train: int, n_test: int, generator: np.random.RandomState) -> tuple[Array, Array]:
    """Draw row numbers so that every label has its share in both parts."""
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            "The least populated classes in y have only 1 member, which is too few. The minimum number of groups for "
            f"any class cannot be less than 2. Classes with too few members are: {classes[counts < 2].tolist()}"
        )
    for name, size in (("train_size", n_train), ("test_size", n_test)):
        if size < len(classes):
            raise ValueError(
                f"The {name} = {size} should be greater or equal to the number of classes = {len(classes)}"
            )
    train_share = _share(counts, n_train, generator)
    test_share = _share(counts - train_share, n_test, generator)
    train, test = [], []
    members = np.split(np.argsort(codes.ravel(), kind="stable"), np.cumsum(counts)[:-1])
    for rows, a, b in zip(members, train_share, test_share, strict=True):
        rows = rows[generator.permutation(len(rows))]
        train.append(rows[:a])
        test.append(rows[a : a + b])
    return generator.permutation(np.concatenate(train)), generator.permutation(np.concatenate(test))


def train_test_split(
    rows: Array, *, test_size: float, random_state: np.random.RandomState, stratify: Array | None = None
) -> tuple[Array, Array]:
    """Split an array into two by random rows, drawn as scikit-learn draws them.

    Parameters
    ----------
    rows : array of shape (n, ...)
    test_size : float in (0, 1)
        The fraction of the second part, rounded up to whole rows.
    random_state : RandomState
    stratify : array of shape (n,) or (n, 1), optional
        Labels that both parts have in the same proportions.
    """
    n = len(rows)
    if not 0 < test_size < 1:
        raise ValueError(f"test_size={test_size} should be a float in the (0, 1) range")
    n_test = int(np.ceil(test_size * n))
    n_train = n - n_test
    if n_train == 0:
        raise ValueError(f"With n_samples={n}, test_size={test_size}, the resulting train set will be empty.")
    if stratify is not None:
        train, test = _stratified(np.ravel(stratify), n_train, n_test, random_state)
    else:
        permutation = random_state.permutation(n)
        test, train = permutation[:n_test], permutation[n_test:]
    return rows[train], rows[test]
