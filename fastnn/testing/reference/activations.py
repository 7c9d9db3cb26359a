"""Activations, forward and backward. Twins of the kernels: float64, slow, obvious."""

import math

import numpy as np

from fastnn.testing.reference.common import float64
from fastnn.testing.reference.vmath import expm1, log1p, normal_cdf, sigmoid

#: alpha where a caller does not say.
DEFAULTS = {"heaviside": 0.5, "leaky_relu": 0.2, "elu": 1.0}
#: Those whose derivative is a formula of the input z; the others' is one of the output y.
SAVES_INPUT = ("relu_general", "gelu", "gelu_tanh", "silu", "mish")
#: Those of straight lines: where they are flat no gradient goes back, an infinite one neither.
STRAIGHT = ("piecewise_linear", "hard_sigmoid", "hard_tanh", "relu", "relu6", "relu_clipped", "relu_general")

SELU_LAMBDA, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def softmax(z):
    """e^(z_j - m) / sum_k e^(z_k - m) in each row, m its maximum."""
    z = float64(z)
    if not z.size:
        return z.copy()
    with np.errstate(invalid="ignore"):
        e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gated(z, share):
    """z share, and 0 where share is."""
    return np.where(share == 0, 0.0, np.where(share == 0, 0.0, z) * share)


#: Of gelu's tanh form: 2 sqrt(2/pi), and the factor of z^3.
GELU_SCALE, GELU_CUBIC = 2 * np.sqrt(2 / (4 * np.arctan(np.longdouble(1)))), np.longdouble("0.044715")


def twice_inner(z):
    """2 u(z), u = sqrt(2/pi) (z + 0.044715 z^3): 1/2 (1 + tanh u) = sigmoid(2 u)."""
    z = np.asarray(z, np.longdouble)
    return GELU_SCALE * (z + GELU_CUBIC * z**3)


def mish_share(z):
    """tanh(ln(1 + e^z)) = m / (m + 2), m = e^z (e^z + 2); 1 where e^z is too large to square."""
    e = np.exp(np.minimum(np.asarray(z, np.longdouble), 100))
    return e * (e + 2) / (e * (e + 2) + 2)


def activation_forward(name, z, alpha=None, max_value=np.inf, threshold=0.0):
    """y = f(z).

    linear: z; heaviside: 0, alpha, 1 and sign: -1, alpha, 1 below, at, above 0; piecewise_linear: z + 1/2 within
    [0, 1]; sigmoid, tanh; hard_sigmoid: (z + 3) / 6 within [0, 1]; hard_tanh: z within [-1, 1];
    softsign: z / (1 + |z|).
    relu: max(0, z); relu6: z within [0, 6]; relu_general: min(z, max_value) above the threshold, else
    alpha (z - threshold); relu_clipped: the same with alpha 0; leaky_relu: z, or alpha z below 0.
    elu: z, or alpha (e^z - 1) below 0; selu: 1.0507 times elu of alpha 1.6733; softplus: ln(1 + e^z).
    gelu: z F(z), F the normal distribution function; gelu_tanh: z sigmoid(2 sqrt(2/pi) (z + 0.044715 z^3));
    silu: z sigmoid(z); mish: z tanh(softplus(z)); softmax by rows; exponential: e^z.
    """
    z = float64(z)
    alpha = DEFAULTS.get(name, 0.0) if alpha is None else alpha
    with np.errstate(over="ignore", invalid="ignore"):
        formulas = {
            "linear": lambda: z.copy(),
            "heaviside": lambda: np.where(z == 0, alpha, np.where(np.isnan(z), z, z > 0)),
            "sign": lambda: np.where(z == 0, alpha, np.sign(z)),
            "piecewise_linear": lambda: np.clip(z + 0.5, 0, 1),
            "sigmoid": lambda: sigmoid(z),
            "hard_sigmoid": lambda: np.clip(z + 3, 0, 6) / 6,
            "tanh": lambda: np.tanh(z),
            "hard_tanh": lambda: np.clip(z, -1, 1),
            "softsign": lambda: np.where(np.isinf(z), np.sign(z), z / (1 + np.abs(z))),
            "relu": lambda: np.maximum(z, 0),
            "relu6": lambda: np.clip(z, 0, 6),
            "relu_clipped": lambda: np.where(z <= threshold, 0, np.minimum(z, max_value)),
            "relu_general": lambda: np.where(z <= threshold, alpha * (z - threshold), np.minimum(z, max_value)),
            "leaky_relu": lambda: np.where(z < 0, alpha * z, z),
            "elu": lambda: np.where(z < 0, alpha * expm1(z), z),
            "selu": lambda: SELU_LAMBDA * np.where(z < 0, SELU_ALPHA * expm1(z), z),
            "softplus": lambda: np.maximum(z, 0) + log1p(np.exp(-np.abs(z))),
            "gelu": lambda: gated(z, normal_cdf(z)),
            "gelu_tanh": lambda: gated(z, sigmoid(twice_inner(z))),
            "silu": lambda: gated(z, sigmoid(z)),
            "mish": lambda: gated(z, mish_share(z)),
            "softmax": lambda: softmax(z),
            "exponential": lambda: np.exp(z),
        }
        return float64(formulas[name]())


def activation_backward(name, saved, dy, alpha=None, max_value=np.inf, threshold=0.0):
    """dz = dy f'(z), from the saved output y, or the input z for those in SAVES_INPUT.

    Where two straight lines meet, f' is the lesser of their slopes. `sign` and `heaviside` have no derivative.
    """
    y, dy = float64(saved, dy)
    if name == "softmax":
        return y * (dy - (dy * y).sum(axis=1, keepdims=True))
    alpha = DEFAULTS.get(name, 0.0) if alpha is None else alpha
    slopes = slope(name, y, y, alpha, max_value, threshold)
    with np.errstate(invalid="ignore"):
        if name in STRAIGHT:
            return float64(np.where(slopes, dy * slopes, 0))
        return float64(dy * slopes)


def slope(name, y, z, alpha, max_value, threshold):
    """f' as a function of y or of z."""

    def gated_slope(share, speed):  # of z share(z), share' = share (1 - share) speed
        both = share * (1 - share)
        return share + np.where(both == 0, 0.0, gated(z, both) * speed)

    with np.errstate(over="ignore", invalid="ignore"):
        formulas = {
            "linear": lambda: np.ones_like(y),
            "piecewise_linear": lambda: (y > 0) & (y < 1),
            "sigmoid": lambda: y * (1 - y),
            "hard_sigmoid": lambda: ((y > 0) & (y < 1)) / 6,
            "tanh": lambda: (1 - y) * (1 + y),
            "hard_tanh": lambda: np.abs(y) < 1,
            "softsign": lambda: (1 - np.abs(y)) ** 2,
            "relu": lambda: y > 0,
            "relu6": lambda: (y > 0) & (y < 6),
            "relu_clipped": lambda: (y > 0) & (y < max_value),
            "relu_general": lambda: np.where(z <= threshold, alpha, z < max_value),
            "leaky_relu": lambda: np.where(y > 0, 1, alpha),
            "elu": lambda: np.where(y > 0, 1, y + alpha),
            "selu": lambda: np.where(y > 0, SELU_LAMBDA, y + SELU_LAMBDA * SELU_ALPHA),
            "softplus": lambda: -expm1(-y),
            "gelu": lambda: normal_cdf(z) + gated(z, np.exp(-z * z / 2) / math.sqrt(2 * math.pi)),
            "gelu_tanh": lambda: gated_slope(sigmoid(twice_inner(z)), GELU_SCALE * (1 + 3 * GELU_CUBIC * z * z)),
            "silu": lambda: gated_slope(sigmoid(z), 1),
            "mish": lambda: mish_share(z) + gated(z, (1 - mish_share(z)) * (1 + mish_share(z)) * sigmoid(z)),
            "exponential": lambda: y,
        }
        return formulas[name]()
