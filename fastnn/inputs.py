"""X and y of an estimator after validation, as the engine reads them.

Checks of shape, names and finite values are scikit-learn's (compat.py), conversion of rows is data.py's. Called by
perceptron.py, fitted.py and the estimators.
"""

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn import data
from fastnn._core import engine
from fastnn.compat import DataConversionWarning, column_or_1d, validate_data
from fastnn.warning import warn

__all__ = [
    "DTYPES",
    "SPARSE",
    "as_given",
    "dense_labels",
    "narrowed",
    "one_column",
    "rows_of",
    "validated",
    "weights_of",
]

Array = npt.NDArray[Any]

#: What X may be without conversion. Bytes are widened batch by batch in the engine and count as float64.
DTYPES: tuple[Any, ...] = (np.float64, np.float32, np.uint8)
#: Formats of sparse X.
SPARSE = ("csr", "csc")


def validated(estimator: Any, *given: Any, **options: Any) -> Any:
    """Return X, or X and y, after the checks of scikit-learn, which would read what a mask hides as numbers."""
    for name, array in zip(("X", "y"), given, strict=False):
        data.check_unmasked(array, name)
    return validate_data(estimator, *given, **options)


def rows_of(X: Any, dtype: str, compressed: bool, finite: bool = True) -> Any:
    """Return validated X as rows that the engine reads.

    Parameters
    ----------
    X : array or sparse matrix of shape (n, features)
    dtype : {'float32', 'float64'}
        The network's.
    compressed : bool
        Whether sparse rows may stay sparse: where a Dense layer reads them.
    finite : bool
        Whether to look for values that are not.
    """
    if data.is_sparse(X) and not compressed:
        X = X.toarray(order="C")
    return data.rows(narrowed(X), None, dtype, finite=finite)


def narrowed(array: Any) -> Any:
    """Return floats that are longer than float64, dense or sparse, as float64; anything else as it is.

    Examples
    --------
    >>> import numpy as np
    >>> narrowed(np.ones(2, dtype=np.longdouble)).dtype, narrowed(np.ones(2, dtype=np.float32)).dtype
    (dtype('float64'), dtype('float32'))
    """
    if array.dtype.kind != "f" or array.dtype.itemsize <= 8:
        return array
    with np.errstate(over="ignore"):  # what overflows is found where values are checked
        return array.astype(np.float64)


def as_given(rows: Any, X: Any, numbers: Any = None) -> Any:
    """Return rows of `rows_of` as a user knows them, who gave `X` and gets its rows of these `numbers`, or all.

    Of a frame they are a frame, compressed ones are a matrix of scipy.sparse.
    """
    if hasattr(X, "columns"):
        if numbers is None:
            return X
        return X.take(numbers) if hasattr(X, "take") else X[numbers]  # the latter of polars
    if not isinstance(rows, engine.Compressed):
        return rows
    return import_module("scipy.sparse").csr_matrix((rows.values, rows.columns, rows.starts), shape=rows.shape)


def weights_of(weight: Array | None, dtype: np.dtype[Any], name: str) -> Array | None:
    """Return validated weights of rows, if any, as the engine reads them: in the network's type.

    Raises
    ------
    ValueError
        If one overflows that; `name` is what it is called.
    """
    if weight is None:
        return None
    data.check_finite(weight.reshape(-1, 1), dtype.name, name)
    return weight.astype(dtype, copy=False)


def dense_labels(y: Any) -> Array:
    """Return y, which may be a sparse indicator matrix, as an array."""
    array: Array = y.toarray() if data.is_sparse(y) else np.asarray(y)
    return array


def one_column(y: Any) -> Any:
    """Return y of shape (n, 1) as (n,), with scikit-learn's warning; any other as it is."""
    if y.ndim != 2 or y.shape[1] != 1:
        return y
    column = column_or_1d(y)
    warn(
        "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples, ), for "
        "example using ravel().",
        DataConversionWarning,
    )
    return column
