"""Twins of every kernel in NumPy and float64: slow, obvious, the ground truth of tests and benchmarks.

Formulas are Keras 3's (keras/src/activations, losses, optimizers), or scikit-learn's where a docstring says so. Each
function takes arrays of any float type, computes in float64 and returns float64; nothing is done in place.
Integers of the random numbers: see `philox`.
"""

import numpy as np

EPSILON = 1e-7  # keras.backend.epsilon()


def float64(*arrays):
    """The arrays as float64, one or a tuple of them."""
    converted = tuple(np.asarray(array, dtype=np.float64) for array in arrays)
    return converted[0] if len(converted) == 1 else converted


# ---- dense layers --------------------------------------------------------------------------------------------------


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


# ---- elementwise functions: more digits than float64 where long double has them ------------------------------------


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


# ---- activations ---------------------------------------------------------------------------------------------------


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


# ---- losses --------------------------------------------------------------------------------------------------------


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


# ---- optimizers ----------------------------------------------------------------------------------------------------


def store(g, w, s0, *, numbers):
    """s0 = the gradient."""
    return w, g


def sgd(g, w, *, numbers):
    """w -= rate g; keras.optimizers.SGD."""
    return (w - numbers["rate"] * g,)


def momentum(g, w, v, *, numbers):
    """v = momentum v - rate g; w += v; keras.optimizers.SGD(momentum)."""
    v = numbers["momentum"] * v - numbers["rate"] * g
    return w + v, v


def nesterov(g, w, v, *, numbers):
    """v = momentum v - rate g; w += momentum v - rate g; keras.optimizers.SGD(momentum, nesterov=True)."""
    v = numbers["momentum"] * v - numbers["rate"] * g
    return w + numbers["momentum"] * v - numbers["rate"] * g, v


def rmsprop(g, w, v, *, numbers):
    """v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon); keras.optimizers.RMSprop."""
    v = numbers["rho"] * v + (1 - numbers["rho"]) * g**2
    return w - numbers["rate"] * g / np.sqrt(v + numbers["epsilon"]), v


def rmsprop_momentum(g, w, v, m, *, numbers):
    """As `rmsprop`, with m = momentum m + increment; w -= m; keras.optimizers.RMSprop(momentum)."""
    v = numbers["rho"] * v + (1 - numbers["rho"]) * g**2
    m = numbers["momentum"] * m + numbers["rate"] * g / np.sqrt(v + numbers["epsilon"])
    return w - m, v, m


def adam(g, w, m, v, *, numbers):
    """m += (g - m)(1 - beta_1); v += (g^2 - v)(1 - beta_2); w -= rate m / (sqrt(v) + epsilon); keras.optimizers.Adam.

    `rate` has the bias corrections in it: rate sqrt(1 - beta_2^t) / (1 - beta_1^t).
    """
    m = m + (g - m) * (1 - numbers["beta_1"])
    v = v + (g**2 - v) * (1 - numbers["beta_2"])
    return w - numbers["rate"] * m / (np.sqrt(v) + numbers["epsilon"]), m, v


OPTIMIZERS = {f.__name__: f for f in (store, sgd, momentum, nesterov, rmsprop, rmsprop_momentum, adam)}


def update(name, g, w, *states, weight_decay=0.0, l1=0.0, l2=0.0, **numbers):
    """One step: returns the new parameters and states.

    First the penalties, g + l2 w + l1 sign(w), and the decay w -= weight_decay w (which has the learning rate in it),
    both from the w before the step; `store` does not change w.
    """
    g, w, *states = float64(g, w, *states)
    g = g + l2 * w + l1 * np.sign(w)
    if name != "store":
        w = w - weight_decay * w
    return OPTIMIZERS[name](g, w, *states, numbers=numbers)


# ---- reductions and movement ---------------------------------------------------------------------------------------


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


# ---- random numbers ------------------------------------------------------------------------------------------------


def philox(counter, key):
    """Philox-4x32-10: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (SC11), Random123's constants.

    Parameters
    ----------
    counter : uint32 array of shape (n, 4)
    key : two integers below 2^32

    Returns
    -------
    uint32 array of shape (n, 4)
    """
    mask = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    c = [np.asarray(counter)[:, i].astype(np.uint64) for i in range(4)]
    k = [int(key[0]), int(key[1])]
    for _ in range(10):
        first, second = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [
            (second >> half) ^ c[1] ^ np.uint64(k[0]),
            second & mask,
            (first >> half) ^ c[3] ^ np.uint64(k[1]),
            first & mask,
        ]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, axis=1).astype(np.uint32)


def uniform_at(positions, key=0, step=0, layer=0):
    """The stream's numbers in [0, 1) at `positions`: word p % 4 of the block {p / 4, layer, step low, step high}.

    The word's upper 24 bits times 2^-24, in every type.
    """
    positions = np.asarray(positions, dtype=np.uint64)
    counter = np.empty((positions.size, 4), dtype=np.uint32)
    counter[:, 0] = (positions.ravel() // np.uint64(4) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    counter[:, 1] = layer
    counter[:, 2] = step & 0xFFFFFFFF
    counter[:, 3] = step >> 32
    words = philox(counter, (key & 0xFFFFFFFF, key >> 32))
    chosen = words[np.arange(positions.size), (positions.ravel() % np.uint64(4)).astype(np.intp)]
    return ((chosen >> np.uint32(8)).astype(np.float64) * 2.0**-24).reshape(positions.shape)


def uniform(n, key=0, step=0, layer=0, first=0):
    """n numbers of the stream from position `first` on."""
    with np.errstate(over="ignore"):
        positions = np.uint64(first) + np.arange(n, dtype=np.uint64)
    return uniform_at(positions, key, step, layer)


def dropout(x, rate, key, step, layer, first_row=0, row_stride=None, first_column=0):
    """x / (1 - rate) where the number of its element is at least `rate`, else 0: keras.layers.Dropout in training.

    Element (r, j) has position (first_row + r) row_stride + first_column + j; row_stride is the width by default.
    """
    x = float64(x)
    rows, width = x.shape
    stride = width if row_stride is None else row_stride
    r, j = np.arange(rows, dtype=np.uint64)[:, None], np.arange(width, dtype=np.uint64)
    with np.errstate(over="ignore"):
        positions = (np.uint64(first_row) + r) * np.uint64(stride) + np.uint64(first_column) + j
    return np.where(uniform_at(positions, key, step, layer) >= rate, x / (1 - rate), 0)
