"""Initializers without randomness."""

from __future__ import annotations

import numpy as np

from fastnn import arguments
from fastnn.initializers.base import Initializer, Shape, kernel_shape


class Constant(Initializer):
    """One value everywhere (a small positive one suits the bias of ReLU units).

    Parameters
    ----------
    value : float, default 0
        Or an array of one element.

    Raises
    ------
    ValueError
        If value is not a finite number.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.Constant``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Constant(0.1)((2,))
    array([0.1, 0.1], dtype=float32)
    """

    def __init__(self, value: float | np.ndarray = 0.0) -> None:
        one = isinstance(value, np.ndarray) and value.size == 1
        self.value = arguments.number("value", np.asarray(value).item() if one else value)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.full(shape, self.value)


class Zeros(Initializer):
    """Zeros.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.Zeros``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __init__(self) -> None:
        """Nothing to configure."""

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.zeros(shape)


class Ones(Initializer):
    """Ones.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.Ones``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __init__(self) -> None:
        """Nothing to configure."""

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return np.ones(shape)


class Identity(Initializer):
    """The identity matrix times `gain`; ones on the diagonal of a kernel that is not square. For kernels only.

    Parameters
    ----------
    gain : float, default 1

    Raises
    ------
    ValueError
        If gain is not a finite number; when it is called, if the shape is not a kernel's.

    Notes
    -----
    Source: Keras 3, ``keras.initializers.Identity``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.initializers.Identity(2.0)((2, 3))
    array([[2., 0., 0.],
           [0., 2., 0.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = arguments.number("gain", gain)

    def values(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        return self.gain * np.eye(*kernel_shape(shape, self))
