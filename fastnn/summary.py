"""The table of a model that `Sequential.summary` prints."""

from __future__ import annotations

from typing import Any

import numpy as np


def lines(model: Any) -> list[str]:
    """Return the lines: layers with their types, output shapes and parameters, then totals."""
    model.build()
    rows = [("Layer (type)", "Output Shape", "Param #")]
    width = model.inputs
    for layer in model.layers:
        width = layer.output_width(width)
        rows.append((f"{layer.name} ({type(layer).__name__})", f"(None, {width})", f"{layer.count_params():,}"))
    columns = [max(len(row[column]) for row in rows) + 2 for column in range(3)]
    table = [f"{name:<{columns[0]}}{shape:<{columns[1]}}{count:>{columns[2]}}" for name, shape, count in rows]
    trained = sum(weight.size for _, weight in model.declared() if weight.trainable)
    total = model.count_params()
    itemsize = np.dtype(model.dtype).itemsize
    return [
        f'Model: "{model.name}"',
        table[0],
        "-" * sum(columns),
        *table[1:],
        "-" * sum(columns),
        f"Total params: {total:,} ({_size(total * itemsize)})",
        f"Trainable params: {trained:,} ({_size(trained * itemsize)})",
        f"Non-trainable params: {total - trained:,} ({_size((total - trained) * itemsize)})",
    ]


def _size(count: float) -> str:
    """Bytes for a reader: "104 B", "1.2 MB"."""
    for unit in ("B", "KB", "MB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} GB"
