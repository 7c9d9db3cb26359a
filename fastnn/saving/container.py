"""The safetensors file itself: read with everything checked before memory is taken, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import safetensors
import safetensors.numpy

from fastnn.saving import atomic

#: Version of the format, in every file under the key FORMAT of its metadata.
VERSION = 1
FORMAT = "fastnn"
#: Bounds of what is parsed before any tensor: the bytes of the header, and the values of its JSON.
HEADER_BYTES = 1 << 24
HEADER_VALUES = 200_000
#: Of a tensor, copied at a time.
CHUNK_BYTES = 1 << 16

_open: Any = safetensors.safe_open  # its methods have no types
_DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BOOL": "bool"} | {
    f"{letter}{bits}": f"{kind}{bits}" for letter, kind in (("I", "int"), ("U", "uint")) for bits in (8, 16, 32, 64)
}


def write(path: Any, metadata: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """Write a file of this format; what was at `path` before stays until the new one is complete.

    Parameters
    ----------
    path : str or path-like
    metadata : mapping of str to JSON values
    tensors : mapping of str to C-contiguous arrays

    Raises
    ------
    ValueError
        If the metadata is too large to be read again.
    OSError
        If the file cannot be written, with path and cause; no temporary file is left.
    """
    texts = {FORMAT: str(VERSION)}
    for key, value in metadata.items():
        texts[key] = json.dumps(value, allow_nan=False, separators=(",", ":"))
    size = sum(len(text.encode()) for text in texts.values())
    if size > HEADER_BYTES * 3 // 4 or sum(map(_values, texts.values())) > HEADER_VALUES:
        raise ValueError(
            f"expected configuration, labels and history of at most {HEADER_BYTES * 3 // 4} bytes and "
            f"{HEADER_VALUES} values, received: {size} bytes of JSON"
        )

    def fill(temporary: str) -> None:
        try:
            safetensors.numpy.save_file(dict(tensors), temporary, metadata=texts)
        except safetensors.SafetensorError as error:  # Rust's text of an operating system's error
            number = re.search(r"\(os error (\d+)\)", str(error))
            code = int(number.group(1)) if number else errno.EIO
            raise OSError(code, os.strerror(code) if number else str(error)) from error

    atomic.replace(path, fill)


def _values(text: str) -> int:
    """At least as many as there are values in a JSON text."""
    return sum(text.count(sign) for sign in ",:[{")


class Refusal(ValueError):
    """A file is not loaded; the message names it, and the cause."""


class File:
    """An open file of this format: its metadata as JSON values, and its tensors. A context manager.

    Parameters
    ----------
    path : str or path-like

    Attributes
    ----------
    shapes : dict of str to (str, tuple of int)
        dtype and shape of each tensor.

    Raises
    ------
    ValueError
        If it is no file of this format, with path and cause.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: Any) -> None:
        self.path: str = os.fsdecode(path)
        self._check_header()
        try:
            self._file: Any = _open(self.path, framework="np")
            texts: dict[str, str] = self._file.metadata() or {}
            self.shapes = {name: self._described(name) for name in self._file.keys()}  # noqa: SIM118
        except safetensors.SafetensorError as error:
            raise self.refusal(f"it is no safetensors file: {error}") from error
        version = texts.pop(FORMAT, None)
        if version is None:
            raise self.refusal("it is another program's: its metadata does not say fastnn")
        if version not in map(str, range(1, VERSION + 1)):
            raise self.refusal(f"it has version {version[:20]!r} of the format, this fastnn reads up to {VERSION}")
        if sum(map(_values, texts.values())) > HEADER_VALUES:
            raise self.refusal(f"its metadata has more than {HEADER_VALUES} values")
        self._texts = texts
        self.unread = set(self.shapes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        """Name the file where something in it is wrong, whatever a constructor says of a wrong argument."""
        self._file = None
        if isinstance(error, Exception) and not isinstance(error, (MemoryError, OSError, Refusal)):
            raise self.refusal(str(error) or repr(error)) from error

    def refusal(self, cause: str) -> Refusal:
        """Return the error that says why this file is not loaded."""
        return Refusal(f"cannot load {self.path!r}: {cause}")

    def _check_header(self) -> None:
        """Open as any file is opened, for the operating system's errors, and look at the first bytes."""
        status = os.stat(self.path)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.path)
        if not stat.S_ISREG(status.st_mode):
            raise self.refusal("it is no regular file")
        with open(self.path, "rb") as file:
            first = file.read(9)
        header = int.from_bytes(first[:8], "little")
        if len(first) < 9 or first[8:] != b"{" or header > status.st_size - 8:
            raise self.refusal(f"it is no safetensors file, or cut off: it has {status.st_size} bytes")
        if header > HEADER_BYTES:
            raise self.refusal(f"its header has {header} bytes, more than {HEADER_BYTES}")

    def _described(self, name: str) -> tuple[str, tuple[int, ...]]:
        view = self._file.get_slice(name)
        return _DTYPES.get(str(view.get_dtype()), str(view.get_dtype())), tuple(view.get_shape())

    def json(self, key: str) -> Any:
        """Return the entry `key` of the metadata, None if there is none."""
        text = self._texts.get(key)
        if text is None:
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.refusal(f"its entry {key!r} is no JSON: {error}") from error

    def check(self, name: str, dtype: str, shape: tuple[int, ...]) -> None:
        """Raise ValueError unless there is such a tensor."""
        found = self.shapes.get(name)
        if found != (dtype, tuple(shape)):
            received = "none" if found is None else f"{found[0]} {found[1]}"
            raise self.refusal(f"tensor {name!r} should be {dtype} {tuple(shape)}, received: {received}")

    def read(self, name: str, out: np.ndarray) -> None:
        """Copy the tensor `name`, a vector or a matrix, into `out` of its dtype and shape.

        In parts, so that the file is never in memory twice.
        """
        self.check(name, out.dtype.name, out.shape)
        self._take(name)
        if not out.size:
            return
        view = self._file.get_slice(name)
        height, width = out.shape if out.ndim == 2 else (out.size, 1)
        columns = min(width, CHUNK_BYTES // out.itemsize)
        rows = max(1, CHUNK_BYTES // (out.itemsize * columns))
        for top in range(0, height, rows):
            down = slice(top, min(top + rows, height))
            if out.ndim == 1:
                out[down] = view[down]
                continue
            for left in range(0, width, columns):
                part = down, slice(left, min(left + columns, width))
                out[part] = view[part]

    def _take(self, name: str) -> None:
        """Read each tensor once only: else a small file could name a large one many times."""
        if name not in self.unread:
            raise self.refusal(f"it names tensor {name[:80]!r} twice")
        self.unread.remove(name)

    def check_read(self) -> None:
        """Raise ValueError if there are tensors that nothing has read, but for those of a checkpoint's callbacks."""
        left = sorted(name for name in self.unread if not name.startswith("progress."))
        if left:
            raise self.refusal(f"it has tensors that belong to nothing: {', '.join(left[:3])}")

    def tensor(self, name: str) -> np.ndarray:
        """Return the tensor `name` as an array of its own."""
        if name not in self.shapes or self.shapes[name][0] not in _DTYPES.values():
            raise self.refusal(f"it has no tensor {name[:80]!r} that NumPy can hold")
        dtype, shape = self.shapes[name]
        if len(shape) not in (1, 2):
            self._take(name)
            made: np.ndarray = self._file.get_tensor(name)
            return made
        out = np.empty(shape, dtype=dtype)
        self.read(name, out)
        return out
