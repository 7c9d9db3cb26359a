from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn._core.targets import ACTIVATIONS as ACTIVATIONS

_Array = NDArray[np.floating[Any]]

def found(name: str, alpha: float | None) -> tuple[int, bool, float]: ...
def forward(name: str, z: _Array, out: _Array | None = None, alpha: float | None = None) -> _Array: ...
def backward(name: str, saved: _Array, dy: _Array, out: _Array | None = None, alpha: float | None = None) -> _Array: ...
