"""to_onnx: a model as an ONNX file. Which operators an activation is stands in onnx_operators.py."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from fastnn.config import __version__
from fastnn.exchange.describe import program
from fastnn.exchange.needs import onnx_package
from fastnn.exchange.onnx_operators import activate
from fastnn.exchange.steps import (
    Activate,
    Array,
    BatchNorm,
    Complement,
    Dense,
    LayerNorm,
    PRelu,
    Program,
    Residual,
    Scale,
    arrays_of,
)
from fastnn.saving.atomic import replace_bytes

OPSET = 17
#: What readers of opset 17 know: the version of the format that came with ONNX 1.12.
IR_VERSION = 8
#: Protocol buffers end at 2 GiB.
MOST_BYTES = 2**31 - 2**20


def to_onnx(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model as an ONNX file (opset 17), for ONNX Runtime and others.

    The input is called "input", [rows, features] in the model's dtype; rows of several dimensions are flat there. The
    output of a `Sequential` or a regressor is "output", [rows, outputs]. A classifier has two: "label", the labels
    themselves ([rows]; for several labels a row [rows, labels] of 0 and 1), and "probabilities", [rows, classes] as
    `predict_proba` returns them. Layers that act in training alone (dropout, noise) leave no trace.

    Parameters
    ----------
    model : Sequential, MLPClassifier, MLPRegressor, or scikit-learn's Pipeline of scalers and one of these
        Built or fitted.
    path : str or path-like
        Replaced where it exists.

    Raises
    ------
    ImportError
        Without the package onnx: ``pip install "fastnn-mlp[onnx]"``.
    TypeError
        If it is no such model.
    ValueError
        If the model has no parameters yet, some that are not finite, more than 2 GB of them, or a layer or activation
        without operators; for float64 also one whose operators ONNX Runtime has in float32 only.
    OSError
        If the file cannot be written; it names the path and the cause.

    Examples
    --------
    >>> import fastnn, os, tempfile
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2, "softmax")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.onnx")
    ...     fastnn.to_onnx(model, path)
    ...     fastnn.from_onnx(path).output_shape
    (None, 2)
    """
    onnx = onnx_package()
    described = program(model)
    size = sum(array.nbytes for array in arrays_of(described.steps))
    if size > MOST_BYTES:
        raise ValueError(f"expected a model of at most {MOST_BYTES} bytes, which ONNX files end at, received: {size}")
    replace_bytes(path, _model(onnx, described).SerializeToString())


class _Graph:
    """Nodes and constants in the making. Calling it adds a node and returns the name of its output."""

    def __init__(self, onnx: Any, dtype: str) -> None:
        self.onnx = onnx
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self.counts: dict[str, int] = {}

    def name(self, base: str) -> str:
        """A name that is not taken: base_1, base_2."""
        self.counts[base] = self.counts.get(base, 0) + 1
        return f"{base}_{self.counts[base]}"

    def __call__(self, operator: str, *inputs: Any, output: str | None = None, **attributes: Any) -> str:
        names = [given if isinstance(given, str) else self.constant("number", given) for given in inputs]
        output = output or self.name(operator.lower())
        self.nodes.append(self.onnx.helper.make_node(operator, names, [output], name=f"node_{output}", **attributes))
        return output

    def constant(self, base: str, value: Any, dtype: str | None = None) -> str:
        """Keep an array, or a number, and return its name; equal numbers share one."""
        array = np.ascontiguousarray(np.asarray(value, dtype=dtype or self.dtype)).reshape(np.shape(value))
        name = f"number_{array.item()!r}" if base == "number" else self.name(base)
        if name not in self.constants:
            self.constants[name] = self.onnx.numpy_helper.from_array(array, name)
        return name

    def strings(self, base: str, values: list[str]) -> str:
        name = self.name(base)
        kind = self.onnx.TensorProto.STRING
        encoded = [value.encode() for value in values]
        self.constants[name] = self.onnx.helper.make_tensor(name, kind, [len(values)], encoded)
        return name


def _model(onnx: Any, described: Program) -> Any:
    graph = _Graph(onnx, described.dtype)
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(described.dtype))
    make_info = onnx.helper.make_tensor_value_info
    result = _add(graph, described.steps, "input")
    if described.classes is None:
        graph("Identity", result, output="output")
        outputs = [make_info("output", kind, ["rows", described.outputs])]
    else:
        graph("Identity", result, output="probabilities")
        outputs = [_label(graph, described), make_info("probabilities", kind, ["rows", described.outputs])]
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "fastnn",
            [make_info("input", kind, ["rows", described.inputs])],
            outputs,
            list(graph.constants.values()),
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="fastnn",
        producer_version=__version__,
    )


def _add(graph: _Graph, steps: list[Any], x: str) -> str:
    """Add the nodes of `steps` behind value `x` and return the last one's output."""
    for step in steps:
        if isinstance(step, Activate):
            x = activate(graph, x, step, graph.dtype)
        else:
            x = _WRITERS[type(step)](graph, x, step)
    return x


def _dense(graph: _Graph, x: str, step: Dense) -> str:
    kernel = graph.constant("kernel", step.kernel)
    if step.bias is None:
        return graph("MatMul", x, kernel)
    return graph("Gemm", x, kernel, graph.constant("bias", step.bias))


def _scale(graph: _Graph, x: str, step: Scale) -> str:
    # not BatchNormalization: it multiplies before it subtracts, which loses digits where the mean is large
    for operator, name in (("Sub", "center"), ("Mul", "factor"), ("Add", "shift")):
        value = getattr(step, name)
        x = x if value is None else graph(operator, x, graph.constant(name, value))
    return x


def _layer_norm(graph: _Graph, x: str, step: LayerNorm) -> str:
    if graph.dtype == "float32":
        gamma = np.ones(step.width, graph.dtype) if step.gamma is None else step.gamma
        beta = [] if step.beta is None else [graph.constant("beta", step.beta)]
        return graph("LayerNormalization", x, graph.constant("gamma", gamma), *beta, axis=-1, epsilon=step.epsilon)
    # LayerNormalization computes mean and variance in float32 whatever x is
    centered = graph("Sub", x, graph("ReduceMean", x, axes=[-1], keepdims=1))
    variance = graph("ReduceMean", graph("Mul", centered, centered), axes=[-1], keepdims=1)
    made = graph("Div", centered, graph("Sqrt", graph("Add", variance, step.epsilon)))
    return _scale(graph, made, Scale(None, step.gamma, step.beta))


def _residual(graph: _Graph, x: str, step: Residual) -> str:
    skipped = x if step.projection is None else _dense(graph, x, step.projection)
    return graph("Add", skipped, _add(graph, step.branch, x))


_WRITERS: dict[type, Any] = {
    Dense: _dense,
    Scale: _scale,
    BatchNorm: lambda graph, x, step: _scale(graph, x, step.as_scale()),
    LayerNorm: _layer_norm,
    PRelu: lambda graph, x, step: graph("PRelu", x, graph.constant("slopes", step.slopes)),
    Residual: _residual,
    Complement: lambda graph, x, step: graph("Concat", graph("Sub", 1.0, x), x, axis=1),
}


def _label(graph: _Graph, described: Program) -> Any:
    """Add the nodes of the output "label" behind "probabilities" and return its declaration."""
    make_info, kinds = graph.onnx.helper.make_tensor_value_info, graph.onnx.TensorProto
    if described.multilabel:
        graph("Cast", graph("Greater", "probabilities", 0.5), to=kinds.INT64, output="label")
        return make_info("label", kinds.INT64, ["rows", described.outputs])
    assert described.classes is not None
    # two columns of probabilities may stand for a single class
    classes = described.classes.take(np.arange(described.outputs), mode="clip")
    labels, kind = _class_names(graph, classes)
    numbers = graph("ArgMax", "probabilities", axis=1, keepdims=0)
    graph("Gather", labels, numbers, output="label")
    return make_info("label", kind, ["rows"])


def _class_names(graph: _Graph, classes: Array) -> tuple[str, int]:
    """Keep the labels as a constant; returns its name and element type."""
    kinds = graph.onnx.TensorProto
    labels = classes.tolist()
    if any(isinstance(label, int) and not -(2**63) <= label < 2**63 for label in labels):
        raise ValueError(f"expected integer labels of at most 64 bits with their sign, received: {labels}")
    classes = np.asarray(labels)  # what objects are
    if classes.dtype.kind in "US":
        return graph.strings("classes", [str(name) for name in classes]), kinds.STRING
    as_types = {"b": ("bool", kinds.BOOL), "f": ("float64", kinds.DOUBLE)}
    dtype, kind = as_types.get(classes.dtype.kind, ("int64", kinds.INT64))
    return graph.constant("classes", classes, dtype), kind
