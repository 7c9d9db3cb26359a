"""Constraints on weights. The engine enforces them after each update; here are their bounds and formulas."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import arguments

#: Added to a norm that divides: keras.config.epsilon().
EPSILON = 1e-7


class Constraint(arguments.Configured):
    """Base of constraints: a projection of an array of weights that follows each update.

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Dense(2, kernel_constraint="non_neg", bias_constraint=fastnn.constraints.MaxNorm(1.0))
    >>> layer.kernel_constraint
    NonNeg()
    """

    def __call__(self, weights: Any) -> np.ndarray:
        """Return the weights as they are after the constraint, in float64."""
        raise NotImplementedError(f"{type(self).__name__} has no formula")

    def bounds(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        """Return the constraint of an array of this shape as engine.Plan takes it.

        Raises
        ------
        ValueError
            If an array of this shape cannot have it.
        """
        raise NotImplementedError(f"{type(self).__name__} names no kernel")


class NonNeg(Constraint):
    """``max(w, 0)``: no weight below 0.

    Notes
    -----
    Source: Keras 3, ``keras.constraints.NonNeg``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.constraints.NonNeg()([1.0, -3.0])
    array([1., 0.])
    """

    def __call__(self, weights: Any) -> np.ndarray:
        return np.maximum(np.asarray(weights, dtype=np.float64), 0.0)

    def bounds(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        return ("non_negative", 0.0, 0.0, *_matrix(shape))


class MaxNorm(Constraint):
    """The weights that enter a unit are scaled down to at most this norm.

    Parameters
    ----------
    max_value : float >= 0, default 2
    axis : {0, 1}, default 0
        Along which norms are taken. 0: of each column of a kernel [I, O], the weights of one unit, and of a whole bias;
        1: of each row of a kernel.

    Raises
    ------
    ValueError
        If max_value is negative or axis another number; where a model is built, if axis is 1 for a bias.

    Notes
    -----
    ``w min(|w|, max_value) / (1e-7 + |w|)``. Source: Srivastava et al., 2014, section 5.1; Keras 3,
    ``keras.constraints.MaxNorm``.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.constraints.MaxNorm(1.0)([[3.0, 0.3], [4.0, 0.4]]).round(6)
    array([[0.6, 0.3],
           [0.8, 0.4]])
    """

    def __init__(self, max_value: float = 2.0, axis: int = 0) -> None:
        self.max_value = arguments.number("max_value", max_value, least=0.0)
        self.axis = arguments.integer("axis", axis, least=0)
        if self.axis > 1:
            raise ValueError(f"expected `axis` to be 0 or 1, received: axis={axis!r}")

    def __call__(self, weights: Any) -> np.ndarray:
        given = np.asarray(weights, dtype=np.float64)
        norms = np.sqrt(np.square(given).sum(axis=self.axis, keepdims=True))
        return np.asarray(given * np.minimum(norms, self.max_value) / (EPSILON + norms))

    def bounds(self, shape: tuple[int, ...]) -> tuple[Any, ...]:
        if self.axis >= len(shape):
            raise ValueError(f"expected axis=0 for weights of shape {shape}, received: {self!r}")
        # a bias is one row, whose norm along its only axis is that of all of it
        by_row = self.axis == 1 or len(shape) == 1
        return ("row_norms" if by_row else "column_norms", 0.0, self.max_value, *_matrix(shape))


def _matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


NAMES: dict[str, type[Constraint]] = {"max_norm": MaxNorm, "non_neg": NonNeg}


def get(identifier: Any) -> Constraint | None:
    """Return the constraint that `identifier` means; None stays None.

    Parameters
    ----------
    identifier : None, str, Constraint, class, or dict of class_name and config

    Raises
    ------
    ValueError
        If the name is not known.
    TypeError
        If it is none of those.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.constraints.get("max_norm")
    MaxNorm()
    """
    if identifier is None:
        return None
    constraint: Constraint = arguments.look_up("constraint", identifier, Constraint, NAMES)
    return constraint
