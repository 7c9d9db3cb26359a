from typing import Any, Self

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastnn._core.plan import Program

def allocate(size: int, dtype: str) -> NDArray[Any]: ...

@disjoint_base
class Workspace:
    def __new__(
        cls,
        program: Program,
        itemsize: int,
        rows: int,
        *,
        sets: int = 1,
        threads: int = 1,
        groups: int = 0,
        deltas: bool = False,
        alternate: bool = False,
        sparse: bool = False,
        transposed: bool = False,
        lowest: int = 0,
        batch: int = 0,
    ) -> Self: ...
    @property
    def rows(self) -> int: ...
    @property
    def sets(self) -> int: ...
    @property
    def threads(self) -> int: ...
    @property
    def groups(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
