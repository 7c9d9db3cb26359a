from typing import Any, Self

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastnn._core.plan import Plan
from fastnn._core.workspace import Workspace

def predict(
    plan: Plan, parameters: NDArray[Any], X: NDArray[Any], out: NDArray[Any], threads: int = 1
) -> NDArray[Any]: ...
def activations(plan: Plan, parameters: NDArray[Any], X: NDArray[Any]) -> list[NDArray[Any]]: ...

@disjoint_base
class Forward:
    def __new__(cls, plan: Plan, parameters: NDArray[Any], rows: int, threads: int) -> Self: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def workspace(self) -> Workspace: ...

@disjoint_base
class Predictor:
    def __new__(cls, plan: Plan, parameters: NDArray[Any], max_rows: int) -> Self: ...
    def __call__(self, x: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]: ...
