"""Which values a constructor argument may take, and the sentence for those it may not.

The sentences are scikit-learn's, word for word where they name one rule, so that code which catches and shows them
sees no difference; the rules are checked here in both worlds, with scikit-learn and without. Called by perceptron.py,
fitted.py and the estimators.
"""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np

from fastnn import activations, optimizers
from fastnn.callbacks import Callback
from fastnn.compat import InvalidParameterError

__all__ = [
    "ACTIVATIONS",
    "NONE",
    "RULES",
    "Between",
    "InstanceOf",
    "OneOf",
    "check_parameters",
    "layer_sizes",
    "layer_values",
]


class Rule(Protocol):
    """Something that accepts a value or not; its str() completes "must be ..."."""

    def accepts(self, value: Any) -> bool: ...


class Between:
    """A number of a kind in an interval; `closed` says which ends belong to it.

    Examples
    --------
    >>> from numbers import Real
    >>> rule = Between(Real, 0, 1, "left")
    >>> print(rule, rule.accepts(0), rule.accepts(1), rule.accepts(float("nan")))
    a float in the range [0.0, 1.0) True False False
    """

    def __init__(self, kind: type[Any], low: float, high: float = math.inf, closed: str = "left") -> None:
        self.kind, self.low, self.high, self.closed = kind, low, high, closed

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, self.kind):
            return False
        # NaN compares false with everything, so it fails here without a case of its own
        above = value >= self.low if self.closed in ("left", "both") else value > self.low
        below = value <= self.high if self.closed in ("right", "both") else value < self.high
        return bool(above and below)

    def __str__(self) -> str:
        whole = self.kind is Integral
        low, high = (bound if whole else float(bound) for bound in (self.low, self.high))
        left = "[" if self.closed in ("left", "both") else "("
        right = "]" if self.closed in ("right", "both") else ")"
        return f"{'an int' if whole else 'a float'} in the range {left}{low}, {high}{right}"


class OneOf:
    """One of a few values, compared by equality; `kind` is how the sentence calls them."""

    def __init__(self, kind: str, values: Sequence[Any]) -> None:
        self.kind, self.values = kind, values

    def accepts(self, value: Any) -> bool:
        # only scalars: == on an array would give an array
        return isinstance(value, (str, Real)) and any(value == known for known in self.values)

    def __str__(self) -> str:
        return f"{self.kind} among {{{', '.join(map(repr, self.values))}}}"


class InstanceOf:
    """An object of a type."""

    def __init__(self, kind: type, name: str) -> None:
        self.kind, self.name = kind, name

    def accepts(self, value: Any) -> bool:
        return isinstance(value, self.kind)

    def __str__(self) -> str:
        return self.name


class _ArrayLike:
    def accepts(self, value: Any) -> bool:
        return not isinstance(value, (str, bytes)) and (hasattr(value, "__len__") or hasattr(value, "__array__"))

    def __str__(self) -> str:
        return "an array-like"


class _Each:
    """A list whose items some rule accepts; `items` is how the sentence calls them."""

    def __init__(self, items: str, *rules: Rule) -> None:
        self.items, self.rules = items, rules

    def accepts(self, value: Any) -> bool:
        return isinstance(value, (list, tuple)) and all(any(r.accepts(item) for r in self.rules) for item in value)

    def __str__(self) -> str:
        return f"a list of {self.items}"


class _Callable:
    def accepts(self, value: Any) -> bool:
        return callable(value) and not isinstance(value, type)

    def __str__(self) -> str:
        return "a callable"


class _Text:
    def accepts(self, value: Any) -> bool:
        return isinstance(value, str)

    def __str__(self) -> str:
        return "a str"


ARRAY_LIKE = _ArrayLike()
NONE = InstanceOf(type(None), "None")
BOOLEAN: tuple[Rule, ...] = (
    InstanceOf(bool, "an instance of 'bool'"),
    InstanceOf(np.bool_, "an instance of 'numpy.bool'"),
)
RANDOM_STATE: tuple[Rule, ...] = (
    Between(Integral, 0, 2**32 - 1, "both"),
    InstanceOf(np.random.RandomState, "an instance of 'numpy.random.mtrand.RandomState'"),
    NONE,
)

_AT_LEAST_0 = (Between(Real, 0),)
_ABOVE_0 = (Between(Real, 0, closed="neither"),)
_FRACTION = Between(Real, 0, 1, closed="left")
_COUNT = (Between(Integral, 1),)

#: scikit-learn's names of activations for hidden layers, and the engine's others that can be trained through.
ACTIVATIONS = (
    *("identity", "logistic", "relu", "tanh"),
    *(name for name in activations.NAMES if name not in ("relu", "tanh") and activations.differentiable(name)),
)
_ACTIVATION = OneOf("a str", ACTIVATIONS)

#: What each constructor argument of an estimator may be, scikit-learn's own first, in its order.
RULES: dict[str, tuple[Rule, ...]] = {
    "hidden_layer_sizes": (ARRAY_LIKE, *_COUNT),
    "activation": (_ACTIVATION, _Each("them, one a hidden layer", _ACTIVATION)),
    "solver": (OneOf("a str", ("adam", "lbfgs", "sgd")),),
    "alpha": _AT_LEAST_0,
    "batch_size": (OneOf("a str", ("auto",)), *_COUNT),
    "learning_rate": (OneOf("a str", ("adaptive", "constant", "invscaling")), _Callable()),
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
    "validation_fraction": (_FRACTION,),
    "beta_1": (_FRACTION,),
    "beta_2": (_FRACTION,),
    "epsilon": _ABOVE_0,
    "n_iter_no_change": (*_COUNT, OneOf("a float", (np.inf,))),
    "max_fun": _COUNT,
    "optimizer": (NONE, OneOf("a str", tuple(optimizers.NAMES)), InstanceOf(optimizers.Optimizer, "an Optimizer")),
    "early_stopping_metric": (NONE, _Text(), _Callable()),
    "dropout": (_FRACTION, _Each("numbers in the range [0.0, 1.0)", _FRACTION)),
    "l1": _AT_LEAST_0,
    "batch_norm": BOOLEAN,
    "layer_norm": BOOLEAN,
    "clipnorm": (NONE, *_ABOVE_0),
    "dtype": (OneOf("a str", ("auto", "float32", "float64")),),
    "n_jobs": (NONE, InstanceOf(Integral, "an int")),
    "callbacks": (NONE, InstanceOf(Callback, "a Callback"), _Each("them", InstanceOf(Callback, "a Callback"))),
}


def layer_sizes(given: Any) -> Any:
    """Return hidden_layer_sizes, which may be any collection or one number, as an array of integers above 0.

    Examples
    --------
    >>> layer_sizes({3}), layer_sizes(5)
    (array([3]), array([5]))
    """
    # of a set NumPy would make one object
    sizes = np.asarray([*given] if hasattr(given, "__iter__") and not isinstance(given, np.ndarray) else given)
    if sizes.ndim > 1 or (sizes.size and sizes.dtype.kind not in "iu"):
        raise TypeError(f"expected hidden_layer_sizes to be integers, received: {given!r}")
    if np.any(sizes <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes.reshape(-1).tolist()}.")
    return sizes.reshape(-1)


def layer_values(name: str, value: Any, layers: int) -> list[Any]:
    """Return one value a layer: those of a list, or the same for all.

    Raises
    ------
    ValueError
        If the list has another length.
    """
    if not isinstance(value, (list, tuple)):
        return [value] * layers
    if len(value) != layers:
        raise ValueError(f"expected {name} to be one value or a list of {layers}, received: {name}={value!r}")
    return list(value)


def check_parameters(rules: Mapping[str, Sequence[Rule]], values: Mapping[str, Any], caller: str) -> None:
    """Raise for the first value that no rule of its name accepts.

    Parameters
    ----------
    rules : mapping of name to sequence of rules
        One accepting rule is enough.
    values : mapping of name to value
    caller : str
        The class or function that the sentence names.

    Raises
    ------
    InvalidParameterError
        A ValueError and a TypeError at once, as in scikit-learn.
    """
    for name, value in values.items():
        for rule in rules[name]:
            if rule.accepts(value):
                break
        else:
            *others, last = map(str, rules[name])
            expected = f"{', '.join(others)} or {last}" if others else last
            hint = ""
            if name == "learning_rate" and isinstance(value, Real) and not isinstance(value, bool):
                hint = f" A number is the first rate: learning_rate_init={value!r}."
            raise InvalidParameterError(
                f"The {name!r} parameter of {caller} must be {expected}. Got {value!r} instead.{hint}"
            )
