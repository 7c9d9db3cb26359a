"""from_onnx: an ONNX file with the shape of a multilayer perceptron as a model.

Operators that hold weights stand in the table OPERATORS; activations are found by onnx_recognize.py, the order of the
nodes by onnx_graph.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn import activations
from fastnn.exchange import onnx_recognize
from fastnn.exchange.build import dtype_of, sequential, simplified
from fastnn.exchange.needs import onnx_package
from fastnn.exchange.onnx_graph import Graph, Node, Segment
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
    width_before,
)
from fastnn.network import Sequential


def from_onnx(path: str | os.PathLike[str]) -> Sequential:
    """Return a model that predicts what an ONNX file predicts, if that has the shape of a multilayer perceptron.

    That is one input, one output of real numbers, and between them Gemm, MatMul, Add and its like with constants,
    activations in whatever operators, BatchNormalization, LayerNormalization, PRelu, Softmax, Dropout, Flatten,
    Reshape, Identity, and sums of two ways (residuals). Rows of several dimensions have to become flat first, and are
    flat for the model; elementwise operators may come before. Of a classifier's file the labels are left out, and two
    columns 1 - p and p become the one column p.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    Sequential
        float64 if one of the weights is, or the input where there are none, else float32; not compiled.

    Raises
    ------
    ImportError
        Without the package onnx: ``pip install "fastnn-mlp[onnx]"``.
    ValueError
        If the file is no ONNX file, or not of that shape; it names the node.
    OSError
        If the file cannot be read; it names the path and the cause.

    Examples
    --------
    >>> import fastnn, os, tempfile
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2, "tanh")], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.onnx")
    ...     fastnn.to_onnx(model, path)
    ...     same = fastnn.from_onnx(path)
    >>> bool((same.predict([[1.0, 2.0, 3.0]]) == model.predict([[1.0, 2.0, 3.0]])).all())
    True
    """
    onnx_package()
    name = os.fsdecode(path)
    try:
        graph = Graph(name)
        output, joined = _output(graph)
        _check_rows(graph, output)
        steps = simplified(_read(graph, graph.source, output))
        width = width_before(steps) or graph.width or 0
        if graph.width not in (None, width):
            raise ValueError(
                f"expected {width} columns of {graph.source!r}, as its layers have, received: {graph.width}"
            )
        model = sequential(Program(dtype_of(steps, graph.double), width, steps))
        if joined is not None and model.output_width(width) != 1:
            raise ValueError(
                f"expected {joined} to join columns 1 - p and p, one each, received: {model.output_width(width)} each"
            )
        return model
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # a broken file shows in errors of many kinds: of protocol buffers, onnx's checker and reference, NumPy
        cause = str(error).strip() or type(error).__name__
        raise ValueError(f"expected an ONNX file of a multilayer perceptron, received: {name!r}: {cause}") from error


def _output(graph: Graph) -> tuple[str, Node | None]:
    """The value that the model's output is, the only one of real numbers in rows, and what joins it with 1 minus it."""
    kinds = graph.onnx.TensorProto
    wanted = (0, kinds.FLOAT, kinds.DOUBLE, kinds.FLOAT16)  # 0: a list of maps, behind ZipMap
    real = [name for name, (kind, rank) in graph.outputs.items() if kind in wanted and rank != 1]
    if len(real) != 1:
        raise ValueError(f"expected one output of real numbers in rows, received: {list(graph.outputs)}")
    maker = graph.maker(real[0])
    while maker is not None and maker.operator in ("ZipMap", "Identity"):
        real = graph.unknown(maker)
        maker = graph.maker(real[0])
    second = _second_of_two(graph, maker)
    return (real[0], None) if second is None else (second, maker)


def _check_rows(graph: Graph, output: str) -> None:
    """Raise ValueError unless rows of several dimensions become flat before anything but elementwise operators."""
    if graph.rank == 2:
        return
    for segment in graph.segments(graph.source, output):
        if segment.nodes[0].operator in ("Flatten", "Reshape"):
            return
        if not all(onnx_recognize.is_elementwise(graph, node) for node in segment.nodes):
            break
    raise ValueError(
        f"expected {graph.source!r} to have two dimensions, rows and columns, or to be flattened first, received: "
        f"{graph.rank} dimensions"
    )


def _second_of_two(graph: Graph, node: Node | None) -> str | None:
    """p where a node puts 1 - p and p side by side, else None."""
    if node is None or node.operator != "Concat" or len(node.inputs) != 2 or node.attributes.get("axis") not in (1, -1):
        return None
    first, second = node.inputs
    complement = graph.maker(first)
    if complement is None or complement.operator != "Sub" or complement.inputs[1:] != [second]:
        return None
    one = graph.constants.get(complement.inputs[0])
    return second if one is not None and (one == 1).all() else None


def _read(graph: Graph, start: str, end: str) -> list[Any]:
    """The steps from one value to another."""
    segments = graph.segments(start, end)
    steps: list[Any] = []
    step: Any
    while segments:
        count, step = onnx_recognize.activation(graph, segments)
        if not count:
            count, step = onnx_recognize.layer_norm(graph, segments)
        if count:
            steps += [step] if step is not None else []
        elif len(segments[0].nodes) > 1:
            steps.append(_residual(graph, segments[0]))
            count = 1
        else:
            steps += _operator(graph, segments[0])
            count = 1
        segments = segments[count:]
    return steps


def _residual(graph: Graph, segment: Segment) -> Residual:
    """Two ways that meet in a sum; one of them may be a product, or nothing."""
    join = segment.nodes[-1]
    ways = [name for name in join.inputs if name not in graph.constants]
    if join.operator == "Add" and len(ways) == 2:
        first, second = (simplified(_read(graph, segment.start, way)) for way in ways)
        for skipped, branch in ((first, second), (second, first)):
            if not skipped:
                return Residual(branch)
            if len(skipped) == 1 and isinstance(skipped[0], Dense):
                return Residual(branch, skipped[0])
    names = ", ".join(map(str, segment.nodes))
    raise ValueError(f"expected layers in a row, activations or a residual, received: {names}")


def _operator(graph: Graph, segment: Segment) -> list[Any]:
    (node,) = segment.nodes
    if node.operator not in OPERATORS:
        raise ValueError(f"expected operators of a multilayer perceptron ({', '.join(OPERATORS)}), received: {node}")
    if segment.end != node.outputs[0]:  # a mask, a mean
        raise ValueError(f"expected the first output of {node} alone to be used, received: {segment.end!r}")
    steps = OPERATORS[node.operator](graph, node)
    if steps is None:
        shown = {name: value for name, value in node.attributes.items() if np.isscalar(value)}
        raise ValueError(f"expected {node} as a layer has it, received: inputs {node.inputs}, attributes {shown}")
    return steps


# ---- operators: steps, or None for a use that no layer has --------------------------------------------------------


def _constant(graph: Graph, node: Node, index: int) -> Array | None:
    """An input that is a constant, in float32 or float64; None if it is no constant or missing."""
    value = graph.constants.get(node.inputs[index]) if index < len(node.inputs) else None
    if value is None or value.dtype in (np.float32, np.float64):
        return value
    return value.astype(np.float32)


def _vector(graph: Graph, node: Node, index: int) -> Array | None:
    """A constant that is one number a column, or one for all: [n], [1, n] or a number."""
    value = _constant(graph, node, index)
    if value is None or value.ndim > 2 or (value.ndim == 2 and value.shape[0] != 1):
        return None
    return value.reshape(-1)


def _gemm(graph: Graph, node: Node) -> list[Any] | None:
    kernel, given = _constant(graph, node, 1), node.attributes
    if kernel is None or given.get("transA", 0):
        return None
    kernel = (kernel.T if given.get("transB", 0) else kernel) * kernel.dtype.type(given.get("alpha", 1.0))
    if len(node.inputs) < 3 or not node.inputs[2]:
        return [Dense(kernel)]
    bias = _vector(graph, node, 2)
    if bias is None:
        return None
    return [Dense(kernel), Scale(shift=bias * bias.dtype.type(given.get("beta", 1.0)))]


def _matmul(graph: Graph, node: Node) -> list[Any] | None:
    kernel = _constant(graph, node, 1)
    return None if kernel is None else [Dense(kernel)]


def _add(graph: Graph, node: Node) -> list[Any] | None:
    if node.inputs[0] == node.inputs[1]:  # a residual whose branch does nothing
        return [Scale(factor=np.full(1, 2, np.float32))]
    values = _vector(graph, node, 0 if node.inputs[0] in graph.constants else 1)
    return None if values is None else [Scale(shift=values)]


def _multiply(graph: Graph, node: Node) -> list[Any] | None:
    values = _vector(graph, node, 0 if node.inputs[0] in graph.constants else 1)
    return None if values is None else [Scale(factor=values)]


def _subtract(graph: Graph, node: Node) -> list[Any] | None:
    if node.inputs[0] in graph.constants:
        values = _vector(graph, node, 0)
        return None if values is None else [Scale(center=values, factor=np.full(1, -1, values.dtype))]
    values = _vector(graph, node, 1)
    return None if values is None else [Scale(center=values)]


def _divide(graph: Graph, node: Node) -> list[Any] | None:
    values = _vector(graph, node, 1)
    return None if values is None or not values.all() else [Scale(factor=(1.0 / values).astype(values.dtype))]


def _batch_norm(graph: Graph, node: Node) -> list[Any] | None:
    gamma, beta, mean, variance = (_vector(graph, node, index) for index in range(1, 5))
    if mean is None or variance is None or gamma is None or beta is None or node.attributes.get("training_mode", 0):
        return None
    return [BatchNorm(mean, variance, gamma, beta, _as_written(node.attributes.get("epsilon", 1e-5)))]


def _layer_norm(graph: Graph, node: Node) -> list[Any] | None:
    gamma, beta = _vector(graph, node, 1), _vector(graph, node, 2)
    missing = beta is None and node.inputs[2:] not in ([], [""])
    if gamma is None or missing or node.attributes.get("axis", -1) not in (-1, 1):
        return None
    return [LayerNorm(gamma.size, gamma, beta, _as_written(node.attributes.get("epsilon", 1e-5)))]


def _prelu(graph: Graph, node: Node) -> list[Any] | None:
    slopes = _vector(graph, node, 1)
    return None if slopes is None else [PRelu(slopes)]


def _scaler(graph: Graph, node: Node) -> list[Any] | None:
    offset, scale = (np.asarray(node.attributes[name], dtype=np.float32) for name in ("offset", "scale"))
    return [Scale(offset, scale)]


def _softmax(graph: Graph, node: Node) -> list[Any] | None:
    return [Function(activations.softmax)] if node.attributes.get("axis", 1) in (-1, 1) else None


def _flatten(graph: Graph, node: Node) -> list[Any] | None:
    return [] if node.attributes.get("axis", 1) == 1 else None


def _reshape(graph: Graph, node: Node) -> list[Any] | None:
    shape = graph.constants.get(node.inputs[1])
    rows, columns = (1, 1) if shape is None or shape.shape != (2,) else shape.tolist()
    if rows not in (-1, 0):
        return None
    return [] if columns == -1 else [Width(columns)]


def _dropout(graph: Graph, node: Node) -> list[Any] | None:
    ratio = _constant(graph, node, 1)
    rate = node.attributes.get("ratio", 0.5) if ratio is None else ratio.item()
    if node.inputs[2:] not in ([], [""]) and graph.constants.get(node.inputs[2], True):
        return None  # as in training
    return [Drop(_as_written(rate))] if 0 <= rate < 1 else None


def _cast(graph: Graph, node: Node) -> list[Any] | None:
    kinds = graph.onnx.TensorProto
    return [] if node.attributes["to"] in (kinds.FLOAT, kinds.DOUBLE, kinds.FLOAT16, kinds.BFLOAT16) else None


def _as_written(value: float) -> float:
    """The number that a float32 attribute was: 0.001 rather than 0.0010000000475."""
    return float(str(np.float32(value)))


#: Steps of each operator that is no activation.
OPERATORS: dict[str, Callable[[Graph, Node], list[Any] | None]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _add,
    "Sub": _subtract,
    "Mul": _multiply,
    "Div": _divide,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "PRelu": _prelu,
    "Scaler": _scaler,
    "Softmax": _softmax,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Dropout": _dropout,
    "Identity": lambda graph, node: [],
    "Cast": _cast,
}
