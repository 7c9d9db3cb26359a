"""Which activation, or layer normalization, a piece of an ONNX graph is: found by its values, not by its nodes.

Exporters write gelu, silu and others in operators of their own choice. A piece of elementwise operators and single
numbers is a function of one variable: it is computed at many points and compared with the activations that fastnn has,
at the numbers that occur in it. Called by onnx_reader.py.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from typing import Any

import numpy as np

from fastnn import activations
from fastnn.exchange.onnx_graph import Graph, Node, Segment
from fastnn.exchange.steps import Function, LayerNorm

#: Functions of each element by itself.
ELEMENTWISE = {
    *("Identity", "Cast", "Add", "Sub", "Mul", "Div", "Neg", "Abs", "Reciprocal", "Pow", "Sqrt", "Exp", "Log", "Sign"),
    *("Max", "Min", "Clip", "Where", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "Not", "And", "Or"),
    *("Relu", "LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "Softplus", "Softsign", "Sigmoid", "HardSigmoid"),
    *("Tanh", "Erf", "Gelu", "Mish", "HardSwish", "Swish"),
}
_ROWWISE = {"ReduceMean"}
#: Most segments of one activation.
LONGEST = 12
#: Most numbers that are tried for an activation's arguments.
MOST_NUMBERS = 6


def activation(graph: Graph, segments: list[Segment]) -> tuple[int, Function | None]:
    """Return how many of the first segments are one activation, as many as possible, and which; (0, None) for none.

    (count, None) with a count above 0 is the identity.
    """
    count = 0
    for segment in segments[:LONGEST]:
        if not all(_is_elementwise(graph, node) for node in segment.nodes):
            break
        count += 1
    for length in range(count, 0, -1):
        chosen = segments[:length]
        found, step = _match(graph, [node for segment in chosen for node in segment.nodes], chosen)
        if found:
            return length, step
    return 0, None


def layer_norm(graph: Graph, segments: list[Segment]) -> tuple[int, LayerNorm | None]:
    """Return how many of the first segments are a layer normalization without factors, and it; (0, None) for none."""
    nodes: list[Node] = []
    for count, segment in enumerate(segments[:LONGEST], 1):
        if not all(_is_elementwise(graph, node) or node.operator in _ROWWISE for node in segment.nodes):
            break
        nodes += segment.nodes
        known = [graph.constants[name] for node in nodes for name in node.inputs if name in graph.constants]
        kinds = {value.dtype for value in known if value.dtype.kind == "f"}
        if not any(node.operator in _ROWWISE for node in nodes) or len(kinds) != 1:
            continue
        x = np.random.default_rng(0).normal(size=(8, 6)).astype(kinds.pop()) * 0.1
        made = graph.evaluate(nodes, {segments[0].start: x}, segment.end)
        for epsilon in sorted({value.item() for value in known if value.dtype.kind == "f" and value.size == 1}):
            centered = x - x.mean(axis=1, keepdims=True, dtype=np.float64)
            deviation = np.sqrt((centered**2).mean(axis=1, keepdims=True) + abs(epsilon))
            if made.shape == x.shape and np.allclose(made, centered / deviation, rtol=1e-5, atol=1e-6):
                return count, LayerNorm(0, None, None, _shortest(epsilon, x.dtype))
    return 0, None


def _is_elementwise(graph: Graph, node: Node) -> bool:
    known = [graph.constants[name] for name in node.inputs if name in graph.constants]
    return node.operator in ELEMENTWISE and all(value.size == 1 for value in known)


def _probes(dtype: Any) -> np.ndarray:
    points = np.concatenate([np.linspace(-8, 8, 161), [-60, -20, 20, 60]])
    return points.astype(dtype).reshape(-1, 1)


def _match(graph: Graph, nodes: list[Node], segments: list[Segment]) -> tuple[bool, Function | None]:
    known = [graph.constants[name] for node in nodes for name in node.inputs if name in graph.constants]
    known = [value for value in known if value.dtype.kind == "f"]
    x = _probes(np.float64 if any(value.dtype == np.float64 for value in known) else np.float32)
    wanted = graph.evaluate(nodes, {segments[0].start: x}, segments[-1].end)
    if wanted.shape != x.shape or wanted.dtype.kind != "f":
        return False, None
    given = [node.attributes["alpha"] for node in nodes if isinstance(node.attributes.get("alpha"), float)]
    numbers = {_shortest(value.item(), value.dtype) for value in known} | {
        _shortest(alpha, "float32") for alpha in given
    }
    for name, function in activations.NAMES.items():
        for settings in _settings(function, sorted(numbers)) if name != "softmax" else ():
            with np.errstate(all="ignore"):
                made = function(x.astype(np.float64), **settings)
            if np.allclose(made, wanted.astype(np.float64), rtol=1e-5, atol=2e-6):
                chosen = functools.partial(function, **settings) if settings else function
                return True, None if name == "linear" else Function(activations.get(chosen))
    return False, None


def _settings(function: Any, numbers: list[float]) -> list[dict[str, Any]]:
    """The defaults, then every choice of `numbers` (or True) for arguments, few arguments first."""
    choices: list[list[tuple[str, Any]]] = []
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        values = [True] if isinstance(parameter.default, bool) else numbers[:MOST_NUMBERS]
        choices.append([(name, None), *((name, value) for value in values if _accepted(function, name, value))])
    made = [{name: value for name, value in chosen if value is not None} for chosen in itertools.product(*choices)]
    return sorted(made, key=len)


def _accepted(function: Any, name: str, value: Any) -> bool:
    try:
        function(np.zeros((1, 1)), **{name: value})
    except (ValueError, TypeError):
        return False
    return True


def _shortest(value: float, dtype: Any) -> float:
    """The number that a value was before it was rounded to `dtype`: 0.2 rather than 0.20000000298."""
    return float(str(np.dtype(dtype).type(value)))
