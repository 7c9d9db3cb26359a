"""The best epoch of a fit with 'adam' or 'sgd': by loss or by score, its weights, and how many epochs brought no gain.

Which epochs there are is descent.py's, which calls this. The books are the estimator's attributes; fitted.py opens
them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Best", "open_books"]

Array = npt.NDArray[Any]


def open_books(estimator: Any) -> None:
    """Start to watch the validation score or the loss, whichever decides when to stop."""
    watches_score = estimator.early_stopping
    estimator.validation_scores_ = [] if watches_score else None
    estimator.best_validation_score_ = -np.inf if watches_score else None
    estimator.best_loss_ = None if watches_score else np.inf
    estimator.best_epoch_ = None
    estimator._no_improvement_count = 0


class Best:
    """The best epoch of one fit or partial_fit.

    Parameters
    ----------
    estimator : BaseMLP
        Its attributes are the books, which are open.
    parameters : array
        The network's.
    """

    def __init__(self, estimator: Any, parameters: Array) -> None:
        self.books, self.parameters = estimator, parameters
        self.watches_score = bool(estimator.early_stopping)
        #: The best epoch and its weights; before it, where the loss decides, what was the best until then. The fit
        #: starts with its first weights.
        self.kept: list[tuple[int | None, Array]] = [
            (None, parameters.copy()) for _ in range(1 if self.watches_score else 2)
        ]

    def note(self, finite: bool) -> None:
        """Count epochs that do not gain tol, and keep the weights of the best; `finite` says whether these are."""
        books = self.books
        # written with scikit-learn's comparisons: a NaN resets the count
        if self.watches_score:
            score = books.validation_scores_[-1]
            worse = score < books.best_validation_score_ + books.tol
            better = score > books.best_validation_score_ and finite
            if better:
                books.best_validation_score_ = score
        else:
            worse = books.loss_ > books.best_loss_ - books.tol
            better = books.loss_ < books.best_loss_
            if better:
                books.best_loss_ = books.loss_
        books._no_improvement_count = books._no_improvement_count + 1 if worse else 0
        if better and finite:
            (_, oldest), *others = self.kept
            oldest[...] = self.parameters
            books.best_epoch_ = len(books.loss_curve_)
            self.kept = [*others, (books.best_epoch_, oldest)]

    def ends_the_fit(self) -> bool:
        """Whether the fit ends with the best weights, not with its last, if all goes well."""
        books = self.books
        # A warm start in which no epoch beats the earlier fits ends with its last weights, as scikit-learn's does
        first_fit = len(books.loss_curve_) == books.n_iter_
        return self.watches_score and (first_fit or self.kept[-1][0] is not None)

    def restore(self, loss: Callable[[], float]) -> None:
        """Put the best weights back; `loss` is that of all rows with the weights that there are.

        An epoch's loss is a mean over its batches, each taken before its step: the last step of the best epoch may
        have been the one that went too far. Therefore the loss of all rows chooses between it and the best before it.
        """
        if self.watches_score:
            _, self.parameters[...] = self.kept[-1]
            return

        def judged(kept: tuple[int | None, Array]) -> float:
            _, self.parameters[...] = kept
            value = loss()
            return value if np.isfinite(value) else np.inf

        self.books.best_epoch_, self.parameters[...] = min(self.kept, key=judged)

    def is_judged(self) -> bool:
        """Whether scores say that the best weights are better than the last, which are not finite.

        They do not where the last have the only score that counts: what comes of NaNs are labels, too.
        """
        books = self.books
        return self.watches_score and bool(
            books.best_epoch_ or not books.validation_scores_[-1] > books.best_validation_score_
        )

    def describe(self) -> str:
        """Say which weights are kept."""
        return f"those of epoch {self.books.best_epoch_}" if self.books.best_epoch_ else "those it started from"
