"""Residual: layers around which the input is added."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Self

import numpy as np

from fastnn import arguments, initializers
from fastnn.layers.base import Layer, Op, Weight
from fastnn.layers.core import Input

#: Streams of a layer's own layers: behind those of every model's.
STREAMS = 4096


class Residual(Layer):
    """``Y = X + layers(X)``: an identity skip connection (He et al., Deep residual learning, 2016).

    Where the widths differ, X is projected: ``Y = X P + layers(X)`` with a learned matrix P, without bias.

    Parameters
    ----------
    layers : list of Layer
        What X goes through; may hold another `Residual`.
    projection_initializer : str or Initializer, default "glorot_uniform"
        Of P.
    name, trainable, input_shape
        See `Layer`. `trainable` is passed on to all layers.

    Attributes
    ----------
    layers : list of Layer
    projection : ndarray, shape (I, O), or None
        P, a writable view of the parameters; None where the widths are the same.

    Raises
    ------
    ValueError
        If there is no layer, one is there twice, or is an `Input`.
    TypeError
        If one of them is no layer.

    Examples
    --------
    >>> import fastnn
    >>> ones = fastnn.layers.Dense(2, kernel_initializer="ones")
    >>> fastnn.layers.Residual([ones])([[1.0, 2.0]])
    array([[4., 5.]])
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        projection_initializer: Any = "glorot_uniform",
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.layers = [_layer(layer) for layer in arguments.sequence("layers", layers)]
        if not self.layers:
            raise ValueError("expected `layers` to hold at least one layer, received: none")
        within = [part for layer in self.layers for part in layer.parts()]
        if len({id(part) for part in within}) < len(within):
            raise ValueError("expected every layer once, received: one of them twice")
        self.projection_initializer = initializers.get(projection_initializer)
        super().__init__(name, True, input_shape)
        if not trainable:
            self.trainable = False

    @property
    def trainable(self) -> bool:
        """Whether any of the layers, or the projection, learns."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        """Passed on to all layers, as in Keras."""
        if hasattr(self, "_trainable"):
            for layer in self.layers:
                layer.trainable = bool(value)
        self._trainable = bool(value)

    @property
    def random(self) -> bool:  # type: ignore[override]
        """Whether one of the layers draws random numbers in training."""
        return any(layer.random for layer in self.layers)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layers": [arguments.serialize(layer) for layer in self.layers]}

    def parts(self) -> Iterator[Layer]:
        yield self
        for layer in self.layers:
            yield from layer.parts()

    def output_width(self, inputs: int) -> int:
        return self._widths(inputs)[-1]

    def _widths(self, inputs: int) -> list[int]:
        """Width before each layer, and behind the last."""
        widths = [inputs]
        for layer in self.layers:
            widths.append(layer.output_width(widths[-1]))
        return widths

    def weights(self, inputs: int) -> tuple[Weight, ...]:
        widths = self._widths(inputs)
        declared = [
            weight._replace(trainable=weight.trainable and layer.trainable)
            for layer, width in zip(self.layers, widths, strict=False)
            for weight in layer.weights(width)
        ]
        if widths[-1] != inputs:
            declared.append(Weight("projection", (inputs, widths[-1]), self.projection_initializer, None))
        return tuple(declared)

    def bind(self, inputs: int, flat: np.ndarray) -> None:
        super().bind(inputs, flat)
        start = 0
        for layer, width in zip(self.layers, self._widths(inputs), strict=False):
            size = sum(weight.size for weight in layer.weights(width))
            layer.bind(width, flat[start : start + size])
            start += size

    @property
    def projection(self) -> np.ndarray | None:
        """P, shape (I, O): a writable view of the parameters; None where the widths are the same."""
        inputs = self.arrays() and self.inputs
        return None if not inputs or self.output_width(inputs) == inputs else self.arrays()[-1]

    def ops(self, inputs: int, offsets: Sequence[int], stream: int) -> list[Op]:
        widths = self._widths(inputs)
        within: list[Op] = []
        start = 0
        for place, (layer, width) in enumerate(zip(self.layers, widths, strict=False)):
            count = len(layer.weights(width))
            inner = ((stream + 1) * STREAMS + place + 1) % 2**32
            with nullcontext() if self.trainable else _frozen(layer):
                within += layer.ops(width, offsets[start : start + count], inner)
            start += count
        projection = [("dense", widths[-1], offsets[-1], -1, self.trainable)] if widths[-1] != inputs else []
        return [("residual", within, projection)]

    def __copy__(self) -> Self:
        """A copy of its own: two layers cannot share the layers within."""
        return copy.deepcopy(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if self.flat is not None and self.inputs is not None:
            self.bind(self.inputs, self.flat)


@contextmanager
def _frozen(layer: Layer) -> Iterator[None]:
    """Within a frozen layer nothing learns, as in Keras, whatever a layer there says of itself."""
    parts = list(layer.parts())
    flags = [part.trainable for part in parts]
    for part in parts:
        part.trainable = False
    try:
        yield
    finally:
        for part, flag in zip(parts, flags, strict=True):  # from outside in: an outer one passes its own on
            part.trainable = flag


def _layer(given: Any) -> Layer:
    """A layer, or what `get_config` wrote of one."""
    from fastnn import layers

    if isinstance(given, dict) and "class_name" in given:
        kind = getattr(layers, str(given["class_name"]), None)
        if not (isinstance(kind, type) and issubclass(kind, Layer)):
            raise ValueError(f"expected the name of a layer, received: {given['class_name']!r}")
        return kind.from_config(given["config"])
    if not isinstance(given, Layer):
        raise TypeError(f"expected `layers` to hold layers of fastnn.layers, received: {given!r}")
    if isinstance(given, Input):
        raise ValueError(f"expected `layers` without Input, which only a model has, received: {given!r}")
    return given
