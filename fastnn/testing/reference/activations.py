"""Activations, forward and backward. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64
from fastnn.testing.reference.vmath import sigmoid


def softmax(z):
    """e^(z_j - m) / sum_k e^(z_k - m) in each row, m its maximum."""
    z = float64(z)
    if not z.size:
        return z.copy()
    with np.errstate(invalid="ignore"):
        e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def activation_forward(name, z, alpha=0.0):
    """y = f(z).

    linear: z; sign: -1, alpha, 1 below, at, above 0; sigmoid, tanh; relu: max(0, z); softmax by rows; exponential: e^z.
    """
    z = float64(z)
    formulas = {
        "linear": lambda: z.copy(),
        "sign": lambda: np.where(z == 0, alpha, np.sign(z)),
        "sigmoid": lambda: float64(sigmoid(z)),
        "tanh": lambda: np.tanh(z),
        "relu": lambda: np.maximum(z, 0),
        "softmax": lambda: softmax(z),
        "exponential": lambda: np.exp(z),
    }
    return formulas[name]()


def activation_backward(name, saved, dy, alpha=0.0):
    """dz = dy f'(z), from the saved output y.

    linear: dy; sigmoid: dy y (1 - y); tanh: dy (1 - y)(1 + y); relu: dy where y > 0; softmax: y (dy - sum_j dy_j y_j);
    exponential: dy y. `sign` has no derivative.
    """
    y, dy = float64(saved, dy)
    formulas = {
        "linear": lambda: dy.copy(),
        "sigmoid": lambda: dy * y * (1 - y),
        "tanh": lambda: dy * (1 - y) * (1 + y),
        "relu": lambda: np.where(y > 0, dy, 0),
        "softmax": lambda: y * (dy - (dy * y).sum(axis=1, keepdims=True)),
        "exponential": lambda: dy * y,
    }
    return formulas[name]()
