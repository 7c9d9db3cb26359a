from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

def uniform(
    n: int,
    key: int = 0,
    step: int = 0,
    layer: int = 0,
    first: int = 0,
    dtype: Literal["float32", "float64"] = "float32",
) -> Array: ...
def dropout(
    x: Array,
    rate: float,
    key: int,
    step: int,
    layer: int,
    first_row: int = 0,
    row_stride: int | None = None,
    first_column: int = 0,
    out: Array | None = None,
) -> Array: ...
