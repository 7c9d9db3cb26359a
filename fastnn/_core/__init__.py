"""The compiled core: typed kernels over csrc, and the engine over them."""

try:
    import fastnn._core.targets  # noqa: F401  (`from ... import` would not say which module is missing)
except ModuleNotFoundError as _error:
    if _error.name != "fastnn._core.targets":
        raise
    raise ImportError(
        "fastnn's compiled core is missing: this is its source folder, not an installed package. Run Python in another "
        "folder, or make the source folder importable with: pip install -e ."
    ) from _error
