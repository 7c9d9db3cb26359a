"""Callbacks that end a fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.callbacks.base import Logs
from fastnn.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
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
    best_weights : list of ndarray or None
    wait : int
        Epochs since the last improvement.
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
        super().__init__(monitor, mode, min_delta)
        self.patience = arguments.integer("patience", patience, least=0)
        self.verbose = verbose
        self.baseline = None if baseline is None else arguments.number("baseline", baseline)
        self.restore_best_weights = bool(restore_best_weights)
        self.start_from_epoch = arguments.integer("start_from_epoch", start_from_epoch, least=0)
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.best_epoch = self.stopped_epoch = self.wait = 0
        self.best_weights: list[np.ndarray] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.monitored(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            self.model.set_weights(self.best_weights)
            if self.verbose:
                print(f"Restored the weights of the best epoch: {self.best_epoch + 1}")

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"best_epoch": self.best_epoch, "wait": self.wait}
        if self.best is not None:
            state["best"] = self.best
        if self.best_weights is not None:
            state["best_weights"] = self.best_weights
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        self._reset()
        self.best, self.best_epoch, self.wait = state.get("best"), state["best_epoch"], state["wait"]
        self.best_weights = state.get("best_weights")
