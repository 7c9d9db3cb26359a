"""A Sequential as metadata and tensors, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastnn._core import engine
from fastnn.layers.base import WIDEST
from fastnn.metrics import FunctionMetric, Metric
from fastnn.saving import container
from fastnn.saving.container import File
from fastnn.saving.objects import Decoder, Encoder
from fastnn.saving.values import field

#: The tensor of the optimizer's state.
STATES = "optimizer.states"


def save(model: Any, path: Any, include_optimizer: bool = False, progress: Mapping[str, Any] | None = None) -> None:
    """Write a Sequential.

    Parameters
    ----------
    model : Sequential
    path : str or path-like
    include_optimizer : bool, default False
        Write the optimizer's state and the steps taken too.
    progress : mapping, optional
        Where a fit stands, for a checkpoint.
    """
    encoder = Encoder()
    metadata = {"model": _describe(model, encoder)}
    tensors = dict(weights(model.layers, model.inputs)) if model.built else {}
    if model.compiled:
        metadata["compiled"] = _encode_compiled(model.training, encoder)
        if include_optimizer:
            metadata["optimizer"] = {"iterations": model.iterations}
            if model.training.states is not None:
                tensors[STATES] = model.training.states
    history = model.history
    metadata["history"] = encoder.encode({"epoch": history.epoch, "history": history.history}, "history")
    if progress is not None:
        metadata["progress"] = encoder.encode(dict(progress), "progress")
    container.write(path, metadata, {**tensors, **encoder.tensors})


def _describe(model: Any, encoder: Encoder) -> dict[str, Any]:
    structure = model.structure()
    return {"class": "Sequential"} | {name: encoder.encode(value, name) for name, value in structure.items()}


def _encode_compiled(compiled: Any, encoder: Encoder) -> dict[str, Any]:
    """Return what `compile` was told."""
    return {
        "optimizer": encoder.encode(compiled.optimizer, "optimizer"),
        "loss": encoder.encode(compiled.loss, "loss"),
        "metrics": [
            {"name": metric.name, "function": encoder.encode(getattr(metric, "function", metric), f"metrics.{at}")}
            for at, metric in enumerate(compiled.metrics)
        ],
        "penalty_over_batch": compiled.penalty_over_batch,
    }


def weights(layers: list[Any], inputs: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and view of each parameter array of a built model."""
    views = (view for layer in layers for view in layer.arrays())
    for (name, _), view in zip(declared(layers, inputs), views, strict=True):
        yield name, view


def declared(layers: list[Any], inputs: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield name and shape of each parameter array; nothing is made."""
    width, names = inputs, set()
    for layer in layers:
        for weight in layer.weights(width):
            name = base = f"{layer.name}.{weight.name}"
            number = 1
            while name in names:
                name, number = f"{base}_{number}", number + 1
            names.add(name)
            yield name, weight.shape
        width = layer.output_width(width)
        if width > WIDEST:
            raise ValueError(f"expected layers of at most {WIDEST} outputs, received: {width}")


def check_weights(file: File, layers: list[Any], inputs: int, dtype: str) -> None:
    """Raise ValueError unless the file has the parameters of these layers."""
    if not 0 < inputs <= WIDEST:
        raise file.refusal(f"its rows should have 1 to {WIDEST} columns, received: {inputs}")
    for name, shape in declared(layers, inputs):
        file.check(name, dtype, shape)


def restore(file: File, model_class: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """Return the model that a file holds.

    Parameters
    ----------
    file : File
    model_class : type
        Sequential.
    custom_objects : mapping of str to object, optional

    Raises
    ------
    ValueError
        If the file says something that is not so.
    """
    decoder = Decoder(file.tensor, custom_objects)
    said = file.json("model")
    layers = decoder.decode(field(said, "layers", list, "model"), "layers")
    inputs, shape = field(said, "inputs", (int, type(None)), "model"), decoder.decode(said.get("declared"), "declared")
    if shape is not None and not (isinstance(shape, tuple) and shape and all(type(n) is int and n > 0 for n in shape)):
        raise file.refusal("its declared input has no shape")
    model = model_class(dtype=said.get("dtype"), seed=said.get("seed"), name=field(said, "name", str, "model"))
    if any(not hasattr(layer, "weights") for layer in layers) or (inputs is not None and not layers):
        raise file.refusal("its layers are none")
    if any(layer.name is None for layer in layers):
        raise file.refusal("its layers have no names")
    if inputs is not None:
        check_weights(file, layers, inputs, model.dtype)
    model.restore(layers, shape, inputs, entropy(said, decoder))
    if inputs is not None:
        for name, view in weights(model.layers, inputs):
            file.read(name, view)
    compiled = file.json("compiled")
    if compiled is not None:
        model.compile(**_decode_compiled(compiled, decoder))
        if inputs is not None and file.json("optimizer") is not None:
            model.training.resume(*read_state(file, decoder, model.training.state_shape, model.dtype))
    read_history(file, decoder, model.history)
    return model


def entropy(said: Any, decoder: Decoder) -> Any:
    """The source of a model's random numbers: an integer, or several."""
    found = decoder.decode(said.get("entropy"), "entropy")
    parts = found if isinstance(found, list) else [found]
    if not parts or not all(type(part) is int and 0 <= part < 1 << 4096 for part in parts):
        raise ValueError(f"expected entropy to be a non-negative integer, received: {str(found)[:60]}")
    return found


def read_state(file: File, decoder: Decoder, shape: tuple[int, int], dtype: str) -> tuple[int, np.ndarray | None]:
    """Return the steps taken, and the optimizer's state after them, [slots, parameters] of `shape`; None before any."""
    iterations = field(decoder.decode(file.json("optimizer"), "optimizer"), "iterations", int, "optimizer")
    if not 0 <= iterations < 1 << 62:
        raise file.refusal(f"its steps should be a number from 0, received: {iterations}")
    if STATES not in file.shapes or not shape[0]:
        return iterations, None
    file.check(STATES, dtype, shape)
    states = engine.allocate(math.prod(shape), dtype).reshape(shape)
    file.read(STATES, states)
    return iterations, states


def _decode_compiled(compiled: Any, decoder: Decoder) -> dict[str, Any]:
    """Return arguments for `compile`."""
    return {
        "optimizer": decoder.decode(field(compiled, "optimizer", dict, "compiled"), "optimizer"),
        "loss": decoder.decode(compiled.get("loss"), "loss"),
        "metrics": [
            _metric(decoder.decode(metric.get("function"), f"metrics.{at}"), field(metric, "name", str, "metric"))
            for at, metric in enumerate(field(compiled, "metrics", list, "compiled"))
        ],
        "penalty_over_batch": field(compiled, "penalty_over_batch", bool, "compiled"),
    }


def _metric(found: Any, name: str) -> Metric:
    return found if isinstance(found, Metric) else FunctionMetric(found, name)


def read_history(file: File, decoder: Decoder, history: Any) -> None:
    """Put the epochs of the file into a History."""
    said = decoder.decode(file.json("history"), "history")
    epochs, logs = field(said, "epoch", list, "history"), field(said, "history", dict, "history")
    if not all(isinstance(values, list) for values in logs.values()):
        raise file.refusal("its history has no lists")
    history.epoch, history.history = epochs, logs
