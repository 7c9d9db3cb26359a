"""What a model computes at inference, as a list of a few kinds of steps: the common tongue of writers and readers.

No file format and no other library is named here. Models become steps in describe.py, steps models in build.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Dense(NamedTuple):
    """X W + b, with `kernel` of shape (I, O) and `bias` of shape (O,)."""

    kernel: Array
    bias: Array | None = None


class Scale(NamedTuple):
    """(x - center) * factor + shift in each column; None leaves a part out."""

    center: Array | None = None
    factor: Array | None = None
    shift: Array | None = None


class BatchNorm(NamedTuple):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta in each column; `momentum` is Keras's, for training."""

    mean: Array
    variance: Array
    gamma: Array | None = None
    beta: Array | None = None
    epsilon: float = 1e-3
    momentum: float = 0.99

    def as_scale(self) -> Scale:
        """The same with the root taken, in float64, rounded once."""
        dtype = self.mean.dtype
        factor = 1.0 / np.sqrt(self.variance.astype(np.float64) + self.epsilon)
        if self.gamma is not None:
            factor = factor * self.gamma
        return Scale(self.mean, factor.astype(dtype), self.beta)


class LayerNorm(NamedTuple):
    """(x - m) / sqrt(v + epsilon) * gamma + beta, with each row's own mean m and variance v; a width of 0 is any."""

    width: int
    gamma: Array | None
    beta: Array | None
    epsilon: float


class Activate(NamedTuple):
    """An activation by the engine's name, with its numbers: what writers see."""

    name: str
    alpha: float = 0.0
    max_value: float = np.inf
    threshold: float = 0.0


class Function(NamedTuple):
    """An activation as a layer takes it: what readers make."""

    function: Any


class PRelu(NamedTuple):
    """x where x > 0, else slope * x, a slope for each column."""

    slopes: Array


class Drop(NamedTuple):
    """Nothing; dropout of that rate in training. Readers note it, writers never see it."""

    rate: float


class Width(NamedTuple):
    """Nothing; the number of columns that a file says are here."""

    columns: int


class Residual(NamedTuple):
    """x + branch(x), or x projection + branch(x) where the branch changes the width."""

    branch: list[Any]
    projection: Dense | None = None


class Complement(NamedTuple):
    """One column p to two: 1 - p and p."""


Step = Dense | Scale | BatchNorm | LayerNorm | Activate | Function | PRelu | Drop | Width | Residual | Complement


@dataclass
class Program:
    """A model as steps.

    Attributes
    ----------
    dtype : {"float32", "float64"}
    inputs : int
        Columns of the input.
    steps : list of Step
    classes : array or None
        A classifier's labels; for several labels a row the numbers of the columns.
    multilabel : bool
        Whether a row may have several labels: those whose output is above one half. Else it has the one whose output
        is largest.
    """

    dtype: str
    inputs: int
    steps: list[Step] = field(default_factory=list)
    classes: Array | None = None
    multilabel: bool = False

    @property
    def outputs(self) -> int:
        """Columns of the output."""
        return width_after(self.steps, self.inputs)


def width_after(steps: list[Any], width: int) -> int:
    """Columns behind `steps` for `width` columns in front."""
    for step in steps:
        if isinstance(step, Dense):
            width = step.kernel.shape[1]
        elif isinstance(step, Residual):
            width = width_after(step.branch, width)
        elif isinstance(step, Complement):
            width = 2
    return width


def width_before(steps: list[Any]) -> int | None:
    """Columns that `steps` want in front; None if none of them says."""
    for step in steps:
        if isinstance(step, Dense):
            return int(step.kernel.shape[0])
        if isinstance(step, Residual) and (width := width_before([step.projection or step.branch[0], *step.branch])):
            return width
        if isinstance(step, LayerNorm) and step.width:
            return step.width
        if isinstance(step, Width):
            return step.columns
        if isinstance(step, (Scale, BatchNorm, PRelu)):
            sizes = [part.size for part in step if isinstance(part, np.ndarray)]
            if max(sizes, default=1) > 1:
                return max(sizes)
    return None


def arrays_of(steps: list[Any]) -> list[Array]:
    """Every array in `steps`."""
    found: list[Array] = []
    for step in steps:
        for part in step:
            if isinstance(part, np.ndarray):
                found.append(part)
            elif isinstance(part, Dense):
                found += arrays_of([part])
            elif isinstance(part, list):
                found += arrays_of(part)
    return found
