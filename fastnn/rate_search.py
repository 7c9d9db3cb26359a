"""find_learning_rate: short trainings at many learning rates, on copies of a model."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastnn import arguments
from fastnn.trials import check_data, sample, trial


class LearningRates(NamedTuple):
    """What `find_learning_rate` found.

    Attributes
    ----------
    rates : ndarray of float64, shape (tried,)
        Ascending.
    losses : ndarray of float64, shape (tried,)
        The loss on the sample after training at each rate; infinite where training diverged.
    start : float
        The loss before.
    suggestion : float or None
        The rate of the lowest loss; None if no rate made it lower than before.

    Examples
    --------
    >>> import numpy as np
    >>> LearningRates(np.array([0.1, 1.0]), np.array([0.5, np.inf]), 0.7, 0.1).suggestion
    0.1
    """

    rates: np.ndarray
    losses: np.ndarray
    start: float
    suggestion: float | None


def find_learning_rate(
    model: Any,
    X: Any,
    y: Any,
    rates: Sequence[float] | None = None,
    *,
    rows: int = 1024,
    batch_size: int | None = None,
    epochs: int = 3,
) -> LearningRates:
    """Train copies of a model for a few epochs, one at each learning rate, all from its present weights.

    Parameters
    ----------
    model : Sequential
        Compiled; its optimizer's other settings are kept, a schedule is replaced by each rate. It stays as it is, to
        the bit.
    X, y
        As for `Sequential.fit`.
    rates : list of float > 0, optional
        By default ``1e-5, 10**-4.5, 1e-4, ..., 1``.
    rows : int >= 1, default 1024
        Size of the sample that is trained on: fewer if there are fewer.
    batch_size : int, default 32
        Take that of the later fit: the best rate depends on it.
    epochs : int >= 1, default 3

    Returns
    -------
    LearningRates

    Raises
    ------
    ValueError
        If a rate is not a positive number, or an argument does not fit the model.

    Notes
    -----
    The best of a short training tends to be on the high side for a long one: take the suggestion, or a third of it, or
    let a schedule begin there. Source: Bengio, Practical recommendations for gradient-based training of deep
    architectures, 2012, section 3.1.1.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> X = np.linspace(-1, 1, 64).reshape(-1, 1)
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> found = fastnn.find_learning_rate(model, X, 2 * X, [1e-4, 1e-1, 1e3])
    >>> found.suggestion, bool(found.losses[2] > found.start)
    (0.1, True)
    """
    given = np.logspace(-5.0, 0.0, 11).tolist() if rates is None else arguments.sequence("rates", rates)
    tried = sorted(arguments.number("rates", rate, above=0.0) for rate in given)
    if not tried:
        raise ValueError("expected `rates` to have at least one learning rate, received: none")
    rows = arguments.integer("rows", rows, least=1)
    epochs = arguments.integer("epochs", epochs, least=1)
    check_data(model, X, y)
    X, y = sample(X, y, rows)
    optimizer = model.optimizer
    start = float(trial(model, X).evaluate(X, y, verbose=0, return_dict=True)["loss"])
    losses = []
    for rate in tried:
        twin = trial(model, X, type(optimizer).from_config({**optimizer.get_config(), "learning_rate": rate}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of divergence, which is looked for
            twin.fit(X, y, batch_size=batch_size, epochs=epochs, verbose=0)
            loss = float(twin.evaluate(X, y, verbose=0, return_dict=True)["loss"])
        losses.append(loss if math.isfinite(loss) else math.inf)
    best = int(np.argmin(losses))
    suggestion = tried[best] if losses[best] < start else None
    return LearningRates(np.array(tried), np.array(losses), start, suggestion)
