"""Checks of the arrays that the typed kernels are called on, with what was expected and what was received.

Plain Python: the kernels' modules are compiled without bounds and negative indices.
"""

from typing import Any

import numpy as np


def checked(name: str, array: Any, shape: tuple[int | None, ...], dtype: Any = None) -> np.ndarray:
    """`array` itself, if the kernels can take it.

    Parameters
    ----------
    name : str
        What the error calls it.
    array : ndarray
        Must be float32 or float64, each row without gaps between its elements.
    shape : tuple of int or None
        None stands for any length.
    dtype : dtype, optional
        Which of the two types it must have.

    Returns
    -------
    ndarray
        `array`.

    Raises
    ------
    TypeError
        For another type.
    ValueError
        For another shape, gaps in a row, or rows that are not whole elements apart.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64):
        received = getattr(array, "dtype", type(array))
        raise TypeError(f"{name}: expected a float32 or float64 array, received: {received}")
    if dtype is not None and array.dtype != dtype:
        raise TypeError(f"{name}: expected dtype {dtype}, like the first array's, received: {array.dtype}")
    if array.ndim != len(shape) or any(
        wanted not in (None, size) for wanted, size in zip(shape, array.shape, strict=True)
    ):
        wanted_shape = str(tuple("any" if size is None else size for size in shape)).replace("'", "")
        raise ValueError(f"{name}: expected shape {wanted_shape}, received: {array.shape}")
    # numpy leaves the strides of an empty array, and of an axis of length 1, undefined
    gaps = array.shape[-1] > 1 and array.strides[-1] != array.itemsize
    if array.size and (gaps or any(stride % array.itemsize for stride in array.strides)):
        raise ValueError(f"{name}: expected contiguous rows, received: strides {array.strides}")
    return array


def checked_integers(name: str, array: Any, dtype: Any, length: int | None, limit: int) -> np.ndarray:
    """`array` itself, if it is 1-D, contiguous, of `dtype` and `length` (None: any), its values in [0, limit).

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For another shape, gaps, or a value out of range.
    """
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise TypeError(f"{name}: expected an array of {dtype}, received: {getattr(array, 'dtype', type(array))}")
    if array.ndim != 1 or length not in (None, len(array)):
        wanted = "any" if length is None else length
        raise ValueError(f"{name}: expected shape ({wanted},), received: {array.shape}")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name}: expected a contiguous array, received: strides {array.strides}")
    if array.size and not (array.min() >= 0 and array.max() < limit):
        raise ValueError(f"{name}: expected values in [0, {limit}), received: {array.min()} to {array.max()}")
    return array
