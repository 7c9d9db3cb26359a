# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Losses on arrays: value, gradient and prediction of each row.

Called by fastnn/losses/base.py, where a user calls a loss, by tests and by bench. The engine calls targets.loss itself.
Means over rows and names that users know: fastnn/losses.
"""
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t

from fastnn._core cimport targets
from fastnn._core.targets cimport real

import numpy as np

from fastnn._core.checks import checked, checked_integers
from fastnn._core.targets import LOSSES


def _loss(const real[:, :] z, truth, const real[::1] weight, const int64_t[::1] index, double[::1] row_loss,
          real[:, :] dz, real[:, :] prediction, int kind, bint labels, double value_scale, double gradient_scale,
          double parameter):
    cdef const real[:, :] values
    cdef const int32_t[::1] classes
    cdef const void *truths
    cdef ptrdiff_t ldtruth = 0
    if labels:
        classes = truth
        truths = &classes[0]
    else:
        values = truth
        truths = &values[0, 0]
        ldtruth = values.strides[0] // <ptrdiff_t>sizeof(real)
    cdef const real *weights = &weight[0] if weight is not None else <const real *>NULL
    cdef const int64_t *rows = &index[0] if index is not None else <const int64_t *>NULL
    cdef real *gradient = &dz[0, 0] if dz is not None else <real *>NULL
    cdef real *predicted = &prediction[0, 0] if prediction is not None else <real *>NULL
    cdef ptrdiff_t ldz = z.strides[0] // <ptrdiff_t>sizeof(real)
    cdef ptrdiff_t lddz = dz.strides[0] // <ptrdiff_t>sizeof(real) if dz is not None else 0
    cdef ptrdiff_t ldprediction = prediction.strides[0] // <ptrdiff_t>sizeof(real) if prediction is not None else 0
    with nogil:
        targets.loss(kind, z.shape[0], z.shape[1], &z[0, 0], ldz, truths, ldtruth, rows, weights, value_scale,
                     gradient_scale, parameter, &row_loss[0], gradient, lddz, predicted, ldprediction)


def destination(name, given, z):
    """The array to write to: a new one for None, none for False, else `given`."""
    if given is False:
        return None
    return np.empty(z.shape, z.dtype) if given is None else checked(name, given, z.shape, z.dtype)


def loss(name, z, truth, weight=None, index=None, value_scale=1.0, gradient_scale=1.0, parameter=None, dz=None,
         prediction=None):
    """Loss of each row, summed over its outputs, with its gradient and prediction.

    Parameters
    ----------
    name : str
        A name of ``targets.LOSSES``.
    z : ndarray of shape (B, O), float32 or float64, contiguous rows
        Predictions, or logits for ``*_from_logits`` and ``*_from_log``.
    truth : ndarray of shape (N, O) and the dtype of `z`, or of shape (N,) and int32
        Values, or classes in [0, O) for ``sparse_*``.
    weight : ndarray of shape (N,), dtype of `z`, optional
        Factor on each row's loss and gradient.
    index : ndarray of shape (B,), int64, optional
        Row of `truth` and `weight` that belongs to each row of `z`; by default its own (then N = B).
    value_scale, gradient_scale : float
        Factors on the value and on the gradient.
    parameter : float, optional
        Huber's delta, the quantile's q, label smoothing of cross-entropies; by default what ``targets.LOSSES`` says.
    dz, prediction : ndarray of shape (B, O), dtype of `z`, or False, optional
        Where to write; `dz` may be `z` itself. False leaves that result out.

    Returns
    -------
    row_loss : ndarray of shape (B,), float64
    dz : ndarray of shape (B, O) or None
        The gradient of the sum of `row_loss` with respect to z, but for the scales.
    prediction : ndarray of shape (B, O) or None
        The activation that the loss has in it, applied to z; z itself for the others.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, a class or row out of range, or an unknown loss.

    Examples
    --------
    >>> import numpy as np
    >>> row_loss, dz, _ = loss("squared_error", np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    >>> row_loss, dz
    (array([5.]), array([[2., 4.]]))
    """
    if name not in LOSSES:
        raise ValueError(f"loss: expected one of {', '.join(LOSSES)}, received: {name!r}")
    kind, kind_of_truth, _, default = LOSSES[name]
    checked("z", z, (None, None))
    batch, outputs = z.shape
    rows = batch if index is None else None
    labels = kind_of_truth == targets.FN_TRUTH_LABELS
    if labels:
        checked_integers("truth", truth, "int32", rows, outputs)
    else:
        checked("truth", truth, (rows, outputs), z.dtype)
    if index is not None:
        checked_integers("index", index, "int64", batch, len(truth))
    if weight is not None:
        weight = np.ascontiguousarray(checked("weight", weight, (len(truth),), z.dtype))
    row_loss = np.zeros(batch)
    dz = destination("dz", dz, z)
    prediction = destination("prediction", prediction, z)
    if z.size:
        _loss(z, truth, weight, index, row_loss, dz, prediction, kind, labels, value_scale, gradient_scale,
              default if parameter is None else parameter)
    return row_loss, dz, prediction
