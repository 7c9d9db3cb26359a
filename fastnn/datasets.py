"""The rows of a fit: checked arrays, cut into training and validation, weighed by class, put into an order.

Checks of single arrays are data.py's. Called by network.py, training.py, fitting.py, stepwise.py,
judging.py and forward.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fastnn import arguments, data
from fastnn._core import engine

DEFAULT_BATCH = 32


class Dataset(NamedTuple):
    """Checked arrays, as the engine takes them."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None

    @property
    def rows(self) -> int:
        return int(self.x.shape[0])

    def part(self, start: int, stop: int) -> Dataset:
        """Return views of the rows from `start` to `stop`."""
        weight = None if self.weight is None else self.weight[start:stop]
        return Dataset(self.x[start:stop], self.y[start:stop], weight)


def split(x: Any, y: Any, sample_weight: Any, fraction: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Cut the last `fraction` of the rows off, as views: ((x, y, weight) for training, the same for validation).

    What has no rows to cut stays whole: the checks of a fit refuse it, as without a cut.

    Raises
    ------
    TypeError
        If an array holds no real numbers.
    ValueError
        If it is not rectangular, has not as many rows as x, or there is no row for either part.
    """
    x = x.tocsr() if data.is_sparse(x) else data.numeric(x, "X")
    arrays = [x]
    for array, name in ((y, "y"), (sample_weight, "sample_weight")):
        arrays.append(None if array is None else data.numeric(array, name))
    if x.ndim < 2 or not x.shape[0] or any(array is not None and not array.ndim for array in arrays[1:]):
        return tuple(arrays), tuple(arrays)
    rows = x.shape[0]
    for array, name in zip(arrays[1:], ("y", "sample_weight"), strict=True):
        if array is not None:
            data.check_rows(array, rows, name)
    cut = int(rows * (1.0 - fraction))
    if not 0 < cut < rows:
        raise ValueError(
            f"expected validation_split to leave rows for training and validation, received: "
            f"validation_split={fraction!r} of {rows} rows"
        )
    return (
        tuple(None if array is None else array[:cut] for array in arrays),
        tuple(None if array is None else array[cut:] for array in arrays),
    )


def validation_arrays(validation_data: Any) -> tuple[Any, ...]:
    """Return (x, y, weight or None) of what a user gave as validation data."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise ValueError(
            "expected `validation_data` to be (x, y) or (x, y, sample_weight), received: "
            f"{type(validation_data).__name__}"
        )
    return (*validation_data, None) if len(validation_data) == 2 else tuple(validation_data)


def class_weights(
    y: np.ndarray, classes: int, class_weight: Any, dtype: str, sample_weight: np.ndarray | None = None
) -> np.ndarray:
    """Return each row's weight by its class: of labels, of a single output (rounded), or the largest of one-hot rows.

    Parameters
    ----------
    y : ndarray
        The truth as the engine takes it.
    classes : int
        Classes that there are: outputs, or 2 for a single one.
    class_weight : mapping of int to float
        Classes that it does not name weigh 1.
    dtype : {"float32", "float64"}
    sample_weight : ndarray of `dtype`, optional
        Another weight of each row, by which that of its class is multiplied.

    Raises
    ------
    TypeError
        If it is no mapping.
    ValueError
        If it names a class that there is not, or y has one, a factor is negative, no row has a positive one, or a
        weight overflows `dtype`.
    """
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"expected `class_weight` to be a dict, received: class_weight={class_weight!r}")
    factors = np.ones(classes)
    for label, factor in class_weight.items():
        if isinstance(label, bool) or label not in range(classes):
            raise ValueError(f"expected `class_weight` to name classes from 0 to {classes - 1}, received: {label!r}")
        factors[int(label)] = arguments.number(f"class_weight[{label}]", factor, least=0.0)
    with np.errstate(over="ignore"):  # found below
        factors = factors.astype(dtype)
    if not np.isfinite(factors).all():
        label = int(np.argmax(~np.isfinite(factors)))
        raise data.not_finite("class_weight", label, class_weight[label], dtype)
    single = np.rint(y.reshape(-1)) if y.ndim == 1 or y.shape[1] == 1 else y.argmax(axis=1)
    if single.min() < 0 or single.max() >= classes:
        row = int(np.argmax((single < 0) | (single >= classes)))
        raise ValueError(
            f"expected y to hold classes from 0 to {classes - 1} where `class_weight` is given, received: {y[row]} in "
            f"row {row}; sample_weight takes any factor of a row"
        )
    weights: np.ndarray = factors[single.astype(np.int64)]
    if not weights.any():
        raise ValueError(f"expected `class_weight` to give some row a positive weight, received: {dict(class_weight)}")
    if sample_weight is None:
        return weights
    with np.errstate(over="ignore"):  # found below
        product: np.ndarray = weights * sample_weight
    if not np.isfinite(product).all():
        row = int(np.argmax(~np.isfinite(product)))
        raise ValueError(
            f"expected sample_weight times `class_weight` to be finite, received: {sample_weight[row]:g} times "
            f"{weights[row]:g} in row {row}, which overflows {dtype}"
        )
    if not product.any():
        raise ValueError(
            "expected sample_weight times `class_weight` to give some row a positive weight, received: all zeros"
        )
    return product


def order(rows: int, shuffle: bool | str, key: int, step: int) -> np.ndarray:
    """Return the numbers of the rows of an epoch, int64 [rows].

    Parameters
    ----------
    rows : int
    shuffle : bool or "replacement"
        False: as they are. True: each once, shuffled. "replacement": each drawn from all, so that some come twice and
        others not at all, and batches are independent of each other.
    key, step : int
        The stream of random numbers, each below 2^64.
    """
    if shuffle == "replacement":
        generator = np.random.Generator(np.random.Philox(key=key, counter=step << 64))
        return generator.integers(0, rows, rows)
    return engine.permutation(rows, key, step) if shuffle else np.arange(rows, dtype=np.int64)


def checked_shuffle(shuffle: Any) -> bool | str:
    """Return `shuffle`, or raise ValueError unless it is one of its values."""
    if isinstance(shuffle, str) and shuffle == "replacement":
        return shuffle
    if isinstance(shuffle, str) or shuffle not in (False, True):
        raise ValueError(f"expected `shuffle` to be True, False or 'replacement', received: shuffle={shuffle!r}")
    return bool(shuffle)


def checked_batch_size(batch_size: Any) -> int:
    """Return the rows of a step; None is the default."""
    return DEFAULT_BATCH if batch_size is None else arguments.integer("batch_size", batch_size, least=1)
