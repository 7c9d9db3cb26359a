"""CSVLogger: the logs of each epoch as a line of a file."""

from __future__ import annotations

import os
from typing import Any

from fastnn.callbacks.base import Callback, Logs
from fastnn.warning import warn

#: Bytes of the file's end by which it is known again.
TAIL = 256


class CSVLogger(Callback):
    """Writes the logs of each epoch into a CSV file, at once, so that an interrupted fit leaves what was done.

    The columns are "epoch", counted from 0, and the keys of the first epoch's logs in alphabetical order.

    Parameters
    ----------
    filename : str or path
    separator : str of length 1, default ","
        No quote, no end of a line.
    append : bool, default False
        Go on in a file that exists, with its columns, instead of starting it anew. A last line without an end, as a fit
        leaves that is killed while it writes, is removed if it lacks columns.

    Raises
    ------
    ValueError
        If `separator` is not one character that can part columns.
    OSError
        At the fit's begin, if the file cannot be written.

    Warns
    -----
    UserWarning
        Of keys for which an appended file has no column.

    Notes
    -----
    A resumed fit goes on behind the line that was the last at its checkpoint; lines of later epochs, which are done
    again, are removed. Source: Keras 3, ``keras.callbacks.CSVLogger``.

    Examples
    --------
    >>> import fastnn, pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1, kernel_initializer="ones")], seed=0)
    >>> model.compile(fastnn.optimizers.SGD(0.0), "mse")
    >>> _ = model.fit([[1.0]], [3.0], epochs=2, verbose=0, callbacks=[fastnn.callbacks.CSVLogger(path)])
    >>> path.read_text().splitlines()
    ['epoch,loss', '0,4.0', '1,4.0']
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
            raise ValueError(
                "expected `separator` to be one character, no quote and no end of a line, received: "
                f"separator={separator!r}"
            )
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = bool(append)
        self._goes_on = self.append
        self._columns: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._goes_on, self._columns = self.append, []
        with open(self.filename, "a", encoding="utf-8"):
            pass  # raises now rather than after an epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        import csv  # here, so that importing fastnn does not load it

        logs = logs or {}
        first = not self._columns
        if first and self._goes_on:
            with open(self.filename, "r+", newline="", encoding="utf-8") as file:
                lines = file.read()
                rows = list(csv.reader(lines.splitlines(), delimiter=self.separator)) or [[]]
                self._columns = rows[0]
                if lines and not lines.endswith(("\n", "\r")):
                    whole = len(rows[-1]) >= len(self._columns) and len(rows) > 1
                    kept = lines if whole else "".join(lines.splitlines(keepends=True)[:-1])
                    file.seek(0)
                    file.write(kept + "\n" * whole)
                    file.truncate()
                    self._columns = self._columns if kept else []
            missing = [name for name in logs if name not in self._columns]
            if self._columns and missing:
                warn(f"{self.filename} has no columns for: {', '.join(missing)}; they are not logged")
        header = not self._columns
        if header:
            self._columns = ["epoch", *sorted(logs)]
        mode = "a" if self._goes_on or not first else "w"
        with open(self.filename, mode, newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            if header:
                writer.writerow(self._columns)
            row = {**logs, "epoch": epoch}
            writer.writerow([row.get(name, "NA") for name in self._columns])

    def get_state(self) -> dict[str, Any]:
        with open(self.filename, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - TAIL, 0))
            return {"size": size, "tail": file.read().decode("latin-1")}

    def set_state(self, state: dict[str, Any]) -> None:
        self._goes_on, self._columns = True, []
        size, tail = state["size"], state["tail"].encode("latin-1")
        with open(self.filename, "r+b") as file:
            file.seek(max(size - len(tail), 0))
            if tail and size >= len(tail) and file.read(len(tail)) == tail:  # it is the file, not another of its name
                file.truncate(size)
