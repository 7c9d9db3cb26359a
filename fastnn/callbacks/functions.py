"""LambdaCallback: hooks that are plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastnn.callbacks.base import HOOKS, Callback


class LambdaCallback(Callback):
    """A callback made of functions, with the arguments of the hooks of the same names.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable (epoch, logs), optional
    on_train_begin, on_train_end : callable (logs), optional
    on_train_batch_begin, on_train_batch_end : callable (batch, logs), optional

    Raises
    ------
    TypeError
        If one is not callable.

    Examples
    --------
    >>> import fastnn
    >>> say = fastnn.callbacks.LambdaCallback(on_train_end=lambda logs: print("done"))
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> _ = model.fit([[0.0], [1.0]], [0.0, 1.0], verbose=0, callbacks=[say])
    done
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__()
        given = locals()
        for hook in HOOKS:
            function = given[hook]
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"expected `{hook}` to be callable, received: {hook}={function!r}")
            setattr(self, hook, function)
