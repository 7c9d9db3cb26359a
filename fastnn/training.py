"""What `compile` makes of a model: its loss, metrics and optimizer with state, and the engine's Trainer for them.

The epochs of a fit are fitting.py's. Called by network.Sequential, whose methods have the documentation.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from fastnn import arguments, data, datasets, losses, metrics, optimizers, stepwise, turns
from fastnn._core import engine, threads
from fastnn.callbacks import Callback, History
from fastnn.datasets import Dataset
from fastnn.fitting import Fit, Logs
from fastnn.judging import Judge, judged, no_truth
from fastnn.metrics.base import check_fit
from fastnn.pace import FIRST_ROWS, Pace


class Training:
    """What `compile` makes of a model: optimizer with its state, loss, metrics. Compiling again makes a new one.

    Parameters
    ----------
    model : Sequential
    optimizer, loss, metrics : as for `Sequential.compile`
    penalty_over_batch : bool
    """

    def __init__(self, model: Any, optimizer: Any, loss: Any, metrics_: Any, penalty_over_batch: bool) -> None:
        self.belong(model)
        self.optimizer = optimizers.get(optimizer)
        self.loss = None if loss is None else losses.get(loss)
        given = (
            [metrics_] if isinstance(metrics_, str) or callable(metrics_) else arguments.sequence("metrics", metrics_)
        )
        self.metrics = [metrics.get(metric) for metric in given]
        names = [metric.name for metric in self.metrics]
        twice = next((name for name in names if name == "loss" or names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(
                f"expected metrics of different names, none of them 'loss', received: {twice!r} in {names}; a metric "
                "class takes a name="
            )
        self.penalty_over_batch = bool(penalty_over_batch)
        self.iterations = 0
        self.states: np.ndarray | None = None
        self.told: list[Callback] = []  # of the present fit
        self.probe_rows: tuple[Any, Any] = (None, None)  # the first rows and truths of the present fit, if dense
        self._made: tuple[Any, Any] = (None, None)  # the last engine.Trainer, and what it was made for

    def __getstate__(self) -> dict[str, Any]:
        """Without the engine's objects: they are made again when needed."""
        state = {**self.__dict__, "told": [], "probe_rows": (None, None), "_model": None}
        return {**state, "_made": (None, None)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.states is not None:  # back into memory of the engine's alignment
            values = self.states
            self.states = engine.allocate(values.size, str(values.dtype)).reshape(values.shape)
            self.states[...] = values

    def belong(self, model: Any) -> None:
        """Be the training of a model, without keeping it alive."""
        self._model = weakref.ref(model)

    @property
    def model(self) -> Any:
        """The model that this trains."""
        return self._model()

    def renewed(self) -> Training:
        """Return the same settings without optimizer state."""
        return Training(self.model, self.optimizer, self.loss, self.metrics, self.penalty_over_batch)

    @property
    def under_way(self) -> bool:
        """Whether a fit or train_on_batch is."""
        return turns.under_way(self)

    @property
    def state_shape(self) -> tuple[int, int]:
        """Arrays of the optimizer's state, and parameters."""
        return self.optimizer.slots, int(self.model.parameters.size)

    def resume(self, iterations: int, states: np.ndarray | None) -> None:
        """Go on from `iterations` steps and the optimizer's state after them, as from a file."""
        with turns.making():  # a Trainer that another thread is making has the state from before
            self.iterations, self.states, self._made = iterations, states, (None, None)

    def checkpoint(self, path: Any, epoch: int) -> None:
        """Write a file from which `fit` goes on after the epoch `epoch`, the last that is complete."""
        from fastnn import saving

        told = [callback for callback in self.told if callback is not self.model.history]  # which every file has
        kept = [(type(callback).__name__, callback.checked_state()) for callback in told]
        stopped = bool(self.model.stop_training)
        saving.save(self.model, path, True, {"epoch": epoch + 1, "stopped": stopped, "callbacks": kept})

    # ---- checks ---------------------------------------------------------------------------------------------------

    def check(self, inputs: int) -> losses.Setting:
        """Return the engine's setting of the loss; raise if this model cannot be trained on rows of this width."""
        if self.loss is None:
            raise ValueError("expected a loss for training and evaluation: model.compile(optimizer, loss=...)")
        width = self.model.output_width(inputs)
        self.model.check_trainable()
        return self.loss.setting(self.model.last_activation(), width)

    def dataset(self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, prefix: str = "") -> Dataset:
        """Check X, y and weights against the model, which need not be built yet."""
        model = self.model
        x = data.rows(model.flat(x), model.inputs, model.dtype, prefix + "X")
        self.check(x.shape[1])
        assert self.loss is not None
        if y is None:
            raise ValueError(f"expected {prefix}y, the truth for each row of X, received: {prefix}y=None")
        width = model.output_width(x.shape[1])
        y = self.loss.truth(y, x.shape[0], width, model.dtype, prefix + "y")
        weight = None
        if sample_weight is not None:
            weight = data.weights(sample_weight, x.shape[0], model.dtype, prefix + "sample_weight")
        if class_weight is not None:
            weight = datasets.class_weights(y, max(2, width), class_weight, model.dtype, weight)
        return Dataset(x, y, weight)

    # ---- the engine -----------------------------------------------------------------------------------------------

    def trainer(self, batch_size: int | None = None, x: Any = None) -> Any:
        """Return an engine.Trainer for batches of `batch_size`, any if None, of rows of x, dense if None.

        Made only if the last one does not fit.
        """
        model = self.model
        setting = self.check(model.inputs)
        available = threads.default_threads()
        sparse = isinstance(x, engine.Compressed)
        model.check_sparse(x)
        key = (setting, self.optimizer.kernel, self.optimizer.numbers(), self.optimizer.flat(), available, sparse)
        trainer = self._made_for(batch_size, key)
        if trainer is not None:
            return trainer
        size = datasets.checked_batch_size(batch_size)
        with turns.making():  # or each of two threads that train and evaluate would make the optimizer's state
            trainer = self._made_for(batch_size, key)
            if trainer is not None:
                return trainer
            slots, count = self.state_shape
            states = self.states
            if slots and (states is None or len(states) != slots):
                states = engine.allocate(slots * count, model.dtype).reshape(slots, count)
                for slot, value in self.optimizer.first_states().items():
                    states[slot] = value
            trainer = engine.Trainer(
                model.plan,
                model.parameters,
                states,
                loss=setting.kernel,
                optimizer=self.optimizer.kernel,
                value_scale=setting.value_scale,
                gradient_scale=setting.gradient_scale,
                parameter=setting.parameter,
                reduction=setting.reduction,
                penalty_over_batch=self.penalty_over_batch,
                numbers=self.optimizer.numbers(),
                flat=self.optimizer.flat(),
                batch_size=size,
                sparse=sparse,
                threads=available,
                seed=model.dropout_key(),
            )
            trainer.iterations = self.iterations
            self.states, self._made = states, (trainer, (size, *key))
        return trainer

    def _made_for(self, batch_size: int | None, key: tuple[Any, ...]) -> Any:
        """The last Trainer, where it serves batches of that size, or any if None; else None."""
        trainer, made_for = self._made
        return trainer if made_for and made_for[1:] == key and batch_size in (None, made_for[0]) else None

    # ---- training -------------------------------------------------------------------------------------------------

    @turns.one_at_a_time
    def fit(self, dataset: Dataset, validation: Dataset | None, *, resume: Any = None, **options: Any) -> History:
        """Train; `options`: of a `Fit`. The arguments are checked but for callbacks, verbose and resume."""
        return Fit(self, dataset, validation, **options).run(resume)

    @property
    def by_function(self) -> bool:
        """Whether the loss is a Python function."""
        return isinstance(self.loss, losses.FunctionLoss)

    def judge(self, batch_size: int, x: Any) -> Judge | None:
        """What judges steps on rows like x, where the loss is a Python function."""
        return Judge(self.model, batch_size, x, threads.default_threads()) if self.by_function else None

    def scores(self, y: np.ndarray, outputs: np.ndarray) -> Logs:
        """Return the metrics of predictions."""
        return {metric.name: float(metric(y, outputs)) for metric in self.metrics}  # a user's class may return any

    def evaluate(self, dataset: Dataset, trainer: Any = None) -> Logs:
        """Return loss, penalties included, and metrics at the current weights."""
        if trainer is None:  # else it is that of a fit, which has checked
            check_fit(self.metrics, dataset.y, self.model.plan.outputs)
            trainer = self.trainer(x=dataset.x)
        rows, width = dataset.rows, self.model.plan.outputs
        row_losses = np.empty(rows, dtype=np.float64)
        wanted = self.metrics or self.by_function
        outputs = np.empty((rows, width), dtype=self.model.dtype) if wanted else None
        read = dataset._replace(y=no_truth(rows, width, self.model.dtype)) if self.by_function else dataset
        assert self.loss is not None
        divisor = float(rows)
        if dataset.weight is not None and self.loss.reduction == "mean_with_sample_weight":
            divisor = float(dataset.weight.sum(dtype=np.float64))
        if self.loss.reduction == "sum":
            divisor = 1.0
        for start, stop in Pace(FIRST_ROWS).slices(rows):
            made = None if outputs is None else outputs[start:stop]
            row_losses[start:stop] = trainer.evaluate(*read.part(start, stop), made, divisor / rows)
        if outputs is not None and isinstance(self.loss, losses.FunctionLoss):
            values = self.loss.judge(dataset.y, outputs)[0]  # beside the engine's penalties of activity
            row_losses += values if dataset.weight is None else values * dataset.weight
        penalty = trainer.penalty() / (divisor if self.penalty_over_batch else 1.0)
        logs = {"loss": float(row_losses.sum() / divisor + penalty)}
        return logs if outputs is None else {**logs, **self.scores(dataset.y, outputs)}

    def gradients(self, dataset: Dataset, inputs: bool, training: bool) -> tuple[Any, ...]:
        """Return loss, gradient and, with `inputs`, that for the rows of X: `engine.Trainer.gradients`."""
        trainer = self.trainer(x=dataset.x)
        if not isinstance(self.loss, losses.FunctionLoss):
            return tuple(trainer.gradients(*dataset, inputs=inputs, training=training))
        judge = self.judge(dataset.rows, dataset.x) if training else None
        if judge is not None:
            value, gradient = judge.step(dataset, self.iterations)
        else:
            plan = self.model.plan
            made = np.empty((dataset.rows, plan.outputs), dtype=plan.dtype)
            value, gradient = judged(self.loss, dataset, engine.predict(plan, self.model.parameters, dataset.x, made))
        penalty, *rest = trainer.gradients(dataset.x, gradient, dataset.weight, inputs=inputs, training=training)
        return value + penalty, *rest

    @turns.one_at_a_time
    def train_on_batch(self, dataset: Dataset) -> Logs:
        """Take one step on all rows; the loss and metrics are those before it."""
        rows, trainer = dataset.rows, None
        order, loss = np.arange(rows, dtype=np.int64), np.empty(1, dtype=np.float64)
        try:
            with self.model.built_for(dataset.x.shape[1]):
                check_fit(self.metrics, dataset.y, self.model.plan.outputs)
                trainer = self.trainer(rows, dataset.x)
                trainer.iterations = self.iterations
                judge = self.judge(rows, dataset.x)
                step = stepwise.Steps(self, trainer, dataset, order, judge=judge) if judge is not None else trainer
                if judge is None:
                    trainer.bind(*dataset)
            outputs = np.empty((rows, self.model.plan.outputs), dtype=self.model.dtype) if self.metrics else None
            step.run(order, 0, rows, self.optimizer.rates(self.iterations, 1), loss, outputs)
        finally:  # wherever Ctrl-C strikes
            if trainer is not None:
                self.iterations = trainer.iterations
                trainer.release()
        logs = {"loss": float(loss[0])}
        return logs if outputs is None else {**logs, **self.scores(dataset.y, outputs)}
