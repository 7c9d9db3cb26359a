"""The compiled core: typed kernels over csrc, and the engine over them."""

import os as _os
from importlib.machinery import EXTENSION_SUFFIXES as _SUFFIXES

if any("musl" in suffix for suffix in _SUFFIXES):
    # musl gives a thread 128 KB, which products' panels alone would fill; OpenMP reads this once, when it is loaded.
    _os.environ.setdefault("OMP_STACKSIZE", "1M")

try:
    import fastnn._core.targets  # noqa: F401  (`from ... import` would not say which module is missing)
except ModuleNotFoundError as _error:
    if _error.name != "fastnn._core.targets":
        raise
    raise ImportError(
        "fastnn's compiled core is missing: this is its source folder, not an installed package. Run Python in another "
        "folder, or make the source folder importable with: pip install -e ."
    ) from _error
