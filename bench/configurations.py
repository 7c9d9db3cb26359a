"""The networks that are trained in comparisons, one a line, and the data that all contestants get.

Data is random: what is measured is speed, which does not depend on what there is to learn, but labels follow from the
rows, so that a loss goes down and contestants that stop learning are found out.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Configuration(NamedTuple):
    """A classifier with relu inside and softmax at the end, trained with Adam on sparse cross-entropy, float32."""

    name: str
    widths: tuple[int, ...]
    batch: int
    rows: int  # of data, whole batches
    learning_rate: float = 1e-3
    beta_1: float = 0.9
    beta_2: float = 0.999
    # PyTorch's and optax's. Keras, and so fastnn, adds it before the bias corrections, they after: at Keras's 1e-7 the
    # losses of 784-128-10 after an epoch are 2.4e-3 apart, at 1e-8 3e-4, though all agree with float64's of their form.
    epsilon: float = 1e-8

    @property
    def steps(self) -> int:
        return self.rows // self.batch

    def flop(self) -> int:
        """Multiply-adds of one epoch, two FLOP each: three products a layer, but no gradient for the data."""
        sizes = [i * o for i, o in pairwise(self.widths)]
        return 2 * self.rows * (3 * sum(sizes) - sizes[0])

    def parameters(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Kernel [I, O] and bias [O] of each layer: Glorot's uniform, and zeros; the same at each call."""
        rng = np.random.default_rng(11)
        layers = []
        for inputs, outputs in pairwise(self.widths):
            bound = np.sqrt(6 / (inputs + outputs))
            kernel = rng.uniform(-bound, bound, (inputs, outputs)).astype(np.float32)
            layers.append((kernel, np.zeros(outputs, np.float32)))
        return layers

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """X float32 [rows, inputs] in [0, 1), as scaled pixels are, and labels int32 [rows]; the same at each call."""
        rng = np.random.default_rng(12)
        X = rng.random((self.rows, self.widths[0]), dtype=np.float32)
        directions = rng.standard_normal((self.widths[0], self.widths[-1])).astype(np.float32)
        return X, ((X - 0.5) @ directions).argmax(axis=1).astype(np.int32)

    def order(self) -> np.ndarray:
        """An order of the rows, int64, the same at each call: for checks, where all must see the same batches."""
        return np.random.default_rng(13).permutation(self.rows)


CONFIGURATIONS = {
    configuration.name: configuration
    for configuration in (
        Configuration("784-128-10, 128", (784, 128, 10), batch=128, rows=12800),
        Configuration("64-64-10, 32", (64, 64, 10), batch=32, rows=3200),
    )
}
