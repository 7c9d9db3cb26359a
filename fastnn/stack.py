"""Layers in a row and their parameters: shapes, names, one flat vector. The part of Sequential that knows no data.

Base of network.Sequential, which has the documentation.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np

from fastnn import activations, arguments, summary
from fastnn._core import engine
from fastnn.layers.base import Layer, Weight, assign, draw, lay_out
from fastnn.layers.core import Dense, Flatten, Input
from fastnn.layers.residual import Residual
from fastnn.turns import making

#: Streams of random numbers, by purpose; training.py has one more.
FIRST_WEIGHTS_STREAM, DROPOUT_STREAM = 0, 1


class Stack:
    """Layers in a row; see `Sequential`."""

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        *,
        dtype: str = "float32",
        seed: int | None = None,
        name: str | None = None,
    ) -> None:
        self.dtype = arguments.one_of("dtype", dtype, ("float32", "float64"))
        self.seed = arguments.seed(seed)
        self._entropy: Any = np.random.SeedSequence(self.seed).entropy
        self.name = "sequential" if name is None else str(name)
        self.layers: list[Layer] = []
        self.inputs: int | None = None
        self._declared: tuple[int, ...] | None = None  # the shape of a row that Input or input_shape said
        self.parameters: Any = None  # an ndarray once built
        self.plan: Any = None
        taken: set[str | None] = set()
        try:
            for layer in arguments.sequence("layers", layers):
                self._append(layer, taken)
            self._reassemble()
        except BaseException:
            for layer in self.layers:
                layer.leave()
            raise

    # ---- structure ------------------------------------------------------------------------------------------------

    def add(self, layer: Layer) -> None:
        """Append a layer; layers that already have parameters keep their values, an optimizer starts anew.

        Raises
        ------
        TypeError
            If it is no layer.
        ValueError
            If it belongs to a model, its name is taken, or it is an Input behind other layers.
        MemoryError
            If the parameters do not fit in memory; the model is as it was.
        RuntimeError
            If the model is being trained: in a callback, or in another thread.
        """
        self._check_change("add")
        layers, declared = list(self.layers), self._declared
        self._append(layer, {other.name for other in layers})
        try:
            self._reassemble()
        except BaseException:
            self.layers, self._declared = layers, declared
            layer.leave()
            raise

    def pop(self) -> Layer:
        """Remove the last layer and return it; raises RuntimeError while the model is being trained."""
        self._check_change("pop")
        if not self.layers:
            raise ValueError("expected a model with layers, received: none to pop")
        layer = self.layers.pop()
        layer.leave()
        self._reassemble()
        return layer

    def _check_change(self, call: str) -> None:
        """Raise if the layers must stay as they are."""

    def _append(self, layer: Layer, taken: set[str | None]) -> None:
        """Add a layer; `taken` has the names of those there are, and gets its."""
        if not isinstance(layer, Layer):
            raise TypeError(f"expected a layer of fastnn.layers, received: {layer!r}")
        if isinstance(layer, Input):
            if self.layers or self._declared:
                raise ValueError("expected Input as the first layer, and once, received another one")
            self._declared = layer.shape
            return
        layer.join(self, taken)
        if layer.input_shape is not None and not self.layers and not self._declared:
            self._declared = layer.input_shape
        self.layers.append(layer)

    def _declared_width(self) -> int | None:
        return math.prod(self._declared) if self._declared else None

    def _check_flat(self) -> None:
        """Raise if rows of several dimensions reach a layer that mixes or counts columns before Flatten."""
        if self._declared is None or len(self._declared) < 2:
            return
        for layer in self.layers:
            if isinstance(layer, Flatten):
                return
            if layer.weights(self._declared_width() or 1) or layer.last_activation("") == "softmax":
                raise ValueError(
                    f"expected Flatten() before layer {layer.name!r}, which takes flat rows, received: an Input of "
                    f"shape {self._declared}"
                )

    def _reassemble(self) -> None:
        """Lay the parameters out again after a change of the layers."""
        inputs = self.inputs or self._declared_width()
        if inputs and self.layers:
            self._assemble(inputs)
        else:
            self.inputs = self.parameters = self.plan = None

    def build(self, input_shape: Any = None) -> None:
        """Make the parameters, for input rows of a given width; nothing happens if that is done.

        Parameters
        ----------
        input_shape : tuple of int, optional
            (features,) or (None, features); not needed after `Input`.

        Raises
        ------
        ValueError
            If the width is not known, or not the model's, there is no layer, or the compiled loss does not fit.
        MemoryError
            If the parameters do not fit in memory.
        """
        inputs = self.inputs or self._declared_width()
        if input_shape is not None:
            given = math.prod(Input(input_shape).shape)
            if inputs is not None and given != inputs:
                raise ValueError(f"expected input_shape=({inputs},), received: input_shape={input_shape!r}")
            inputs = given
        if not self.layers:
            raise ValueError("expected a model with at least one layer, received: none")
        if inputs is None:
            raise ValueError("expected the width of the input: add Input(shape=(n,)) first, or fit the model")
        with contextlib.nullcontext() if self.built else making():
            if self.parameters is None:
                self._check_build(inputs)
                self._assemble(inputs)

    def _check_build(self, inputs: int) -> None:
        """Raise if layers and what is compiled do not fit; nothing is compiled here."""

    @contextlib.contextmanager
    def built_for(self, inputs: int) -> Iterator[None]:
        """Build if need be; an error in the block undoes that, unless another thread has built."""
        before = [(layer, layer.inputs, layer.flat) for layer in self.parts()]
        with contextlib.nullcontext() if self.built else making():  # no lock for each batch
            built = self.built
            self.build((inputs,))
        try:
            yield
        except BaseException:
            if not built:
                self.inputs = self.parameters = self.plan = None
                for layer, width, flat in before:
                    layer.inputs, layer.flat = width, flat
            raise

    def structure(self) -> dict[str, Any]:
        """Return all that a file needs to say of the model but its parameters."""
        return {
            "name": self.name,
            "dtype": self.dtype,
            "seed": self.seed,
            "entropy": self._entropy,
            "declared": self._declared,
            "inputs": self.inputs,
            "layers": self.layers,
        }

    def restore(self, layers: Sequence[Layer], declared: Any, inputs: int | None, entropy: Any) -> None:
        """Take what `structure` returned, into a model that has no layers; parameters are zeros then, not drawn."""
        taken: set[str | None] = set()
        for layer in layers:
            self._append(layer, taken)
        self._declared, self._entropy = declared, entropy
        if inputs is not None:
            self._assemble(inputs, first_values=False)

    def reseed(self, entropy: Any) -> None:
        """Draw all further random numbers as the model of which `structure` said this did."""
        self._entropy = entropy

    def _assemble(self, inputs: int, first_values: bool = True) -> None:
        self._check_flat()
        widths = [inputs]
        for layer in self.layers:
            widths.append(layer.output_width(widths[-1]))
        declared = [layer.weights(width) for layer, width in zip(self.layers, widths, strict=False)]
        sizes = [sum(weight.size for weight in weights) for weights in declared]
        parameters = engine.allocate(sum(sizes), self.dtype)
        flats, start = [], 0
        for index, (layer, size) in enumerate(zip(self.layers, sizes, strict=True)):
            flats.append(parameters[start : start + size])
            if layer.flat is not None and layer.inputs == widths[index]:
                flats[-1][...] = layer.flat
            elif first_values:
                draw(declared[index], flats[-1], functools.partial(self.random_source, FIRST_WEIGHTS_STREAM, index))
            start += size
        plan = self._make_plan(inputs)
        for layer, width, flat in zip(self.layers, widths, flats, strict=False):
            layer.bind(width, flat)
        self.inputs, self.parameters, self.plan = inputs, parameters, plan

    def _make_plan(self, inputs: int) -> Any:
        """The engine's plan, with the layers' present `trainable`."""
        ops, segments, start, width = [], [], 0, inputs
        for index, layer in enumerate(self.layers):
            weights = layer.weights(width)
            offsets, parts = lay_out(weights, start, layer.trainable)
            ops += layer.ops(width, offsets, index)
            segments += parts
            start += sum(weight.size for weight in weights)
            width = layer.output_width(width)
        return engine.Plan(self.dtype, inputs, ops, segments)

    def parts(self) -> list[Layer]:
        """Return all layers, those within others included."""
        return [part for layer in self.layers for part in layer.parts()]

    def declared(self) -> list[tuple[Layer, Weight]]:
        """Return every parameter array's layer and declaration, in the order of `get_weights`."""
        found, width = [], self.inputs or 0
        for layer in self.layers:
            for weight in layer.weights(width):
                found.append((layer, weight._replace(trainable=weight.trainable and layer.trainable)))
            width = layer.output_width(width)
        return found

    @property
    def trainable(self) -> bool:
        """Whether any layer learns. Setting it sets that of all layers, and takes effect at the next `compile`."""
        return any(layer.get_config().get("trainable") for layer in self.layers)  # others have nothing to learn

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = bool(value)

    @property
    def built(self) -> bool:
        """Whether the parameters exist."""
        return self.parameters is not None

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """(None, features), or the several dimensions that an Input said."""
        return (None, *(self._declared or (self.inputs,)))

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """(None, outputs)."""
        inputs = self.inputs or self._declared_width()
        return (None, None if inputs is None else self.output_width(inputs))

    def output_width(self, inputs: int) -> int:
        """Return the width of an output row for input rows of width `inputs`."""
        if not self.layers:
            raise ValueError("expected a model with at least one layer, received: none")
        return functools.reduce(lambda width, layer: layer.output_width(width), self.layers, inputs)

    def last_activation(self) -> str:
        """Return the name of the activation that makes the outputs."""
        return functools.reduce(lambda name, layer: layer.last_activation(name), self.layers, "linear")

    def check_trainable(self) -> None:
        """Raise ValueError if an activation has no derivative, or the last layer's outputs are random."""
        if self.layers[-1].random and not isinstance(self.layers[-1], (Dense, Residual)):
            raise ValueError(
                f"expected a last layer whose outputs can be compared with y, received: {self.layers[-1].name!r}, "
                "which draws random numbers; put it before the last Dense layer"
            )
        penalty = getattr(self.layers[-1], "activity_regularizer", None)
        if penalty is not None and self.last_activation() in ("sigmoid", "softmax"):
            raise ValueError(
                f"expected no activity_regularizer on the last layer, whose {self.last_activation()} may be computed "
                f"in the loss, received: layer {self.layers[-1].name!r} with {penalty!r}; put the activation in a "
                "layer of its own"
            )
        for layer in self.parts():
            activation = getattr(layer, "activation", None)
            name = "linear" if activation is None else activations.kernel(activation)[0]
            if not activations.differentiable(name):
                known = filter(activations.differentiable, activations.NAMES)
                raise ValueError(
                    f"expected activations with a derivative for training, received: layer {layer.name!r} with "
                    f"activation={name!r}; {'tanh' if name == 'sign' else 'sigmoid'} is its smooth form (known: "
                    f"{', '.join(known)})"
                )

    def warn_of_equal_units(self) -> None:
        """Warn of hidden layers with nothing but zeros as weights: their units start equal and may stay so."""
        for layer in [part for part in self.parts() if isinstance(part, Dense)][:-1]:
            if layer.trainable and not layer.kernel.any():
                warnings.warn(
                    f"the kernel of hidden layer {layer.name!r} is all zeros: its units start equal and may stay so; "
                    "use another kernel_initializer",
                    stacklevel=4,
                )

    def random_source(self, *purpose: int) -> np.random.SeedSequence:
        """Return the source of a stream of random numbers, one for each purpose."""
        return np.random.SeedSequence(self._entropy, spawn_key=purpose)

    def dropout_key(self) -> int:
        """Return the key of the engine's random numbers."""
        dropping = [part for part in self.parts() if part.random and not isinstance(part, Residual)]
        if not dropping:
            return 0  # nobody draws
        if self.seed is None and all(getattr(layer, "seed", None) is not None for layer in dropping):
            return 0  # the layers' own seeds say everything
        return self.stream_key(DROPOUT_STREAM)

    def stream_key(self, purpose: int) -> int:
        """Return the key of one of the engine's streams of random numbers."""
        return int(self.random_source(purpose).generate_state(1, np.uint64)[0])

    # ---- parameters -----------------------------------------------------------------------------------------------

    def _views(self) -> list[np.ndarray]:
        self.build()
        return [view for layer in self.layers for view in layer.arrays()]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all parameters, layer by layer, kernel before bias.

        Examples
        --------
        >>> import fastnn
        >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
        >>> [weight.shape for weight in model.get_weights()]
        [(3, 2), (2,)]
        """
        return [view.copy() for view in self._views()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all parameters, in the order of `get_weights`.

        Raises
        ------
        ValueError
            If number or shapes differ; nothing is changed then.
        """
        assign(self._views(), weights, f"model {self.name!r}")

    def count_params(self) -> int:
        """Return the number of parameters.

        Examples
        --------
        >>> import fastnn
        >>> layers = [fastnn.Input((3,)), fastnn.layers.Dense(4), fastnn.layers.Dense(2)]
        >>> fastnn.Sequential(layers).count_params()
        26
        """
        return sum(view.size for view in self._views())

    def summary(self, print_fn: Any = print) -> None:
        """Print a table of layers, output shapes and numbers of parameters, with totals.

        Parameters
        ----------
        print_fn : callable, default print
            Called with each line.
        """
        for line in summary.lines(self):
            print_fn(line)

    def save(self, path: Any, include_optimizer: bool = False) -> None:
        """Write the model to one safetensors file, which `fastnn.load` reads: no pickle, no code.

        `include_optimizer` adds the optimizer's state and the steps taken, to go on training. Raises TypeError for
        what a file cannot hold, OSError where it cannot be written; what was there before is untouched then.
        """
        from fastnn import saving

        saving.save(self, path, include_optimizer)

    # ---- copies ---------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """A copy of its own: two models cannot share layers."""
        return copy.deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        """Layers hold their parameters; the vector and the plan are made again."""
        return {**self.__dict__, "parameters": None, "plan": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for layer in self.layers:
            layer.own(self)
        if self.inputs is not None:
            self._assemble(self.inputs)
