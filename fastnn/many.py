"""fit_many: many small networks at once, a network a thread. What a fit is, is perceptron.py's."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from numbers import Integral
from threading import Event
from typing import TYPE_CHECKING, Any

from fastnn import team
from fastnn.shared import Shared

if TYPE_CHECKING:
    from fastnn.perceptron import BaseMLP

__all__ = ["fit_many"]


def fit_many(
    estimators: Iterable[BaseMLP], X: Any, y: Any, *, sample_weight: Any = None, n_jobs: int | None = None
) -> list[BaseMLP]:
    """Fit each estimator on the same rows, several at a time: a grid, seeds, an ensemble.

    A small network is no work for two threads; two networks are. The engine lets Python's lock go while it computes.
    X, y and sample_weight are checked once for estimators of one class, which share `classes_` and what is converted.
    Results are those of separate fits, to the bit.

    Parameters
    ----------
    estimators : iterable of MLPClassifier or MLPRegressor
        Fitted in place. A RandomState or callback that several share is used by all of them at once.
    X, y, sample_weight
        As for `MLPClassifier.fit`.
    n_jobs : int or None, default None
        Threads at most; None and -1 take what the machine and OpenMP's settings allow.

    Returns
    -------
    list of estimators
        The same objects, in their order.

    Raises
    ------
    TypeError
        If it is no list of fastnn's estimators, or n_jobs no integer.
    ValueError
        If one is given twice, or n_jobs is 0.
    Exception
        What the first failing fit raised; fits that had not begun are left out.
    KeyboardInterrupt
        After Ctrl-C. Fits that were under way have ended soon, each as one that is interrupted alone: with a warning,
        `stop_reason_` "interrupted" and weights to predict with. Those that had ended are whole; estimators whose fit
        had not begun are as they were.

    Warns
    -----
    UserWarning
        For each fit that Ctrl-C ended.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> X = np.linspace(-1, 1, 200).reshape(-1, 1)
    >>> seeds = [fastnn.MLPRegressor(hidden_layer_sizes=(8,), tol=1, random_state=seed) for seed in range(4)]
    >>> [model.n_iter_ for model in fastnn.fit_many(seeds, X, X.ravel() ** 2)]
    [12, 12, 12, 12]
    """
    from fastnn.perceptron import BaseMLP

    if isinstance(estimators, BaseMLP):
        raise TypeError(f"expected a list of estimators, received: {estimators!r}, which `fit` trains alone")
    if not isinstance(estimators, Iterable):
        raise TypeError(f"expected a list of estimators, received: {estimators!r}")
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool)):
        raise TypeError(f"expected `n_jobs` to be None or an integer, received: n_jobs={n_jobs!r}")
    models = list(estimators)
    for model in models:
        if not isinstance(model, BaseMLP):
            raise TypeError(f"expected estimators of fastnn, received: {model!r}")
    if len({id(model) for model in models}) < len(models):
        raise ValueError("expected each estimator once, received: one of them twice")

    handed_over, interrupted, shared = Event(), Event(), Shared(X, y, sample_weight)

    def fit(model: BaseMLP) -> None:
        handed_over.wait()  # a pool that Ctrl-C keeps from noting a thread that it has started would not wait for it
        if interrupted.is_set():  # the main thread has not come to say so yet
            return
        with team.alone(interrupted), shared.remembered():
            model.fit(X, y, sample_weight)

    pool = ThreadPoolExecutor(team.size(n_jobs))
    try:
        fits = [pool.submit(fit, model) for model in models]
        handed_over.set()
        wait(fits, return_when=FIRST_EXCEPTION)  # and not one by one: this thread would ask for Python's lock each time
        for ended in fits:
            if ended.done():
                ended.result()
        return models
    except KeyboardInterrupt:  # which reaches the main thread alone
        interrupted.set()
        raise
    finally:
        handed_over.set()
        pool.shutdown(cancel_futures=True)
