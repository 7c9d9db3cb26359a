from typing import Any, SupportsInt

import numpy as np
from numpy.typing import NDArray

KINDS: tuple[str, ...]
SPARSE_KINDS: dict[str, int]

def plain_rows(x: object, width: int) -> bool: ...

class Compressed:
    values: NDArray[np.floating[Any]]
    columns: NDArray[np.int32]
    starts: NDArray[np.int64]
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    ndim: int
    def __init__(
        self,
        values: NDArray[np.floating[Any]],
        columns: NDArray[np.int32],
        starts: NDArray[np.integer[Any]],
        width: SupportsInt,
    ) -> None: ...
    def __getitem__(self, rows: slice) -> Compressed: ...
    def most_elements(self, rows: int) -> int: ...
