"""Small helpers on arrays that Keras has under the same name."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments, data


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Return class indices as one-hot rows, float32.

    Parameters
    ----------
    x : array_like of int, shape (rows,) or (rows, 1)
        Classes, 0 <= x < num_classes.
    num_classes : int, optional
        Number of columns; the largest class + 1 by default.

    Returns
    -------
    ndarray of float32, shape (rows, num_classes)

    Raises
    ------
    ValueError
        If a class is negative, not a whole number, or not below num_classes.
    TypeError
        If x does not hold numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.utils.to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    classes = data.numeric(x, "x")
    if classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise ValueError("expected x to hold class indices, received: NaN or infinity")
    if num_classes is None:
        num_classes = int(classes.max()) + 1 if classes.size else 1
    columns = arguments.integer("num_classes", num_classes, least=1)
    classes = data.labels(classes, classes.shape[0] if classes.ndim else 1, columns, "x")
    result = np.zeros((classes.size, columns), dtype=np.float32)
    result[np.arange(classes.size), classes] = 1.0
    return result
