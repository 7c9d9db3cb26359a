"""Replacing a file whole: a temporary one beside it, fsync, rename, fsync of the folder.

A kill or a loss of power at any moment leaves the old file or the new one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from typing import Any


def replace(path: Any, fill: Callable[[str], None]) -> None:
    """Have `fill` write a temporary file, and put it at `path`.

    Parameters
    ----------
    path : str or path-like
        A symbolic link stays, the file that it leads to is replaced.
    fill : callable (path)
        Writes the file of that name, which exists and is empty.

    Raises
    ------
    ValueError
        If `path` is empty.
    OSError
        With `path` and the cause. What was there is untouched, and no temporary file is left.
    """
    given = os.fsdecode(path)
    if not given:
        raise ValueError(f"expected the path of a file, received: {path!r}")
    target = os.path.realpath(given)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:48]}.{secrets.token_hex(6)}.tmp")
    made = False
    try:
        if not os.path.basename(given):  # `realpath` would take the separator of a folder off
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        _check_target(target)
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        made = True
        mode = stat.S_IMODE(os.stat(target if os.path.exists(target) else temporary).st_mode)
        fill(temporary)
        os.chmod(temporary, mode)  # `fill` may have put another file in its place
        _sync(temporary)
        os.replace(temporary, target)
    except BaseException as error:
        if made:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), given) from error
        raise
    with contextlib.suppress(OSError):  # some file systems and systems cannot: the rename itself has happened
        _sync(folder)


def replace_bytes(path: Any, content: bytes) -> None:
    """Put `content` at `path`, all of it or nothing; see `replace`."""

    def fill(name: str) -> None:
        with open(name, "wb") as file:
            file.write(content)

    replace(path, fill)


def _check_target(target: str) -> None:
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        code = errno.EISDIR
    elif not stat.S_ISREG(mode):  # a rename would put a file in the place of a device
        code = errno.EINVAL
    elif not os.access(target, os.W_OK):
        code = errno.EACCES
    else:
        return
    raise OSError(code, os.strerror(code))


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
