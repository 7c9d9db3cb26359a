"""Layer: what a layer declares, and its parameters; where parameters lie in a vector, and their first values."""

from __future__ import annotations

import inspect
import math
import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastnn import arguments, constraints, data, initializers, regularizers
from fastnn._core import engine

Op = tuple[Any, ...]

#: Widest row of a network: above it sizes would overflow.
WIDEST = 1 << 40


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
    trainable: bool = True  # whether an optimizer moves it, where its layer is trainable
    constraint: constraints.Constraint | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


class Layer(arguments.Configured):
    """Base of layers.

    Parameters
    ----------
    name : str, optional
        By default the model names it after its class: "dense", "dense_1".
    trainable : bool, default True
        Whether training changes its parameters. Takes effect at the next `Sequential.compile`. This and `name` may be
        set at any time, other arguments until the layer's model is built.
    input_shape : tuple of int, optional
        (features,), for the first layer of a model without `Input`.

    Raises
    ------
    ValueError
        If name is not a non-empty string, or input_shape is not made of positive integers.
    AttributeError
        If another argument is set in a built model.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2), fastnn.layers.Activation("tanh")])
    >>> [layer.count_params() for layer in model.layers]
    [8, 0]
    """

    #: Whether training draws random numbers here.
    random: ClassVar[bool] = False
    #: The name that a model gave, where the user gave none.
    lent_name: str | None = None

    def __init__(
        self, name: str | None = None, trainable: bool = True, input_shape: tuple[int, ...] | None = None
    ) -> None:
        if name is not None and (not isinstance(name, str) or not name):
            raise ValueError(f"expected `name` to be a non-empty string, received: name={name!r}")
        self.name = name
        self.trainable = bool(trainable)
        self.input_shape = None if input_shape is None else feature_shape("input_shape", input_shape)
        self.owner: Any = None  # the model whose parameter vector holds this layer's
        self.inputs: int | None = None
        self.flat: np.ndarray | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse another argument of a layer in a built model: the model would go on as it was made."""
        built = self.__dict__.get("flat") is not None and self._model() is not None
        if built and name not in ("name", "trainable") and name in inspect.signature(type(self)).parameters:
            raise AttributeError(
                f"expected the arguments of layer {self.name or type(self).__name__!r} to stay as its model was built "
                f"with, received: {name}={value!r}; make a new layer"
            )
        super().__setattr__(name, value)

    def _model(self) -> Any:
        """The model that the layer belongs to, or None."""
        owner = self.__dict__.get("owner")
        return owner and owner()

    # ---- what a layer declares --------------------------------------------------------------------------------

    def output_width(self, inputs: int) -> int:
        """Return the width of an output row for input rows of width `inputs`."""
        return inputs

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        """Return the declarations of the parameters, in Keras's order."""
        return ()

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        """Return the ops of engine.Plan.

        Parameters
        ----------
        inputs : int
            Width of the input rows.
        offsets : sequence of int
            Where each of `weights` starts in the parameter vector.
        stream : int
            The layer's number, for ops that draw random numbers.
        """
        raise NotImplementedError(f"{type(self).__name__} declares no ops")

    def free_name(self, taken: Collection[str | None]) -> str:
        """Return the first of "dense", "dense_1", ..., by the layer's class, that is not taken."""
        base = "".join("_" + c.lower() if c.isupper() else c for c in type(self).__name__).lstrip("_")
        names = (base, *(f"{base}_{count}" for count in range(1, len(taken) + 1)))
        return next(name for name in names if name not in taken)

    def join(self, model: Any, taken: set[str | None]) -> None:
        """Belong to a model, which names what has no name; `taken` has the names of its layers, and gets this one.

        Raises
        ------
        ValueError
            If the layer, or one within it, belongs to a model, or its name is taken.
        """
        for part in self.parts():
            owner = part._model()
            if owner is not None:
                said = repr(part.name or type(part).__name__)
                raise ValueError(f"expected a layer of no model, received: {said} of model {owner.name!r}")
        self.leave()  # a model that is gone, or that of the layer that this is a copy of
        if self.name in taken:
            raise ValueError(f"expected every layer to have a name of its own, received: name={self.name!r} twice")
        if self.name is None:
            self.name = self.lent_name = self.free_name(taken)
        taken.add(self.name)
        self.own(model)

    def own(self, model: Any) -> None:
        """Belong to a model, with the layers within; to none if that is None."""
        for part in self.parts():
            part.owner = None if model is None else weakref.ref(model)

    def leave(self) -> None:
        """Belong to no model, and give back a name that a model gave."""
        self.own(None)
        if self.name == self.lent_name:
            self.name = None
        self.lent_name = None

    def parts(self) -> Iterator[Layer]:
        """Yield the layer, and the layers within it."""
        yield self

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
            draw(self.weights(inputs), flat, np.random.SeedSequence)
            self.bind(inputs, flat)
        assert self.flat is not None
        assert self.inputs is not None
        dtype = str(self.flat.dtype)
        x = data.features(x, self.inputs, dtype, "x")
        offsets, segments = lay_out(self.weights(self.inputs), 0, self.trainable)
        plan = engine.Plan(dtype, self.inputs, self.ops(self.inputs, offsets, 0), segments)
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
        learns = trainable and weight.trainable  # in Keras only what learns is penalized
        penalty = (learns and weight.regularizer) or regularizers.Regularizer()
        # the engine's loss has l2 / 2 sum w^2, Keras's l2 sum w^2
        bounds = None if weight.constraint is None else weight.constraint.bounds(weight.shape)
        segments.append((start, weight.size, penalty.l1, 2.0 * penalty.l2, learns, bounds))
        offsets.append(start)
        start += weight.size
    return offsets, segments


def draw(weights: Sequence[Weight], flat: np.ndarray, source: Callable[[], np.random.SeedSequence]) -> None:
    """Fill `flat`, which holds zeros, with first values, each parameter from a stream of its own."""
    start = 0
    seeds: list[np.random.SeedSequence] = []
    for index, weight in enumerate(weights):
        if not isinstance(weight.initializer, initializers.Zeros):
            seeds = seeds or source().spawn(len(weights))
            generator = np.random.Generator(np.random.Philox(seeds[index]))
            values = weight.initializer(weight.shape, "float64", generator)
            place = flat[start : start + weight.size]
            _check_fits(values, flat.dtype, f"the first values of {weight.name!r}")
            place[...] = values.reshape(-1)
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
    # views of these parameters would be read half-overwritten
    for index, (view, array) in enumerate(zip(views, given, strict=True)):
        _check_fits(array, view.dtype, f"array {index} of {what}")
    given = [array.copy() if any(np.may_share_memory(array, view) for view in views) else array for array in given]
    for view, array in zip(views, given, strict=True):
        view[...] = array


def _check_fits(values: np.ndarray, dtype: np.dtype[Any], what: str) -> None:
    """Raise ValueError for finite numbers that are too large for a type."""
    largest = float(np.finfo(dtype).max)
    if values.dtype.kind == "f" and values.dtype.itemsize > dtype.itemsize:
        sizes = np.abs(values)
        over = sizes[(sizes > largest) & (sizes < np.inf)]
        if over.size:
            raise ValueError(f"expected {what} to fit {dtype}, at most {largest:g} in size, received: {over[0]:g}")


def feature_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape without its rows: (features,) or more dimensions; None in front, for the rows, is left out."""
    given = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if len(given) > 1 and given[0] is None:
        given = given[1:]
    if not given:
        raise ValueError(f"expected `{name}` to be (features,), received: {name}={shape!r}")
    sizes = tuple(arguments.integer(name, size, least=1) for size in given)
    if math.prod(sizes) > WIDEST:
        raise ValueError(f"expected `{name}` to have at most {WIDEST} numbers, received: {name}={shape!r}")
    return sizes
