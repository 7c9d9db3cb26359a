"""A configuration in fastnn's engine itself: Plan and parameters, without the layers above."""

import numpy as np
from configurations import Configuration

from fastnn._core.engine import Plan, Trainer, allocate


def plan_of(configuration: Configuration, dtype: str):
    """(plan, parameters) of a configuration, at its first parameters."""
    operations, segments, arrays, offset = [], [], [], 0
    layers = configuration.parameters()
    for number, layer in enumerate(layers):
        kernel, bias = layer
        operations.append(("dense", bias.size, offset, offset + kernel.size, True))
        operations.append(("activation", "softmax" if number == len(layers) - 1 else "relu", 0.0))
        for array in layer:
            segments.append((offset, array.size, 0.0, 0.0, True))
            arrays.append(array.ravel())
            offset += array.size
    parameters = allocate(offset, dtype)
    parameters[:] = np.concatenate(arrays)
    return Plan(dtype, configuration.widths[0], operations, segments), parameters


def trainer_of(configuration: Configuration, dtype: str, threads: int):
    """An engine.Trainer of a configuration."""
    plan, parameters = plan_of(configuration, dtype)
    return Trainer(
        plan,
        parameters,
        allocate(2 * parameters.size, dtype).reshape(2, -1),
        loss="sparse_categorical_crossentropy_from_logits",
        optimizer="adam",
        numbers={name: getattr(configuration, name) for name in ("beta_1", "beta_2", "epsilon")},
        batch_size=configuration.batch,
        threads=threads,
    )
