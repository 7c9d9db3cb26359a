"""The networks that are trained in comparisons, one a line, and the data that all contestants get.

Data is random: what is measured is speed, which does not depend on what there is to learn, but targets follow from the
rows, so that a loss goes down and contestants that stop learning are found out.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np


class Configuration(NamedTuple):
    """Layers with one activation inside; softmax at the end and sparse cross-entropy, or, for `regression`, linear
    outputs and the mean squared error. Dropout stands behind each hidden activation, batch normalization before it."""

    name: str
    widths: tuple[int, ...]
    batch: int
    rows: int  # of data, whole batches; all of it in one batch is not shuffled
    activation: str = "relu"
    regression: bool = False
    dropout: float = 0.0
    batch_normalization: bool = False  # momentum 0.99, epsilon 1e-3
    dtype: str = "float32"
    optimizer: str = "adam"  # or "sgd"
    # Small, so that rounding and the place of epsilon stay small too: at 1e-3 the losses of 784-128-10 in batches of 32
    # are 5e-3 apart after an epoch, at 1e-4 all are within 1e-3.
    learning_rate: float = 1e-4
    momentum: float = 0.0  # of sgd
    beta_1: float = 0.9
    beta_2: float = 0.999
    # PyTorch's and optax's. Keras, and so fastnn, adds it before the bias corrections, they after: the larger it is,
    # the further apart are their losses.
    epsilon: float = 1e-8

    @property
    def steps(self) -> int:
        return self.rows // self.batch

    @property
    def shuffled(self) -> bool:
        return self.batch < self.rows

    @property
    def tolerance(self) -> float:
        """Relative, of the losses after one epoch: where each library drops units by itself, they agree roughly."""
        return 0.05 if self.dropout else 1e-3

    def flop(self) -> int:
        """Multiply-adds of one epoch, two FLOP each: three products a layer, but no gradient for the data."""
        sizes = [i * o for i, o in pairwise(self.widths)]
        return 2 * self.rows * (3 * sum(sizes) - sizes[0])

    def forward_flop(self, rows: int) -> int:
        """Multiply-adds of predicting so many rows, two FLOP each."""
        return 2 * rows * sum(i * o for i, o in pairwise(self.widths))

    def parameters(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Kernel [I, O] and bias [O] of each layer: Glorot's uniform, and zeros; the same at each call."""
        rng = np.random.default_rng(11)
        layers = []
        for inputs, outputs in pairwise(self.widths):
            bound = np.sqrt(6 / (inputs + outputs))
            kernel = rng.uniform(-bound, bound, (inputs, outputs)).astype(self.dtype)
            layers.append((kernel, np.zeros(outputs, self.dtype)))
        return layers

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """X [rows, inputs] in [0, 1), as scaled pixels are, with labels int32 [rows], or targets [rows, outputs] for
        regression; the same at each call."""
        rng = np.random.default_rng(12)
        X = rng.random((self.rows, self.widths[0]), dtype=self.dtype)
        directions = rng.standard_normal((self.widths[0], self.widths[-1])).astype(self.dtype)
        along = (X - X.dtype.type(0.5)) @ directions
        if self.regression:
            return X, np.tanh(along)
        labels = along.argmax(axis=1).astype(np.int32)
        classes = min(self.rows, self.widths[-1])
        labels[:classes] = np.arange(classes)  # every class is there: scikit-learn counts them
        return X, labels

    def order(self) -> np.ndarray:
        """An order of the rows, int64, the same at each call: for checks, where all must see the same batches."""
        rows = np.arange(self.rows)
        return np.random.default_rng(13).permutation(rows) if self.shuffled else rows

    def mean_loss(self, outputs: np.ndarray) -> float:
        """The loss of probabilities, or values, [rows, outputs], that a contestant predicts for the data."""
        _, y = self.data()
        outputs = np.asarray(outputs, dtype=np.float64)
        if self.regression:
            return float(((outputs - y) ** 2).mean())
        return float(-np.log(outputs[np.arange(self.rows), y]).mean())


CONFIGURATIONS = {
    configuration.name: configuration
    for configuration in (
        Configuration("10-32-1, 32", (10, 32, 1), 32, 3200, regression=True),
        Configuration("24-24-24-2, 64", (24, 24, 24, 2), 64, 6400, regression=True),
        Configuration("64-64-10, 32", (64, 64, 10), 32, 3200),
        Configuration("784-128-10, 32", (784, 128, 10), 32, 6400),
        Configuration("784-128-10, 128", (784, 128, 10), 128, 12800),
        Configuration("784-100-10, 200", (784, 100, 10), 200, 12000),
        Configuration("784-512-512-10, 128", (784, 512, 512, 10), 128, 6400),
        Configuration("54-256-256-256-7, 512", (54, 256, 256, 256, 7), 512, 25600),
        Configuration("1024-2048-2048-1024, 512", (1024, 2048, 2048, 1024), 512, 2048),
        Configuration("4-32-16-4 tanh, 10000", (4, 32, 16, 4), 10000, 10000, "tanh", regression=True),
        Configuration("784-128-10, 1, SGD", (784, 128, 10), 1, 1000, optimizer="sgd", learning_rate=1e-3),
        Configuration("20 x 64, 32", (64,) * 21, 32, 3200),
        Configuration(
            *("784-512-512-10, 128, dropout and normalization", (784, 512, 512, 10), 128, 6400),
            dropout=0.2,
            batch_normalization=True,
        ),
        Configuration("256-512-1000, 256", (256, 512, 1000), 256, 12800),
        Configuration("784-512-512-10, 128, float64", (784, 512, 512, 10), 128, 6400, dtype="float64"),
        Configuration(
            *("784-128-10, 128, momentum", (784, 128, 10), 128, 12800),
            optimizer="sgd",
            learning_rate=0.01,
            momentum=0.9,
        ),
    )
}

#: What the pytest suites time: classifiers of one hidden layer, trained with Adam.
SUITE = ("784-128-10, 128", "64-64-10, 32")
#: What `compare.py --quick` takes.
QUICK = ("10-32-1, 32", "64-64-10, 32", "784-128-10, 128", "784-512-512-10, 128")
