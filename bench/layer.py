"""A dense layer's three products, ready to run: our kernels, NumPy's matmul, and the reference to check both against.

Our arrays are laid out as in the engine: parameters contiguous, activations with padded rows, slack behind both. The
functions of fastnn._core.dense take any array and copy what is not so; what is timed is what the engine runs, so these
call the ones beneath.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastnn._core import dense, targets
from fastnn._core.engine import allocate
from fastnn.testing import reference

#: Batch, outputs, inputs: 14 and 6 rows, the tiles' heights, divide the first one's batch.
SHAPES = {"126x128x784": (126, 128, 784), "256x256x256": (256, 256, 256), "512x512x512": (512, 512, 512)}
PRODUCTS = ("X W", "X^T dY", "dY W^T")
#: Who may run a product; the last only dY W^T, on a W that was transposed beforehand.
OURS, NUMPYS, AT_HAND = "fastnn", "numpy", "fastnn, W^T at hand"
C_TYPE = {"float32": "float", "float64": "double"}


class Product(NamedTuple):
    """One product of one shape: ways to run it, where each leaves its result, and what that should be."""

    flop: int
    run: dict[str, Callable[[], object]]  # by engine
    result: dict[str, np.ndarray]
    expected: np.ndarray
    magnitude: np.ndarray  # the sum of the terms' magnitudes: what rounding is relative to
    depth: int  # terms of each sum

    def check(self, engine: str) -> None:
        """Run it once; the result must be within a rounding of each term and each sum."""
        self.result[engine].fill(np.nan)
        self.run[engine]()
        result = self.result[engine]
        bound = (self.depth + 2) * float(np.finfo(result.dtype).eps) * self.magnitude
        worst = float(np.max(np.abs(result - self.expected) / bound))
        assert worst <= 1, f"{engine}: an error {worst} times what rounding explains"


def padded(values: np.ndarray, dtype: str) -> np.ndarray:
    """A copy as the engine keeps activations: rows padded, 64-byte aligned, with slack."""
    rows, columns = values.shape
    stride = dense.padded_empty(2, columns, dtype).strides[0] // np.dtype(dtype).itemsize
    copy = allocate(rows * stride, dtype).reshape(rows, stride)[:, :columns]
    copy[...] = values
    return copy


def contiguous(values: np.ndarray, dtype: str) -> np.ndarray:
    """A copy as the engine keeps parameters: 64-byte aligned, with slack."""
    copy = allocate(values.size, dtype).reshape(values.shape)
    copy[...] = values
    return copy


def product(name: str, batch: int, outputs: int, inputs: int, dtype: str, threads: int = 1) -> Product:
    """One of PRODUCTS for X[batch, inputs], W[inputs, outputs], dY[batch, outputs]."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((batch, inputs)).astype(dtype)
    W = rng.standard_normal((inputs, outputs)).astype(dtype)
    dY = rng.standard_normal((batch, outputs)).astype(dtype)
    x, w, dy = padded(X, dtype), contiguous(W, dtype), padded(dY, dtype)
    shape = {"alpha": 0.0, "max_value": np.inf, "threshold": 0.0}
    linear = targets.ACTIVATIONS["linear"][0]
    # operands of the twin; the same as NumPy's matmul takes them; our kernel, and its arguments around the result
    operands, (left, right), twin, kernel, before, after = {
        "X W": ((X, W), (X, W), reference.dense_forward, dense._forward, (x, w, None), (linear, shape, threads)),
        "X^T dY": ((X, dY), (X.T, dY), reference.dense_weight_gradient, dense._weight_gradient, (x, dy), (threads,)),
        "dY W^T": ((dY, W), (dY, W.T), reference.dense_input_gradient, dense._input_gradient, (dy, w), (threads,)),
    }[name]
    run = kernel[C_TYPE[dtype]]
    expected = twin(*operands)
    ours = padded(expected, dtype)
    numpys = np.empty(expected.shape, dtype)
    engines = {
        OURS: lambda: run(*before, ours, *after),
        NUMPYS: lambda: np.matmul(left, right, out=numpys),
    }
    results = {OURS: ours, NUMPYS: numpys}
    if name == "dY W^T":
        transposed, again = contiguous(W.T, dtype), padded(expected, dtype)
        forward = dense._forward[C_TYPE[dtype]]
        engines[AT_HAND] = lambda: forward(dy, transposed, None, again, linear, shape, threads)
        results[AT_HAND] = again
    return Product(
        flop=2 * batch * outputs * inputs,
        run=engines,
        result=results,
        expected=expected,
        magnitude=np.abs(left.astype(np.float64)) @ np.abs(right.astype(np.float64)),
        depth=left.shape[1],
    )
