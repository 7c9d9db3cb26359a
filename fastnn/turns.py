"""One training of a model at a time, and one making of a network: threads may fit, predict and build at once.

A second training, in a callback or another thread, raises; who makes parameters waits for who is making them. Called by
training.py, parameters.py, fitted.py and perceptron.py.
"""

from __future__ import annotations

import functools
import os
from _thread import RLock  # what threading.RLock is: importing fastnn does not load that
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])

_making = RLock()


def _renew() -> None:
    """Give a forked child a lock of its own: who held the parent's is not there."""
    global _making
    _making = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@contextmanager
def making() -> Iterator[None]:
    """Let no other thread make or exchange the parameters of a network meanwhile."""
    held = _making
    with held:
        yield


@contextmanager
def turn(lock: Any) -> Iterator[None]:
    """Train the model of which this is `Training.turn`, or raise RuntimeError where somebody does."""
    if not lock.acquire(blocking=False):
        raise RuntimeError(
            "expected one fit or train_on_batch of a model at a time, received: another while one is under way, in a "
            "callback or another thread"
        )
    try:
        yield
    finally:
        lock.release()


def one_at_a_time(method: Method) -> Method:
    """Make a method raise RuntimeError where its model is in training already: one call has the optimizer's state."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        with turn(self.turn):
            return method(self, *args, **options)

    return cast(Method, guarded)  # ParamSpec would lose the names of its arguments
