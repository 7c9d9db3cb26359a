"""Arrays that a user gives: checked, and converted only where the engine cannot read them as they are.

Every message names the argument, what was expected and what was received, with row and column of a bad value.
Nothing here keeps a copy of data that is already float32, float64 or uint8 with contiguous rows (np.memmap too).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn._core import arrays as kernels
from fastnn._core import engine

ENGINE_DTYPES = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint8))
#: Numbers looked at in one go: a chunk stays in cache, and a memmap is never in memory as a whole.
CHUNK = 1 << 18


def is_sparse(x: Any) -> bool:
    """Return whether it is a matrix or array of scipy.sparse, or rows that `compressed` made of one."""
    return (hasattr(x, "tocsr") and hasattr(x, "nnz")) or isinstance(x, engine.Compressed)


def compressed(x: Any, inputs: int | None, dtype: str, name: str = "X", finite: bool = True) -> engine.Compressed:
    """Return a sparse matrix as the engine takes it, in compressed rows of `dtype`; arrays that fit are not copied.

    Parameters
    ----------
    x : matrix or array of scipy.sparse, shape (rows, inputs)
        CSR is read as it is, other formats are converted.
    inputs, dtype, name, finite
        As for `features`.

    Raises
    ------
    TypeError, ValueError
        As for `features`, and where a column is not within `inputs`, or rows do not follow each other.
    """
    if isinstance(x, engine.Compressed):
        return x
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"expected {name} of shape (rows, features), none of them 0, received: shape={x.shape}")
    if inputs is not None and x.shape[1] != inputs:
        raise ValueError(f"expected {name} of shape (rows, {inputs}), received: shape={x.shape}")
    if x.dtype.kind not in "biuf":
        raise TypeError(f"expected {name} to hold real numbers, received: dtype={x.dtype}")
    if x.shape[1] >= 2**31:
        raise ValueError(f"expected {name} to have fewer than 2^31 columns, received: shape={x.shape}")
    rows = x.tocsr()
    with np.errstate(over="ignore"):  # what overflows is found below
        values, columns, starts = np.ascontiguousarray(rows.data, dtype=dtype), rows.indices, rows.indptr
    if starts[0] < 0 or np.any(np.diff(starts) < 0):
        raise ValueError(f"expected indptr of {name} to ascend from 0, received: {starts}")
    if columns.size and not (columns.min() >= 0 and columns.max() < x.shape[1]):
        raise ValueError(
            f"expected columns of {name} in [0, {x.shape[1]}), received: {columns.min()} to {columns.max()}"
        )
    found = kernels.first_not_finite(values) if finite else values.size
    if found < values.size:
        row = int(np.searchsorted(starts, found, side="right")) - 1
        raise not_finite(name, f"{row}, {columns[found]}", rows.data[found], dtype)
    return engine.Compressed(values, np.asarray(columns, dtype=np.int32), starts, x.shape[1])


def take(x: Any, rows: np.ndarray) -> Any:
    """Return a copy of the rows of these numbers, of an array or of compressed rows.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn._core import engine
    >>> x = engine.Compressed(np.array([5.0, 7.0, 9.0]), np.array([0, 2, 1], dtype=np.int32), np.array([0, 1, 2, 3]), 3)
    >>> taken = take(x, np.array([2, 0]))
    >>> taken.values, taken.columns, taken.starts
    (array([9., 5.]), array([1, 0], dtype=int32), array([0, 1, 2]))
    """
    if not isinstance(x, engine.Compressed):
        return x[rows]
    lengths = np.diff(x.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    places = np.repeat(x.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
    return engine.Compressed(x.values[places], x.columns[places], starts, x.shape[1])


def numeric(x: Any, name: str) -> np.ndarray:
    """Return `x` as an array of real numbers of any shape, without a copy where it is one."""
    if is_sparse(x):
        raise TypeError(
            f"expected {name} to be a dense array, received a sparse {type(x).__name__}: use {name}.toarray()"
        )
    try:
        array = np.asarray(x)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"expected {name} to be a rectangular array of numbers: {error}") from None
    check_unmasked(x, name)
    if array.dtype.kind == "O" and _has_numbers_only(x):
        array = x.to_numpy(dtype="float64", na_value=np.nan)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(f"expected {name} to be an array of real numbers, received: {_described(x, array)}")
    return array


def check_unmasked(x: Any, name: str) -> None:
    """Raise TypeError for a masked array with masked values: what lies under the mask would be read as numbers."""
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise TypeError(
            f"expected {name} to have no masked values, received a masked array: {name}.filled(value) puts a number in "
            "their place"
        )


def _has_numbers_only(x: Any) -> bool:
    """Whether it is a frame or column of pandas whose types are of numbers, nullable ones."""
    types = x.dtypes if getattr(x, "ndim", 0) == 2 and hasattr(x, "dtypes") else [getattr(x, "dtype", None)]
    return hasattr(x, "to_numpy") and all(getattr(each, "kind", "O") in "biuf" for each in types)


def _described(x: Any, array: np.ndarray) -> str:
    """What somebody gave instead of real numbers: the columns of a frame that hold none, or a type."""
    columns = getattr(x, "columns", None)
    if columns is not None and hasattr(x, "__getitem__"):
        types = {str(name): np.asarray(x[name]).dtype for name in columns if not _has_numbers_only(x[name])}
        wrong = [f"{name!r} ({dtype})" for name, dtype in types.items() if dtype.kind not in "biuf"]
        if wrong:
            return f"a {type(x).__name__} with the columns {', '.join(wrong[:5])}{', ...' if len(wrong) > 5 else ''}"
    return f"dtype={array.dtype}" if array.ndim else f"{type(x).__name__}"


def _readable(array: np.ndarray) -> bool:
    """Whether the engine reads this 2-D array as it is: aligned, native, rows contiguous and apart."""
    size = array.itemsize
    return bool(
        array.flags.aligned
        and array.dtype.isnative
        and array.strides[1] == size
        and array.strides[0] >= array.shape[1] * size
        and array.strides[0] % size == 0
    )


def rows(x: Any, inputs: int | None, dtype: str, name: str = "X", finite: bool = True) -> Any:
    """Return X as the engine takes it: `compressed` if it is sparse, else `features`."""
    return (compressed if is_sparse(x) else features)(x, inputs, dtype, name, finite)


def features(x: Any, inputs: int | None, dtype: str, name: str = "X", finite: bool = True) -> np.ndarray:
    """Return X as the engine takes it: float32, float64 or uint8 [rows, inputs], rows contiguous, values finite.

    Parameters
    ----------
    x : array_like, shape (rows, inputs)
        float32, float64, uint8 and bool are not copied if their rows are contiguous; other numbers become `dtype`.
    inputs : int or None
        Width that the model expects; None for any.
    dtype : {"float32", "float64"}
        The model's.
    name : str
        For messages.
    finite : bool
        Whether to look for values that are not.

    Raises
    ------
    TypeError
        If it holds no real numbers.
    ValueError
        If it is not 2-D, has no rows, another width, or a value that is not finite in `dtype`.
    """
    array = numeric(x, name)
    if array.ndim != 2:
        hint = {
            1: f": use {name}.reshape(-1, 1) for one feature, {name}.reshape(1, -1) for one row",
            0: "",
        }.get(array.ndim, f": use {name}.reshape(len({name}), -1) to make each row flat")
        raise ValueError(f"expected {name} of shape (rows, features), received: shape={array.shape}{hint}")
    check_some(array, name, "feature")
    if inputs is not None and array.shape[1] != inputs:
        raise ValueError(f"expected {name} of shape (rows, {inputs}), received: shape={array.shape}")
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if array.dtype not in ENGINE_DTYPES:
        with np.errstate(over="ignore"):  # what overflows is found below
            array = array.astype(dtype, order="C")
    elif not _readable(array):
        array = array.copy(order="C")
    if finite:
        check_finite(array, dtype, name)
    return array


def check_finite(array: np.ndarray, dtype: str, name: str) -> None:
    """Raise ValueError naming row and column of the first value of a 2-D array that is not finite as `dtype`."""
    if array.dtype.kind != "f" or not array.size:
        return
    rows, width = array.shape
    step = max(1, CHUNK // width)
    for start in range(0, rows, step):
        chunk = np.ascontiguousarray(array[start : start + step])
        if chunk.dtype != dtype:
            with np.errstate(over="ignore"):
                chunk = chunk.astype(dtype)
        chunk = chunk.reshape(-1)
        found = kernels.first_not_finite(chunk)
        if found < chunk.size:
            row, column = start + found // width, found % width
            raise not_finite(name, f"{row}, {column}", array[row, column], dtype)


def not_finite(name: str, place: Any, value: Any, dtype: str) -> ValueError:
    """Return the error for a value that is not finite as `dtype`; it says so if the value is as it was given."""
    limit = f", which overflows {dtype}" if np.isfinite(value) else ""
    return ValueError(f"expected {name} to be finite, received: {name}[{place}]={value}{limit}")


def values(y: Any, rows: int, width: int | None, dtype: str, name: str = "y") -> np.ndarray:
    """Return truth as values: `dtype` [rows, width], contiguous and finite. One output may be given as [rows].

    A `width` of None stands for any number of columns.
    """
    array = numeric(y, name)
    if array.ndim == 1 and width in (1, None):
        array = array.reshape(-1, 1)
    if width is None and array.ndim == 2 and array.shape[1]:
        width = array.shape[1]
    if width is None:
        raise ValueError(f"expected {name} of shape (rows,) or (rows, columns), received: shape={array.shape}")
    if array.ndim != 2 or array.shape[1] != width:
        hint = ""
        if width > 1 and (array.ndim == 1 or array.shape[1:] == (1,)):
            hint = ": for class indices use sparse_categorical_crossentropy, or fastnn.utils.to_categorical"
        raise ValueError(
            f"expected {name} of shape (rows, {width}), one column for each output, received: shape={array.shape}{hint}"
        )
    check_rows(array, rows, name)
    check_finite(array, dtype, name)
    array = np.ascontiguousarray(array, dtype=dtype)
    return array if _readable(array) else array.copy()


def labels(y: Any, rows: int, width: int, name: str = "y") -> np.ndarray:
    """Return truth as class indices: int32 [rows], 0 <= y < width. Whole numbers of any type are taken."""
    array = numeric(y, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.reshape(-1)
    if array.ndim != 1:
        hint = (
            ": one-hot rows are for categorical_crossentropy, and metrics that are not sparse"
            if array.ndim == 2 and array.shape[1] == width
            else ""
        )
        raise ValueError(f"expected {name} of shape (rows,), class indices, received: shape={array.shape}{hint}")
    check_rows(array, rows, name)
    wrong = ~((array >= 0) & (array < width))
    if array.dtype.kind == "f":
        wrong |= array != np.floor(array)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"expected {name} to hold class indices, whole numbers from 0 to {width - 1} ({width} outputs), received: "
            f"{name}[{row}]={array[row]}"
        )
    return np.ascontiguousarray(array, dtype=np.int32)


def weights(sample_weight: Any, rows: int, dtype: str, name: str = "sample_weight") -> np.ndarray:
    """Return weights of rows: `dtype` [rows], finite, not negative, not all 0."""
    array = numeric(sample_weight, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.reshape(-1)
    if array.ndim != 1:
        raise ValueError(f"expected {name} of shape (rows,), received: shape={array.shape}")
    check_rows(array, rows, name)
    check_finite(array.reshape(-1, 1), dtype, name)
    array = np.ascontiguousarray(array, dtype=dtype)
    if array.strides[0] != array.itemsize:
        array = array.copy()
    check_range(array.reshape(-1, 1), 0.0, np.inf, name=name)
    if not array.any():
        raise ValueError(f"expected {name} to have a positive value, received: all zeros")
    return array


def check_some(array: np.ndarray, name: str, column: str) -> None:
    """Raise ValueError if there is no row, or none of what its columns are called."""
    if 0 in array.shape:
        raise ValueError(f"expected {name} to have at least one row and one {column}, received: shape={array.shape}")


def check_range(array: np.ndarray, low: float, high: float, *, name: str) -> None:
    """Raise ValueError naming the first value of a 2-D array outside [low, high]."""
    if low == -np.inf and high == np.inf:
        return
    if array.min() >= low and array.max() <= high:
        return
    row, column = np.argwhere((array < low) | (array > high))[0]
    expected = f"in [{low:g}, {high:g}]" if np.isfinite(high) else f">= {low:g}"
    raise ValueError(f"expected {name} to be {expected}, received: {array[row, column]} in row {row}, column {column}")


def check_rows(array: np.ndarray, rows: int, name: str) -> None:
    """Raise ValueError unless an array has as many rows as X, or the truth of a loss as its predictions."""
    if array.shape[0] != rows:
        others = "y_pred" if name == "y_true" else "X"
        raise ValueError(f"expected {name} to have as many rows as {others}, {rows}, received: shape={array.shape}")
