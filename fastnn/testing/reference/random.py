"""Random numbers and what draws them. Twins of the kernels: float64, slow, obvious."""

import numpy as np

from fastnn.testing.reference.common import float64


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


def permutation(n, key=0, step=0, layer=0):
    """0 .. n - 1 in random order: i takes the place floor((i + 1) u_i) of what is there, which moves to the end.

    Fisher and Yates's shuffle, inside out (Knuth, The Art of Computer Programming 2, 3.4.2 P); u_i of 48 bits, the
    stream's numbers 2 i and 2 i + 1.
    """
    parts = (uniform(2 * n, key, step, layer) * 2.0**24).astype(np.int64).reshape(n, 2)
    order = []
    for i, (high, low) in enumerate(parts.tolist()):
        j = ((high * 2**24 + low) * (i + 1)) >> 48
        order.append(i)
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


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


#: Coefficients of M. Giles' approximation of erfinv ("Approximating the erfinv function", GPU Computing Gems, 2011).
NEAR = (1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06,
        3.43273939e-07, 2.81022636e-08)  # fmt: skip
FAR = (2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322,
       0.000100950558, -0.000200214257)  # fmt: skip
SELU_LIMIT = -1.7580993408473766  # selu(-inf)


def normals(u):
    """Standard normal numbers, sqrt 2 erfinv(2 u + 2^-24 - 1), from the stream's u."""
    t = 2.0 * float64(u) + 2.0**-24 - 1.0
    w = -np.log((1.0 - t) * (1.0 + t))
    polynomial = np.polynomial.polynomial.polyval
    return np.sqrt(2.0) * t * np.where(w < 5.0, polynomial(w - 2.5, NEAR), polynomial(np.sqrt(w) - 3.0, FAR))


def draws(shape, key, step, layer, first_row=0, row_stride=None, first_column=0):
    """u at the positions of a block: (first_row + r) row_stride + first_column + j."""
    rows, width = shape
    stride = width if row_stride is None else row_stride
    positions = (first_row + np.arange(rows, dtype=object))[:, None] * stride + first_column + np.arange(width)
    return uniform_at(positions.reshape(-1), key, step, layer).reshape(shape)


def noise_forward(name, x, a, b, u):
    """x with noise drawn; u: the stream's number for each element.

    gaussian_noise: a is the standard deviation of what is added. gaussian_dropout: that of a factor around 1.
    alpha_dropout: a is the rate at which selu's limit replaces x, before a scaling that keeps mean 0 and variance 1.
    rrelu: slopes for x <= 0 from [a, b).
    """
    x, u = float64(x, u)
    if name == "gaussian_noise":
        return x + a * normals(u)
    if name == "gaussian_dropout":
        return x * (1.0 + a * normals(u))
    if name == "alpha_dropout":
        scale = ((1.0 - a) * (1.0 + a * SELU_LIMIT**2)) ** -0.5
        return scale * np.where(u >= a, x, SELU_LIMIT) - scale * SELU_LIMIT * a
    if name == "rrelu":
        return np.where(x > 0, x, (a + (b - a) * u) * x)
    raise ValueError(name)


def noise_backward(name, x, dy, a, b, u):
    """dx of `noise_forward`."""
    x, dy, u = float64(x, dy, u)
    if name == "gaussian_noise":
        return dy
    if name == "gaussian_dropout":
        return dy * (1.0 + a * normals(u))
    if name == "alpha_dropout":
        return ((1.0 - a) * (1.0 + a * SELU_LIMIT**2)) ** -0.5 * np.where(u >= a, dy, 0.0)
    if name == "rrelu":
        return np.where(x > 0, dy, (a + (b - a) * u) * dy)
    raise ValueError(name)
