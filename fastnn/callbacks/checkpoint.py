"""ModelCheckpoint: the model in files while it trains, to go on from and to keep the best."""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any

from fastnn import arguments
from fastnn.callbacks.base import Logs, logged
from fastnn.callbacks.monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Writes the model after epochs; ``fit(..., resume=path)`` goes on from such a file.

    Parameters
    ----------
    filepath : str or path-like
        Name of the file; ``{epoch}`` (counted from 1, as in "{epoch:03d}") and keys of the logs ("{val_loss:.2f}") are
        filled in. Without them each file replaces the one before. Missing folders are made.
    monitor : str, default "val_loss"
        A key of the logs, for save_best_only.
    verbose : int, default 0
        1 prints when a file is written.
    save_best_only : bool, default False
        Write only where the monitored value is better than at all epochs looked at before, in earlier fits too; at
        every epoch, with a warning, where the logs have no such value.
    save_weights_only : bool, default False
        Leave out what only a resumed training needs: optimizer state, callbacks, epoch. Much smaller files.
    mode : {"auto", "min", "max"}, default "auto"
        Whether smaller or larger is better; "auto" knows the names of metrics.
    save_freq : "epoch"
        Checkpoints stand between epochs; `every` is the number of epochs.
    initial_value_threshold : float, optional
        What the monitored value has to be better than from the start.
    every : int, default 1
        Epochs from one file to the next.
    keep : int, optional
        Number of files to keep: older ones of this callback are removed. None keeps all.

    Attributes
    ----------
    best : float or None
    written : list of str
        Paths of the files that are kept, oldest first.

    Raises
    ------
    ValueError
        If filepath cannot be filled in; after the first epoch, if it names something that is not in the logs.
    OSError
        If a file cannot be written, or its folder made; the file before is untouched.

    Notes
    -----
    It is called after all other callbacks, so that their states are those of the epoch's end. Source: Keras 3,
    ``keras.callbacks.ModelCheckpoint``; `every` and `keep` are not in Keras.

    Examples
    --------
    >>> import fastnn, os, tempfile
    >>> def new():
    ...     model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    ...     model.compile("adam", "mse")
    ...     return model
    >>> X, y, whole, resumed = [[0.0], [1.0]], [0.0, 1.0], new(), new()
    >>> _ = whole.fit(X, y, epochs=5, verbose=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     _ = new().fit(X, y, epochs=3, verbose=0, callbacks=[fastnn.callbacks.ModelCheckpoint(path)])
    ...     history = resumed.fit(X, y, epochs=5, verbose=0, resume=path)
    >>> bool((resumed.parameters == whole.parameters).all()), len(history.history["loss"])
    (True, 5)
    """

    comes_last = True

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str = "epoch",
        initial_value_threshold: float | None = None,
        *,
        every: int = 1,
        keep: int | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        if not isinstance(self.filepath, str) or not os.path.basename(self.filepath):
            raise ValueError(f"expected `filepath` to name a file, received: filepath={filepath!r}")
        _check_pattern(self.filepath)
        self.verbose = verbose
        self.save_best_only = bool(save_best_only)
        self.save_weights_only = bool(save_weights_only)
        if save_freq != "epoch":
            raise ValueError(
                f'expected `save_freq` to be "epoch", with `every` as the number of epochs, received: '
                f"save_freq={save_freq!r}"
            )
        self.save_freq = save_freq
        threshold = initial_value_threshold
        self.initial_value_threshold = (
            None if threshold is None else arguments.number("initial_value_threshold", threshold)
        )
        self.every = arguments.integer("every", every, least=1)
        self.keep = None if keep is None else arguments.integer("keep", keep, least=1)
        self.best = self.initial_value_threshold
        self.written: list[str] = []
        self._looked: int | None = None  # the last epoch of this fit that was looked at,
        self._due, self._surplus = "", list[str]()  # the file to be written for it, those to be removed after that

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._looked = None
        _make_folder(self.filepath.split("{")[0])  # what cannot be made is said before the first epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        training = getattr(self.model, "training", None)  # an estimator has none
        for callback in (self, *getattr(training, "told", ())):  # a file holds the others' states of this epoch
            if isinstance(callback, ModelCheckpoint):
                callback._look(epoch, logs or {})
        if not self._due:
            return
        _make_folder(self._due)
        if self.save_weights_only:
            self.model.save(self._due)
        else:
            self.model.training.checkpoint(self._due, epoch)
        if self.verbose:
            print(f"Epoch {epoch + 1}: saved {self._due}")
        for old in self._surplus:
            with contextlib.suppress(FileNotFoundError):
                os.remove(old)

    def _look(self, epoch: int, logs: Logs) -> None:
        """Decide, once, whether a file is due at this epoch, and note it."""
        if self._looked == epoch:
            return
        self._looked, self._due = epoch, ""
        path = self._path(epoch, logs)  # where no file is due too, for what it names: not after epochs of training
        if (epoch + 1) % self.every:
            return
        value = self.monitored(logs) if self.save_best_only else None
        if value is not None:
            if not self.improves(value, self.best):
                return
            self.best = value
        self._due = path
        self.written = [*(other for other in self.written if other != self._due), self._due]
        self._surplus = self.written[: -self.keep] if self.keep else []
        self.written = self.written[len(self._surplus) :]

    def _path(self, epoch: int, logs: Logs) -> str:
        try:
            return str(self.filepath.format(epoch=epoch + 1, **logs))
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(
                f"expected `filepath` to be filled in with {', '.join(['epoch', *logs])}, received: "
                f"filepath={self.filepath!r}"
            ) from error

    def _may_be_own(self, path: Any) -> bool:
        """Whether `path` is one that `filepath` can become: only those are ever removed."""
        import string  # here, since it takes a while to import

        parts = [
            re.escape(text) + ("" if name is None else r"[^/\\]+")
            for text, name, _, _ in string.Formatter().parse(self.filepath)
        ]
        return isinstance(path, str) and re.fullmatch("".join(parts), path) is not None

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = {"written": list(self.written)}
        return state if self.best is None else {**state, "best": self.best}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best = logged(state, "best") if "best" in state else self.initial_value_threshold
        self.written = [path for path in state["written"] if self._may_be_own(path)]


def _check_pattern(filepath: str) -> None:
    """Raise ValueError for what no logs can fill in."""
    import string  # here, since it takes a while to import

    try:
        for _, name, form, conversion in string.Formatter().parse(filepath):
            if name is not None:
                if not name or not {".", "["}.isdisjoint(name):
                    raise ValueError("not a key of the logs")
                values = ("1",) if conversion else (1,) if name == "epoch" else (1.0, 1, "1")
                if not any(_fits(value, form or "") for value in values):
                    raise ValueError(f"no form of a value: {form!r}")
    except ValueError as error:
        raise ValueError(
            'expected `filepath` to be filled in with epoch and keys of the logs, as in "{epoch:03d}" and '
            f'"{{val_loss:.2f}}", received: filepath={filepath!r}'
        ) from error


def _fits(value: object, form: str) -> bool:
    try:
        format(value, form)
    except ValueError:
        return False
    return True


def _make_folder(path: str) -> None:
    """Make the folder that a file is to be in."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
