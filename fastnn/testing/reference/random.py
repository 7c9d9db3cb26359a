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
