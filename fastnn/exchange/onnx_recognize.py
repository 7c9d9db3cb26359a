"""Which activation, or layer normalization, a piece of an ONNX graph is: found by its values, not by its nodes.

Exporters write gelu, silu and others in operators of their own choice. A piece of elementwise operators and single
numbers is a function of one variable: it is computed at many points and compared with the activations that fastnn has,
with the numbers that occur in it as arguments. Sums and products alone are left to onnx_reader.py, which calls this.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from typing import Any

import numpy as np

from fastnn import activations
from fastnn.exchange.onnx_graph import Graph, Node, Segment
from fastnn.exchange.steps import Array, Function, LayerNorm

#: Functions of each element by itself.
ELEMENTWISE = {
    *("Identity", "Cast", "Add", "Sub", "Mul", "Div", "Neg", "Abs", "Reciprocal", "Pow", "Sqrt", "Exp", "Log", "Sign"),
    *("Max", "Min", "Clip", "Where", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "Not", "And", "Or"),
    *("Relu", "LeakyRelu", "ThresholdedRelu", "Elu", "Celu", "Selu", "Softplus", "Softsign", "Sigmoid", "HardSigmoid"),
    *("Tanh", "Erf", "Gelu", "Mish", "HardSwish", "Swish"),
}
_ROWWISE = {"ReduceMean"}
#: No activation is made of these alone.
_AFFINE = {"Add", "Sub", "Mul", "Div"}
#: Most that an activation may differ, as a part of its values, or of those at most 1 from 0 on the same side.
_TOLERANCE = {"float32": 2e-6, "float64": 1e-12}
#: Where other forms of an activation are no longer compared if they overflow.
_OVERFLOWS = 60
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
        if not all(is_elementwise(graph, node) for node in segment.nodes):
            break
        count += 1
    for length in range(count, 0, -1):
        found = _match(graph, segments[:length])
        # what changes an activation by less than the tolerance is a part of its own
        if found and (length == 1 or not _same(found, graph, segments[1:length], segments[: length - 1])):
            return length, None if found is activations.linear else Function(found)
    return 0, None


def _same(function: Any, graph: Graph, *pieces: list[Segment]) -> bool:
    """Whether one of the pieces is `function` as well."""
    found = [_match(graph, piece) for piece in pieces]
    return any(other and activations.kernel(other) == activations.kernel(function) for other in found)


def layer_norm(graph: Graph, segments: list[Segment]) -> tuple[int, LayerNorm | None]:
    """Return how many of the first segments are a layer normalization without factors, and it; (0, None) for none."""
    nodes: list[Node] = []
    if not any(node.operator in _ROWWISE for node in segments[0].nodes):  # another step's, that shows little here
        return 0, None
    for count, segment in enumerate(segments[:LONGEST], 1):
        if not all(is_elementwise(graph, node) or node.operator in _ROWWISE for node in segment.nodes):
            break
        nodes += segment.nodes
        known = [graph.constants[name] for node in nodes for name in node.inputs if name in graph.constants]
        kinds = {value.dtype for value in known if value.dtype.kind == "f"}
        if len(kinds) != 1:
            continue
        scales = np.geomspace(1e-3, 30, 8).reshape(-1, 1)
        x = (np.random.default_rng(0).normal(size=(8, 6)) * scales).astype(kinds.pop())
        made = graph.evaluate(nodes, {segments[0].start: x}, segment.end)
        for epsilon in sorted({value.item() for value in known if value.dtype.kind == "f" and value.size == 1}):
            centered = x - x.mean(axis=1, keepdims=True, dtype=np.float64)
            deviation = np.sqrt((centered**2).mean(axis=1, keepdims=True) + abs(epsilon))
            if made.shape == x.shape and np.allclose(made, centered / deviation, rtol=1e-5, atol=1e-6):
                return count, LayerNorm(0, None, None, _shortest(epsilon, x.dtype))
    return 0, None


def is_elementwise(graph: Graph, node: Node) -> bool:
    """Whether a node is a function of each element by itself: all its constants are single numbers."""
    known = [graph.constants[name] for name in node.inputs if name in graph.constants]
    return node.operator in ELEMENTWISE and all(value.size == 1 for value in known)


def _probes(dtype: Any, numbers: set[float]) -> Array:
    """Points in steps, on all scales, and at, beside and far beyond the numbers and one by them."""
    beside = np.array([1e-3, 0.1, 0.5, 0.999, 1 - 1e-6, 1, 1 + 1e-6, 1.001, 2, 10, 1e3])
    sizes = np.abs([size for number in numbers if number for size in (number, 1 / number)])
    positive = np.concatenate(
        [np.linspace(0.05, 8, 160), np.geomspace(1e-6, 1e7, 131), np.outer(sizes, beside).ravel()]
    )
    with np.errstate(over="ignore"):
        points = np.unique(np.concatenate([-positive, [0.0], positive]).astype(dtype))
    kept: Array = points[np.isfinite(points)].reshape(-1, 1)
    return kept


def _match(graph: Graph, segments: list[Segment]) -> Any:
    """The activation of fastnn that is closest to the segments and within the tolerance, else None."""
    nodes = [node for segment in segments for node in segment.nodes]
    if all(node.operator in _AFFINE for node in nodes):
        return None
    known = [graph.constants[name] for node in nodes for name in node.inputs if name in graph.constants]
    known = [value for value in known if value.dtype.kind == "f"]
    dtype = np.dtype("float64" if any(value.dtype == np.float64 for value in known) else "float32")
    given = [value for node in nodes for value in node.attributes.values() if isinstance(value, float)]
    numbers = {_shortest(value, dtype) for value in [*(value.item() for value in known), *given]}
    x = _probes(dtype, numbers)
    wanted = graph.evaluate(nodes, {segments[0].start: x}, segments[-1].end)
    if wanted.shape != x.shape or wanted.dtype.kind != "f" or (wanted == wanted[0]).all():
        return None
    judged = np.isfinite(wanted) | (np.abs(x) <= _OVERFLOWS)
    x, wanted = x[judged].reshape(-1, 1).astype(np.float64), wanted[judged].reshape(-1, 1).astype(np.float64)
    size = np.abs(wanted)
    left, right = (min(1.0, size[side & (np.abs(x) <= 1)].max()) for side in (x < 0, x >= 0))
    allowed = _TOLERANCE[dtype.name] * np.maximum(size, np.where(x < 0, left, right))
    best, closest = 1.0, None
    for name, function in activations.NAMES.items():
        for settings in _settings(function, sorted(numbers)) if name != "softmax" else ():
            with np.errstate(all="ignore"):
                made = function(x, **_rounded(function, settings, dtype))
                gaps = np.where(made == wanted, 0.0, np.abs(made - wanted) / allowed)
            distance = gaps.max()  # NaN is never less
            if distance < best:
                best, closest = distance, functools.partial(function, **settings) if settings else function
    return None if closest is None else activations.get(closest)


def _rounded(function: Any, settings: dict[str, Any], dtype: Any) -> dict[str, Any]:
    """All arguments, as a model of `dtype` has them: what jumps does so at the very number."""
    arguments = list(inspect.signature(function).parameters.items())[1:]
    given = {**{name: parameter.default for name, parameter in arguments}, **settings}
    return {name: float(dtype.type(value)) if type(value) is float else value for name, value in given.items()}


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
