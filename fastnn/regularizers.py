"""Penalties on weights. The engine adds their gradients in the update; here are their factors and values."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments


class Regularizer(arguments.Configured):
    """Base of penalties ``l1 sum |w| + l2 sum w^2``; `l1` and `l2` are the factors, 0 where absent.

    Examples
    --------
    >>> import fastnn
    >>> penalty = fastnn.regularizers.get("l2")
    >>> penalty.l1, penalty.l2
    (0.0, 0.01)
    """

    l1 = 0.0
    l2 = 0.0

    def __call__(self, weights: Any) -> float:
        """Return the penalty of an array, in float64."""
        values = np.asarray(weights, dtype=np.float64)
        return float(self.l1 * np.abs(values).sum() + self.l2 * np.square(values).sum())


class L1(Regularizer):
    """``l1 sum |w|``: drives weights to zero.

    Parameters
    ----------
    l1 : float >= 0, default 0.01

    Raises
    ------
    ValueError
        If l1 is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.regularizers.L1``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.regularizers.L1(0.5)([1.0, -3.0])
    2.0
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = arguments.number("l1", l1, least=0.0)


class L2(Regularizer):
    """``l2 sum w^2``, Keras's meaning: no half, not divided by the batch.

    Parameters
    ----------
    l2 : float >= 0, default 0.01

    Raises
    ------
    ValueError
        If l2 is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.regularizers.L2``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.regularizers.L2(0.5)([1.0, -3.0])
    5.0
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = arguments.number("l2", l2, least=0.0)


class L1L2(Regularizer):
    """``l1 sum |w| + l2 sum w^2`` (elastic net).

    Parameters
    ----------
    l1, l2 : float >= 0, default 0

    Raises
    ------
    ValueError
        If l1 or l2 is negative or not finite.

    Notes
    -----
    Source: Keras 3, ``keras.regularizers.L1L2``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.regularizers.L1L2(l1=0.5, l2=0.5)([1.0, -3.0])
    7.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = arguments.number("l1", l1, least=0.0)
        self.l2 = arguments.number("l2", l2, least=0.0)


NAMES: dict[str, type[Regularizer]] = {"l1": L1, "l2": L2, "l1_l2": L1L2}


def get(identifier: Any) -> Regularizer | None:
    """Return the penalty that `identifier` means; None stays None.

    Parameters
    ----------
    identifier : None, str, Regularizer, class, or dict of class_name and config

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.regularizers.get("l2")
    L2()
    """
    if identifier is None:
        return None
    regularizer: Regularizer = arguments.look_up("regularizer", identifier, Regularizer, NAMES)
    return regularizer
