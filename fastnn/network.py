"""Sequential: what a user does with layers in a row: compile, fit, evaluate.

Structure is stack.py's, weights are parameters.py's, predictions forward.py's, the loop of training is training.py's,
arithmetic is the engine's. Everything a user can get wrong is caught here or there before a kernel runs, and leaves the
model as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastnn import arguments, datasets, progress, stepwise, training
from fastnn._core import engine
from fastnn.callbacks import History
from fastnn.forward import Forward
from fastnn.layers import Layer


class Sequential(Forward):
    """A network of layers in a row.

    Parameters
    ----------
    layers : list of Layer, optional
        The first may be `Input`; else the width of the input rows comes from the first layer's ``input_shape``, or
        from the data at the first fit.
    dtype : {"float32", "float64"}, default "float32"
        Of parameters and arithmetic.
    seed : int, optional
        Makes everything random repeatable: first weights, the order of the data, dropout. Results do not depend on the
        number of threads.
    name : str, default "sequential"

    Attributes
    ----------
    layers : list of Layer
        Without `Input`.
    parameters : ndarray of shape (count,)
        All parameters, in one vector: writable, ``layer.kernel`` and ``layer.bias`` are views of it. Adding or
        removing a layer moves them.
    trainable : bool
        Whether any layer learns. Setting it sets that of all layers there are, and takes effect at the next `compile`.
    history : History
        Of the last fit.
    stop_training : bool
        Callbacks set it to end the fit.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    >>> model = fastnn.Sequential([fastnn.layers.Dense(8, "tanh"), fastnn.layers.Dense(1, "sigmoid")], seed=0)
    >>> model.compile(fastnn.optimizers.Adam(0.1), "binary_crossentropy", ["accuracy"])
    >>> history = model.fit(X, [0, 1, 1, 0], epochs=200, verbose=0)
    >>> (model.predict(X) > 0.5).astype(int).ravel()
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        *,
        dtype: str = "float32",
        seed: int | None = None,
        name: str | None = None,
    ) -> None:
        self._training: training.Training | None = None
        self.history = History()
        self.stop_training = False
        super().__init__(layers, dtype=dtype, seed=seed, name=name)

    def _check_build(self, inputs: int) -> None:
        if self._training is not None and self._training.loss is not None:
            self._training.check(inputs)

    def _check_change(self, call: str) -> None:
        if self._training is not None and self._training.under_way:
            raise RuntimeError(
                f"expected `{call}` before or after a fit or train_on_batch of the model, received: one while it is "
                "under way, in a callback or another thread"
            )

    def _reassemble(self) -> None:
        super()._reassemble()
        if self._training is not None:  # the state of the optimizer belongs to the old layers
            self._training = self._training.renewed()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self._training is not None:
            self._training.belong(self)

    # ---- training -------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        *,
        penalty_over_batch: bool = False,
    ) -> None:
        """Say how to train; an optimizer's state starts anew, weights stay.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
        loss : str, Loss or callable
            A function of (y_true, y_pred) returns each row's loss and its gradient; see `losses.FunctionLoss`.
        metrics : list of str, Metric or callable, optional
            Shown and kept beside the loss: names, objects of `metrics`, or functions of (y_true, y_pred), which return
            a number, or one a row.
        penalty_over_batch : bool, default False
            Divide penalties by the batch's rows (scikit-learn's alpha).

        Raises
        ------
        ValueError, TypeError
            If a name is not known, or loss and last layer do not fit (said when the model is built, where it is not
            yet); what was compiled before stays.
        RuntimeError
            If the model is being trained: in a callback, or in another thread.
        """
        self._check_change("compile")
        compiled = training.Training(self, optimizer, loss, metrics, penalty_over_batch)
        if self.inputs is not None:
            if compiled.loss is not None:
                compiled.check(self.inputs)
            self.plan = self._make_plan(self.inputs)
        self._training = compiled

    @property
    def training(self) -> training.Training:
        """What `compile` made; raises before that."""
        if self._training is None:
            raise ValueError("expected a compiled model: call model.compile(optimizer, loss) first")
        return self._training

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._training is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer; its learning_rate may be set at any time."""
        return self.training.optimizer

    @property
    def loss(self) -> Any:
        """The loss object, or None."""
        return self.training.loss

    @property
    def iterations(self) -> int:
        """Steps taken since `compile`."""
        return self.training.iterations

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        resume: Any = None,
        augment: Any = None,
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array_like, shape (rows, features)
            float32, float64 and uint8 with contiguous rows are read where they are, np.memmap too.
        y : array_like
            Values [rows, outputs] ([rows] for one output), or class indices [rows], as the loss wants.
        batch_size : int, default 32
            Rows of a step; the last step of an epoch has what is left.
        epochs : int, default 1
            The epoch to stop at; with `initial_epoch` that many less.
        verbose : {"auto", 0, 1, 2}, default "auto"
            0: nothing. 2: one line an epoch. "auto" and 1: a bar where stdout is a terminal and rich is installed,
            else one line an epoch.
        callbacks : list of Callback, optional
        validation_split : float in [0, 1), default 0
            The last rows, this part of all, are not trained on but judged after each epoch.
        validation_data : (x, y) or (x, y, sample_weight), optional
            Judged after each epoch; goes before validation_split.
        shuffle : bool or "replacement", default True
            Another order of the rows in each epoch, repeatable by the model's seed. "replacement" draws every row of
            every batch from all rows.
        class_weight : dict of int to float, optional
            Factor on the loss of each class's rows, 1 for those it does not name; classes are labels, the place of the
            largest of several outputs, or 0 and 1 for one output.
        sample_weight : array_like, shape (rows,), optional
            Factor on each row's loss, times that of class_weight.
        initial_epoch : int, default 0
        resume : str or path-like, optional
            A checkpoint of this model, by `callbacks.ModelCheckpoint`: weights, optimizer, learning rate, callbacks,
            history and epoch go on from there, bit by bit as if training had never stopped. The data, the layers and
            the optimizer's other settings must be the same, `epochs` still is the epoch to stop at.
        augment : callable, optional
            Changes each batch before its step: a function of ``(x, generator)`` that returns x, or of ``(x, y,
            generator)`` that returns (x, y), told apart by the number of arguments without default. x has the model's
            dtype and the shape (rows, features), which must stay; y is the truth, values [rows, outputs] or labels
            [rows]; generator is a numpy.random.Generator of the model's seed and the step. Sample weights and
            validation data stay as they are. If it raises, or returns what does not fit, weights stand at the end of
            the step before. `fastnn.augmentation` has ready ones for images. X must not be sparse.

        Returns
        -------
        History
            Also ``model.history``. "loss" is the mean over the epoch's rows: each step's loss, penalties included,
            taken before its update, weighted by its rows.

        Raises
        ------
        ValueError, TypeError
            If an argument does not fit the model, or data is not finite; nothing has run then.
        RuntimeError
            If this model is being trained already: in a callback, or in another thread.
        MemoryError
            If a step does not fit in memory; weights are as they were.
        OSError
            If the checkpoint cannot be read.
        KeyboardInterrupt
            On Ctrl-C: after the callbacks' on_train_end, weights standing at a step's end.

        Warns
        -----
        RuntimeWarning
            If the loss stops being finite.
        """
        compiled = self.training
        size = datasets.checked_batch_size(batch_size)
        order = datasets.checked_shuffle(shuffle)
        last = arguments.integer("epochs", epochs, least=0)
        first = arguments.integer("initial_epoch", initial_epoch, least=0)
        if resume is not None and first:
            raise ValueError(f"expected `initial_epoch` to be left to the checkpoint, received: initial_epoch={first}")
        changed = stepwise.checked_augment(augment)
        fraction = arguments.number("validation_split", validation_split, least=0.0, below=1.0)
        held_out = None
        if validation_data is not None:
            held_out = datasets.validation_arrays(validation_data)
        elif fraction:
            (x, y, sample_weight), held_out = datasets.split(x, y, sample_weight, fraction)
        dataset = compiled.dataset(x, y, sample_weight, class_weight)
        validation = None
        if held_out is not None:
            validation_x, validation_y, validation_weight = held_out
            validation = compiled.dataset(validation_x, validation_y, validation_weight, prefix="validation ")
        if validation is not None and validation.x.shape[1] != dataset.x.shape[1]:
            raise ValueError(
                f"expected validation X of {dataset.x.shape[1]} columns like X, received: {validation.x.shape[1]}"
            )
        with engine.under_way():
            return compiled.fit(
                dataset,
                validation,
                batch_size=size,
                epochs=last,
                initial_epoch=first,
                shuffle=order,
                callbacks=callbacks,
                verbose=verbose,
                resume=resume,
                augment=changed,
            )

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Take one step on all rows of `x`.

        Parameters
        ----------
        x, y, sample_weight, class_weight
            As for `fit`.
        return_dict : bool, default False

        Returns
        -------
        float, list of float, or dict
            The loss before the step, with metrics if the model has any; by name with return_dict.

        Raises
        ------
        ValueError, TypeError
            If the model is not compiled, an argument does not fit it, or data is not finite.
        RuntimeError
            If this model is being trained already: in a callback, or in another thread.
        """
        logs = self.training.train_on_batch(self.training.dataset(x, y, sample_weight, class_weight))
        return _scores(logs, return_dict)

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss, penalties included, and metrics.

        Parameters
        ----------
        x, y, sample_weight
            As for `fit`.
        batch_size : int, optional
            Checked and ignored: the result does not depend on it.
        verbose : {"auto", 0, 1, 2}, default "auto"
            Prints one line unless 0.
        return_dict : bool, default False

        Returns
        -------
        float, list of float, or dict
            The loss, with metrics if the model has any; by name with return_dict.

        Raises
        ------
        ValueError, TypeError
            If the model is not compiled, an argument does not fit it, or data is not finite.
        """
        datasets.checked_batch_size(batch_size)
        progress.checked_verbose(verbose)
        dataset = self.training.dataset(x, y, sample_weight)
        with self.built_for(dataset.x.shape[1]):
            logs = self.training.evaluate(dataset)
        if verbose:
            print(progress.format_logs(logs))
        return _scores(logs, return_dict)

    def gradients(
        self, x: Any, y: Any, sample_weight: Any = None, *, inputs: bool = False, training: bool = False
    ) -> tuple[Any, ...]:
        """Return loss and gradients at the current weights.

        Parameters
        ----------
        x, y, sample_weight
            As for `fit`; all rows are one batch.
        inputs : bool, default False
            Also return the gradient with respect to `x`.
        training : bool, default False
            As the next training step would see the rows: with its noise, normalized by their own statistics. By default
            as at inference. Nothing moves either way.

        Returns
        -------
        loss : float
            The mean loss, penalties included.
        gradients : list of ndarray
            In the order and shapes of `get_weights`; zeros for frozen layers.
        input_gradient : ndarray, shape (rows, features)
            With ``inputs=True`` only.

        Raises
        ------
        ValueError, TypeError
            If the model is not compiled, an argument does not fit it, or data is not finite; if rows are sparse and
            `inputs` is true.

        Examples
        --------
        >>> import fastnn
        >>> model = fastnn.Sequential([fastnn.Input((1,)), fastnn.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(loss="mse")
        >>> loss, (kernel, bias), x = model.gradients([[2.0]], [1.0], inputs=True)
        >>> loss, kernel.item(), bias.item(), x.item()
        (1.0, 4.0, 2.0, 2.0)
        """
        dataset = self.training.dataset(x, y, sample_weight)
        with self.built_for(dataset.x.shape[1]):
            self.check_sparse(dataset.x, inputs)
            loss, flat, *of_inputs = self.training.gradients(dataset, inputs, training)
        parts, start = [], 0
        for view in self._views():
            parts.append(flat[start : start + view.size].reshape(view.shape))
            start += view.size
        return loss, parts, *of_inputs


def _scores(logs: dict[str, float], return_dict: bool) -> Any:
    """A model's scores in Keras's form: a dict, one number, or a list."""
    if return_dict:
        return logs
    return logs["loss"] if len(logs) == 1 else list(logs.values())
