"""The parameters of layers in a row: one flat vector, made when the width of the input is known, and the views of it.

Between stack.Stack, which knows names and shapes, and forward.Forward, which predicts. network.Sequential has the
documentation.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np

from fastnn import summary
from fastnn._core import engine
from fastnn.layers.base import Layer, assign, draw, lay_out
from fastnn.layers.core import Dense, Input
from fastnn.stack import FIRST_WEIGHTS_STREAM, Stack
from fastnn.turns import making
from fastnn.warning import warn


class Parametrized(Stack):
    """A stack of layers with parameters; see `Sequential`."""

    parameters: Any = None  # an ndarray once built
    plan: Any = None

    # ---- build ----------------------------------------------------------------------------------------------------

    @property
    def built(self) -> bool:
        """Whether the parameters exist."""
        return self.parameters is not None

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

    def _reassemble(self) -> None:
        """Lay the parameters out again after a change of the layers."""
        inputs = self.inputs or self._declared_width()
        if inputs and self.layers:
            self._assemble(inputs)
        else:
            self.inputs = self.parameters = self.plan = None

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

    # ---- weights --------------------------------------------------------------------------------------------------

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

    def warn_of_equal_units(self) -> None:
        """Warn of hidden layers with nothing but zeros as weights: their units start equal and may stay so."""
        for layer in [part for part in self.parts() if isinstance(part, Dense)][:-1]:
            if layer.trainable and not layer.kernel.any():
                warn(
                    f"the kernel of hidden layer {layer.name!r} is all zeros: its units start equal and may stay so; "
                    "use another kernel_initializer",
                )

    # ---- table, file, copies --------------------------------------------------------------------------------------

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
