"""Gradient of the loss with respect to a model's input rows: the chain rule over the typed kernels, op by op.

The engine's own backward pass stops at the lowest layer that learns, and this is asked for rarely (saliency,
adversarial rows, the test of the chain rule itself). Called by network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn._core import activations, dense, engine, losses, targets
from fastnn.losses import Setting

_SAVES_INPUT = 2  # FN_SAVES_INPUT of csrc/fastnn.h


def input_gradient(plan: Any, parameters: np.ndarray, setting: Setting, dataset: Any) -> np.ndarray:
    """Return dX[rows, features] of the mean loss, dropout off.

    Parameters
    ----------
    plan : engine.Plan
    parameters : ndarray
        The model's vector.
    setting : losses.Setting
    dataset : training.Dataset
    """
    x, y, weight = dataset
    values = [np.ascontiguousarray(x, dtype=plan.dtype), *engine.activations(plan, parameters, x)]
    ops: list[Sequence[Any]] = list(plan.ops)
    if targets.LOSSES[setting.kernel][2] and ops[-1][:2] == ("activation", targets.LOSSES[setting.kernel][2]):
        ops.pop()  # the loss has it in it, and takes its input
        values.pop()
    divisor = float(weight.sum(dtype=np.float64)) if setting.weighted_mean and weight is not None else float(len(x))
    scale = setting.gradient_scale / divisor
    _, delta, _ = losses.loss(setting.kernel, values[-1], y, weight, gradient_scale=scale)
    for index in range(len(ops) - 1, -1, -1):
        op = ops[index]
        if op[0] == "dense":
            inputs, units, start = values[index].shape[1], op[1], op[2]
            kernel = parameters[start : start + inputs * units].reshape(inputs, units)
            delta = dense.input_gradient(delta, kernel)
        elif op[0] == "activation":
            saved = values[index if targets.ACTIVATIONS[op[1]][1] == _SAVES_INPUT else index + 1]
            delta = activations.backward(op[1], saved, delta, alpha=op[2])
    return np.ascontiguousarray(delta)
