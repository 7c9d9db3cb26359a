from typing import Any, Self

from typing_extensions import disjoint_base

from fastnn._core.targets import ACTIVATIONS as ACTIVATIONS
from fastnn._core.targets import NOISES as NOISES

ROWWISE: tuple[str, ...]
RANDOM: tuple[str, ...]
CONSTRAINTS: dict[str, int]

def count(entries: list[tuple[Any, ...]]) -> int: ...
def at_inference(entry: tuple[Any, ...]) -> tuple[Any, ...] | None: ...

@disjoint_base
class Program:
    @property
    def takes_sparse(self) -> bool: ...

@disjoint_base
class Plan:
    def __new__(
        cls,
        dtype: str,
        inputs: int,
        ops: list[tuple[Any, ...]],
        segments: list[tuple[Any, ...]],
    ) -> Self: ...
    @property
    def dtype(self) -> str: ...
    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def n_parameters(self) -> int: ...
    @property
    def itemsize(self) -> int: ...
    @property
    def training(self) -> Program: ...
    @property
    def inference(self) -> Program: ...
    @property
    def ops(self) -> list[tuple[Any, ...]]: ...
    @property
    def pool(self) -> list[Any]: ...
    @property
    def passes(self) -> dict[int, Any]: ...
