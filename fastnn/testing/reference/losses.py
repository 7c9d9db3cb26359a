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


def squared_error(z, y, dtype, parameter):
    """(z - y)^2; keras.losses.mean_squared_error before its mean."""
    return (z - y) ** 2, 2 * (z - y), z


def absolute_error(z, y, dtype, parameter):
    """|z - y|, slope 0 at 0; keras.losses.mean_absolute_error before its mean."""
    return np.abs(z - y), np.sign(z - y), z


def huber(z, y, dtype, delta):
    """e^2 / 2 inside delta, delta |e| - delta^2 / 2 outside; keras.losses.huber before its mean."""
    error = z - y
    size = np.abs(error)
    with np.errstate(over="ignore"):  # of the square, where it does not count
        value = np.where(size <= delta, 0.5 * error**2, delta * size - 0.5 * delta**2)
    return value, np.clip(error, -delta, delta), z


def log_cosh(z, y, dtype, parameter):
    """ln cosh(z - y): log1p(2 sinh(e/2)^2), or |e| - ln 2 + log1p(e^-2|e|) where sinh would overflow."""
    size = np.abs(z - y)
    value = np.log1p(2 * np.sinh(np.minimum(size, 1) / 2) ** 2)
    return np.where(size < 1, value, size - np.log(2) + np.log1p(np.exp(-2 * size))), np.tanh(z - y), z


def quantile(z, y, dtype, q):
    """q e for e = y - z > 0, (q - 1) e for e < 0; slope 0 at 0. sklearn.metrics.mean_pinball_loss before its mean."""
    error = y - z
    return np.where(error > 0, q * error, (q - 1) * error), np.where(error > 0, -q, (1 - q) * (error < 0)), z


def poisson(z, y, dtype, parameter):
    """z - y ln(z + epsilon); keras.losses.poisson before its mean."""
    return z - y * np.log(z + EPSILON), 1 - y / (z + EPSILON), z


def poisson_from_log(z, y, dtype, parameter):
    """y ln y - y z - y + e^z: half the Poisson deviance of e^z (sklearn/neural_network/_base.py, poisson_loss)."""
    return xlogy(y, y) - np.where(y == 0, 0, y * z) - y + np.exp(z), np.exp(z) - y, np.exp(z)


def given_gradient(z, y, dtype, parameter):
    """z y, whose slope is the truth y: a gradient that was computed elsewhere."""
    return z * y, y, z


def sides(y):
    """-1 or 1, of bits or of sides; keras.losses, convert_binary_labels_to_hinge."""
    return np.where(y == 0, -1, y)


def hinge(z, y, dtype, parameter):
    """max(1 - y z, 0), slope 0 at the corner; keras.losses.hinge before its mean."""
    y = sides(y)
    return np.maximum(1 - y * z, 0), np.where(1 - y * z > 0, -y, 0), z


def squared_hinge(z, y, dtype, parameter):
    """max(1 - y z, 0)^2; keras.losses.squared_hinge before its mean."""
    y = sides(y)
    return np.maximum(1 - y * z, 0) ** 2, -2 * y * np.maximum(1 - y * z, 0), z


def kl_divergence(z, y, dtype, parameter):
    """y ln(y / p), both clipped to [epsilon, 1]; slope 0 where clipped. keras.losses.kl_divergence before its sum."""
    low = float(dtype(EPSILON))
    y, p = np.clip(y, low, 1), np.clip(z, low, 1)
    return y * np.log(y / p), np.where((z >= low) & (z <= 1), -y / p, 0), z


def clip_bounds(dtype):
    """Keras's bounds of a probability, rounded to the type that it computes in."""
    return float(dtype(EPSILON)), float(dtype(1 - EPSILON))


def smoothed_bits(y, smoothing):
    """keras.losses.binary_crossentropy's label smoothing: towards one half."""
    return y * (1 - smoothing) + smoothing / 2


def smoothed_classes(y, smoothing):
    """keras.losses.categorical_crossentropy's label smoothing: a share of the truth goes to all classes."""
    return y * (1 - smoothing) + smoothing / y.shape[1]


def binary_crossentropy(z, y, dtype, smoothing):
    """-y ln p - (1 - y) ln(1 - p), p = clip(z); the clipped do not change with z, so their gradient is 0.

    keras.ops.binary_crossentropy.
    """
    y = smoothed_bits(y, smoothing)
    low, high = clip_bounds(dtype)
    p = np.clip(z, low, high)
    value = -y * np.log(p) - (1 - y) * np.log(1 - p)
    return value, np.where((z >= low) & (z <= high), (p - y) / (p * (1 - p)), 0), z


def binary_crossentropy_from_logits(z, y, dtype, smoothing):
    """-y ln p - (1 - y) ln(1 - p), p = sigmoid(z), as max(z, 0) - z y + ln(1 + e^-|z|)."""
    y = smoothed_bits(y, smoothing)
    p = float64(sigmoid(z))
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))), p - y, p


def log_loss_bounds(dtype):
    """What scikit-learn's log loss lies between: it keeps probabilities within [eps, 1 - eps]."""
    eps = float(np.finfo(dtype).eps)
    return -np.log1p(-eps), -np.log(eps)


def binary_log_loss(z, y, dtype, smoothing):
    """-y ln q - (1 - y) ln(1 - q), q = 1 / (1 + e^-z), each step rounded to the type, within [eps, 1 - eps].

    sklearn/neural_network/_base.py, binary_log_loss, of scipy.special.expit; the gradient is that of the loss without
    bounds.
    """
    eps, p, one = float(np.finfo(dtype).eps), float64(sigmoid(z)), np.ones((), dtype)
    with np.errstate(over="ignore"):
        q = np.clip(float64(one / (one + np.exp(-z).astype(dtype))), eps, 1 - eps)
    y = smoothed_bits(y, smoothing)
    return -y * np.log(q) - (1 - y) * np.log(1 - q), p - y, p


def log_loss(z, y, dtype, smoothing):
    """categorical_crossentropy_from_logits of one-hot rows with its value within bounds."""
    value, gradient, prediction = categorical_crossentropy_from_logits(z, y, dtype, smoothing)
    return np.where(y == 0, 0, np.clip(value, *log_loss_bounds(dtype))), gradient, prediction


def categorical_crossentropy(z, y, dtype, smoothing):
    """-sum_j y_j ln clip(q_j), q = z / sum z; keras.ops.categorical_crossentropy.

    With u_j = 1 where q_j is not clipped: dL/dq_j = -u_j y_j / q_j and dq_j/dz_k = ([j = k] - q_j) / sum z.
    """
    y = smoothed_classes(y, smoothing)
    low, high = clip_bounds(dtype)
    total = z.sum(axis=1, keepdims=True)
    q = z / total
    clipped = (q < low) | (q > high)
    by_q = np.where(clipped, 0, -y / np.where(q == 0, 1, q))
    gradient = (by_q + np.where(clipped, 0, y).sum(axis=1, keepdims=True)) / total
    return -y * np.log(np.clip(q, low, high)), gradient, z


def categorical_crossentropy_from_logits(z, y, dtype, smoothing):
    """-sum_j y_j ln p_j, p = softmax(z), as sum_j y_j (ln sum_k e^(z_k) - z_j)."""
    y = smoothed_classes(y, smoothing)
    from_max = z - z.max(axis=1, keepdims=True)
    # the largest term is 1 (or NaN): ln of the sum from the others, for rows where they are tiny
    e = np.exp(from_max)
    np.put_along_axis(e, from_max.argmax(axis=1)[:, None], from_max.max(axis=1, keepdims=True), axis=1)
    log_sum = np.log1p(e.sum(axis=1, keepdims=True))
    with np.errstate(invalid="ignore"):
        value = y * log_sum - np.where(y == 0, 0, y * from_max)
    p = softmax(z)
    return value, p * y.sum(axis=1, keepdims=True) - y, p


# name: the function, and the default of its parameter
LOSSES = {
    "squared_error": (squared_error, 0.0),
    "absolute_error": (absolute_error, 0.0),
    "huber": (huber, 1.0),
    "log_cosh": (log_cosh, 0.0),
    "quantile": (quantile, 0.5),
    "poisson": (poisson, 0.0),
    "poisson_from_log": (poisson_from_log, 0.0),
    "given_gradient": (given_gradient, 0.0),
    "hinge": (hinge, 0.0),
    "squared_hinge": (squared_hinge, 0.0),
    "kl_divergence": (kl_divergence, 0.0),
    "binary_crossentropy": (binary_crossentropy, 0.0),
    "binary_crossentropy_from_logits": (binary_crossentropy_from_logits, 0.0),
    "categorical_crossentropy": (categorical_crossentropy, 0.0),
    "categorical_crossentropy_from_logits": (categorical_crossentropy_from_logits, 0.0),
    "binary_log_loss": (binary_log_loss, 0.0),
    "log_loss": (log_loss, 0.0),
}


def loss(name, z, truth, weight=None, index=None, value_scale=1.0, gradient_scale=1.0, parameter=None):
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
    parameter : float, optional
        Huber's delta, the quantile's q, label smoothing.

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
    function, default = LOSSES[name]
    value, gradient, prediction = function(z, y, dtype, default if parameter is None else parameter)
    if name != "given_gradient":  # where a condition has cut NaN off
        gradient = np.where(np.isnan(z), z, gradient)
    return value.sum(axis=1) * value_scale * w, gradient * gradient_scale * w[:, None], prediction
