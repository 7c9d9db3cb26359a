from typing import Any

from numpy.typing import NDArray

from fastnn._core.plan import Program

def allocate(size: int, dtype: str) -> NDArray[Any]: ...

class Workspace:
    def __init__(
        self,
        program: Program,
        itemsize: int,
        rows: int,
        *,
        sets: int = 1,
        threads: int = 1,
        groups: int = 0,
        deltas: bool = False,
        alternate: bool = False,
    ) -> None: ...
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
