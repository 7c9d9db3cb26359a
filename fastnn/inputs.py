"""X and y of an estimator after validation, as the engine reads them: the one place that knows of sparse matrices.

Checks of shape, names and finite values are scikit-learn's (compat.py), conversion of dense rows is data.py's. Called
by perceptron.py and the estimators.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn import data

__all__ = ["DTYPES", "SPARSE", "dense_labels", "is_sparse", "rows_of"]

Array = npt.NDArray[Any]

#: What X may be without conversion. Bytes are widened batch by batch in the engine and count as float64.
DTYPES: tuple[Any, ...] = (np.float64, np.float32, np.uint8)
#: Formats of sparse X.
SPARSE = ("csr", "csc")


def is_sparse(array: Any) -> bool:
    """Return whether it is a matrix or array of scipy.sparse."""
    return hasattr(array, "toarray") and hasattr(array, "nnz")


def rows_of(X: Any, dtype: str) -> Array:
    """Return validated X, dense or sparse, as rows that the engine reads."""
    if is_sparse(X):
        X = X.toarray(order="C")
    return data.features(X, None, dtype)


def dense_labels(y: Any) -> Array:
    """Return y, which may be a sparse indicator matrix, as an array."""
    array: Array = y.toarray() if is_sparse(y) else np.asarray(y)
    return array
