"""Steps as a `Sequential`. Called by the readers; describe.py goes the other way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import layers
from fastnn.exchange.steps import (
    Array,
    BatchNorm,
    Dense,
    Drop,
    Function,
    LayerNorm,
    PRelu,
    Program,
    Residual,
    Scale,
    Width,
    arrays_of,
    width_after,
    width_before,
)
from fastnn.network import Sequential


def sequential(program: Program) -> Sequential:
    """Return a model that computes what `program` says.

    Raises
    ------
    ValueError
        If the widths of its steps do not fit together, an array has another shape than its step says, or nothing says
        the width of the input.
    """
    steps = simplified(program.steps)
    inputs = width_before(steps) or program.inputs
    if not inputs:
        raise ValueError("expected a layer that says the width of the input, received: none")
    check_widths(steps, inputs)
    made = in_layers(steps, inputs) or [(layers.Activation("linear"), [])]
    model = Sequential([layers.Input((inputs,)), *(layer for layer, _ in made)], dtype=program.dtype)
    for layer, weights in made:
        layer.set_weights(weights)
    return model


def in_layers(steps: list[Any], width: int) -> list[tuple[Any, list[Array]]]:
    """Return the layers of `steps` behind `width` columns, each with its weights."""
    made = []
    for step in fused(steps):
        made.append(layer_of(step, width))
        parts = step if isinstance(step[0], Dense) else [step]
        width = width_after(list(parts), width)
    return made


def dtype_of(steps: list[Any], double: bool = False) -> str:
    """Return float64 if one of the arrays is, or, where there are none, if the input is `double`; else float32."""
    types = [array.dtype for array in arrays_of(steps)]
    return "float64" if np.float64 in types or (double and not types) else "float32"


def simplified(steps: list[Any]) -> list[Any]:
    """Put a sum behind a product without bias into it, and parts of one scaling together."""
    made: list[Any] = []
    for step in steps:
        before = made[-1] if made else None
        if isinstance(step, Residual):
            step = step._replace(branch=simplified(step.branch))
        shifts = isinstance(step, Scale) and step.center is None and step.factor is None
        if shifts and isinstance(before, Dense) and before.bias is None:
            width = before.kernel.shape[1]
            if step.shift is not None and step.shift.size in (1, width):
                made[-1] = before._replace(bias=np.broadcast_to(step.shift.reshape(-1), (width,)))
                continue
        if isinstance(step, Scale) and isinstance(before, Scale):
            last = max(index for index, part in enumerate(before) if part is not None)
            if all(part is None for part in step[: last + 1]):
                made[-1] = Scale(*(a if a is not None else b for a, b in zip(before, step, strict=True)))
                continue
        if isinstance(step, Scale) and isinstance(before, LayerNorm) and step.center is None and before.beta is None:
            gammas = [part for part in (before.gamma, step.factor) if part is not None]
            if len(gammas) < 2:
                made[-1] = before._replace(gamma=gammas[0] if gammas else None, beta=step.shift)
                continue
        made.append(step)
    return made


def fused(steps: list[Any]) -> list[Any]:
    """Put an activation behind a Dense into a pair with it; leave out what was there to be checked."""
    made: list[Any] = []
    for step in steps:
        if isinstance(step, Width):
            continue
        if isinstance(step, Function) and made and isinstance(made[-1], Dense):
            made[-1] = (made[-1], step)
        else:
            made.append(step)
    return made


def check_widths(steps: list[Any], width: int) -> int:
    """Return the columns behind `steps` for `width` in front, or raise ValueError where one does not fit."""
    for step in steps:
        kind = type(step).__name__
        if isinstance(step, Dense) and (step.kernel.ndim != 2 or 0 in step.kernel.shape):
            raise ValueError(
                f"expected the kernel of a dense layer to be a matrix, received: shape {step.kernel.shape}"
            )
        wanted = width_before([step])
        if wanted is not None and wanted != width:
            raise ValueError(f"expected {width} columns for {kind}, as the layer before has, received: {wanted}")
        if isinstance(step, Residual):
            behind = check_widths(step.branch, width)
            skipped = width if step.projection is None else check_widths([step.projection], width)
            if behind != skipped:
                raise ValueError(f"expected both ways of a residual as wide, received: {skipped} and {behind}")
        columns = width_after([step], width)
        vectors = [part for part in step if isinstance(part, np.ndarray) and part.ndim != 2]
        if any(vector.size not in (1, columns) for vector in vectors):
            raise ValueError(f"expected {columns} numbers in {kind}, received: {[part.size for part in vectors]}")
        width = columns
    return width


def layer_of(step: Any, width: int) -> tuple[Any, list[Array]]:
    """Return the layer of a step (or of a pair of `fused`) behind `width` columns, and its weights."""
    if isinstance(step, tuple) and isinstance(step[0], Dense):
        dense, activate = step
        return layers.Dense(dense.kernel.shape[1], activate.function, dense.bias is not None), _given(*dense)
    make: Callable[[Any, int], tuple[Any, list[Array]]] = _LAYERS[type(step)]
    return make(step, width)


def _given(*arrays: Array | None) -> list[Array]:
    return [array for array in arrays if array is not None]


def _in_columns(width: int, *arrays: Array | None) -> list[Array]:
    return [np.broadcast_to(array.reshape(-1), (width,)) for array in arrays if array is not None]


def _dense(step: Dense, width: int) -> tuple[Any, list[Array]]:
    return layers.Dense(step.kernel.shape[1], use_bias=step.bias is not None), _given(*step)


def _scale(step: Scale, width: int) -> tuple[Any, list[Array]]:
    parts = [array for array in step if array is not None]
    one = np.ones(1, parts[0].dtype)
    center = np.zeros_like(one) if step.center is None else step.center
    factor = one if step.factor is None else step.factor
    shift = np.zeros_like(one) if step.shift is None else step.shift
    if all(part.size == 1 for part in parts):
        scale = float(factor.item())
        return layers.Rescaling(scale, float(shift.item()) - float(center.item()) * scale), []
    # a variance is the factor's square, in float32 too
    if step.shift is None and (factor > 1e-15).all() and (factor < 1e6).all():
        return layers.Normalization(), _in_columns(width, center, (1.0 / factor.astype(np.float64)) ** 2)
    # any factor and shift: a normalization by moving statistics that do not move, with a root of 1
    layer = layers.BatchNormalization(trainable=False)
    return layer, _in_columns(width, factor, shift, center, one - layer.epsilon)


def _batch_norm(step: BatchNorm, width: int) -> tuple[Any, list[Array]]:
    has_beta, has_gamma = step.beta is not None, step.gamma is not None
    layer = layers.BatchNormalization(momentum=step.momentum, epsilon=step.epsilon, center=has_beta, scale=has_gamma)
    return layer, _in_columns(width, step.gamma, step.beta, step.mean, step.variance)


def _layer_norm(step: LayerNorm, width: int) -> tuple[Any, list[Array]]:
    layer = layers.LayerNormalization(epsilon=step.epsilon, center=step.beta is not None, scale=step.gamma is not None)
    return layer, _in_columns(width, step.gamma, step.beta)


def _residual(step: Residual, width: int) -> tuple[Any, list[Array]]:
    made = in_layers(step.branch, width)
    weights = [array for _, arrays in made for array in arrays]
    if step.projection is not None:
        if step.projection.bias is not None or step.projection.kernel.shape[1] == width:
            raise ValueError(
                "expected a residual that skips its layers as it is, or by a product without bias where widths differ, "
                f"received: a kernel of shape {step.projection.kernel.shape}, bias={step.projection.bias is not None}"
            )
        weights.append(step.projection.kernel)
    return layers.Residual([layer for layer, _ in made]), weights


_LAYERS: dict[type, Any] = {
    Dense: _dense,
    Function: lambda step, width: (layers.Activation(step.function), []),
    Scale: _scale,
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    PRelu: lambda step, width: (layers.PReLU(), _in_columns(width, step.slopes)),
    Drop: lambda step, width: (layers.Dropout(step.rate), []),
    Residual: _residual,
}
