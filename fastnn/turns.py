"""One training of a model at a time: a second call, in a callback or another thread, raises.

Called by training.py.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])


def one_at_a_time(method: Method) -> Method:
    """Make a method raise RuntimeError where its model is in training already: one call has the optimizer's state."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        if not self._under_way.acquire(blocking=False):
            raise RuntimeError(
                "expected one fit or train_on_batch of a model at a time, received: another while one is under way, in "
                "a callback or another thread"
            )
        try:
            return method(self, *args, **options)
        finally:
            self._under_way.release()

    return cast(Method, guarded)  # ParamSpec would lose the names of its arguments
