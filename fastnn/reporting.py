"""What scikit-learn's callbacks are told of a fit (its experimental protocol, 1.9 and newer; nothing without them).

fastnn's own callbacks are descent.py's affair. Called by perceptron.py, descent.py and lbfgs.py.
"""

from typing import Any

__all__ = ["Report"]


class Report:
    """A fit as a task of scikit-learn's callbacks, with an epoch or an iteration of L-BFGS as its subtasks.

    Parameters
    ----------
    estimator : BaseMLP
    X, y, sample_weight
        As the user gave them.
    listens : bool
        Whether to tell at all: partial_fit does not.
    """

    def __init__(self, estimator: Any, X: Any, y: Any, sample_weight: Any, *, listens: bool = True) -> None:
        self.estimator = estimator
        self.data = {"X": X, "y": y, "metadata": {"sample_weight": sample_weight}}
        self.listens = listens and bool(getattr(estimator, "_skl_callbacks", None))
        self.task: Any = None
        self.subtask: Any = None

    def begin(self) -> None:
        """The fit begins."""
        if self.listens:
            self.task = self.estimator._init_callback_context(max_subtasks=self.estimator.max_iter)
            self.task.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def epoch_begins(self) -> None:
        """An epoch begins."""
        if self.task is not None:
            self.subtask = self.task.subcontext(task_name="epoch")
            self.subtask.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def epoch_ends(self) -> bool:
        """The epoch is over; return whether a callback wants to stop."""
        return self.subtask is not None and self._ends(self.subtask)

    def end(self) -> None:
        """The fit is over."""
        if self.task is not None:
            self._ends(self.task)

    def _ends(self, task: Any) -> bool:
        estimator = self.estimator

        def state() -> dict[str, Any]:
            # copies: the network goes on with its own
            return {name: [array.copy() for array in getattr(estimator, name)] for name in ("coefs_", "intercepts_")}

        return bool(task.call_on_fit_task_end(estimator=estimator, reconstruction_attributes=state, **self.data))
