"""Which values a constructor argument may take, and the sentence for those it may not.

The sentences are scikit-learn's, word for word where they name one rule, so that code which catches and shows them
sees no difference; the rules are checked here in both worlds, with scikit-learn and without. Called by perceptron.py.
"""

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Protocol

import numpy as np

from fastnn.compat import InvalidParameterError

__all__ = ["ARRAY_LIKE", "BOOLEAN", "RANDOM_STATE", "Between", "InstanceOf", "OneOf", "check_parameters"]


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


ARRAY_LIKE = _ArrayLike()
BOOLEAN: tuple[Rule, ...] = (
    InstanceOf(bool, "an instance of 'bool'"),
    InstanceOf(np.bool_, "an instance of 'numpy.bool'"),
)
RANDOM_STATE: tuple[Rule, ...] = (
    Between(Integral, 0, 2**32 - 1, "both"),
    InstanceOf(np.random.RandomState, "an instance of 'numpy.random.mtrand.RandomState'"),
    InstanceOf(type(None), "None"),
)


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
        allowed = rules[name]
        if not any(rule.accepts(value) for rule in allowed):
            *others, last = map(str, allowed)
            expected = f"{', '.join(others)} or {last}" if others else last
            raise InvalidParameterError(
                f"The {name!r} parameter of {caller} must be {expected}. Got {value!r} instead."
            )
