from typing import Any, Self

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastnn._core.company import allowed as allowed
from fastnn._core.data import Compressed as Compressed
from fastnn._core.plan import Plan
from fastnn._core.plan import at_inference as at_inference
from fastnn._core.teams import KEPT_SECONDS as KEPT_SECONDS
from fastnn._core.teams import Passes as Passes
from fastnn._core.threads import default_threads as default_threads
from fastnn._core.workspace import Workspace

ROWS_ALONE: int

def predict(
    plan: Plan, parameters: NDArray[Any], X: NDArray[Any] | Compressed, out: NDArray[Any], threads: int | None = None
) -> NDArray[Any]: ...
def described(array: object) -> str: ...
def activations(plan: Plan, parameters: NDArray[Any], X: NDArray[Any] | Compressed) -> list[NDArray[Any]]: ...

@disjoint_base
class Forward:
    def __new__(cls, plan: Plan, parameters: NDArray[Any], rows: int, threads: int) -> Self: ...
    @property
    def workspace(self) -> Workspace: ...

@disjoint_base
class Predictor:
    def __new__(cls, plan: Plan, parameters: NDArray[Any], max_rows: int) -> Self: ...
    def __call__(self, x: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]: ...
