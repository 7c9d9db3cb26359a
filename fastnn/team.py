"""How many threads the engine gets for an estimator: its n_jobs, and one where fit_many has a network a thread.

Called by perceptron.py and many.py; what the machine allows is decided in _core/threads.pyx.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastnn._core import threads

__all__ = ["alone", "size"]

_local = threading.local()


def size(n_jobs: int | None) -> int:
    """Return the number of threads: all for None and -1, all but one for -2, and at most those that there are.

    Examples
    --------
    >>> size(1)
    1
    """
    available = 1 if getattr(_local, "alone", False) else threads.default_threads()
    wanted = available if n_jobs is None else n_jobs if n_jobs > 0 else available + 1 + n_jobs
    return max(1, min(available, wanted))


@contextmanager
def alone() -> Iterator[None]:
    """Let estimators of this Python thread run without helpers."""
    _local.alone = True
    try:
        yield
    finally:
        _local.alone = False
