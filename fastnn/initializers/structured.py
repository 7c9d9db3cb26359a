"""Initializers that draw a kernel as a whole: orthogonal, sparse."""

from __future__ import annotations

import numpy as np

from fastnn import arguments
from fastnn.initializers.base import Initializer, Shape, kernel_shape


class Orthogonal(Initializer):
    """A random orthogonal matrix times `gain`: columns, or rows if there are fewer, are orthogonal and of length gain.

    For kernels only. With as many units as inputs a linear layer keeps the length of every row.

    Parameters
    ----------
    gain : float, default 1
    seed : int, optional

    Raises
    ------
    ValueError
        If gain is not finite or seed is not a non-negative integer; when it is called, if the shape is not a kernel's.

    Notes
    -----
    Q of the QR decomposition of a normal matrix, each column times the sign of R's diagonal, which makes Q uniform.
    Source: Saxe et al., 2013; Keras 3, ``keras.initializers.Orthogonal``.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> kernel = fastnn.initializers.Orthogonal(seed=0)((5, 3), "float64")
    >>> bool(np.allclose(kernel.T @ kernel, np.eye(3)))
    True
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain = arguments.number("gain", gain)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        inputs, outputs = kernel_shape(shape, self)
        q, r = np.linalg.qr(generator.standard_normal((max(inputs, outputs), min(inputs, outputs))))
        q *= np.where(np.diag(r) < 0.0, -1.0, 1.0)
        return self.gain * (q if inputs >= outputs else q.T)


class Sparse(Initializer):
    """Each unit gets `n_connections` inputs, drawn without repetition, with normal weights; its other weights are 0.

    For kernels only. The sum that a unit sees does not grow with the number of inputs, and units start different.

    Parameters
    ----------
    n_connections : int, default 10
        All inputs where there are fewer.
    stddev : float > 0, default 1
        Standard deviation of the weights that are not 0; their mean is 0.
    seed : int, optional

    Raises
    ------
    ValueError
        If n_connections or stddev is not positive, or seed is not a non-negative integer; when it is called, if
        the shape is not a kernel's.

    Notes
    -----
    Source: Martens, 2010, section 5 ("sparse initialization").

    Examples
    --------
    >>> import fastnn
    >>> (fastnn.initializers.Sparse(3, seed=0)((100, 4)) != 0).sum(axis=0)
    array([3, 3, 3, 3])
    """

    def __init__(self, n_connections: int = 10, stddev: float = 1.0, seed: int | None = None) -> None:
        self.n_connections = arguments.integer("n_connections", n_connections, least=1)
        self.stddev = arguments.number("stddev", stddev, above=0.0)
        self.seed = arguments.seed(seed)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        inputs, outputs = kernel_shape(shape, self)
        connections = min(self.n_connections, inputs)
        kernel = np.zeros((inputs, outputs))
        for unit in range(outputs):
            chosen = generator.choice(inputs, connections, replace=False)
            kernel[chosen, unit] = generator.normal(0.0, self.stddev, connections)
        return kernel
