# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The three products of a dense layer: forward X W + b, input gradient dY W^T, weight gradient X^T dY.

The cdef functions do one thread's part (passes calls them inside a parallel region); the def functions do the same on
whole arrays for tests and bench, `forward` with an activation behind the product. Activations and updates of training
are passes'.
"""
from cython.parallel cimport parallel, threadid
from libc.stddef cimport ptrdiff_t

from fastnn._core cimport targets
from fastnn._core.targets cimport fn_shape, real
from fastnn._core.threads cimport Share, grant, share, team_size

import numpy as np

from fastnn._core.checks import checked
from fastnn._core.targets import ACTIVATIONS


cdef void dense_forward(Share rows, Share columns, Share inputs, ptrdiff_t outputs, const real *x, ptrdiff_t ldx,
                        const real *w, const real *bias, real *y, ptrdiff_t ldy) noexcept nogil:
    targets.product(rows.stop - rows.start, columns.stop - columns.start, inputs.stop - inputs.start,
                    x + rows.start * ldx + inputs.start, ldx, w + inputs.start * outputs + columns.start, outputs, <const real *>NULL if bias == NULL else bias + columns.start, 0,
                    y + rows.start * ldy + columns.start, ldy)


cdef void dense_input_gradient(Share rows, Share columns, ptrdiff_t outputs, const real *dy, ptrdiff_t lddy,
                               const real *w, bint more, real *dx, ptrdiff_t lddx) noexcept nogil:
    cdef real *block = dx + rows.start * lddx + columns.start
    targets.product_bt(rows.stop - rows.start, columns.stop - columns.start, outputs, dy + rows.start * lddy, lddy,
                       w + columns.start * outputs, outputs, block if more else <const real *>NULL, lddx, block, lddx)


cdef void dense_weight_gradient(Share rows, Share columns, ptrdiff_t batch, const real *x, ptrdiff_t ldx,
                                const real *dy, ptrdiff_t lddy, bint more, real *block, ptrdiff_t ldblock) noexcept nogil:
    targets.product_at(rows.stop - rows.start, columns.stop - columns.start, batch, x + rows.start, ldx,
                       dy + columns.start, lddy, block if more else <const real *>NULL, ldblock, block, ldblock)


# ---- on arrays -------------------------------------------------------------------------------------------------------

def padded_empty(rows, columns, dtype):
    """A [rows, columns] view with padded rows and readable slack after the last: what the kernels write to."""
    width = padded(columns, np.dtype(dtype).itemsize)
    buffer = np.empty(rows * width + targets.FN_SLACK_BYTES, dtype=dtype)
    return buffer[0 : rows * width].reshape(rows, width)[:, 0:columns]


def slack_copy(array):
    """A C-contiguous copy of `array` with readable slack after it: what the kernels may over-read."""
    buffer = np.empty(array.size + targets.FN_SLACK_BYTES, dtype=array.dtype)
    copy = buffer[0 : array.size].reshape(array.shape)
    copy[...] = array
    return copy


def finished(result, out):
    """`result`, or `out` filled with it."""
    if out is None:
        return result
    checked("out", out, result.shape, result.dtype)[...] = result
    return out


def checked_threads(threads):
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads: expected an integer of at least 1, received: {threads!r}")
    return threads


def _forward(const real[:, :] x, const real[:, ::1] w, const real[::1] bias, real[:, :] y, int kind,
             fn_shape shape, int threads):
    cdef ptrdiff_t ldx = x.strides[0] // <ptrdiff_t>sizeof(real), ldy = y.strides[0] // <ptrdiff_t>sizeof(real)
    cdef const real *biases = &bias[0] if bias is not None else <const real *>NULL
    cdef Share mine, columns, inputs
    cdef int team = grant(threads)
    columns.start, columns.stop = 0, w.shape[1]
    inputs.start, inputs.stop = 0, w.shape[0]
    with nogil, parallel(num_threads=team):
        mine = share(x.shape[0], targets.tile_rows(&x[0, 0]), threadid(), team_size())
        dense_forward(mine, columns, inputs, w.shape[1], &x[0, 0], ldx, &w[0, 0], biases, &y[0, 0], ldy)
        if kind != targets.FN_linear:
            targets.activation_forward(kind, mine.stop - mine.start, w.shape[1], &shape, &y[0, 0] + mine.start * ldy, ldy,
                                       &y[0, 0] + mine.start * ldy, ldy)


def _input_gradient(const real[:, :] dy, const real[:, ::1] w, real[:, :] dx, int threads):
    cdef ptrdiff_t lddy = dy.strides[0] // <ptrdiff_t>sizeof(real), lddx = dx.strides[0] // <ptrdiff_t>sizeof(real)
    cdef Share rows, mine
    cdef int team = grant(threads)
    rows.start, rows.stop = 0, dy.shape[0]
    with nogil, parallel(num_threads=team):
        mine = share(w.shape[0], targets.tile_columns(&w[0, 0]), threadid(), team_size())
        dense_input_gradient(rows, mine, w.shape[1], &dy[0, 0], lddy, &w[0, 0], False, &dx[0, 0], lddx)


def _weight_gradient(const real[:, :] x, const real[:, :] dy, real[:, :] dw, int threads):
    cdef ptrdiff_t ldx = x.strides[0] // <ptrdiff_t>sizeof(real), lddy = dy.strides[0] // <ptrdiff_t>sizeof(real)
    cdef ptrdiff_t lddw = dw.strides[0] // <ptrdiff_t>sizeof(real)
    cdef Share rows, mine
    cdef int team = grant(threads)
    rows.start, rows.stop = 0, x.shape[1]
    with nogil, parallel(num_threads=team):
        mine = share(dy.shape[1], targets.tile_columns(&x[0, 0]), threadid(), team_size())
        dense_weight_gradient(rows, mine, x.shape[0], &x[0, 0], ldx, &dy[0, 0], lddy, False, &dw[0, 0] + mine.start, lddw)


def forward(x, w, bias=None, out=None, activation="linear", alpha=0.0, threads=1):
    """y[B,O] = activation(x[B,I] w[I,O] + bias[O]).

    Parameters
    ----------
    x : ndarray of shape (B, I), float32 or float64, contiguous rows
    w : ndarray of shape (I, O), same dtype
    bias : ndarray of shape (O,), optional
    out : ndarray of shape (B, O), optional
    activation : str
        A name of ``targets.ACTIVATIONS``.
    alpha : float
        The activation's number, where it has one.
    threads : int

    Returns
    -------
    ndarray of shape (B, O)

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape, or an unknown activation.
    """
    checked("x", x, (None, None))
    w = slack_copy(checked("w", w, (x.shape[1], None), x.dtype))
    if bias is not None:
        bias = slack_copy(checked("bias", bias, (w.shape[1],), x.dtype))
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, received: {activation!r}")
    y = padded_empty(x.shape[0], w.shape[1], x.dtype)
    if y.size:
        if not x.size:
            x = np.zeros((x.shape[0], 1), x.dtype)[:, :0]
        _forward(x, w, bias, y, ACTIVATIONS[activation][0],
                 fn_shape(alpha=alpha, max_value=np.inf, threshold=0.0), checked_threads(threads))
    return finished(y, out)


def input_gradient(dy, w, out=None, threads=1):
    """dx[B,I] = dy[B,O] w[I,O]^T: the loss's gradient with respect to a dense layer's input.

    Parameters and errors as for `forward`.
    """
    checked("dy", dy, (None, None))
    checked("w", w, (None, dy.shape[1]), dy.dtype)
    dx = padded_empty(dy.shape[0], w.shape[0], dy.dtype)
    if dx.size:
        _input_gradient(dy, np.ascontiguousarray(w), dx, checked_threads(threads))
    return finished(dx, out)


def weight_gradient(x, dy, out=None, threads=1):
    """dw[I,O] = x[B,I]^T dy[B,O]: the loss's gradient with respect to a dense layer's kernel.

    Parameters and errors as for `forward`.
    """
    checked("x", x, (None, None))
    dy = slack_copy(checked("dy", dy, (x.shape[0], None), x.dtype))
    dw = padded_empty(x.shape[1], dy.shape[1], x.dtype)
    if dw.size:
        _weight_gradient(x, dy, dw, checked_threads(threads))
    return finished(dw, out)


def _transposed(const real[:, :] x, real[:, :] y):
    with nogil:
        targets.transposed(x.shape[0], x.shape[1], &x[0, 0], x.strides[0] // <ptrdiff_t>sizeof(real), &y[0, 0], y.strides[0] // <ptrdiff_t>sizeof(real))


def transposed(x, out=None):
    """y[N,M] = x[M,N]^T.

    Returns
    -------
    ndarray of shape (N, M)

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.
    """
    checked("x", x, (None, None))
    y = padded_empty(x.shape[1], x.shape[0], x.dtype)
    if x.size:
        _transposed(x, y)
    return finished(y, out)


def _rank_one_product(real[:, :] w, const real[::1] x, const real[::1] dy, const real[::1] following, const real[::1] bias,
                      real[::1] y):
    with nogil:
        targets.rank_one_product(w.shape[0], w.shape[1], &x[0], &dy[0], &w[0, 0], w.strides[0] // <ptrdiff_t>sizeof(real), &following[0],
                                 &bias[0] if bias is not None else <const real *>NULL, &y[0])


def rank_one_product(w, x, dy, following, bias=None):
    """w[I,O] += x[I]^T dy[O] in place; then y[O] = following[I] w + bias, in the same pass over w.

    The update of a kernel by the gradient of one row, and the next row's product.

    Returns
    -------
    ndarray of shape (O,)

    Raises
    ------
    TypeError, ValueError
        For another dtype or shape.
    """
    checked("w", w, (None, None))
    checked("x", x, (w.shape[0],), w.dtype)
    checked("dy", dy, (w.shape[1],), w.dtype)
    checked("following", following, (w.shape[0],), w.dtype)
    if bias is not None:
        checked("bias", bias, (w.shape[1],), w.dtype)
    y = np.zeros(w.shape[1], w.dtype) if bias is None else bias.copy()
    if w.size:
        _rank_one_product(w, x, dy, following, bias, y)
    return y
