"""The losses as functions of (y_true, y_pred), as Keras has them: the value of each row, float64 [rows].

Arrays of one dimension hold one output a row, or one row where a loss is a sum over outputs. Arguments, formulas and
errors are those of the class of each; ``compile(loss=function)`` takes them for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.losses import classification, regression


def mean_squared_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j (y_j - f_j)^2`` of each row; see `MeanSquaredError`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.mean_squared_error([[1.0, 0.0]], [[0.5, 1.0]])
    array([0.625])
    """
    return regression.MeanSquaredError().rows(y_true, y_pred)


def half_squared_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``1/2 mean_j (y_j - f_j)^2`` of each row; see `HalfSquaredError`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.half_squared_error([[1.0, 0.0]], [[0.5, 1.0]])
    array([0.3125])
    """
    return regression.HalfSquaredError().rows(y_true, y_pred)


def mean_absolute_error(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j |y_j - f_j|`` of each row; see `MeanAbsoluteError`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.mean_absolute_error([[1.0, 0.0]], [[0.5, 1.0]])
    array([0.75])
    """
    return regression.MeanAbsoluteError().rows(y_true, y_pred)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> np.ndarray:
    """Return ``mean_j of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2`` of each row; see `Huber`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output
    delta : float > 0, default 1

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not finite, or delta is not positive; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.huber([0.0, 0.0], [0.5, 3.0])
    array([0.125, 2.5  ])
    """
    return regression.Huber(delta).rows(y_true, y_pred)


def log_cosh(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j log cosh(f_j - y_j)`` of each row; see `LogCosh`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.log_cosh([0.0, 0.0], [0.0, 2.0]).round(4)
    array([0.   , 1.325])
    """
    return regression.LogCosh().rows(y_true, y_pred)


def quantile(y_true: Any, y_pred: Any, q: float = 0.5) -> np.ndarray:
    """Return ``mean_j max(q e_j, (q - 1) e_j)`` of each row, e = y - f; see `Quantile`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output
    q : float in (0, 1), default 0.5

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not finite, or q is out of its range; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.quantile([1.0, 1.0], [0.0, 2.0], q=0.75)
    array([0.75, 0.25])
    """
    return regression.Quantile(q).rows(y_true, y_pred)


def poisson(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j (f_j - y_j log(f_j + 1e-7))`` of each row; see `Poisson`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is negative or not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.poisson([2.0, 0.0], [2.0, 1.0]).round(4)
    array([0.6137, 1.    ])
    """
    return regression.Poisson().rows(y_true, y_pred)


def half_poisson_deviance(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j (f_j - y_j + y_j log(y_j / f_j))`` of each row, f = e^y_pred; see `HalfPoissonDeviance`.

    Parameters
    ----------
    y_true : array_like of numbers, shape (rows, outputs), or (rows,) for one output
    y_pred : array_like of numbers, of the shape of y_true
        Logarithms of the means f.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is negative or not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.half_poisson_deviance([1.0, 0.0], [0.0, 0.0])
    array([0., 1.])
    """
    return regression.HalfPoissonDeviance().rows(y_true, y_pred)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``mean_j -(y_j log f_j + (1 - y_j) log(1 - f_j))`` of each row; see `BinaryCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output
    from_logits, label_smoothing
        See `BinaryCrossentropy`.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is outside [0, 1] or not finite, or label_smoothing is out of its range; if an
        array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.binary_crossentropy([1.0, 0.0], [0.8, 0.1]).round(4)
    array([0.2231, 0.1054])
    """
    return classification.BinaryCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def multilabel_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``sum_j -(y_j log f_j + (1 - y_j) log(1 - f_j))`` of each row; see `MultilabelCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (outputs,) for one row
    from_logits, label_smoothing
        See `MultilabelCrossentropy`.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is outside [0, 1] or not finite, or label_smoothing is out of its range; if an
        array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.multilabel_crossentropy([[1.0, 0.0]], [[0.8, 0.1]]).round(4)
    array([0.3285])
    """
    return classification.MultilabelCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``-sum_j y_j log f_j`` of each row; see `CategoricalCrossentropy`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (outputs,) for one row
    from_logits, label_smoothing
        See `CategoricalCrossentropy`.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is outside [0, 1] or not finite, or label_smoothing is out of its range; if an
        array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.categorical_crossentropy([[0.0, 1.0]], [[0.2, 0.8]]).round(4)
    array([0.2231])
    """
    return classification.CategoricalCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> np.ndarray:
    """Return ``-log f_y`` of each row; see `SparseCategoricalCrossentropy`.

    Parameters
    ----------
    y_true : array_like of class indices, shape (rows,)
    y_pred : array_like of numbers, shape (rows, outputs), or (outputs,) for one row
    from_logits, label_smoothing
        See `SparseCategoricalCrossentropy`.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, y_true is no class index, or label_smoothing is out of its range; if an array holds no
        real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.sparse_categorical_crossentropy([1, 0], [[0.2, 0.8], [0.5, 0.5]]).round(4)
    array([0.2231, 0.6931])
    """
    return classification.SparseCategoricalCrossentropy(from_logits, label_smoothing).rows(y_true, y_pred)


def hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j max(1 - y_j f_j, 0)`` of each row; see `Hinge`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not all -1 and 1, or all 0 and 1; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.hinge([1.0, -1.0], [0.5, 0.5])
    array([0.5, 1.5])
    """
    return classification.Hinge().rows(y_true, y_pred)


def squared_hinge(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``mean_j max(1 - y_j f_j, 0)^2`` of each row; see `SquaredHinge`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (rows,) for one output

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is not all -1 and 1, or all 0 and 1; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.squared_hinge([1.0, -1.0], [0.5, 0.5])
    array([0.25, 2.25])
    """
    return classification.SquaredHinge().rows(y_true, y_pred)


def kl_divergence(y_true: Any, y_pred: Any) -> np.ndarray:
    """Return ``sum_j y_j log(y_j / f_j)`` of each row; see `KLDivergence`.

    Parameters
    ----------
    y_true, y_pred : array_like of numbers, shape (rows, outputs), or (outputs,) for one row

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or y_true is outside [0, 1] or not finite; if an array holds no real numbers.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).round(4)
    array([0.1438])
    """
    return classification.KLDivergence().rows(y_true, y_pred)
