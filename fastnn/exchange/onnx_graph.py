"""An ONNX file as a row of segments: constants folded, the way from the one input to the one output cut where it is
narrow. What the operators mean stands in onnx_reader.py, which calls this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.exchange.needs import onnx_package, package
from fastnn.exchange.steps import Array

#: Operators of two inputs that are broadcast together.
_BROADCAST = {"Add", "Sub", "Mul", "Div"}
#: Operators that may be computed while reading, where all their inputs are known. None makes large results of small
#: inputs but those of _BROADCAST, whose size is checked.
FOLDABLE = _BROADCAST | {
    *("Constant", "Identity", "Cast", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"),
    *("Neg", "Sqrt", "Reciprocal", "Exp"),
}


@dataclass
class Node:
    """One operator."""

    operator: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]
    proto: Any

    def __str__(self) -> str:
        return f"node {self.name!r} ({self.operator})"


@dataclass
class Segment:
    """Nodes between two values that everything passes through."""

    start: str
    nodes: list[Node]
    end: str


class Graph:
    """What an ONNX file says.

    Attributes
    ----------
    constants : dict of str to array
        Initializers, and what follows from them.
    nodes : list of Node
        All others, in order.
    source : str
        The input.
    rank : int
        Dimensions of the input, rows first.
    width : int or None
        Columns of the input when its rows are flat, where the file says so.
    double : bool
        Whether the input is of float64.
    outputs : dict of str to (int, int or None)
        Outputs: element type, 0 for what is no tensor, and number of dimensions, None where the file does not say.
    """

    def __init__(self, path: str) -> None:
        self.onnx = onnx_package()
        model = self.onnx.load(path)
        self.onnx.checker.check_model(model)
        self.opsets = list(model.opset_import)
        graph = model.graph
        if graph.sparse_initializer or model.functions:
            raise ValueError("expected dense weights and no functions, received: a file with others")
        self.constants: dict[str, Array] = {
            tensor.name: self.onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer
        }
        inputs = [value for value in graph.input if value.name not in self.constants]
        if len(inputs) != 1:
            raise ValueError(f"expected one input, received: {[value.name for value in inputs]}")
        self.source = inputs[0].name
        dimensions = inputs[0].type.tensor_type.shape.dim
        self.rank = len(dimensions)
        self.width = math.prod(size.dim_value for size in dimensions[1:]) or None if self.rank > 1 else None
        self.double = inputs[0].type.tensor_type.elem_type == self.onnx.TensorProto.DOUBLE
        self.outputs = {value.name: _kind(value.type.tensor_type) for value in graph.output}
        self.nodes: list[Node] = []
        for index, proto in enumerate(graph.node):
            node = Node(
                proto.op_type,
                proto.name or f"#{index}",
                list(proto.input),
                list(proto.output),
                {a.name: self.onnx.helper.get_attribute_value(a) for a in proto.attribute},
                proto,
            )
            known = all(name in self.constants for name in node.inputs if name)
            if known and node.operator in FOLDABLE:
                self._check_size(node)
                self.constants[node.outputs[0]] = self.evaluate([node], {}, node.outputs[0])
            else:
                self.nodes.append(node)

    def _check_size(self, node: Node) -> None:
        """Raise ValueError if a node makes more numbers than it is given."""
        given = [self.constants[name] for name in node.inputs if name]
        if node.operator in _BROADCAST:
            made = math.prod(np.broadcast_shapes(*(value.shape for value in given)))
            if made > sum(value.size for value in given):
                shapes = [value.shape for value in given]
                raise ValueError(
                    f"expected constants that are not larger than their parts, received: {node} of {shapes}"
                )

    def evaluate(self, nodes: list[Node], values: dict[str, Array], result: str) -> Array:
        """Return the value `result` that `nodes` compute, by ONNX's own reference in NumPy."""
        reference = package("onnx.reference", "an ONNX file", "onnx")
        feeds = dict(values)
        for node in nodes:
            feeds |= {name: self.constants[name] for name in node.inputs if name in self.constants}
        make_info, kind = self.onnx.helper.make_tensor_value_info, self.onnx.helper.np_dtype_to_tensor_dtype
        graph = self.onnx.helper.make_graph(
            [node.proto for node in nodes],
            "part",
            [make_info(name, kind(value.dtype), list(value.shape)) for name, value in feeds.items()],
            [make_info(result, self.onnx.TensorProto.UNDEFINED, None)],
        )
        model = self.onnx.helper.make_model(graph, opset_imports=self.opsets)
        with np.errstate(all="ignore"):
            return np.asarray(reference.ReferenceEvaluator(model).run([result], feeds)[0])

    def unknown(self, node: Node) -> list[str]:
        """The inputs of a node that are no constants."""
        return [name for name in node.inputs if name and name not in self.constants]

    def maker(self, value: str) -> Node | None:
        """The node that makes a value."""
        return next((node for node in self.nodes if value in node.outputs), None)

    def segments(self, start: str, end: str) -> list[Segment]:
        """Return the nodes on the way from `start` to `end`, cut after every value that all of it passes through.

        Raises
        ------
        ValueError
            If there is no way, or one that begins elsewhere.
        """
        needed, path = {end}, []
        for node in reversed(self.nodes):
            if needed & set(node.outputs) and start not in node.outputs:
                path.append(node)
                needed |= set(self.unknown(node))
        path.reverse()
        made = {name for node in path for name in node.outputs} | {start}
        strangers = sorted(needed - made)
        if strangers or (end != start and start not in needed):
            raise ValueError(f"expected {end!r} to be computed from {start!r} alone, received: {strangers or 'no way'}")
        last_use = {name: index for index, node in enumerate(path) for name in self.unknown(node)}
        last_use[end] = len(path)
        found, begin, live, nodes = [], start, {start}, []
        for index, node in enumerate(path):
            nodes.append(node)
            live |= set(node.outputs)
            live = {name for name in live if last_use.get(name, -1) > index}
            if len(live) == 1:
                (value,) = live
                found.append(Segment(begin, nodes, value))
                begin, nodes = value, []
        return found


def _kind(tensor: Any) -> tuple[int, int | None]:
    """Element type and number of dimensions."""
    return tensor.elem_type, len(tensor.shape.dim) if tensor.HasField("shape") else None
