"""What has a parameter or a statistic for each column or row. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64


def add(x, other=None):
    """x + other."""
    return float64(x) + (0.0 if other is None else float64(other))


def affine(x, scale, offset):
    """scale x + offset."""
    return scale * float64(x) + offset


def penalize(x, dx, l1, l2):
    """dx + l1 sign(x) + l2 x: the gradient of l1 sum |x| + l2 / 2 sum x^2 on top of dx."""
    x, dx = float64(x, dx)
    return dx + l1 * np.sign(x) + l2 * x


def column_squares(x, mean):
    """Sum over rows of (x - mean)^2."""
    x, mean = float64(x, mean)
    return ((x - mean) ** 2).sum(axis=0)


def standardized(x, mean, variance, epsilon):
    """(x - mean) / sqrt(variance + epsilon)."""
    x, mean, variance = float64(x, mean, variance)
    return (x - mean) / np.sqrt(variance + epsilon)


def column_products(dy, x, mean, variance, epsilon):
    """Sum over rows of dy u, u = standardized x: the gradient of gamma."""
    return (float64(dy) * standardized(x, mean, variance, epsilon)).sum(axis=0)


def normalize(x, mean, variance, epsilon, gamma=None, beta=None):
    """u gamma + beta, u = standardized x: batch normalization (Ioffe and Szegedy, 2015) with given statistics."""
    u = standardized(x, mean, variance, epsilon)
    return u * (1.0 if gamma is None else float64(gamma)) + (0.0 if beta is None else float64(beta))


def normalize_backward(dy, x, mean, variance, epsilon, gamma=None, batch_statistics=False):
    """dx of `normalize`; with `batch_statistics` mean and variance are those of x over its rows, and depend on it."""
    dy = float64(dy)
    factor = (1.0 if gamma is None else float64(gamma)) / np.sqrt(float64(variance) + epsilon)
    if not batch_statistics:
        return dy * factor
    u = standardized(x, mean, variance, epsilon)
    return factor * (dy - dy.mean(axis=0) - u * (dy * u).mean(axis=0))


def layer_norm(x, epsilon, gamma=None, beta=None):
    """(y, statistics): u gamma + beta with each row's own mean and variance (Ba, Kiros and Hinton, 2016).

    statistics[r] = (mean, 1 / sqrt(variance + epsilon)) of row r.
    """
    x = float64(x)
    mean, variance = x.mean(axis=1), x.var(axis=1)
    u = (x - mean[:, None]) / np.sqrt(variance + epsilon)[:, None]
    y = u * (1.0 if gamma is None else float64(gamma)) + (0.0 if beta is None else float64(beta))
    return y, np.stack([mean, 1 / np.sqrt(variance + epsilon)], axis=1)


def layer_norm_backward(dy, x, epsilon, gamma=None):
    """dx of `layer_norm`."""
    x, dy = float64(x, dy)
    _, statistics = layer_norm(x, epsilon)
    u = (x - statistics[:, :1]) * statistics[:, 1:]
    g = dy * (1.0 if gamma is None else float64(gamma))
    means = g.mean(axis=1, keepdims=True) + u * (g * u).mean(axis=1, keepdims=True)
    return statistics[:, 1:] * (g - means)


def row_products(dy, x, epsilon):
    """Sum over rows of dy u, u as in `layer_norm`: the gradient of its gamma."""
    return (float64(dy) * layer_norm(x, epsilon)[0]).sum(axis=0)


def prelu(x, slopes):
    """x where x > 0, else slopes x (He et al., Delving deep into rectifiers, 2015)."""
    x, slopes = float64(x, slopes)
    return np.where(x > 0, x, slopes * x)


def prelu_backward(dy, x, slopes):
    """dx of `prelu`."""
    x, dy, slopes = float64(x, dy, slopes)
    return np.where(x > 0, dy, slopes * dy)


def prelu_products(dy, x):
    """Sum over rows of dy min(x, 0): the gradient of the slopes."""
    x, dy = float64(x, dy)
    return (dy * np.minimum(x, 0)).sum(axis=0)
