"""The examples in compiled modules' docstrings; those of Python modules are found by pytest's --doctest-modules."""

import doctest
import importlib
from pathlib import Path

import pytest

from fastnn import _core

COMPILED = sorted(path.stem for path in Path(_core.__file__).parent.glob("*.pyi"))


@pytest.mark.parametrize("name", COMPILED)
def test_compiled(name):
    module = importlib.import_module(f"fastnn._core.{name}")
    assert doctest.testmod(module, exclude_empty=True).failed == 0
