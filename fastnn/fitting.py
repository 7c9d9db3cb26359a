"""One fit of a model: its epochs, the order of the rows, validation, callbacks, history, and how it ends.

The engine runs slices of an epoch (pace.py), so that Ctrl-C is answered between them. Called by training.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import data, datasets, progress, stepwise
from fastnn.callbacks import CallbackList, History
from fastnn.callbacks.gradients import PROBE_ROWS
from fastnn.datasets import Dataset
from fastnn.metrics.base import check_fit
from fastnn.pace import Pace
from fastnn.warning import warn

#: Stream of random numbers for the order of the data; stack.py and stepwise.py have the others.
ORDER_STREAM = 2

Logs = dict[str, float]


class Fit:
    """What the epochs of one fit share; `run` goes through them.

    Parameters
    ----------
    training : Training
    dataset : Dataset
    validation : Dataset or None
    batch_size, epochs, initial_epoch : int
    shuffle : bool or "replacement"
    callbacks, verbose : as for `Sequential.fit`
    augment : callable (x, y, generator) -> (x, y), optional
    """

    def __init__(
        self,
        training: Any,
        dataset: Dataset,
        validation: Dataset | None,
        *,
        batch_size: int,
        epochs: int,
        initial_epoch: int,
        shuffle: bool | str,
        callbacks: Any,
        verbose: Any,
        augment: stepwise.Augment | None = None,
    ) -> None:
        if augment is not None:
            stepwise.check_dense(dataset.x)
        self.training, self.model = training, training.model
        self.dataset, self.validation, self.augment = dataset, validation, augment
        self.batch_size = min(batch_size, dataset.rows)
        self.epochs, self.initial_epoch = epochs, initial_epoch
        self.history = History()
        self.steps = -(-dataset.rows // self.batch_size)
        self.told = CallbackList(callbacks, self.model, {"epochs": epochs, "steps": self.steps, "verbose": verbose})
        self.told.callbacks = sorted([*self.told.callbacks, self.history], key=lambda callback: callback.comes_last)
        self.told.attach()
        self.shown = progress.reporter(verbose, epochs, dataset.rows)
        self.pace, self.shuffle, self.finite = Pace(), shuffle, True

    def run(self, resume: Any) -> History:
        """Train, going on from the checkpoint `resume` unless it is None."""
        training, model = self.training, self.model
        resumed = self._prepare(resume)
        begun = training.iterations
        logs: Logs = {}

        def average() -> None:
            if training.iterations > begun or resumed is not None:
                self.trainer.adopt_averages()

        try:
            self.told.call("on_train_begin", {})
            if resumed is not None:
                resumed.give_back([callback for callback in self.told.callbacks if callback is not self.history])
            for epoch in range(*self._epochs_left(resumed)):
                logs = self._epoch(epoch)
                if model.stop_training:
                    break
            average()
            self.told.call("on_train_end", logs)
        except KeyboardInterrupt:
            # Weights stand at a step's end. Callbacks finish (EarlyStopping restores the best weights), the caller
            # sees the interrupt, and model.history has the epochs that were completed.
            average()
            self.told.call("on_train_end", logs)
            raise
        except BaseException:
            average()
            raise
        finally:
            training.told, training.probe_rows = [], (None, None)
            self.shown.close()
            self.trainer.release()
        return self.history

    def _prepare(self, resume: Any) -> Any:
        """Make the model ready and the engine's trainer for it; return what the checkpoint knows, None without one."""
        training, model, resumed = self.training, self.model, None
        with model.built_for(self.dataset.x.shape[1]):
            if resume is not None:
                from fastnn import saving

                resumed = saving.resume(resume, model, self.history)
            check_fit(training.metrics, self.dataset.y, model.plan.outputs)
            self.trainer = training.trainer(self.batch_size, self.dataset.x)
            self.trainer.iterations = training.iterations
            if not training.by_function:  # whose truth its steps bind, one by one
                self.trainer.bind(*self.dataset)
        model.warn_of_equal_units()
        model.history, model.stop_training = self.history, False
        training.told = self.told.callbacks
        if not data.is_sparse(self.dataset.x):
            probe = self.dataset.part(0, PROBE_ROWS)
            training.probe_rows = probe.x, probe.y
        self.order_key = model.stream_key(ORDER_STREAM)
        self.order = datasets.order(self.dataset.rows, False, self.order_key, 0)
        return resumed

    def _epochs_left(self, resumed: Any) -> tuple[int, int]:
        """Return the first epoch to train, and the one before which to end."""
        if resumed is None:
            return self.initial_epoch, self.epochs
        return resumed.epoch, resumed.epoch if resumed.stopped else self.epochs

    def _epoch(self, epoch: int) -> Logs:
        """Train an epoch and validate; return loss and metrics."""
        training = self.training
        self.told.call("on_epoch_begin", epoch, {})
        self.shown.begin_epoch(epoch)
        if self.shuffle:  # keyed by the step: training resumed from a saved model goes on as if never interrupted
            self.order = datasets.order(self.dataset.rows, self.shuffle, self.order_key, training.iterations)
        logs = self._steps()
        if self.finite and not np.isfinite(logs["loss"]):
            self.finite = False
            warn(
                f"the loss is {logs['loss']} in epoch {epoch + 1}, at a learning rate of "
                f"{training.optimizer.rates(training.iterations, 1)[0]:g}: training diverges; a lower rate or scaled "
                "inputs may help",
                RuntimeWarning,
            )
        if self.validation is not None:
            scores = training.evaluate(self.validation, self.trainer)
            logs.update({f"val_{name}": value for name, value in scores.items()})
        self.shown.end_epoch(epoch, logs)
        self.told.call("on_epoch_end", epoch, logs)
        return logs

    def _steps(self) -> Logs:
        """Take an epoch's steps over the rows in order; return its loss and metrics."""
        training, model, size, rows = self.training, self.model, self.batch_size, self.dataset.rows
        losses = np.empty(self.steps, dtype=np.float64)
        outputs = np.empty((rows, model.plan.outputs), dtype=model.dtype) if training.metrics else None
        done, stopping = 0, model.stop_training  # who asks for the end before an epoch gets it after
        batches = self.told.wants_batches
        by_step = None
        if self.augment is not None or training.by_function:
            judge = training.judge(size, self.dataset.x)
            by_step = stepwise.Steps(training, self.trainer, self.dataset, self.order, self.augment, judge)
        runner = by_step or self.trainer
        for first, last in Pace.ones(self.steps) if batches or by_step is not None else self.pace.slices(self.steps):
            start, stop = first * size, min(last * size, rows)
            if batches:
                self.told.call("on_train_batch_begin", first, {})
            rates = training.optimizer.rates(training.iterations, last - first)
            made = None if outputs is None else outputs[start:stop]
            try:
                runner.run(self.order, start, stop, rates, losses[first:last], made)
            finally:  # also where Ctrl-C strikes just after the engine's return
                training.iterations = self.trainer.iterations
            done = stop
            self.shown.advance(stop - start, float(losses[last - 1]))
            self.told.call("on_train_batches_end", last - 1, losses[first:last])
            if batches:
                self.told.call("on_train_batch_end", first, {"loss": float(losses[first])})
            if model.stop_training and not stopping:
                break
        sizes = np.full(-(-done // size), size)
        sizes[-1] -= sizes.size * size - done
        logs = {"loss": float(losses[: sizes.size] @ (sizes / done))}  # of a single step exactly its own
        if outputs is not None:
            y = self.dataset.y[self.order[:done]] if by_step is None else by_step.y[:done]
            logs.update(training.scores(y, outputs[:done]))
        return logs
