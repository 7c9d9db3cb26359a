"""Packages that an exchange needs and fastnn does not: imported when used, or an error that says how to get them."""

from __future__ import annotations

import importlib
import sys
from typing import Any


def package(name: str, use: str, extra: str) -> Any:
    """Return the module `name`, or raise ImportError that names the extra of fastnn-mlp that brings it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f'{use} needs {name.split(".")[0]}: pip install "fastnn-mlp[{extra}]"') from error


def onnx_package() -> Any:
    """Return the module onnx."""
    return package("onnx", "an ONNX file", "onnx")


def loaded(name: str) -> Any:
    """Return the module `name` if the program has imported it, else None: its objects cannot exist then."""
    return sys.modules.get(name)
