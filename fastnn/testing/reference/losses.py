"""Losses: value and gradient of every row. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.activations import softmax
from fastnn.testing.reference.common import EPSILON, float64
from fastnn.testing.reference.vmath import sigmoid


def one_hot(labels, classes):
    """Rows of zeros with a 1 at each label."""
    return (np.asarray(labels)[:, None] == np.arange(classes)).astype(np.float64)


def xlogy(x, y):
    """x ln y, 0 where x is 0 (scipy.special.xlogy)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0, x * np.log(y))


def squared_error(z, y, dtype):
    """(z - y)^2; keras.losses.mean_squared_error before its mean."""
    return (z - y) ** 2, 2 * (z - y), z


def poisson(z, y, dtype):
    """z - y ln(z + epsilon); keras.losses.poisson before its mean."""
    return z - y * np.log(z + EPSILON), 1 - y / (z + EPSILON), z


def clip_bounds(dtype):
    """Keras's bounds of a probability, rounded to the type that it computes in."""
    return float(dtype(EPSILON)), float(dtype(1 - EPSILON))


def binary_crossentropy(z, y, dtype):
    """-y ln p - (1 - y) ln(1 - p), p = clip(z); the clipped do not change with z, so their gradient is 0.

    keras.ops.binary_crossentropy.
    """
    low, high = clip_bounds(dtype)
    p = np.clip(z, low, high)
    value = -y * np.log(p) - (1 - y) * np.log(1 - p)
    return value, np.where((z >= low) & (z <= high), (p - y) / (p * (1 - p)), 0), z


def categorical_crossentropy(z, y, dtype):
    """-sum_j y_j ln clip(q_j), q = z / sum z; keras.ops.categorical_crossentropy.

    With u_j = 1 where q_j is not clipped: dL/dq_j = -u_j y_j / q_j and dq_j/dz_k = ([j = k] - q_j) / sum z.
    """
    low, high = clip_bounds(dtype)
    total = z.sum(axis=1, keepdims=True)
    q = z / total
    by_q = np.where((q >= low) & (q <= high), -y / np.where(q == 0, 1, q), 0)
    gradient = (by_q - (by_q * q).sum(axis=1, keepdims=True)) / total
    return -y * np.log(np.clip(q, low, high)), gradient, z


def poisson_from_log(z, y, dtype):
    """y ln y - y z - y + e^z: half the Poisson deviance of e^z (sklearn/neural_network/_base.py, poisson_loss)."""
    return xlogy(y, y) - np.where(y == 0, 0, y * z) - y + np.exp(z), np.exp(z) - y, np.exp(z)


def binary_crossentropy_from_logits(z, y, dtype):
    """-y ln p - (1 - y) ln(1 - p), p = sigmoid(z), as max(z, 0) - z y + ln(1 + e^-|z|)."""
    p = float64(sigmoid(z))
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))), p - y, p


def categorical_crossentropy_from_logits(z, y, dtype):
    """-sum_j y_j ln p_j, p = softmax(z), as sum_j y_j (ln sum_k e^(z_k) - z_j)."""
    from_max = z - z.max(axis=1, keepdims=True)
    # the largest term is 1: ln of the sum from the others, for rows where they are tiny
    e = np.exp(from_max)
    np.put_along_axis(e, from_max.argmax(axis=1)[:, None], 0, axis=1)
    log_sum = np.log1p(e.sum(axis=1, keepdims=True))
    with np.errstate(invalid="ignore"):
        value = np.where(y == 0, 0, y * (log_sum - from_max))
    p = softmax(z)
    return value, p * y.sum(axis=1, keepdims=True) - y, p


LOSSES = {
    "squared_error": squared_error,
    "poisson": poisson,
    "binary_crossentropy": binary_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "poisson_from_log": poisson_from_log,
    "binary_crossentropy_from_logits": binary_crossentropy_from_logits,
    "categorical_crossentropy_from_logits": categorical_crossentropy_from_logits,
}


def loss(name, z, truth, weight=None, index=None, value_scale=1.0, gradient_scale=1.0):
    """Loss of each row, its gradient with respect to z, and the prediction; ``sparse_*`` as the loss of one-hot rows.

    Parameters
    ----------
    name : str
    z : array of shape (B, O)
    truth : array of shape (N, O), or of N classes
    weight : array of shape (N,), optional
        Factor on a row's value and gradient.
    index : array of shape (B,), optional
        The row of `truth` and `weight` for each row of z.
    value_scale, gradient_scale : float

    Returns
    -------
    row_loss : array of shape (B,)
        Sum over outputs.
    dz, prediction : arrays of shape (B, O)
    """
    dtype = np.asarray(z).dtype.type
    z, truth = float64(z), np.asarray(truth)
    if name.startswith("sparse_"):
        truth, name = one_hot(truth, z.shape[1]), name.removeprefix("sparse_")
    index = np.arange(len(z)) if index is None else index
    y = float64(truth)[index]
    w = np.ones(len(z)) if weight is None else float64(weight)[index]
    if not z.size:
        return np.zeros(len(z)), z.copy(), z.copy()
    value, gradient, prediction = LOSSES[name](z, y, dtype)
    return value.sum(axis=1) * value_scale * w, gradient * gradient_scale * w[:, None], prediction
