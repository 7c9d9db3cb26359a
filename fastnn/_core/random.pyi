from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fastnn._core.targets import NOISES as NOISES

_Array = NDArray[np.floating[Any]]

def whole(name: str, value: int, bits: int) -> int: ...
def uniform(
    n: int,
    key: int = 0,
    step: int = 0,
    layer: int = 0,
    first: int = 0,
    dtype: Literal["float32", "float64"] = "float32",
) -> _Array: ...
def permutation(n: int, key: int = 0, step: int = 0, layer: int = 0) -> NDArray[np.int64]: ...
def shuffle_as_numpy(order: NDArray[np.int64], source: np.random.BitGenerator) -> None: ...
def dropout(
    x: _Array,
    rate: float,
    key: int,
    step: int,
    layer: int,
    first_row: int = 0,
    row_stride: int | None = None,
    first_column: int = 0,
    out: _Array | None = None,
) -> _Array: ...
def noise(
    name: str,
    x: _Array,
    a: float,
    b: float,
    key: int,
    step: int,
    layer: int,
    first_row: int = 0,
    row_stride: int | None = None,
    first_column: int = 0,
    *,
    backward: bool = False,
    saved: _Array | None = None,
    out: _Array | None = None,
) -> _Array: ...
