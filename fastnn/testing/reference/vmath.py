"""Elementwise functions: twins with more digits than float64 where long double has them."""

import math

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


def expm1(x):
    """e^x - 1."""
    with np.errstate(over="ignore"):
        return np.expm1(np.asarray(x, dtype=np.longdouble))


def log1p(x):
    """ln(1 + x)."""
    return np.log1p(np.asarray(x, dtype=np.longdouble))


def normal_cdf(x):
    """The normal distribution function, 1/2 erfc(-x / sqrt 2): element by element, since NumPy has no erfc.

    What rounding -x / sqrt 2 to a double loses is added as the first term of the Taylor series.
    """
    argument = np.asarray(-np.asarray(x, np.longdouble) / np.sqrt(np.longdouble(2)))
    rounded = argument.astype(np.float64)
    with np.errstate(invalid="ignore"):
        lost = np.where(np.isinf(rounded), 0, argument - rounded)
    steepness = np.exp(-np.square(rounded.astype(np.longdouble))) / np.sqrt(np.longdouble(math.pi))
    return np.vectorize(math.erfc, otypes=[np.float64])(rounded) / np.longdouble(2) - steepness * lost


ELEMENTWISE = {"exp": exp, "log": log, "tanh": tanh, "sigmoid": sigmoid}
