"""Initializer, the base of all."""

from __future__ import annotations

import numpy as np

from fastnn import arguments

Shape = tuple[int, ...]


class Initializer(arguments.Configured):
    """Base of initializers: called with a shape they return an array.

    Examples
    --------
    >>> import fastnn
    >>> isinstance(fastnn.initializers.get("zeros"), fastnn.initializers.Initializer)
    True
    """

    seed: int | None = None

    def __call__(
        self, shape: Shape, dtype: str = "float32", generator: np.random.Generator | None = None
    ) -> np.ndarray:
        """Return the values of an array of `shape`.

        Parameters
        ----------
        shape : tuple of int
            (inputs, outputs) of a kernel, or (outputs,) of a bias.
        dtype : {"float32", "float64"}
        generator : numpy.random.Generator, optional
            Source of randomness where the initializer has no seed of its own: the model's. An initializer with a seed
            returns the same values at every call.

        Raises
        ------
        ValueError
            If shape is no tuple of sizes, or dtype is another.
        """
        arguments.one_of("dtype", dtype, ("float32", "float64"))
        if not isinstance(shape, tuple | list) or not all(isinstance(size, int | np.integer) for size in shape):
            raise ValueError(f"expected `shape` to be a tuple of sizes, received: shape={shape!r}")
        if generator is None or self.seed is not None:
            generator = np.random.Generator(np.random.Philox(np.random.SeedSequence(self.seed)))
        return self.values(generator, tuple(shape)).astype(dtype)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        """Return float64 values of `shape`."""
        raise NotImplementedError(f"{type(self).__name__} draws no values")


def kernel_shape(shape: Shape, what: object) -> tuple[int, int]:
    """Return (inputs, outputs), or raise ValueError if `shape` is not a kernel's."""
    if len(shape) != 2:
        raise ValueError(f"expected the shape of a kernel, (inputs, outputs), for {what!r}, received: shape={shape}")
    return shape[0], shape[1]
