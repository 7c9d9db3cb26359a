"""A model of fastnn as steps: `program`, and the table of what each layer is at inference. Called by the writers.

To add a layer: a line in LAYERS. `tests/test_exchange_onnx.py` finds a layer without one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import activations, layers
from fastnn.exchange.steps import (
    Activate,
    BatchNorm,
    Complement,
    Dense,
    LayerNorm,
    PRelu,
    Program,
    Residual,
    Scale,
    Step,
    arrays_of,
)
from fastnn.network import Sequential


def _activate(function: Any) -> list[Step]:
    step = Activate(*activations.kernel(function))
    return [] if step.name == "linear" else [step]


def _dense(layer: Any) -> list[Step]:
    return [Dense(layer.kernel, layer.bias), *_activate(layer.activation)]


def _nothing(layer: Any) -> list[Step]:
    return []


def _batch_norm(layer: Any) -> list[Step]:
    return [BatchNorm(layer.moving_mean, layer.moving_variance, layer.gamma, layer.beta, layer.epsilon)]


def _normalization(layer: Any) -> list[Step]:
    factor = 1.0 / np.sqrt(layer.variance.astype(np.float64))
    return [Scale(layer.mean, factor.astype(layer.mean.dtype))]


def _rescaling(layer: Any) -> list[Step]:
    factor, shift = (np.full(1, value, layer.flat.dtype) for value in (layer.scale, layer.offset))
    return [Scale(None, factor, shift if layer.offset else None)]


def _random_slope(layer: Any) -> list[Step]:
    return [Activate("leaky_relu", (layer.lower + layer.upper) / 2)]


def _residual(layer: Any) -> list[Step]:
    branch = [step for inner in layer.layers for step in steps_of(inner)]
    return [Residual(branch, None if layer.projection is None else Dense(layer.projection))]


#: Steps of each layer, by its class's name.
LAYERS: dict[str, Callable[[Any], list[Step]]] = {
    "Dense": _dense,
    "DropConnect": _dense,
    **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"), lambda layer: _activate(layer.activation)),
    "Flatten": _nothing,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": lambda layer: [LayerNorm(layer.inputs, layer.gamma, layer.beta, layer.epsilon)],
    "PReLU": lambda layer: [PRelu(layer.alpha)],
    "Residual": _residual,
    "RReLU": _random_slope,
    **dict.fromkeys(("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"), _nothing),
}


def steps_of(layer: Any) -> list[Step]:
    """Return the steps of a layer that has its parameters."""
    name = type(layer).__name__
    if getattr(layers, name, None) is not type(layer) or name not in LAYERS:
        raise ValueError(f"expected layers among {', '.join(LAYERS)}, received: {layer.name!r} ({name})")
    return LAYERS[name](layer)


def program(model: Any) -> Program:
    """Return what `model` computes, as steps.

    Parameters
    ----------
    model : Sequential, MLPClassifier, MLPRegressor, or scikit-learn's Pipeline of scalers and one of these

    Raises
    ------
    TypeError
        If it is something else.
    ValueError
        If it has no parameters yet, or some that are not finite, or a layer that has no steps.
    """
    if isinstance(model, Sequential):
        model.build()
        made = Program(model.dtype, model.inputs or 0, [step for layer in model.layers for step in steps_of(layer)])
    elif _is(model, "Pipeline"):
        made = _pipeline(model)
    else:
        made = _estimator(model)
    if not all(np.isfinite(array).all() for array in arrays_of(made.steps)):
        raise ValueError("expected a model whose parameters are finite, received: NaN or infinities among them")
    return made


def _estimator(model: Any) -> Program:
    from fastnn.classifier import MLPClassifier
    from fastnn.compat import check_is_fitted
    from fastnn.regressor import MLPRegressor

    if not isinstance(model, (MLPClassifier, MLPRegressor)):
        hint = "; fastnn.from_sklearn takes it over first" if type(model).__module__.startswith("sklearn.") else ""
        raise TypeError(f"expected a Sequential, MLPClassifier or MLPRegressor of fastnn, received: {model!r}{hint}")
    check_is_fitted(model)
    made = program(model._bound(trains=False).model)
    if isinstance(model, MLPClassifier):
        made.classes = model.classes_
        made.multilabel = model.out_activation_ == "logistic" and model.n_outputs_ > 1
        made.steps += [Complement()] if model.n_outputs_ == 1 else []
    return made


def _is(thing: Any, name: str) -> bool:
    """Whether `thing` is of scikit-learn's class of that name; scikit-learn itself is not needed to say no."""
    return any(kind.__name__ == name and kind.__module__.startswith("sklearn.") for kind in type(thing).__mro__)


def _pipeline(model: Any) -> Program:
    made = program(model.steps[-1][1])
    before: list[Scale] = []
    for name, part in model.steps[:-1]:
        if part is None or (isinstance(part, str) and part == "passthrough"):
            continue
        if _is(part, "StandardScaler"):
            center = part.mean_ if part.with_mean else None
            before.append(Scale(center, None if part.scale_ is None else 1.0 / part.scale_))
        elif _is(part, "MinMaxScaler") and not part.clip:
            before.append(Scale(None, part.scale_, part.min_))
        else:
            raise ValueError(
                "expected StandardScaler or MinMaxScaler (clip=False) before the estimator of a Pipeline, received: "
                f"{name!r}, {part!r}"
            )
    # a scaler's constants are float64 whatever the network is
    cast = [Scale(*(None if part is None else part.astype(made.dtype) for part in step)) for step in before]
    made.steps = [*cast, *made.steps]
    return made
