# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Activations on arrays: y = f(z), and dz = dy f' from what the forward pass saved.

Called by fastnn/activations/registry.py, where a user calls an activation, by tests and by bench. The engine (passes)
calls targets.activation_forward and activation_backward itself.
"""
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_shape, real

import numpy as np

from fastnn._core.checks import checked
from fastnn._core.targets import ACTIVATIONS


cdef found(name):
    """(index, whether differentiable, default of alpha) of the activation `name`."""
    if name not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, received: {name!r}")
    index, saves, default = ACTIVATIONS[name]
    return index, saves != targets.FN_NOT_DIFFERENTIABLE, default


def _forward(const real[:, :] z, real[:, :] y, int kind, fn_shape shape):
    cdef ptrdiff_t ldz = z.strides[0] // <ptrdiff_t>sizeof(real), ldy = y.strides[0] // <ptrdiff_t>sizeof(real)
    with nogil:
        targets.activation_forward(kind, z.shape[0], z.shape[1], &shape, &z[0, 0], ldz, &y[0, 0], ldy)


def _backward(const real[:, :] saved, const real[:, :] dy, real[:, :] dz, int kind, fn_shape shape):
    cdef ptrdiff_t ldsaved = saved.strides[0] // <ptrdiff_t>sizeof(real), lddy = dy.strides[0] // <ptrdiff_t>sizeof(real)
    cdef ptrdiff_t lddz = dz.strides[0] // <ptrdiff_t>sizeof(real)
    with nogil:
        targets.activation_backward(kind, saved.shape[0], saved.shape[1], &shape, &saved[0, 0], ldsaved,
                                    &dy[0, 0], lddy, &dz[0, 0], lddz)


def forward(name, z, out=None, alpha=None, max_value=np.inf, threshold=0.0):
    """y[B,O] = f(z[B,O]).

    Parameters
    ----------
    name : str
        A name of ``targets.ACTIVATIONS``.
    z : ndarray of shape (B, O), float32 or float64, contiguous rows
    out : ndarray of shape (B, O), same dtype, optional
        Where to write; `z` itself is allowed.
    alpha : float, optional
        The activation's number (for ``"sign"`` the value at 0); by default the one of ``targets.ACTIVATIONS``.
    max_value, threshold : float
        For ``"relu_clipped"`` and ``"relu_general"``.

    Returns
    -------
    ndarray of shape (B, O)
        `out`, where given.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, or an unknown activation.

    Examples
    --------
    >>> import numpy as np
    >>> forward("relu", np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """
    index, _, default = found(name)
    checked("z", z, (None, None))
    y = np.empty(z.shape, z.dtype) if out is None else checked("out", out, z.shape, z.dtype)
    if y.size:
        _forward(z, y, index, fn_shape(alpha=default if alpha is None else alpha, max_value=max_value,
                                       threshold=threshold))
    return y


def backward(name, saved, dy, out=None, alpha=None, max_value=np.inf, threshold=0.0):
    """dz[B,O] = dy[B,O] f', the loss's gradient with respect to the activation's input.

    Parameters
    ----------
    name : str
        A name of ``targets.ACTIVATIONS`` that is differentiable.
    saved : ndarray of shape (B, O), float32 or float64, contiguous rows
        What ``targets.ACTIVATIONS`` says that the activation keeps: y = f(z) or z.
    dy : ndarray of shape (B, O), same dtype
        The loss's gradient with respect to y.
    out : ndarray of shape (B, O), same dtype, optional
        Where to write; `dy` itself is allowed.
    alpha, max_value, threshold : float, optional
        As in `forward`.

    Returns
    -------
    ndarray of shape (B, O)
        `out`, where given.

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, or an activation that is unknown or not differentiable.

    Examples
    --------
    >>> import numpy as np
    >>> backward("relu", np.array([[0.0, 2.0]]), np.array([[3.0, 3.0]]))
    array([[0., 3.]])
    """
    index, differentiable, default = found(name)
    if not differentiable:
        raise ValueError(f"activation: expected a differentiable one, received: {name!r}")
    checked("saved", saved, (None, None))
    checked("dy", dy, saved.shape, saved.dtype)
    dz = np.empty(dy.shape, dy.dtype) if out is None else checked("out", out, dy.shape, dy.dtype)
    if dz.size:
        _backward(saved, dy, dz, index, fn_shape(alpha=default if alpha is None else alpha, max_value=max_value,
                                                 threshold=threshold))
    return dz
