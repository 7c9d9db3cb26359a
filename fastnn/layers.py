"""Layers: what a model is made of, declared. The engine runs them.

To add one: a class with a constructor that checks its arguments, `output_width`, `weights` (its parameters' names,
shapes, initializers, penalties) and `ops` (the tuples of engine.Plan). Where parameters live is stack.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastnn import activations, arguments, data, initializers, regularizers
from fastnn._core import engine

Op = tuple[Any, ...]


class Weight(NamedTuple):
    """Declaration of one parameter array of a layer.

    Examples
    --------
    >>> import fastnn
    >>> [weight.shape for weight in fastnn.layers.Dense(2).weights(3)]
    [(3, 2), (2,)]
    """

    name: str
    shape: tuple[int, ...]
    initializer: initializers.Initializer
    regularizer: regularizers.Regularizer | None

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


class Layer(arguments.Configured):
    """Base of layers.

    Parameters
    ----------
    name : str, optional
        By default the model names it after its class: "dense", "dense_1".
    trainable : bool, default True
        Whether training changes its parameters. Takes effect at the next `Sequential.compile`.
    input_shape : tuple of int, optional
        (features,), for the first layer of a model without `Input`.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2), fastnn.layers.Activation("tanh")])
    >>> [layer.count_params() for layer in model.layers]
    [8, 0]
    """

    #: Whether training draws random numbers here.
    random: ClassVar[bool] = False

    def __init__(
        self, name: str | None = None, trainable: bool = True, input_shape: tuple[int, ...] | None = None
    ) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            raise ValueError(f"expected `name` to be a non-empty string, received: name={name!r}")
        self.name = name
        self.trainable = bool(trainable)
        self.input_shape = None if input_shape is None else _shape("input_shape", input_shape)
        self.owner: Any = None  # the model whose parameter vector holds this layer's
        self.inputs: int | None = None
        self.flat: np.ndarray | None = None

    # ---- what a layer declares --------------------------------------------------------------------------------

    def output_width(self, inputs: int) -> int:
        """Return the width of an output row for input rows of width `inputs`."""
        return inputs

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        """Return the declarations of the parameters, in Keras's order."""
        return ()

    def ops(self, offsets: Sequence[int], stream: int) -> list[Op]:
        """Return the ops of engine.Plan.

        Parameters
        ----------
        offsets : sequence of int
            Where each of `weights` starts in the parameter vector.
        stream : int
            The layer's number, for ops that draw random numbers.
        """
        raise NotImplementedError(f"{type(self).__name__} declares no ops")

    def last_activation(self, before: str) -> str:
        """Return the name of the activation that made this layer's outputs, `before` being that of its inputs."""
        return "linear"

    # ---- its parameters -----------------------------------------------------------------------------------------

    @property
    def built(self) -> bool:
        """Whether the parameters exist."""
        return self.flat is not None

    def bind(self, inputs: int, flat: np.ndarray) -> None:
        """Keep the parameters in `flat`, a 1-D array of just their size: the model's, or the layer's own."""
        self.inputs, self.flat = inputs, flat

    def arrays(self) -> list[np.ndarray]:
        """Return writable views of the parameters, in the order of `weights`."""
        if self.flat is None or self.inputs is None:
            raise ValueError(
                f"layer {self.name or type(self).__name__!r} has no parameters before its input width is known: give "
                "the model an Input, or fit it first"
            )
        views, start = [], 0
        for weight in self.weights(self.inputs):
            views.append(self.flat[start : start + weight.size].reshape(weight.shape))
            start += weight.size
        return views

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the parameters, in Keras's order."""
        return [view.copy() for view in self.arrays()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the parameters.

        Raises
        ------
        ValueError
            If number or shapes differ; nothing is changed then.
        """
        assign(self.arrays(), weights, f"layer {self.name or type(self).__name__!r}")

    def count_params(self) -> int:
        """Return the number of parameters."""
        return sum(view.size for view in self.arrays())

    def __call__(self, x: Any) -> np.ndarray:
        """Return the layer's outputs for rows `x`, as at inference.

        A layer outside a model is built by its first call, float64 if `x` is float64, else float32.

        Parameters
        ----------
        x : array_like, shape (rows, inputs)

        Returns
        -------
        ndarray, shape (rows, outputs)
        """
        if self.flat is None:
            dtype = "float64" if np.asarray(x).dtype == np.float64 else "float32"
            x = data.features(x, None, dtype, "x")
            inputs = x.shape[1]
            flat = engine.allocate(sum(weight.size for weight in self.weights(inputs)), dtype)
            draw(self.weights(inputs), flat, np.random.SeedSequence())
            self.bind(inputs, flat)
        assert self.flat is not None
        assert self.inputs is not None
        dtype = str(self.flat.dtype)
        x = data.features(x, self.inputs, dtype, "x")
        offsets, segments = lay_out(self.weights(self.inputs), 0, self.trainable)
        plan = engine.Plan(dtype, self.inputs, self.ops(offsets, 0), segments)
        out = np.empty((x.shape[0], plan.outputs), dtype=dtype)
        engine.predict(plan, self.flat, x, out)
        return out

    def __getstate__(self) -> dict[str, Any]:
        """A copy of a layer of a model keeps no tie to it; a model's own state puts the parameters back."""
        state = self.__dict__.copy()
        state["owner"] = None
        if self.flat is not None:
            state["flat"] = self.flat.copy()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.flat is not None:  # back into memory of the engine's alignment
            values, self.flat = self.flat, engine.allocate(self.flat.size, str(self.flat.dtype))
            self.flat[...] = values


def lay_out(weights: Sequence[Weight], start: int, trainable: bool) -> tuple[list[int], list[Op]]:
    """Return offsets of `weights` from `start` on, one behind the other, and the segments of engine.Plan for them."""
    offsets, segments = [], []
    for weight in weights:
        penalty = weight.regularizer or regularizers.Regularizer()
        # the engine's loss has l2 / 2 sum w^2, Keras's l2 sum w^2
        segments.append((start, weight.size, penalty.l1, 2.0 * penalty.l2, trainable))
        offsets.append(start)
        start += weight.size
    return offsets, segments


def draw(weights: Sequence[Weight], flat: np.ndarray, source: np.random.SeedSequence) -> None:
    """Fill `flat` with first values, each parameter from a stream of its own."""
    start = 0
    for weight, seed in zip(weights, source.spawn(len(weights)), strict=True):
        generator = np.random.Generator(np.random.Philox(seed))
        values = weight.initializer(weight.shape, "float64", generator)
        flat[start : start + weight.size] = values.reshape(-1)
        start += weight.size


def assign(views: Sequence[np.ndarray], weights: Sequence[Any], what: str) -> None:
    """Copy `weights` into `views` after checking number and shapes of all."""
    weights = arguments.sequence("weights", weights)
    if len(weights) != len(views):
        raise ValueError(f"expected {what} to be given {len(views)} arrays, received: {len(weights)}")
    given = [np.asarray(weight) for weight in weights]
    for index, (view, array) in enumerate(zip(views, given, strict=True)):
        if array.shape != view.shape or array.dtype.kind not in "biuf":
            raise ValueError(
                f"expected array {index} of {what} to have shape {view.shape} and real numbers, received: "
                f"shape={array.shape}, dtype={array.dtype}"
            )
    for view, array in zip(views, given, strict=True):
        view[...] = array


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape without its rows: (features,); None in front, for the rows, is left out."""
    given = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if len(given) == 2 and given[0] is None:
        given = given[1:]
    if len(given) != 1:
        raise ValueError(f"expected `{name}` to be (features,), received: {name}={shape!r}")
    return (arguments.integer(name, given[0], least=1),)


class Input(Layer):
    """Width of a model's input rows; first in the list of layers, and no layer of `Sequential.layers`.

    Parameters
    ----------
    shape : tuple of int
        (features,).
    name : str, optional

    Raises
    ------
    ValueError
        If shape is not one positive integer.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.Sequential([fastnn.Input(shape=(3,)), fastnn.layers.Dense(2)]).count_params()
    8
    """

    def __init__(self, shape: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.shape = _shape("shape", shape)


class Dense(Layer):
    """Fully connected layer: ``Y = activation(X W + b)``.

    Parameters
    ----------
    units : int
        Width of the output, O.
    activation : None, str or function of fastnn.activations
    use_bias : bool, default True
    kernel_initializer, bias_initializer : str or Initializer, default "glorot_uniform" and "zeros"
    kernel_regularizer, bias_regularizer : None, str or Regularizer
    name, trainable, input_shape
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray, shape (I, O)
        W, a writable view of the model's parameters.
    bias : ndarray, shape (O,), or None
        b, a writable view of the model's parameters.

    Raises
    ------
    ValueError
        If units is not a positive integer, or a name is not known.

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Dense(1, activation="relu", kernel_initializer="ones")
    >>> layer([[1.0, 2.0], [-1.0, -2.0]])
    array([[3.],
           [0.]])
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, trainable, input_shape)
        self.units = arguments.integer("units", units, least=1)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)

    @property
    def kernel(self) -> np.ndarray:
        """W, shape (I, O): a writable view of the parameters."""
        return self.arrays()[0]

    @property
    def bias(self) -> np.ndarray | None:
        """b, shape (O,): a writable view of the parameters; None without bias."""
        return self.arrays()[1] if self.use_bias else None

    def output_width(self, inputs: int) -> int:
        return self.units

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        kernel = Weight("kernel", (inputs, self.units), self.kernel_initializer, self.kernel_regularizer)
        bias = Weight("bias", (self.units,), self.bias_initializer, self.bias_regularizer)
        return (kernel, bias) if self.use_bias else (kernel,)

    def ops(self, offsets: Sequence[int], stream: int) -> list[Op]:
        dense: Op = ("dense", self.units, offsets[0], offsets[1] if self.use_bias else -1, self.trainable)
        name, alpha = activations.kernel(self.activation)
        return [dense] if name == "linear" else [dense, ("activation", name, alpha)]

    def last_activation(self, before: str) -> str:
        return activations.kernel(self.activation)[0]


class Activation(Layer):
    """An activation by itself: ``Y = activation(X)``.

    Parameters
    ----------
    activation : str or function of fastnn.activations
    name, input_shape
        See `Layer`.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Activation("relu")([[-1.0, 2.0]])
    array([[0., 2.]])
    """

    def __init__(self, activation: Any, name: str | None = None, input_shape: tuple[int, ...] | None = None) -> None:
        super().__init__(name, input_shape=input_shape)
        self.activation = activations.get(activation)

    def ops(self, offsets: Sequence[int], stream: int) -> list[Op]:
        return [("activation", *activations.kernel(self.activation))]

    def last_activation(self, before: str) -> str:
        name = activations.kernel(self.activation)[0]
        return before if name == "linear" else name


class Dropout(Layer):
    """Drops inputs in training: each becomes 0 with probability `rate`, the others ``x / (1 - rate)``.

    Parameters
    ----------
    rate : float in [0, 1)
        Keras's rate: the probability to drop, not to keep.
    seed : int, optional
        Picks the layer's stream of random numbers, whatever its place in the model; the stream is the same in every
        process if the model has a seed or all its Dropout layers have.
    name, input_shape
        See `Layer`.

    Raises
    ------
    ValueError
        If rate is outside [0, 1).

    Examples
    --------
    >>> import fastnn
    >>> fastnn.layers.Dropout(0.5)([[1.0, 2.0]])  # inference: nothing is dropped
    array([[1., 2.]])
    """

    random = True

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(name, input_shape=input_shape)
        self.rate = arguments.number("rate", rate, least=0.0, below=1.0)
        self.seed = arguments.seed(seed)

    def ops(self, offsets: Sequence[int], stream: int) -> list[Op]:
        if self.seed is not None:
            stream = int(np.random.SeedSequence(self.seed).generate_state(1)[0])
        return [("dropout", self.rate, stream)]
