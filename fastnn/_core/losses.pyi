from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn._core.targets import LOSSES as LOSSES

_Array = NDArray[np.floating[Any]]

def destination(name: str, given: _Array | Literal[False] | None, z: _Array) -> _Array | None: ...
def loss(
    name: str,
    z: _Array,
    truth: _Array | NDArray[np.int32],
    weight: _Array | None = None,
    index: NDArray[np.int64] | None = None,
    value_scale: float = 1.0,
    gradient_scale: float = 1.0,
    parameter: float | None = None,
    dz: _Array | Literal[False] | None = None,
    prediction: _Array | Literal[False] | None = None,
) -> tuple[NDArray[np.float64], _Array | None, _Array | None]: ...
