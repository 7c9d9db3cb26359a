"""Callbacks that set the optimizer's learning rate between epochs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastnn import arguments
from fastnn.callbacks.base import Callback, Logs, logged
from fastnn.callbacks.monitor import MonitorCallback


def _rate(callback: Callback) -> float:
    """The learning rate, which must be a number for somebody else than its schedule to set it."""
    rate = callback.model.optimizer.learning_rate
    if callable(rate):
        raise ValueError(
            f"expected an optimizer with a number as learning rate for {type(callback).__name__} to set, received: "
            f"learning_rate={rate!r}"
        )
    return float(rate)


class ReduceLROnPlateau(MonitorCallback, arguments.Configured):
    """Multiplies the learning rate by `factor` when a monitored value has not improved for `patience` epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        A key of the logs.
    factor : float in (0, 1), default 0.1
    patience : int, default 10
        Epochs without improvement before the rate is reduced.
    verbose : int, default 0
        1 prints when it acts.
    mode : {"auto", "min", "max"}, default "auto"
        Whether smaller or larger is better; "auto" knows the names of metrics.
    min_delta : float, default 1e-4
        What counts as an improvement: a change by more than this.
    cooldown : int, default 0
        Epochs after a reduction that are not counted.
    min_lr : float >= 0, default 0
        The rate is not reduced below this.

    Raises
    ------
    ValueError
        If an argument is out of its range; at the fit's begin, if the learning rate is a schedule.

    Notes
    -----
    Adds "learning_rate", that of the epoch, to the logs. Source: Keras 3, ``keras.callbacks.ReduceLROnPlateau``.

    Examples
    --------
    >>> import fastnn
    >>> reduce = fastnn.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2, min_delta=1e9)
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(0.1), "mse")
    >>> history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=6, verbose=0, callbacks=[reduce])
    >>> history.history["learning_rate"]
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.025]
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor = arguments.number("factor", factor, above=0.0, below=1.0)
        self.patience = arguments.integer("patience", patience, least=0)
        self.verbose = verbose
        self.cooldown = arguments.integer("cooldown", cooldown, least=0)
        self.min_lr = arguments.number("min_lr", min_lr, least=0.0)
        self._reset()

    def _reset(self) -> None:
        self.best: float | None = None
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _rate(self)
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = _rate(self)
        value = self.monitored(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience and _rate(self) > self.min_lr:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        rate = max(_rate(self) * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = rate
        self.cooldown_counter, self.wait = self.cooldown, 0
        if self.verbose:
            print(f"Epoch {epoch + 1}: {self.monitor} has not improved, learning rate reduced to {rate:g}")

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"wait": self.wait, "cooldown_counter": self.cooldown_counter}
        if self.best is not None:
            state["best"] = self.best
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        self.best = logged(state, "best")
        self.wait, self.cooldown_counter = (
            arguments.integer(name, state[name], least=0) for name in ("wait", "cooldown_counter")
        )


class LearningRateScheduler(Callback, arguments.Configured):
    """Sets the learning rate of each epoch from a function.

    A rate for each step is a schedule: give it to the optimizer instead.

    Parameters
    ----------
    schedule : callable
        ``schedule(epoch, rate)``, or ``schedule(epoch)``: epoch counted from 0, rate the one so far. Returns the new.
    verbose : int, default 0
        1 prints the rate of each epoch.

    Raises
    ------
    TypeError
        If `schedule` is not callable.
    ValueError
        If the learning rate is a schedule of steps, or what is returned is no rate.

    Notes
    -----
    Adds "learning_rate" to the logs. Source: Keras 3, ``keras.callbacks.LearningRateScheduler``.

    Examples
    --------
    >>> import fastnn
    >>> halve = fastnn.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(0.1), "mse")
    >>> history = model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=3, verbose=0, callbacks=[halve])
    >>> history.history["learning_rate"]
    [0.1, 0.05, 0.025]
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"expected `schedule` to be callable, received: schedule={schedule!r}")
        self.schedule = schedule
        self.verbose = verbose

    def on_train_begin(self, logs: Logs | None = None) -> None:
        _rate(self)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        given = (epoch, _rate(self)) if _takes_two(self.schedule) else (epoch,)
        rate = arguments.number(f"schedule({epoch})", self.schedule(*given), least=0.0)
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: learning rate {rate:g}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = _rate(self)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a built-in one, which does not tell
        pass
    return True
