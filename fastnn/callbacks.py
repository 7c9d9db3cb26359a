"""Callbacks: what is told of a fit's progress, and may stop it. Called by training.py."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import arguments, metrics

Logs = dict[str, float]
HOOKS = (
    "on_train_begin",
    "on_train_end",
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


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

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Told before training which model it is."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Told before training what is planned."""
        self.params = params

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


class CallbackList:
    """All callbacks of a fit, called in order.

    Raises
    ------
    TypeError
        If one is no Callback.

    Examples
    --------
    >>> import fastnn
    >>> CallbackList([fastnn.callbacks.History()], None, {"epochs": 1}).wants_batches
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

    @property
    def wants_batches(self) -> bool:
        """Whether any callback overrides a batch hook."""
        return any(
            _overrides(callback, hook)
            for callback in self.callbacks
            for hook in ("on_train_batch_begin", "on_train_batch_end")
        )

    def call(self, hook: str, *given: Any) -> None:
        """Call one hook of all callbacks."""
        for callback in self.callbacks:
            getattr(callback, hook)(*given)


def _overrides(callback: Callback, hook: str) -> bool:
    bound = getattr(callback, hook)
    return getattr(bound, "__func__", bound) is not getattr(Callback, hook)


class History(Callback):
    """What `Sequential.fit` returns: the logs of all epochs.

    Attributes
    ----------
    epoch : list of int
    history : dict of str to list of float
        For each key of the logs one value an epoch.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=3, verbose=0)
    >>> len(history.history["loss"])
    3
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def __getstate__(self) -> dict[str, Any]:
        """Pickled without the model."""
        return {**self.__dict__, "model": None}


class EarlyStopping(Callback):
    """Stops training when a monitored value has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        A key of the logs.
    min_delta : float, default 0
        What counts as an improvement: a change by more than this.
    patience : int, default 0
        Epochs without improvement before training stops.
    verbose : int, default 0
        1 prints when it acts.
    mode : {"auto", "min", "max"}, default "auto"
        Whether smaller or larger is better; "auto" knows the names of metrics.
    baseline : float, optional
        Training stops if the value does not get better than this within `patience` epochs.
    restore_best_weights : bool, default False
        Put back the weights of the best epoch when training ends.
    start_from_epoch : int, default 0
        Epochs before this one are not looked at.

    Attributes
    ----------
    best : float or None
    best_epoch : int
    stopped_epoch : int
        0 if training was not stopped.

    Notes
    -----
    Source: Keras 3, ``keras.callbacks.EarlyStopping``.

    Examples
    --------
    >>> import fastnn
    >>> stop = fastnn.callbacks.EarlyStopping(monitor="loss", min_delta=1e9, patience=1)
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=9, verbose=0, callbacks=[stop])
    >>> len(history.epoch)
    2
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__()
        if not isinstance(monitor, str):
            raise ValueError(f"expected `monitor` to be a key of the logs, received: monitor={monitor!r}")
        self.monitor = monitor
        self.min_delta = abs(arguments.number("min_delta", min_delta))
        self.patience = arguments.integer("patience", patience, least=0)
        self.verbose = verbose
        self.mode = arguments.one_of("mode", mode, ("auto", "min", "max"))
        self.baseline = None if baseline is None else arguments.number("baseline", baseline)
        self.restore_best_weights = bool(restore_best_weights)
        self.start_from_epoch = arguments.integer("start_from_epoch", start_from_epoch, least=0)
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.best_epoch = self.stopped_epoch = self._wait = 0
        self._best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def _improves(self, value: float, reference: float | None) -> bool:
        if reference is None:
            return True
        larger = self.mode == "max" or (self.mode == "auto" and metrics.larger_is_better(self.monitor))
        gain = value - reference if larger else reference - value
        return gain > self.min_delta

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"EarlyStopping looks at {self.monitor!r}, which is not in the logs: {', '.join(logs or {})}",
                stacklevel=2,
            )
            return
        if epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self._best_weights is None:
            self._best_weights, self.best_epoch = self.model.get_weights(), epoch
        self._wait += 1
        if self._improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self._best_weights = self.model.get_weights()
            if self.baseline is None or self._improves(value, self.baseline):
                self._wait = 0
        elif self._wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self._best_weights is not None:
            self.model.set_weights(self._best_weights)
            if self.verbose:
                print(f"Restored the weights of the best epoch: {self.best_epoch + 1}")


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
