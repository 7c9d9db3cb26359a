from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

def loss(
    name: str,
    z: Array,
    truth: Array | NDArray[np.int32],
    weight: Array | None = None,
    index: NDArray[np.int64] | None = None,
    value_scale: float = 1.0,
    gradient_scale: float = 1.0,
    dz: Array | Literal[False] | None = None,
    prediction: Array | Literal[False] | None = None,
) -> tuple[NDArray[np.float64], Array | None, Array | None]: ...
