from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn._core.targets import OPTIMIZERS as OPTIMIZERS

_Array = NDArray[np.floating[Any]]

def update(
    name: str,
    g: _Array,
    w: _Array,
    *states: _Array,
    rate: float = 0.01,
    gradient_rate: float = 0.0,
    momentum: float = 0.0,
    rho: float = 0.9,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
) -> None: ...
def clip(x: _Array, factor: float = 1.0, lower: float = ..., upper: float = ...) -> None: ...
def average(x: _Array, y: _Array, momentum: float) -> None: ...
def squares_of_columns(x: _Array) -> NDArray[np.float64]: ...
def scale_columns(x: _Array, factors: _Array) -> None: ...
