from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn._core.data import Compressed as Compressed

_Array = NDArray[np.floating[Any]]

def product(x: Compressed, w: _Array, bias: _Array | None = None) -> _Array: ...
def gradient(x: Compressed, dy: _Array, index: NDArray[np.int64] | None = None) -> _Array: ...
