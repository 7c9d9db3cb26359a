"""Pictures of training, by matplotlib, which is imported when a function here is called."""

from __future__ import annotations

from typing import Any

import numpy as np


def plot_history(history: Any, axes: Any = None) -> Any:
    """Draw the training loss of each epoch, and the validation loss where there is one.

    Parameters
    ----------
    history : History
        Of a fit with at least one epoch.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        ``axes.figure.savefig(path)`` writes a file.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the history has no epoch.

    Examples
    --------
    >>> import fastnn
    >>> from fastnn.plotting import plot_history
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> axes = plot_history(model.fit([[0.0], [1.0]], [0.0, 1.0], epochs=3, verbose=0))
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('epoch', 'loss')
    """
    if not history.epoch:
        raise ValueError("expected a history of at least one epoch, received: none")
    axes = _axes(axes)
    epochs = np.asarray(history.epoch) + 1
    for name, label in (("loss", "training"), ("val_loss", "validation")):
        if name in history.history:
            losses = history.history[name]
            axes.plot(epochs[-len(losses) :], losses, label=label)  # the last ones, where a resumed fit added some
    axes.set(xlabel="epoch", ylabel="loss")
    axes.grid(alpha=0.3)
    axes.legend()
    return axes


def plot_learning_rates(result: Any, axes: Any = None) -> Any:
    """Draw the losses of `fastnn.find_learning_rate` over the rates, and mark the suggestion.

    Parameters
    ----------
    result : LearningRates
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Notes
    -----
    Losses above twice the one before training are left out: they would hide all others.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.plotting import plot_learning_rates
    >>> model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> axes = plot_learning_rates(fastnn.find_learning_rate(model, np.eye(2), [0.0, 1.0]))
    >>> axes.get_xlabel(), axes.get_xscale()
    ('learning rate', 'log')
    """
    axes = _axes(axes)
    shown = result.losses <= result.start + abs(result.start)
    axes.semilogx(result.rates[shown], result.losses[shown], marker="o", label="after training")
    axes.axhline(result.start, color="grey", linestyle="--", label="before")
    if result.suggestion is not None:
        axes.axvline(result.suggestion, color="tab:green", linestyle=":", label=f"suggestion: {result.suggestion:.3g}")
    axes.set(xlabel="learning rate", ylabel="loss on the sample", xlim=(result.rates[0] / 2, result.rates[-1] * 2))
    axes.grid(alpha=0.3)
    axes.legend()
    return axes


def _axes(axes: Any) -> Any:
    """Return the given axes, or those of a new figure; without pyplot's, which keeps every figure in memory."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('pictures need matplotlib: pip install "fastnn-mlp[plot]"') from error
    return Figure(figsize=(6, 4), layout="constrained").add_subplot() if axes is None else axes
