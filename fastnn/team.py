"""How many threads the engine gets for an estimator: its n_jobs, and one where fit_many has a network a thread.

Also how such a thread, which no Ctrl-C reaches, learns that it is to end. Called by perceptron.py, fitted.py,
epoch.py, lbfgs.py and many.py; what the machine allows is decided in _core/threads.pyx.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastnn._core import threads

__all__ = ["alone", "heed", "size"]

_local = threading.local()


def size(n_jobs: int | None) -> int:
    """Return the number of threads: all for None and -1, all but one for -2, and at most those that there are.

    Examples
    --------
    >>> size(1)
    1
    """
    if n_jobs == 0:
        raise ValueError("expected `n_jobs` to be None, a number of threads or a negative number, received: n_jobs=0")
    available = 1 if getattr(_local, "alone", False) else threads.default_threads()
    wanted = available if n_jobs is None else n_jobs if n_jobs > 0 else available + 1 + n_jobs
    return max(1, min(available, wanted))


@contextmanager
def alone(interrupted: threading.Event) -> Iterator[None]:
    """Let estimators of this Python thread run without helpers, and end when `interrupted` is set."""
    _local.alone, _local.interrupted = True, interrupted
    try:
        yield
    finally:
        del _local.alone, _local.interrupted


def heed() -> None:
    """Raise KeyboardInterrupt where this thread is to end; estimators ask between slices of their work."""
    interrupted = getattr(_local, "interrupted", None)
    if interrupted is not None and interrupted.is_set():
        raise KeyboardInterrupt
