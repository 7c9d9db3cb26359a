"""solver='lbfgs': SciPy's L-BFGS-B on the engine's gradient, with scikit-learn's options and messages.

Called by perceptron.py.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastnn import team
from fastnn.binding import Binding
from fastnn.compat import ConvergenceWarning, minimize
from fastnn.epoch import Samples, check_sums, make_trainer
from fastnn.losses import Setting
from fastnn.reporting import Report
from fastnn.warning import warn

__all__ = ["Objective", "fit_lbfgs"]

Array = npt.NDArray[Any]


class _Stop(Exception):
    """A callback wants to stop; SciPy's own StopIteration is not honoured by its older versions."""


class Objective:
    """Loss and gradient as functions of all parameters, in scikit-learn's order: kernels first, then biases.

    Attributes
    ----------
    best, best_value
        Parameters of the smallest loss so far, and that loss.

    Raises
    ------
    ZeroDivisionError
        If the weights sum to zero.
    """

    def __init__(self, binding: Binding, loss: Setting, threads: int, samples: Samples) -> None:
        if samples.weight is not None:
            check_sums(samples.weight.sum())
        self.parameters = binding.model.parameters
        self.order = binding.packing
        self.rows = np.arange(len(samples.truth), dtype=np.int64)
        # in the engine's memory: what `store` writes
        self.gradient = binding.like_parameters()
        self.trainer = make_trainer(binding, loss, len(self.rows), threads, samples, None, self.gradient[np.newaxis])
        self.best: Array = self.packed()
        self.best_value = np.inf

    def packed(self) -> Array:
        """Return the network's parameters."""
        values: Array = self.parameters[self.order]
        return values

    def unpack(self, packed: Array) -> None:
        """Set the network's parameters."""
        self.parameters[self.order] = packed

    def __call__(self, packed: Array) -> tuple[float, Array]:
        team.heed()
        self.unpack(packed)
        loss = np.zeros(1)
        self.trainer.run(self.rows, 0, len(self.rows), np.zeros(1), loss)
        value = float(loss[0])
        if value < self.best_value:
            self.best, self.best_value = np.array(packed), value
        return value, self.gradient[self.order].astype(np.float64)


def fit_lbfgs(
    objective: Objective,
    *,
    max_iter: int,
    max_fun: int,
    tol: float,
    verbose: bool,
    report: Report,
) -> tuple[int, float, str, Array]:
    """Minimize; leave the solution in the network's parameters.

    Parameters
    ----------
    objective : Objective
    max_iter, max_fun, tol, verbose
        The estimator's arguments.
    report : Report
        Told of each iteration; may stop.

    Returns
    -------
    iterations : int
    loss : float
    reason : str
        "callback", "interrupted", or SciPy's message.
    solution : Array
        Packed: SciPy counts in float64, whatever the network's element type.

    Warns
    -----
    ConvergenceWarning
        Where SciPy gave up.
    """
    iterations = 0
    reason = ""

    def after_iteration(packed: Array) -> None:
        nonlocal iterations
        iterations += 1
        if report.epoch_ends():
            raise _Stop
        if iterations < max_iter:
            report.epoch_begins()

    report.epoch_begins()
    try:
        result = minimize(
            objective,
            objective.packed(),
            maxfun=max_fun,
            maxiter=max_iter,
            gtol=tol,
            verbose=verbose,
            callback=after_iteration,
        )
    except _Stop:
        reason = "callback"
    except KeyboardInterrupt:
        reason = "interrupted"
    if reason:
        objective.unpack(objective.best)
        return iterations, objective.best_value, reason, objective.best
    objective.unpack(result.x)
    iterations = min(result.nit, max_iter)
    if result.status:  # scikit-learn's sentences
        more = f"Increase the number of iterations to improve the convergence (max_iter={max_iter}).\n"
        warn(
            f"lbfgs failed to converge after {iterations} iteration(s) (status={result.status}):\n{result.message}\n\n"
            f"{more if iterations == max_iter else ''}You might also want to scale the data as shown in:\n"
            "    https://scikit-learn.org/stable/modules/preprocessing.html",
            ConvergenceWarning,
        )
    return iterations, float(result.fun), str(result.message), result.x
