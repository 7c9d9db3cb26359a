from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn._core.targets import ACTIVATIONS as ACTIVATIONS

_Array = NDArray[np.floating[Any]]

def forward(
    name: str,
    z: _Array,
    out: _Array | None = None,
    alpha: float | None = None,
    max_value: float = ...,
    threshold: float = 0.0,
) -> _Array: ...
def backward(
    name: str,
    saved: _Array,
    dy: _Array,
    out: _Array | None = None,
    alpha: float | None = None,
    max_value: float = ...,
    threshold: float = 0.0,
) -> _Array: ...
