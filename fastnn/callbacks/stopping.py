"""Callbacks that end a fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.callbacks.base import Callback, Logs, logged
from fastnn.callbacks.monitor import MonitorCallback


class EarlyStopping(MonitorCallback, arguments.Configured):
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
        As in Keras: an improvement sets `wait` to 0 only if the value is better than this, too. Training goes on as
        long as the value improves; the first epoch that does not ends it if `wait` has reached `patience` by then.
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

    Raises
    ------
    ValueError
        If monitor is not a string, mode is not known, or a number is out of its range.

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
        state: dict[str, Any] = {"best_epoch": self.best_epoch, "wait": self.wait, "stopped_epoch": self.stopped_epoch}
        if self.best is not None:
            state["best"] = self.best
        if self.best_weights is not None:
            state["best_weights"] = self.best_weights
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        self._reset()
        self.best, self.best_weights = logged(state, "best"), state.get("best_weights")
        self.best_epoch, self.wait, self.stopped_epoch = (
            arguments.integer(name, state[name], least=0) for name in ("best_epoch", "wait", "stopped_epoch")
        )
        if self.best_weights is not None and self.model is not None:
            shapes = [array.shape for array in self.model.get_weights()]
            if [np.shape(array) for array in self.best_weights] != shapes:
                raise ValueError(f"expected `best_weights` to be the model's, of shapes {shapes}, received: others")


class TerminateOnNaN(Callback, arguments.Configured):
    """Ends the fit when a step's loss is NaN or infinite.

    Parameters
    ----------
    raise_error : bool, default False
        Raise RuntimeError instead of ending the fit in order; `on_train_end` is not called then.

    Raises
    ------
    RuntimeError
        During the fit, with ``raise_error=True``.

    Notes
    -----
    The engine runs some steps at once (about 0.05 s), so that a few more may have been taken when it stops. Source:
    Keras 3, ``keras.callbacks.TerminateOnNaN``.

    Examples
    --------
    >>> import fastnn, warnings
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(1e30), "mse")
    >>> with warnings.catch_warnings(action="ignore"):
    ...     nan = fastnn.callbacks.TerminateOnNaN()
    ...     history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=9, verbose=0, callbacks=[nan])
    Step 0: the loss is inf, training ends
    >>> len(history.epoch)
    2
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = bool(raise_error)

    def on_train_batches_end(self, batch: int, losses: np.ndarray) -> None:
        bad = np.flatnonzero(~np.isfinite(losses))
        if bad.size == 0 or self.model.stop_training:
            return
        text = f"Step {batch - losses.size + 1 + bad[0]}: the loss is {losses[bad[0]]}, training ends"
        if self.raise_error:
            raise RuntimeError(text)
        print(text)
        self.model.stop_training = True


class StopAtTrainingMetric(MonitorCallback, arguments.Configured):
    """Ends the fit once a value of the logs has reached a limit: good enough.

    Parameters
    ----------
    threshold : float
        The limit; reached when the value is at or beyond it.
    monitor : str, default "loss"
        A key of the logs: the training loss, or a metric.
    mode : {"auto", "min", "max"}, default "auto"
        Whether smaller or larger is better; "auto" knows the names of metrics.
    verbose : int, default 0
        1 prints when it acts.

    Raises
    ------
    ValueError
        If threshold is not a finite number, monitor is not a string, or mode is not known.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(0.5), "mse")
    >>> enough = fastnn.callbacks.StopAtTrainingMetric(0.01)
    >>> history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=999, verbose=0, callbacks=[enough])
    >>> history.history["loss"][-2] > 0.01 >= history.history["loss"][-1]
    True
    """

    def __init__(self, threshold: float, monitor: str = "loss", mode: str = "auto", verbose: int = 0) -> None:
        super().__init__(monitor, mode)
        self.threshold = arguments.number("threshold", threshold)
        self.verbose = verbose

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        value = self.monitored(logs)
        if value is None:
            return
        if value >= self.threshold if self.larger_is_better else value <= self.threshold:
            self.model.stop_training = True
            if self.verbose:
                print(f"Epoch {epoch + 1}: {self.monitor} has reached {value:g}")


class StopOnSmallChange(Callback, arguments.Configured):
    """Ends the fit when the training loss hardly changes from one iteration to the next.

    Parameters
    ----------
    min_delta : float >= 0, default 1e-4
        A change of at most this is small.
    patience : int >= 1, default 10
        Small changes in a row that end the fit.
    relative : bool, default False
        Measure a change as a part of the loss before it.
    every : {"step", "epoch"}, default "step"
        What an iteration is. Losses of single steps are those of different rows, so small batches want "epoch"; "step"
        makes the engine return after each step, which costs more than the steps on small networks.
    verbose : int, default 0
        1 prints when it acts.

    Attributes
    ----------
    wait : int
        Small changes in a row so far.

    Raises
    ------
    ValueError
        If min_delta is negative or not finite, patience is not a positive integer, or every is not known.

    Notes
    -----
    Stops at ``|E_k - E_(k-1)| <= min_delta``, times ``|E_(k-1)|`` if relative, for `patience` values of k in a row.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(0.5), "mse")
    >>> settled = fastnn.callbacks.StopOnSmallChange(1e-6, patience=3)
    >>> history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=999, verbose=0, callbacks=[settled])
    >>> abs(history.history["loss"][-1] - history.history["loss"][-2]) <= 1e-6
    True
    """

    def __init__(
        self,
        min_delta: float = 1e-4,
        patience: int = 10,
        relative: bool = False,
        every: str = "step",
        verbose: int = 0,
    ) -> None:
        super().__init__()
        self.min_delta = arguments.number("min_delta", min_delta, least=0.0)
        self.patience = arguments.integer("patience", patience, least=1)
        self.relative = bool(relative)
        self.every = arguments.one_of("every", every, ("step", "epoch"))
        self.verbose = verbose
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self._before: float | None = None

    @property
    def wants_batches(self) -> bool:
        """Whether the engine has to return after each step: `every` is "step"."""
        return self.every == "step"

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._reset()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.every == "step":
            self._look((logs or {})["loss"], f"Step {batch}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.every == "epoch":
            self._look((logs or {})["loss"], f"Epoch {epoch + 1}")

    def _look(self, loss: float, when: str) -> None:
        before, self._before = self._before, loss
        if before is None:
            return
        small = abs(loss - before) <= self.min_delta * (abs(before) if self.relative else 1.0)
        self.wait = self.wait + 1 if small else 0
        if self.wait >= self.patience:
            self.model.stop_training = True
            if self.verbose:
                print(f"{when}: the loss has hardly changed for {self.wait} iterations")

    def get_state(self) -> dict[str, Any]:
        return {"wait": self.wait} if self._before is None else {"wait": self.wait, "before": self._before}

    def set_state(self, state: dict[str, Any]) -> None:
        self.wait, self._before = arguments.integer("wait", state["wait"], least=0), logged(state, "before")
