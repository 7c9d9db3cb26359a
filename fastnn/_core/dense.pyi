from typing import Any

from numpy.typing import DTypeLike, NDArray

from fastnn._core.targets import ACTIVATIONS as ACTIVATIONS

def padded_empty(rows: int, columns: int, dtype: DTypeLike) -> NDArray[Any]: ...
def slack_copy(array: NDArray[Any]) -> NDArray[Any]: ...
def finished(result: NDArray[Any], out: NDArray[Any] | None) -> NDArray[Any]: ...
def checked_threads(threads: int) -> int: ...
def forward(
    x: NDArray[Any],
    w: NDArray[Any],
    bias: NDArray[Any] | None = None,
    out: NDArray[Any] | None = None,
    activation: str = "linear",
    alpha: float = 0.0,
    threads: int = 1,
) -> NDArray[Any]: ...
def input_gradient(
    dy: NDArray[Any], w: NDArray[Any], out: NDArray[Any] | None = None, threads: int = 1
) -> NDArray[Any]: ...
def rank_one_product(
    w: NDArray[Any], x: NDArray[Any], dy: NDArray[Any], following: NDArray[Any], bias: NDArray[Any] | None = None
) -> NDArray[Any]: ...
def weight_gradient(
    x: NDArray[Any], dy: NDArray[Any], out: NDArray[Any] | None = None, threads: int = 1
) -> NDArray[Any]: ...
