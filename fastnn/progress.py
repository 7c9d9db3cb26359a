"""What a fit shows on the terminal: nothing, one line an epoch, or a bar (if rich is installed).

Called by fitting.py, and by network.py for an evaluation.
"""

from __future__ import annotations

import sys
import time
from typing import Any

BAR_AFTER_SECONDS = 0.5  # a bar for less would only flicker


class Silent:
    """Shows nothing; the base of the others.

    Parameters
    ----------
    epochs, rows : int
        Last epoch, and rows of one.
    """

    def __init__(self, epochs: int, rows: int) -> None:
        self.epochs, self.rows = epochs, rows

    def begin_epoch(self, epoch: int) -> None:
        """Epoch `epoch`, counted from 0, begins."""

    def advance(self, rows: int, loss: float) -> None:
        """`rows` more rows are done; `loss` is the last step's."""

    def end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Epoch `epoch` and its validation are done."""

    def close(self) -> None:
        """The fit has ended, in whatever way."""


class Lines(Silent):
    """One line an epoch, on stdout."""

    def begin_epoch(self, epoch: int) -> None:
        self._began = time.perf_counter()

    def line(self, epoch: int, logs: dict[str, float]) -> str:
        """Return the line of an epoch."""
        seconds = time.perf_counter() - self._began
        return f"Epoch {epoch + 1}/{self.epochs} - {seconds:.2f}s - {format_logs(logs)}"

    def end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        print(self.line(epoch, logs), flush=True)


class Bar(Lines):
    """One bar for the whole fit; a fit that ends before the bar would be worth it prints its lines instead."""

    def __init__(self, epochs: int, rows: int) -> None:
        super().__init__(epochs, rows)
        self._start = time.perf_counter()
        self._lines: list[str] = []
        self._first: int | None = None  # rows that were done before this fit began
        self._done = 0
        self._text = ""
        self._bar: Any = None

    def begin_epoch(self, epoch: int) -> None:
        super().begin_epoch(epoch)
        self._done = epoch * self.rows
        if self._first is None:
            self._first = self._done

    def advance(self, rows: int, loss: float) -> None:
        self._done += rows
        if self._bar is None and time.perf_counter() - self._start > BAR_AFTER_SECONDS:
            self._open()
        if self._bar is not None:
            speed = (self._done - (self._first or 0)) / (time.perf_counter() - self._start)
            text = self._text or f"loss: {loss:.4g}"
            epoch = min(self._done // self.rows + 1, self.epochs)
            self._bar.update(
                self._task, completed=self._done, description=f"Epoch {epoch}/{self.epochs} {text} {speed:,.0f} rows/s"
            )

    def _open(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self._task = self._bar.add_task("", total=self.epochs * self.rows, completed=self._done)
        self._bar.start()

    def end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        self._text = format_logs(logs)
        self._done = (epoch + 1) * self.rows
        self._lines.append(self.line(epoch, logs))
        self.advance(0, logs["loss"])

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            if self._lines:
                print(self._lines[-1], flush=True)
        elif self._lines:
            print("\n".join(self._lines), flush=True)


def format_logs(logs: dict[str, float]) -> str:
    """Return logs as ``loss: 0.1234 - accuracy: 0.9``."""
    return " - ".join(f"{name}: {value:.4g}" for name, value in logs.items())


def checked_verbose(verbose: Any) -> None:
    """Raise ValueError unless `verbose` is one of its values."""
    if verbose not in ("auto", 0, 1, 2):
        raise ValueError(f"expected `verbose` to be 'auto', 0, 1 or 2, received: verbose={verbose!r}")


def reporter(verbose: Any, epochs: int, rows: int) -> Silent:
    """Return what shows a fit's progress.

    Parameters
    ----------
    verbose : {"auto", 0, 1, 2}
        0: nothing. 2: one line an epoch. "auto" and 1: a bar where stdout is a terminal and rich is installed, else
        one line an epoch.
    epochs, rows : int

    Raises
    ------
    ValueError
        For any other `verbose`.
    """
    checked_verbose(verbose)
    if verbose == 0:
        return Silent(epochs, rows)
    if verbose != 2 and sys.stdout.isatty():
        from importlib.util import find_spec  # `import fastnn` need not load it

        if find_spec("rich"):
            return Bar(epochs, rows)
    return Lines(epochs, rows)
