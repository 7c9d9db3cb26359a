"""Central differences against backprop, for any float64 model.

The one check that needs no second implementation: the loss itself says what its gradient is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

#: Of each order: how many epsilons away a loss is taken, and what it is multiplied by.
_WEIGHTS = {2: {1: 1 / 2, -1: -1 / 2}, 4: {1: 2 / 3, -1: -2 / 3, 2: -1 / 12, -2: 1 / 12}}


class Report(NamedTuple):
    """What `check_gradients` found.

    Attributes
    ----------
    max_relative_error : float
        Largest ``|a - n| / max(|a|, |n|, 1e-4 scale)``, a by backprop, n numeric, over the parameters that were
        looked at; scale is the largest |a| of all that an optimizer moves.
    parameter : str
        Which one that was: layer, array, place.
    analytic, numeric : float
        Its derivative, both ways.
    checked : int
        Number of parameters that were looked at.
    """

    max_relative_error: float
    parameter: str
    analytic: float
    numeric: float
    checked: int


def check_gradients(
    model: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    epsilon: float = 1e-5,
    max_parameters: int | None = None,
    seed: int = 0,
    training: bool = False,
    order: int = 2,
) -> Report:
    """Compare `model.gradients` with central differences of the loss.

    Parameters
    ----------
    model : Sequential
        float64, compiled; its weights are moved one at a time and put back.
    X, y, sample_weight
        As for `Sequential.fit`; all rows are one batch.
    epsilon : float, default 1e-5
        Half the distance of the two losses. A kink (relu at 0, L1 at 0) nearer than that shows as an error.
    max_parameters : int, optional
        Look at this many, drawn with `seed`; by default at all.
    seed : int, default 0
    training : bool, default False
        As in training, with the next step's noise and the batch's statistics; see `Sequential.gradients`.
    order : {2, 4}, default 2
        The power of epsilon with which the numeric derivative's error falls. 4 takes four losses, up to 2 epsilon
        away: for strongly curved ones, such as behind several batch normalizations of few rows.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If the model is not float64: float32 has too few digits for a difference; if order is another number.

    Notes
    -----
    ``(f(p + e) - f(p - e)) / 2e``; of order 4 ``(8 (f(p + e) - f(p - e)) - (f(p + 2e) - f(p - 2e))) / 12e``.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.testing.gradcheck import check_gradients
    >>> layers = [fastnn.Input((2,)), fastnn.layers.Dense(3, "tanh"), fastnn.layers.Dense(1)]
    >>> model = fastnn.Sequential(layers, dtype="float64", seed=0)
    >>> model.compile(loss="mse")
    >>> bool(check_gradients(model, np.eye(2), [0.0, 1.0]).max_relative_error < 1e-6)
    True
    """
    if model.dtype != "float64":
        raise ValueError(f"expected a model of dtype='float64', received: dtype={model.dtype!r}")
    if order not in _WEIGHTS:
        raise ValueError(f"expected `order` to be one of {', '.join(map(str, _WEIGHTS))}, received: order={order!r}")
    _, gradients = model.gradients(X, y, sample_weight, training=training)
    analytic = np.concatenate([gradient.reshape(-1) for gradient in gradients])
    parameters = model.parameters
    trained = np.flatnonzero(_trained(model))
    if not trained.size:
        return Report(0.0, "", 0.0, 0.0, 0)
    floor = max(1e-4 * float(np.abs(analytic[trained]).max()), 1e-30)
    if max_parameters is not None and max_parameters < trained.size:
        trained = np.sort(np.random.default_rng(seed).choice(trained, max_parameters, replace=False))
    numeric = np.empty(trained.size)
    for place, index in enumerate(trained):
        before = parameters[index]
        try:
            total = 0.0
            for steps, weight in _WEIGHTS[order].items():
                parameters[index] = before + steps * epsilon
                total += weight * model.gradients(X, y, sample_weight, training=training)[0]
            numeric[place] = total / epsilon
        finally:
            parameters[index] = before
    analytic = analytic[trained]
    errors = np.abs(analytic - numeric) / np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), floor)
    worst = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
    return Report(
        float(errors[worst]),
        _name(model, int(trained[worst])),
        float(analytic[worst]),
        float(numeric[worst]),
        int(trained.size),
    )


def _trained(model: Any) -> np.ndarray:
    """Which parameters an optimizer moves."""
    return np.concatenate([np.full(weight.size, weight.trainable) for _, weight in model.declared()])


def _name(model: Any, index: int) -> str:
    """A parameter for a reader: "dense_1.kernel[0, 2]"."""
    for layer in model.layers:
        for weight in layer.weights(layer.inputs):
            if index < weight.size:
                place = ", ".join(str(at) for at in np.unravel_index(index, weight.shape))
                return f"{layer.name}.{weight.name}[{place}]"
            index -= weight.size
    raise IndexError(index)
