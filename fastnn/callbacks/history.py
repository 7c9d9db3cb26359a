"""History: the logs of all epochs, what `Sequential.fit` returns."""

from __future__ import annotations

from typing import Any

from fastnn.callbacks.base import Callback, Logs


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

    def get_state(self) -> dict[str, Any]:
        return {"epoch": list(self.epoch), **{f"history.{name}": list(values) for name, values in self.history.items()}}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch = list(state["epoch"])
        self.history = {
            name.removeprefix("history."): list(values) for name, values in state.items() if name != "epoch"
        }

    def __getstate__(self) -> dict[str, Any]:
        """Pickled without the model."""
        return {**self.__dict__, "model": None}
