"""Elementwise functions: twins with more digits than float64 where long double has them."""

import numpy as np


def exp(x):
    """e^x."""
    return np.exp(np.asarray(x, dtype=np.longdouble))


def log(x):
    """ln x; NaN below 0, -inf at 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.asarray(x, dtype=np.longdouble))


def tanh(x):
    """The hyperbolic tangent."""
    return np.tanh(np.asarray(x, dtype=np.longdouble))


def sigmoid(x):
    """1 / (1 + e^-x), for negative x as e^x / (1 + e^x) so that nothing overflows."""
    x = np.asarray(x, dtype=np.longdouble)
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


ELEMENTWISE = {"exp": exp, "log": log, "tanh": tanh, "sigmoid": sigmoid}
