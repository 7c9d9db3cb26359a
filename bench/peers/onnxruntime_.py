"""ONNX Runtime on a graph of Gemm nodes made of the first parameters; it only predicts.

All optimizations, one thread unless told otherwise, and memory bound to the session where that is faster.
Source: https://onnxruntime.ai/docs/performance/tune-performance/threading.html
"""

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

from peers.peer import Peer

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh"}


def graph_of(configuration):
    """An ONNX model of a configuration at its first parameters, serialized."""
    nodes, constants, name = [], [], "x"
    layers = configuration.parameters()
    for number, layer in enumerate(layers):
        names = [f"kernel_{number}", f"bias_{number}"]
        constants += [numpy_helper.from_array(array, its) for array, its in zip(layer, names, strict=True)]
        nodes.append(helper.make_node("Gemm", [name, *names], [f"z_{number}"]))
        name = f"z_{number}"
        last = number == len(layers) - 1
        if not (last and configuration.regression):
            operation = "Softmax" if last else ACTIVATIONS[configuration.activation]
            nodes.append(helper.make_node(operation, [name], [f"y_{number}"]))
            name = f"y_{number}"
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(configuration.dtype))
    ends = [
        helper.make_tensor_value_info(end, kind, ["rows", width])
        for end, width in (("x", configuration.widths[0]), (name, configuration.widths[-1]))
    ]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


class OnnxRuntime(Peer):
    @staticmethod
    def lacks(configuration):
        return "batch normalization in this graph" if configuration.batch_normalization else ""

    def __init__(self, configuration, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(graph_of(configuration), options, ["CPUExecutionProvider"])
        self.output = self.session.get_outputs()[0].name
        self.outputs = configuration.widths[-1]

    def version(self):
        return f"onnxruntime {onnxruntime.__version__}"

    def predict(self, X):
        return self.session.run(None, {"x": X})[0]

    def ways(self, X):
        binding = self.session.io_binding()
        out = np.empty((len(X), self.outputs), X.dtype)
        kept = onnxruntime.OrtValue.ortvalue_from_numpy(X)
        binding.bind_ortvalue_input("x", kept)
        binding.bind_output(self.output, "cpu", 0, out.dtype, out.shape, out.ctypes.data)

        def bound():
            self.session.run_with_iobinding(binding)
            return out

        return {"run": lambda: self.predict(X), "bound memory": bound}


PEER = OnnxRuntime
