from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

def forward(name: str, z: Array, out: Array | None = None, alpha: float | None = None) -> Array: ...
def backward(name: str, saved: Array, dy: Array, out: Array | None = None, alpha: float | None = None) -> Array: ...
