"""from_keras: a Keras model of layers in a row as a model. Keras is not imported: whoever has a model has imported it.

fastnn's layers have Keras's names and arguments, so that a layer's own configuration makes its counterpart. What needs
more than that stands in the tables here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import activations, constraints, initializers, layers, regularizers
from fastnn.exchange.needs import loaded
from fastnn.network import Sequential


def from_keras(model: Any) -> Sequential:
    """Return a model that predicts what a Keras model of layers in a row predicts.

    Names, initializers, regularizers, dropout rates and what is trainable come along; the optimizer and what else
    `compile` said do not.

    Parameters
    ----------
    model : keras.Sequential, or keras.Model whose layers stand in a row
        Built: with Input, or called once. Of the layers that `fastnn.layers` has, too.

    Returns
    -------
    Sequential
        float64 if the Keras model computes in it, else float32; not compiled.

    Raises
    ------
    TypeError
        If it is no Keras model.
    ValueError
        If it is not built, its layers do not stand in a row, one with weights is called twice, or one has no
        counterpart; it is named.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.from_keras("a path")
    Traceback (most recent call last):
    TypeError: expected a Keras model of layers in a row, received: 'a path'
    """
    keras = loaded("keras")
    if keras is None or not isinstance(model, keras.Model):
        raise TypeError(f"expected a Keras model of layers in a row, received: {model!r}")
    if not model.built:
        raise ValueError(f"expected a built Keras model: with Input, or called once, received: {model.name!r}")
    row = [layer for layer in _flat(keras, model) if type(layer).__name__ != "InputLayer"]
    flat = [layer for layer in row if type(layer).__name__ != "Identity"]
    if len(model.input_shape) != 2 and not (flat and type(flat[0]).__name__ == "Flatten"):
        raise ValueError(
            "expected a Keras model with rows [n, features] as input, or Flatten as first layer, received: "
            f"input_shape={model.input_shape}"
        )
    made = [(layer, _layer(keras, layer, layer in flat[:index])) for index, layer in enumerate(flat)]
    stack = [ours for _, ours in made] or [layers.Activation("linear")]
    kinds = {str(weight.dtype) for weight in model.weights} | {str(layer.compute_dtype) for layer in row}
    dtype = "float64" if any("float64" in kind for kind in kinds) else "float32"
    result = Sequential([layers.Input(model.input_shape[1:]), *stack], dtype=dtype, name=model.name)
    for theirs, ours in made:
        ours.set_weights(_weights(theirs, ours))
    return result


def _flat(keras: Any, model: Any) -> list[Any]:
    """The layers of a model, and of models in it, in a row."""
    found: list[Any] = []
    for layer in model.layers if isinstance(model, keras.Sequential) else _calls(model):
        found += _flat(keras, layer) if isinstance(layer, keras.Model) else [layer]
    return found


def _calls(model: Any) -> list[Any]:
    """The layers of a functional model as they are called one after the other, one as often as it is called."""
    by_depth = getattr(model, "_nodes_by_depth", None)  # what model.layers does not say
    if by_depth is None or len(model.outputs) != 1:
        raise ValueError(f"expected a Keras model of layers in a row with one output, received: {model.name!r}")
    found: list[Any] = []
    for depth in sorted(by_depth, reverse=True):
        node = by_depth[depth][0]
        if len(by_depth[depth]) != 1 or len(node.input_tensors) != (1 if found else 0):
            name = node.operation.name
            raise ValueError(f"expected a Keras model of layers in a row, received: {name!r} breaks the row")
        found.append(node.operation)
    return found


def _layer(keras: Any, layer: Any, again: bool) -> Any:
    """The counterpart of a layer; `again` where the layer stands before already."""
    name = type(layer).__name__
    if getattr(keras.layers, name, None) is not type(layer) or not (hasattr(layers, name) or name in _ACTIVATIONS):
        known = sorted({*_ACTIVATIONS, *(set(layers.__all__) & set(dir(keras.layers)) - {"Input", "Layer"})})
        raise ValueError(f"expected Keras layers among {', '.join(known)}, received: {layer.name!r} ({name})")
    function = getattr(layer, "activation", None)  # what get_config says of a function of somebody's is its name alone
    if function is not None and not any(function is own for own in vars(keras.activations).values()):
        raise ValueError(
            f"expected layer {layer.name!r} to have a function of keras.activations, which fastnn has too, received: "
            f"activation={function!r}"
        )
    given = {**layer.get_config(), **_MEANING.get(name, lambda layer: {})(layer)}
    if again and layer.weights:
        raise ValueError(f"expected layers with weights to be called once, received: {layer.name!r} ({name}) again")
    if again:
        given["name"] = None
    try:
        if name in _ACTIVATIONS:
            return _activation_layer(layer, given)
        return _counterpart(getattr(layers, name), layer, given)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"expected a Keras layer that fastnn has too, received: {layer.name!r} ({name}): {error}"
        ) from error


def _counterpart(kind: Any, layer: Any, given: dict[str, Any]) -> Any:
    """The layer of `kind` with the configuration of Keras's layer."""
    known = inspect.signature(kind).parameters
    wanted = {key: given[key] for key in known if key in given}
    for key in wanted:
        for ending, convert in _CONVERT.items():
            if key.endswith(ending):
                wanted[key] = convert(wanted[key])
    _check_rest(layer, {key: value for key, value in given.items() if key not in known})
    return kind(**wanted)


def _activation_layer(layer: Any, given: dict[str, Any]) -> Any:
    """`Activation` for one of Keras's layers that are an activation with numbers."""
    function, names = _ACTIVATIONS[type(layer).__name__]
    numbers = {name: given[name] for name in names if given[name] is not None}
    _check_rest(layer, {key: value for key, value in given.items() if key not in names})
    chosen = functools.partial(activations.NAMES[function], **numbers) if numbers else activations.NAMES[function]
    return layers.Activation(chosen, name=given["name"])


def _check_rest(layer: Any, rest: dict[str, Any]) -> None:
    """Raise ValueError if an argument that has no counterpart changes what the layer predicts."""
    theirs = inspect.signature(type(layer)).parameters
    for key, value in rest.items():
        matters = key in theirs and not key.endswith("_constraint") and key not in _WITHOUT_EFFECT
        if matters and value != theirs[key].default:
            raise ValueError(f"{key}={value!r}")


def _weights(layer: Any, ours: Any) -> list[Any]:
    """The weights in the order of our layer."""
    if type(layer).__name__ == "Normalization":  # with axis=None one number for all columns
        columns = ours.mean.shape
        mean, variance = (np.broadcast_to(np.ravel(values), columns) for values in (layer.mean, layer.variance))
        return [mean, np.maximum(variance, layers.Normalization.FLOOR)]
    return list(layer.get_weights())


def _normalization(layer: Any) -> dict[str, Any]:
    if len(np.shape(layer.mean)) != 2:
        raise ValueError(f"expected Normalization(axis=-1), received: {layer.name!r} with axis={layer.axis}")
    return {"axis": -1, "mean": None, "variance": None}


def _last_axis(layer: Any) -> dict[str, Any]:
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0] if len(layer.axis) == 1 else layer.axis
    return {"axis": axis}


def _without_none(value: Any) -> Any:
    """The configuration of an object without arguments that are None: Keras has some that fastnn has not."""
    if isinstance(value, dict) and isinstance(value.get("config"), dict):
        given = {key: setting for key, setting in value["config"].items() if setting is not None}
        return {"class_name": value["class_name"], "config": given}
    return value


def _initializer(value: Any) -> Any:
    """The initializer, or zeros for one that fastnn has not: the weights are there already."""
    try:
        return initializers.get(_without_none(value))
    except (ValueError, TypeError):
        return initializers.get("zeros")


def _constraint(value: Any) -> Any:
    """The constraint; one of another kind changes nothing but training, and is left out."""
    try:
        return constraints.get(_without_none(value))
    except (ValueError, TypeError):
        return None


#: What else than numbers stands in a layer's configuration, by the argument's name.
_CONVERT: dict[str, Callable[[Any], Any]] = {
    "activation": activations.get,
    "_initializer": _initializer,
    "_regularizer": lambda value: regularizers.get(_without_none(value)),
    "_constraint": _constraint,
}


def _flatten(layer: Any) -> dict[str, Any]:
    return {"data_format": None} if layer.data_format == "channels_last" else {}


#: What a layer's configuration means where that is not its words.
_MEANING: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Normalization": _normalization,
    "Flatten": _flatten,
    "LayerNormalization": _last_axis,
    "Softmax": _last_axis,
}
#: Keras's layers that are an activation: which, and the numbers that both have.
_ACTIVATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ReLU": ("relu", ("max_value", "negative_slope", "threshold")),
    "LeakyReLU": ("leaky_relu", ("negative_slope",)),
    "ELU": ("elu", ("alpha",)),
    "Softmax": ("softmax", ()),
}
#: Arguments that change training, or arithmetic, alone.
_WITHOUT_EFFECT = {
    *("activity_regularizer", "autocast", "dtype", "lora_alpha", "lora_rank", "name", "noise_shape"),
    *("quantization_config", "seed", "synchronized", "trainable"),
}
