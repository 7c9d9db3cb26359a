"""Products of a dense layer. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.activations import activation_forward
from fastnn.testing.reference.common import float64


def dense_forward(x, w, bias=None, activation="linear", alpha=0.0):
    """y[B,O] = f(x[B,I] w[I,O] + bias[O])."""
    x, w = float64(x, w)
    z = x @ w
    return activation_forward(activation, z if bias is None else z + float64(bias), alpha)


def dense_input_gradient(dy, w):
    """dx[B,I] = dy[B,O] w[I,O]^T."""
    dy, w = float64(dy, w)
    return dy @ w.T


def dense_weight_gradient(x, dy):
    """dw[I,O] = x[B,I]^T dy[B,O]."""
    x, dy = float64(x, dy)
    return x.T @ dy


def transposed(x):
    """y[N,M] = x[M,N]^T."""
    return float64(x).T


def rank_one_product(w, x, dy, following, bias=None):
    """w[I,O] += x[I]^T dy[O], a new array; and y[O] = following[I] w + bias with it."""
    w, x, dy = float64(w, x, dy)
    w = w + np.outer(x, dy)
    return w, dense_forward(following, w, bias)
