"""Reductions and movement. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64


def column_sums(x):
    """Sum of each column of x[B,O]."""
    return float64(x).sum(axis=0)


def sum_of_squares(x):
    """sum x^2."""
    return float((float64(x) ** 2).sum())


def sum_of_magnitudes(x):
    """sum |x|."""
    return float(np.abs(float64(x)).sum())


def accumulate(x, y):
    """y + x."""
    return float64(y) + float64(x)


def first_not_finite(x):
    """Index of the first NaN or infinity of x[n]; n if there is none."""
    bad = np.flatnonzero(~np.isfinite(x))
    return int(bad[0]) if bad.size else len(x)


def gather(x, index=None):
    """Rows x[index], or all rows."""
    x = float64(x)
    return x.copy() if index is None else x[index]


def clip(x, factor, lower, upper):
    """factor x, not below `lower` nor above `upper`."""
    return np.clip(factor * float64(x), lower, upper)


def average(x, y, momentum):
    """momentum y + (1 - momentum) x."""
    return momentum * float64(y) + (1 - momentum) * float64(x)


def squares_of_columns(x):
    """Sum of the squares of each column of x[B,O]."""
    return (float64(x) ** 2).sum(axis=0)


def scale_columns(x, factors):
    """x[B,O] with each column times its factor."""
    return float64(x) * float64(factors)
