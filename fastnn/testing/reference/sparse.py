"""Products with sparse rows. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64


def dense_rows(values, columns, starts, width, index=None):
    """The rows with their zeros: x[r, columns[p]] sums values[p], starts[s] <= p < starts[s + 1], s = index[r]."""
    index = range(len(starts) - 1) if index is None else index
    x = np.zeros((len(index), width))
    for r, source in enumerate(index):
        part = slice(starts[source], starts[source + 1])
        np.add.at(x[r], columns[part], float64(values[part]))
    return x


def sparse_product(values, columns, starts, w, bias=None, index=None):
    """bias + x w for the rows of `dense_rows`."""
    w = float64(w)
    x = dense_rows(values, columns, starts, len(w), index)
    return x @ w + (0.0 if bias is None else float64(bias))


def sparse_gradient(values, columns, starts, width, dy, index=None):
    """x^T dy for the rows of `dense_rows`."""
    return dense_rows(values, columns, starts, width, index).T @ float64(dy)
