"""What several fits on the same data have in common, made once: fit_many's memory of checks and conversions.

What is kept, and under which key, is decided where it is made. Called by many.py, which opens it, and perceptron.py.
"""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Shared", "once"]

_local = threading.local()


class Shared:
    """Results that are the same for all fits on these arrays.

    Parameters
    ----------
    given : object
        X, y and sample_weight, as the user gave them.

    Examples
    --------
    >>> X, y = [[1.0]], [2.0]
    >>> with Shared(X, y).remembered():
    ...     [once("sum", lambda: sum(y), X, y) for y in (y, y, [3.0])]
    [2.0, 2.0, 3.0]
    """

    def __init__(self, *given: Any) -> None:
        self._given = given
        self._known: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """Let `once` of this Python thread find what there is."""
        _local.shared = self
        try:
            yield
        finally:
            del _local.shared

    def get(self, key: Hashable, make: Callable[[], Any], given: tuple[Any, ...]) -> Any:
        """Return what was made under this key, by whichever thread came first; of other arrays make it anew."""
        if any(mine is not theirs for mine, theirs in zip(self._given, given, strict=True)):
            return make()
        with self._lock:
            if key not in self._known:
                self._known[key] = make()
            return self._known[key]


def once(key: Hashable, make: Callable[[], Any], *given: Any) -> Any:
    """Return make(), or what it returned to an earlier fit on the same arrays."""
    shared: Shared | None = getattr(_local, "shared", None)
    return make() if shared is None else shared.get(key, make, given)
