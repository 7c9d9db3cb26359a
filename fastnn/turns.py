"""One training of a model at a time, and one making of a network: threads may fit, predict and build at once.

A second training, in a callback or another thread, raises; who makes parameters waits for who is making them. Called by
training.py, parameters.py, fitted.py and perceptron.py.
"""

from __future__ import annotations

import functools
import os
from _thread import RLock, get_ident  # what threading has: importing fastnn does not load that
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])

_making = RLock()
_trains: dict[Any, list[int]] = {}  # of each Training under way the thread, in a list that is this turn's own


def _renew() -> None:
    """Free a forked child of what the parent's other threads held: they are not there."""
    global _making
    _making = RLock()
    for training, (thread,) in list(_trains.items()):
        if thread != get_ident():
            del _trains[training]
            training.resume(training.iterations, training.states)  # its Trainer stands in the middle of a step


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@contextmanager
def making() -> Iterator[None]:
    """Let no other thread make or exchange the parameters of a network meanwhile."""
    held = _making
    with held:
        yield


def under_way(training: Any) -> bool:
    """Whether somebody has the turn of a Training."""
    return training in _trains


@contextmanager
def turn(training: Any) -> Iterator[None]:
    """Train the model of a Training, or raise RuntimeError where somebody does."""
    mine = [get_ident()]
    if _trains.setdefault(training, mine) is not mine:
        raise RuntimeError(
            "expected one fit or train_on_batch of a model at a time, received: another while one is under way, in a "
            "callback or another thread"
        )
    try:
        yield
    finally:
        del _trains[training]


def one_at_a_time(method: Method) -> Method:
    """Make a method raise RuntimeError where its model is in training already: one call has the optimizer's state."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **options: Any) -> Any:
        with turn(self):
            return method(self, *args, **options)

    return cast(Method, guarded)  # ParamSpec would lose the names of its arguments
