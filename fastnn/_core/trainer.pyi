from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastnn._core.data import Compressed
from fastnn._core.plan import Plan, Program
from fastnn._core.targets import LOSSES as LOSSES
from fastnn._core.targets import OPTIMIZERS as OPTIMIZERS
from fastnn._core.workspace import Workspace

@disjoint_base
class Trainer:
    iterations: int
    def __init__(
        self,
        plan: Plan,
        parameters: NDArray[Any],
        states: NDArray[Any] | None,
        *,
        loss: str,
        optimizer: str,
        value_scale: float = 1.0,
        gradient_scale: float = 1.0,
        parameter: float | None = None,
        reduction: str = "sum_over_batch_size",
        penalty_over_batch: bool = False,
        numbers: Mapping[str, float | None] | None = None,
        flat: Mapping[str, Any] | None = None,
        batch_size: int = 32,
        threads: int = 1,
        seed: int = 0,
        training: bool = True,
        input_gradient: bool = False,
        sparse: bool = False,
    ) -> None: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def program(self) -> Program: ...
    @property
    def workspace(self) -> Workspace: ...
    @property
    def threads(self) -> int: ...
    @property
    def pipeline(self) -> tuple[int, int, int]: ...
    @property
    def shared_phases(self) -> int: ...
    def bind(
        self, X: NDArray[Any] | Compressed, y: NDArray[Any], sample_weight: NDArray[Any] | None = None
    ) -> None: ...
    def release(self) -> None: ...
    def run(
        self,
        order: NDArray[Any],
        start: int,
        stop: int,
        rates: NDArray[Any],
        losses: NDArray[Any],
        outputs: NDArray[Any] | None = None,
    ) -> None: ...
    def adopt_averages(self) -> None: ...
    def evaluate(
        self,
        X: NDArray[Any] | Compressed,
        y: NDArray[Any],
        sample_weight: NDArray[Any] | None = None,
        outputs: NDArray[Any] | None = None,
        activity: float = 1.0,
    ) -> NDArray[Any]: ...
    def penalty(self) -> float: ...
    def gradients(
        self,
        X: NDArray[Any] | Compressed,
        y: NDArray[Any],
        sample_weight: NDArray[Any] | None = None,
        inputs: bool = False,
        training: bool = False,
    ) -> tuple[Any, ...]: ...
