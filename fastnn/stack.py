"""Layers in a row: names, shapes, sources of random numbers. The part of Sequential without parameters and data.

Base of parameters.Parametrized. network.Sequential has the documentation.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn import activations, arguments
from fastnn.layers.base import Layer, Weight
from fastnn.layers.core import Dense, Flatten, Input
from fastnn.layers.residual import Residual

#: Streams of random numbers, by purpose; fitting.py and stepwise.py have one more each.
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
        self.inputs: int | None = None  # the width it is built for
        self._declared: tuple[int, ...] | None = None  # the shape of a row that Input or input_shape said
        taken: set[str | None] = set()
        try:
            for layer in arguments.sequence("layers", layers):
                self._append(layer, taken)
            self._reassemble()
        except BaseException:
            for layer in self.layers:
                layer.leave()
            raise

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
        """Whatever hangs on the layers is made again after a change of them."""

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
