from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastnn._core.plan import Plan

CLIPS: dict[str, int]

@disjoint_base
class FlatPath:
    def __init__(
        self, plan: Plan, parameters: NDArray[Any], states: NDArray[Any] | None, slots: int, options: Mapping[str, Any]
    ) -> None: ...
    def adopt_averages(self) -> None: ...
