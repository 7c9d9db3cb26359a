"""What the twins share."""

import numpy as np

EPSILON = 1e-7  # keras.backend.epsilon()


def float64(*arrays):
    """The arrays as float64, one or a tuple of them."""
    converted = tuple(np.asarray(array, dtype=np.float64) for array in arrays)
    return converted[0] if len(converted) == 1 else converted
