"""Callback, whose hooks a fit calls, and the list of them that fitting.py calls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from fastnn import arguments

Logs = dict[str, float]
BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end")
HOOKS = ("on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", *BATCH_HOOKS)


def logged(state: dict[str, Any], name: str) -> float | None:
    """Return a value of the logs that a callback's state has, None if it has none; raise ValueError for another."""
    value: float | None = state.get(name)
    if value is None or (isinstance(value, Real) and not isinstance(value, bool)):
        return value
    raise ValueError(f"expected `{name}` to be a number, received: {name}={value!r}")


class Callback:
    """Base of callbacks: override the hooks you need.

    Attributes
    ----------
    model : Sequential
        The model in training; ``self.model.stop_training = True`` ends the fit after the epoch, or after the step if
        set in a batch hook.
    params : dict
        "epochs", "steps" (of an epoch), "verbose".

    Notes
    -----
    A callback that overrides a batch hook makes the engine return after each step: on small networks that costs more
    than the steps.

    Examples
    --------
    >>> import fastnn
    >>> class Print(fastnn.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print("epoch", epoch)
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> _ = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=2, verbose=0, callbacks=[Print()])
    epoch 0
    epoch 1
    """

    #: Whether its hooks are called after those of all others.
    comes_last: ClassVar[bool] = False

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Told before training which model it is."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Told before training what is planned."""
        self.params = params

    def get_state(self) -> dict[str, Any]:
        """Return what a fit must be resumed with, by name: numbers, strings, arrays, and lists of these; no None.

        Asked between epochs. The base has none, nor need a callback that forgets every epoch. What the optimizer
        keeps, its learning rate too, is not repeated here.
        """
        return {}

    def checked_state(self) -> dict[str, Any]:
        """Return what `get_state` does; raise TypeError, which names the class, for what no file can give back."""
        state = self.get_state()
        if not isinstance(state, dict) or any(map(callable, state.values())):
            raise TypeError(
                f"expected {type(self).__name__}.get_state() to return a dict of numbers, strings and arrays, "
                f"received: {state!r}"
            )
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` returned, after the resumed fit's `on_train_begin` has reset everything."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, and when Ctrl-C ends the fit; not after any other error."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before the epoch `epoch`, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After the epoch and its validation; logs has "loss", metrics, and both with "val_" in front."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before the step `batch` of the epoch."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After the step `batch` of the epoch; logs has the batch's "loss"."""

    def on_train_batches_end(self, batch: int, losses: np.ndarray) -> None:
        """After one step or more, as many as the engine took at once (in about 0.05 s, so the clock decides).

        Costs nothing, unlike the hooks for single batches.

        Parameters
        ----------
        batch : int
            The last of the steps.
        losses : ndarray of float64, shape (steps,)
            The loss of each.
        """

    def __getstate__(self) -> dict[str, Any]:
        """Pickled without the model."""
        return {**self.__dict__, "model": None}

    @property
    def wants_batches(self) -> bool:
        """Whether the engine has to return after each step: a batch hook is overridden."""
        return any(_overrides(self, hook) for hook in BATCH_HOOKS)


class CallbackList:
    """All callbacks of a fit, called in order.

    Raises
    ------
    TypeError
        If one is no Callback.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.callbacks.CallbackList([fastnn.callbacks.History()], None, {"epochs": 1}).wants_batches
    False
    """

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any]) -> None:
        if isinstance(callbacks, Callback):
            callbacks = [callbacks]
        given = arguments.sequence("callbacks", callbacks)
        for callback in given:
            if not isinstance(callback, Callback):
                raise TypeError(f"expected callbacks to be fastnn.callbacks.Callback objects, received: {callback!r}")
        self.callbacks: list[Callback] = given
        self._model, self._params = model, params

    def attach(self) -> None:
        """Tell all callbacks their model and what is planned."""
        for callback in self.callbacks:
            callback.set_model(self._model)
            callback.set_params(self._params)

    @cached_property
    def wants_batches(self) -> bool:
        """Whether any callback does."""
        return any(callback.wants_batches for callback in self.callbacks)

    @cached_property
    def _left_to_end(self) -> Iterator[Callback]:
        """Those whose `on_train_end` has not been called."""
        return iter(self.callbacks)

    def call(self, hook: str, *given: Any) -> None:
        """Call one hook of all callbacks; `on_train_end` once of each, also where Ctrl-C struck in one of them."""
        for callback in self._left_to_end if hook == "on_train_end" else self.callbacks:
            getattr(callback, hook)(*given)


def _overrides(callback: Callback, hook: str) -> bool:
    bound = getattr(callback, hook)
    return getattr(bound, "__func__", bound) is not getattr(Callback, hook)
