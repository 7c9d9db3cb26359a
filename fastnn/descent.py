"""fit's epochs with solver='adam' or 'sgd': order of the rows, scikit-learn's books and stop rules, divergence.

It draws scikit-learn's random numbers in scikit-learn's order; every sum over the data is the engine's. The books are
the estimator's attributes, where users and scikit-learn's own tests look for them. Called by perceptron.py.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastnn._core import arrays, engine, random
from fastnn.best import Best, open_books
from fastnn.binding import Binding
from fastnn.callbacks import CallbackList
from fastnn.callbacks.gradients import PROBE_ROWS
from fastnn.compat import ConvergenceWarning
from fastnn.epoch import Epoch, Samples
from fastnn.reporting import Report
from fastnn.warning import warn

__all__ = ["Descent", "HeldOut"]

Array = npt.NDArray[Any]


class HeldOut(NamedTuple):
    """Rows to validate on, as the engine reads them; their labels or targets, weights and X as the user knows them."""

    samples: Samples
    y: Array
    weight: Array | None
    X: Any


class Descent:
    """The epochs of one fit or partial_fit.

    Parameters
    ----------
    estimator : BaseMLP
        Its attributes are the books.
    binding : Binding
    epoch : Epoch
    rows : array of int
        The training rows.
    held_out : HeldOut or None
    incremental : bool
        Whether this is partial_fit: one epoch instead of max_iter.
    told : CallbackList
    report : Report
    """

    def __init__(
        self,
        estimator: Any,
        binding: Binding,
        epoch: Epoch,
        rows: Array,
        held_out: HeldOut | None,
        incremental: bool,
        told: CallbackList,
        report: Report,
    ) -> None:
        self.books, self.binding, self.epoch, self.rows, self.held_out = estimator, binding, epoch, rows, held_out
        self.incremental, self.told, self.report = incremental, told, report
        watched = getattr(estimator, "best_validation_score_", None) is not None
        if watched != estimator.early_stopping or not hasattr(estimator, "best_epoch_"):
            open_books(estimator)  # early_stopping was changed before a warm start
            vars(estimator).pop("validation_loss_curve_", None)
        self.best = Best(estimator, binding.model.parameters)
        self.finite = True
        self.logs: dict[str, float] = {}  # of the last epoch
        if held_out is not None:
            estimator.validation_loss_curve_ = getattr(estimator, "validation_loss_curve_", [])
            estimator.validation_scores_ = estimator.validation_scores_ or []
        if not hasattr(estimator, "loss_curve_"):
            estimator.loss_curve_ = []

    def run(self) -> None:
        """Run epochs until a stop rule says enough; `stop_reason_` says which.

        Raises
        ------
        ValueError
            Where the weights stop being finite: those of the best epoch are kept. With early stopping that is a
            warning, unless such weights were the first with a score, as a classifier's may be: scikit-learn raises.
        """
        books, model = self.books, self.binding.model
        books.n_iter_ = 0
        books.stop_reason_ = ""
        model.stop_training = False
        self.told.attach()
        diverged = None
        if self.told.callbacks and not isinstance(self.epoch.samples.X, engine.Compressed):
            first = self.epoch.samples.take(self.rows[:PROBE_ROWS])
            model.training.probe_rows = first.X, first.truth
        self.told.call("on_train_begin", {})
        if self.told.callbacks:
            model.training.probe_rows = None, None
        try:
            while books.n_iter_ < (1 if self.incremental else books.max_iter):
                self.report.epoch_begins()
                self._one_epoch()
                if self.finite:
                    self._rules()
                else:
                    diverged = self._describe_divergence()  # before other weights are put back
                    books.stop_reason_ = "diverged"
                if self.report.epoch_ends() or model.stop_training:
                    books.stop_reason_ = books.stop_reason_ or "callback"
                if books.stop_reason_:
                    break
        except KeyboardInterrupt:
            books.stop_reason_ = "interrupted"
            warn("Training interrupted by user.")
        except BaseException:  # out of a callback
            self.epoch.trainer.adopt_averages()  # of an optimizer with use_ema
            raise
        if not books.stop_reason_ and self.incremental:
            books.stop_reason_ = "partial_fit"
        elif not books.stop_reason_:
            self._warn_of_max_iter()
            books.stop_reason_ = "max_iter"
        if diverged or self.best.ends_the_fit():
            self.best.restore(lambda: self._judge(self.epoch.samples)[0])
            if diverged:
                kept = self.best.describe()
                diverged += f" The weights that are kept are {kept}; a lower rate or scaled inputs may help."
        else:
            self.epoch.trainer.adopt_averages()
        self.told.call("on_train_end", self.logs)
        if diverged:
            vars(books).pop("_optimizer", None)  # its moments are not finite either
        if diverged and self.best.is_judged():
            warn(diverged, RuntimeWarning)
        elif diverged:
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
                f"preprocessed. {diverged}"
            )

    def _warn_of_max_iter(self) -> None:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({self.books.max_iter:d}) reached and the optimization "
            "hasn't converged yet.",
            ConvergenceWarning,
        )

    def _one_epoch(self) -> None:
        books, rows = self.books, self.rows
        self.told.call("on_epoch_begin", books.n_iter_, {})
        if books.shuffle:
            # scikit-learn shuffles the shuffled rows again
            random.shuffle_as_numpy(rows, books._random_state._bit_generator)
        books.loss_, done = self.epoch.run(rows, self.told)
        parameters = self.binding.model.parameters
        self.finite = arrays.first_not_finite(parameters) == parameters.size
        books.n_iter_ += 1
        books.t_ += done
        books.loss_curve_.append(books.loss_)
        if books.verbose:
            print(f"Iteration {books.n_iter_}, loss = {books.loss_:.8f}")
        logs = {"loss": books.loss_}
        if self.held_out is not None:
            logs |= self._validate(self.held_out)
        self.best.note(self.finite)
        rate = books._optimizer.learning_rate
        self.logs = logs
        self.told.call("on_epoch_end", books.n_iter_ - 1, logs)
        books._optimizer.iteration_ends(books.t_, rate)

    def _rules(self) -> None:
        """Set `stop_reason_` where the patience is at its end."""
        books = self.books
        if books._no_improvement_count <= books.n_iter_no_change:
            return
        watched = "Validation score" if self.best.watches_score else "Training loss"
        message = (
            f"{watched} did not improve more than tol={books.tol:f} for {books.n_iter_no_change:.0f} "
            "consecutive epochs."
        )
        if books._optimizer.trigger_stopping(message, bool(books.verbose)):
            books.stop_reason_ = "validation score" if self.best.watches_score else "training loss"
        else:
            books._no_improvement_count = 0

    def _validate(self, held_out: HeldOut) -> dict[str, float]:
        """Judge the held-out rows; return loss and score for callbacks."""
        books = self.books
        loss, outputs = self._judge(held_out.samples)
        score = books._validation_score(held_out, outputs, loss)
        books.validation_loss_curve_.append(loss)
        books.validation_scores_.append(score)
        if books.verbose and self.best.watches_score:
            print(f"Validation score: {score:f}")
        return {"val_loss": loss, "val_score": score}

    def _judge(self, samples: Samples) -> tuple[float, Array]:
        """Return the mean loss of these rows, and their outputs."""
        outputs = np.empty((len(samples.truth), self.binding.model.plan.outputs), dtype=self.binding.recipe.dtype)
        return self.epoch.judge(samples, outputs), outputs

    def _describe_divergence(self) -> str:
        layer = self.binding.layer_not_finite()
        return (
            f"Training diverged in epoch {len(self.books.loss_curve_)}: layer {layer} has weights that are not finite, "
            f"at a learning rate of {self.epoch.last_rate:g}."
        )
