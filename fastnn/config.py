"""What this build and this machine are: the first thing to ask for in a report of a bug."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from fastnn._core import targets, threads

__version__ = "0.1.0"


def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Print, or return, version, CPU target, threads, OpenMP, compiler and NumPy.

    Parameters
    ----------
    mode : {"stdout", "dicts"}, default "stdout"
        "dicts" returns instead of printing, as in ``numpy.show_config``.

    Returns
    -------
    dict or None

    Raises
    ------
    ValueError
        For any other mode.

    Examples
    --------
    >>> import fastnn
    >>> sorted(fastnn.show_config(mode="dicts"))[:2]
    ['compiler', 'cpu target']
    """
    if mode not in ("stdout", "dicts"):
        raise ValueError(f"expected `mode` to be 'stdout' or 'dicts', received: mode={mode!r}")
    facts: dict[str, Any] = {
        "fastnn": __version__,
        "cpu target": targets.active_name(),
        "cpu targets available": list(targets.available()),
        "cpu targets built": list(targets.built()),
        "threads": threads.default_threads(),
        "threads because": threads.explain(),
        "openmp": threads.openmp_runtime(),
        "compiler": getattr(targets, "COMPILER", "unknown"),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    if mode == "dicts":
        return facts
    width = max(map(len, facts))
    for name, fact in facts.items():
        print(f"{name:<{width}}  {', '.join(fact) if isinstance(fact, list) else fact}")
    return None
