"""BLAS on one thread while SciPy works for a fit: with more it adds up in another order, and waits for the engine's.

Called by compat.py.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

__all__ = ["on_one_thread"]

_lock = threading.Lock()
_inside = 0
_limit: Any = None
_controller: Any = None  # kept: to find the libraries takes 2 ms, as long as a small fit

if hasattr(os, "register_at_fork"):  # a child would wait for ever for a thread that is not there
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Limit every BLAS that was loaded at the first call, SciPy's among them, until nobody is inside any more.

    The limit is the process's: if each of several threads kept what it found, the first to leave would lift it for the
    others, and the last would leave it behind.
    """
    global _inside, _limit, _controller
    with _lock:
        if not _inside:
            _controller = _controller or import_module("threadpoolctl").ThreadpoolController()
            _limit = _controller.limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.restore_original_limits()
