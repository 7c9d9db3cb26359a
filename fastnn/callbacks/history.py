"""History: the logs of all epochs, what `Sequential.fit` returns."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from fastnn import arguments
from fastnn.callbacks.base import Callback, Logs
from fastnn.callbacks.diagnosis import Diagnosis, diagnose


class History(Callback, arguments.Configured):
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
        self._first: list[np.ndarray] = []  # losses of the steps of the first epoch of all, and of the last
        self._last: list[np.ndarray] = []

    @property
    def model(self) -> Any:
        """The model that was trained, which this does not keep alive; None once it is gone."""
        return self._model and self._model()

    @model.setter
    def model(self, model: Any) -> None:
        self._model = None if model is None else weakref.ref(model)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._last = []
        if not self.epoch:  # else the fit was resumed
            self._first = self._last

    def on_train_batches_end(self, batch: int, losses: np.ndarray) -> None:
        self._last.append(losses)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def diagnose(self, target: float | None = None) -> Diagnosis:
        """Name what the losses show: underfitting, a good fit, overfitting, a learning rate too high or too low.

        Parameters
        ----------
        target : float, optional
            The training loss that is good enough; by default half of the first epoch's, which says little where one
            epoch is already most of the training.

        Returns
        -------
        Diagnosis
            verdict and reason.

        Raises
        ------
        ValueError
            If there are fewer than 6 epochs, and the loss is finite, or `target` is not.

        Notes
        -----
        The first that holds, where the gain is the first epoch's training loss less the lowest, and a loss jumps if at
        least a quarter of its changes in the second half of the epochs, by size, are upwards:

        1. Rate too high: the training loss is not finite, or ends above the first epoch's; or the validation loss
           ends not finite, and none of 2 to 4 holds.
        2. Rate too high: the median of the first epoch's steps lies above the first step, whose loss is the untrained
           model's, by more than the lowest loss lies below it, and by more than five standard deviations of the last
           epoch's steps. The fit recovered from its first steps. Passed over where the history was loaded or resumed.
        3. Rate too low: the gain is nothing, at most 1e-6 of the loss.
        4. Rate too high: the training loss jumps, by more than a tenth of the gain an epoch.
        5. Overfitting: the validation loss ends above its lowest by more than a tenth of the gain, and the training
           loss fell meanwhile; or it ends above the training loss by more than half of the gain.
        6. Rate too low: the training loss does not jump, and falls in the second half of the epochs by more than half
           of what it fell in the first. More epochs help as well.
        7. Underfitting: the training loss ends above `target`.
        8. Else a good fit.

        They are rules of thumb: look at the curves as well. Source of the shapes: Goodfellow, Bengio and Courville,
        Deep Learning, 2016, sections 5.2 and 11.4.1.

        Examples
        --------
        >>> import fastnn, numpy as np
        >>> X = np.linspace(-1, 1, 64).reshape(-1, 1)
        >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
        >>> model.compile(fastnn.optimizers.SGD(0.1), "mse")
        >>> model.fit(X, X * X, epochs=30, verbose=0).diagnose(target=0.01).verdict
        'underfitting'
        """
        return diagnose(self.history, target, self._first, self._last)

    def get_state(self) -> dict[str, Any]:
        return {"epoch": list(self.epoch), **{f"history.{name}": list(values) for name, values in self.history.items()}}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch = list(state["epoch"])
        self.history = {
            name.removeprefix("history."): list(values) for name, values in state.items() if name != "epoch"
        }
