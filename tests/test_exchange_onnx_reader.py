"""from_onnx: networks that others wrote become models that predict the same; everything else is a ValueError."""

import contextlib
import os

import numpy as np
import pytest

import fastnn
from fastnn import layers
from tests import exchange_cases as cases

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

FLOAT = TensorProto.FLOAT


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


@pytest.fixture
def save(path):
    """save(nodes, constants, ...): write a graph from "x" to "y" and return its path."""

    def saved(nodes, constants, *, inputs=("x",), outputs=("y",), opset=17, columns=7, kind=FLOAT):
        graph = helper.make_graph(
            [
                helper.make_node(*node[:3], name=f"{node[0]}_{index}", **(node[3] if len(node) > 3 else {}))
                for index, node in enumerate(nodes)
            ],
            "graph",
            [helper.make_tensor_value_info(name, kind, [None, *np.atleast_1d(columns).tolist()]) for name in inputs],
            [helper.make_tensor_value_info(name, kind, [None, None]) for name in outputs],
            [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
        )
        domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
        onnx.save(helper.make_model(graph, opset_imports=domains, ir_version=8), path)
        return path

    return saved


def reference(path, x):
    """What onnx's own reference computes."""
    from onnx.reference import ReferenceEvaluator

    with np.errstate(over="ignore"):
        return ReferenceEvaluator(onnx.load(path)).run(None, {"x": x})[0]


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype("float32")


# ---- what others write -----------------------------------------------------------------------------------------------


def test_gemm_in_pytorchs_form(save):
    path = save(
        [
            ("Flatten", ["x"], ["flat"], {"axis": 1}),
            ("Gemm", ["flat", "w", "b"], ["a"], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
            ("Relu", ["a"], ["h"]),
            ("Dropout", ["h"], ["d"]),
            ("Gemm", ["d", "v"], ["y"], {"transB": 0}),
        ],
        {"w": normal(5, 7), "b": normal(5), "v": normal(5, 3)},
    )
    model = fastnn.from_onnx(path)
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dropout", "Dense"]
    x = cases.rows("float32")
    cases.check_close(model.predict(x), reference(path, x))


def test_skl2onnxs_form(save):
    """A scaler, casts, products and sums apart, two probabilities, labels, a list of maps."""
    path = save(
        [
            ("Cast", ["x"], ["cast"], {"to": FLOAT}),
            ("MatMul", ["cast", "w"], ["a"]),
            ("Add", ["b", "a"], ["s"]),
            ("Tanh", ["s"], ["h"]),
            ("MatMul", ["h", "v"], ["o"]),
            ("Add", ["o", "c"], ["z"]),
            ("Sigmoid", ["z"], ["p"]),
            ("Sub", ["one", "p"], ["q"]),
            ("Concat", ["q", "p"], ["y"], {"axis": 1}),
            ("ArgMax", ["y"], ["number"], {"axis": 1, "keepdims": 0}),
        ],
        {"w": normal(7, 4), "b": normal(4), "v": normal(4, 1), "c": normal(1), "one": np.ones(1, "float32")},
        outputs=("y", "number"),
    )
    with pytest.raises(ValueError, match=r"expected one output of real numbers in rows, received: \['y', 'number'\]"):
        fastnn.from_onnx(path)
    model = onnx.load(path)
    model.graph.output[1].type.tensor_type.elem_type = TensorProto.INT64
    onnx.save(model, path)
    x = cases.rows("float32")
    cases.check_close(fastnn.from_onnx(path).predict(x), reference(path, x)[:, 1:])


@pytest.mark.parametrize(("axis", "outputs"), [(1, 3), (0, 1), (0, 3)])
def test_what_is_joined_otherwise_is_refused(axis, outputs, save):
    """Only of two columns, 1 - p and p, one says all."""
    path = save(
        [
            ("MatMul", ["x", "w"], ["z"]),
            ("Sigmoid", ["z"], ["p"]),
            ("Sub", ["one", "p"], ["q"]),
            ("Concat", ["q", "p"], ["y"], {"axis": axis}),
        ],
        {"w": normal(7, outputs), "one": np.ones(1, "float32")},
    )
    with pytest.raises(ValueError, match=r"\(Concat\)"):
        fastnn.from_onnx(path)


ERF_GELU = (
    [
        ("Div", ["z", "root"], ["u"]),
        ("Erf", ["u"], ["e"]),
        ("Add", ["e", "one"], ["f"]),
        ("Mul", ["z", "f"], ["g"]),
        ("Mul", ["g", "half"], ["y"]),
    ],
    {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)},
)
SILU = ([("Sigmoid", ["z"], ["s"]), ("Mul", ["z", "s"], ["y"])], {})
LEAKY = ([("Mul", ["z", "slope"], ["s"]), ("Max", ["z", "s"], ["y"])], {"slope": np.float32(0.05)})
SIX = ([("Clip", ["z", "low", "high"], ["y"])], {"low": np.float32(0), "high": np.float32(6)})
FORMS = {"gelu": ERF_GELU, "silu": SILU, "leaky_relu": LEAKY, "relu6": SIX}


@pytest.mark.parametrize("name", FORMS)
def test_activations_in_other_operators(name, save):
    nodes, constants = FORMS[name]
    path = save(
        [("MatMul", ["x", "w"], ["a"]), ("Add", ["a", "b"], ["z"]), *nodes],
        {"w": normal(7, 4), "b": normal(4), **constants},
    )
    if name not in fastnn.activations.NAMES:
        with pytest.raises(ValueError, match="received: "):
            fastnn.from_onnx(path)
        return
    model = fastnn.from_onnx(path)
    assert len(model.layers) == 1
    x = cases.rows("float32")
    cases.check_close(model.predict(x), reference(path, x))


def test_activation_that_is_almost_one_that_we_have(save):
    path = save([("MatMul", ["x", "w"], ["z"]), ("HardSigmoid", ["z"], ["y"], {"alpha": 0.19})], {"w": normal(7, 4)})
    with pytest.raises(ValueError, match=r"received: node 'HardSigmoid_1' \(HardSigmoid\)"):
        fastnn.from_onnx(path)


@pytest.mark.parametrize(("low", "high"), [(-100, 100), (1e-9, 100), (-1e-9, 6), (1e-7, 3e38)])
def test_clip_that_we_do_not_have(low, high, save):
    constants = {"w": normal(7, 4), "low": np.float32(low), "high": np.float32(high)}
    path = save([("MatMul", ["x", "w"], ["z"]), ("Clip", ["z", "low", "high"], ["y"])], constants)
    with pytest.raises(ValueError, match=r"received: node 'Clip_1' \(Clip\)"):
        fastnn.from_onnx(path)


def test_scalers_in_parts(save):
    """Centered and divided, as scalers of scikit-learn are written; a constant less x; what divides by x or by 0."""
    x = cases.rows("float32")
    constants = {"c": normal(7), "d": np.abs(normal(7)) + 0.5, "one": np.float32(1), "w": normal(7, 4)}
    last = ("MatMul", ["b", "w"], ["y"])
    for first in (("Sub", ["x", "c"], ["a"]), ("Sub", ["c", "x"], ["a"])):
        path = save([first, ("Div", ["a", "d"], ["b"]), last], constants)
        cases.check_close(fastnn.from_onnx(path).predict(x), reference(path, x))
    for inputs, zeros in ((["one", "x"], {}), (["x", "d"], {"d": np.zeros(7, "float32")})):
        with pytest.raises(ValueError, match=r"expected node 'Div_0' \(Div\) as a layer has it"):
            fastnn.from_onnx(save([("Div", inputs, ["b"]), last], {**constants, **zeros}))


def test_tiny_factors(save):
    path = save([("Mul", ["x", "c"], ["y"])], {"c": np.array([1e-20, 1e-21, 1e-16, -1, 1, 1e5, 1e8], "float32")})
    x = cases.rows("float32") / np.array([1e-20, 1e-21, 1e-16, 1, 1, 1e5, 1e8], "float32")
    cases.check_close(fastnn.from_onnx(path).predict(x), reference(path, x))
    path = save([("Mul", ["x", "c"], ["y"])], {"c": np.array([1e-20, 1e-21, 1, 1, 1, 1, 1], "float32")})
    x = cases.rows("float32") / np.array([1e-20, 1e-21, 1, 1, 1, 1, 1], "float32")
    cases.check_close(fastnn.from_onnx(path).predict(x), reference(path, x))


def test_casts(save):
    product = ("MatMul", ["b", "w"], ["y"])
    for kind in (TensorProto.DOUBLE, TensorProto.FLOAT16):
        path = save(
            [("Cast", ["x"], ["a"], {"to": kind}), ("Cast", ["a"], ["b"], {"to": FLOAT}), product], {"w": normal(7, 4)}
        )
        assert [type(layer) for layer in fastnn.from_onnx(path).layers] == [layers.Dense]
    for kind in (TensorProto.INT64, TensorProto.BOOL):
        path = save(
            [("Cast", ["x"], ["a"], {"to": kind}), ("Cast", ["a"], ["b"], {"to": FLOAT}), product], {"w": normal(7, 4)}
        )
        with pytest.raises(ValueError, match=r"node 'Cast_0' \(Cast\) as a layer has it"):
            fastnn.from_onnx(path)


def test_dropout_as_in_training(save):
    nodes = [("MatMul", ["x", "w"], ["z"]), ("Dropout", ["z", "ratio", "training"], ["y"])]
    constants = {"w": normal(7, 4), "ratio": np.float32(0.25), "training": np.array(False)}
    assert fastnn.from_onnx(save(nodes, constants)).layers[1].rate == 0.25
    with pytest.raises(ValueError, match=r"node 'Dropout_1' \(Dropout\) as a layer has it"):
        fastnn.from_onnx(save(nodes, {**constants, "training": np.array(True)}))


def test_weights_behind_constant_operators(save):
    path = save(
        [("Transpose", ["w"], ["t"], {"perm": [1, 0]}), ("Identity", ["b"], ["c"]), ("Gemm", ["x", "t", "c"], ["y"])],
        {"w": normal(4, 7), "b": normal(4)},
    )
    x = cases.rows("float32")
    cases.check_close(fastnn.from_onnx(path).predict(x), reference(path, x))


def test_reshapes_that_keep_rows(save):
    nodes = [("Reshape", ["x", "shape"], ["r"]), ("MatMul", ["r", "w"], ["y"])]
    x = cases.rows("float32")
    for shape in ([0, 7], [-1, 7], [0, -1]):
        path = save(nodes, {"shape": np.array(shape), "w": normal(7, 4)})
        cases.check_close(fastnn.from_onnx(path).predict(x), reference(path, x))
    for shape in ([1, -1], [7]):
        with pytest.raises(ValueError, match=r"node 'Reshape_0' \(Reshape\) as a layer has it"):
            fastnn.from_onnx(save(nodes, {"shape": np.array(shape), "w": normal(7, 4)}))
    nodes = [("MatMul", ["x", "w"], ["z"]), ("Reshape", ["z", "shape"], ["y"])]
    with pytest.raises(ValueError, match="expected 4 columns"):
        fastnn.from_onnx(save(nodes, {"shape": np.array([-1, 2]), "w": normal(7, 4)}))


def test_rows_of_several_dimensions_that_become_flat(save):
    """Elementwise operators may come before; rows are flat for the model."""
    constants = {"w": normal(8, 3), "one": np.ones(1, "float32"), "shape": np.array([-1, 8])}
    flat = {"Flatten": ["s"], "Reshape": ["s", "shape"]}
    for operator, inputs in flat.items():
        nodes = [("Add", ["x", "one"], ["s"]), (operator, inputs, ["f"]), ("MatMul", ["f", "w"], ["y"])]
        path = save(nodes, constants, columns=(2, 4))
        x = normal(5, 2, 4)
        cases.check_close(fastnn.from_onnx(path).predict(x.reshape(5, 8)), reference(path, x))


# ---- what has another shape ------------------------------------------------------------------------------------------


def product(**settings):
    return {"nodes": [("MatMul", ["x", "w"], ["y"])], "constants": {"w": normal(7, 4)}, **settings}


OTHERS = {
    "convolution": (
        {"nodes": [("Conv", ["x", "w"], ["y"])], "constants": {"w": normal(2, 1, 3)}},
        r"node 'Conv_0' \(Conv\)",
    ),
    "two inputs": (product(inputs=("x", "z")), r"expected one input, received: \['x', 'z'\]"),
    "two outputs": (
        {
            "nodes": [("Relu", ["x"], ["y"]), ("Tanh", ["x"], ["z"])],
            "constants": {},
            "outputs": ("y", "z"),
        },
        "expected one output",
    ),
    "two ways": (
        {
            "nodes": [("MatMul", ["x", "w"], ["a"]), ("MatMul", ["x", "w"], ["b"]), ("Mul", ["a", "b"], ["y"])],
            "constants": {"w": normal(7, 4)},
        },
        r"expected layers in a row.*node 'Mul_2' \(Mul\)",
    ),
    "transposed input": (
        {"nodes": [("Gemm", ["x", "w"], ["y"], {"transA": 1})], "constants": {"w": normal(7, 4)}},
        r"node 'Gemm_0' \(Gemm\) as a layer has it",
    ),
    "product from the left": (
        {"nodes": [("MatMul", ["w", "x"], ["y"])], "constants": {"w": normal(7, 4)}},
        r"node 'MatMul_0' \(MatMul\)",
    ),
    "other axis": (
        {"nodes": [("Softmax", ["x"], ["y"], {"axis": 0})], "constants": {}},
        r"node 'Softmax_0' \(Softmax\)",
    ),
    "widths that differ": (
        {
            "nodes": [("MatMul", ["x", "w"], ["a"]), ("MatMul", ["a", "v"], ["y"])],
            "constants": {"w": normal(7, 4), "v": normal(5, 2)},
        },
        "expected 4 columns for Dense, as the layer before has, received: 5",
    ),
    "bias too long": (
        {
            "nodes": [("MatMul", ["x", "w"], ["a"]), ("Add", ["a", "b"], ["y"])],
            "constants": {"w": normal(7, 4), "b": normal(5)},
        },
        "received: 5",
    ),
    "width that the file says": (product(columns=5), "expected 7 columns of 'x', as its layers have, received: 5"),
    "large constant of small ones": (
        {
            "nodes": [("Add", ["c", "r"], ["w"]), ("MatMul", ["x", "w"], ["y"])],
            "constants": {"c": normal(7, 1), "r": normal(1, 9)},
        },
        r"constants that are not larger than their parts, received: node 'Add_0' \(Add\)",
    ),
    "columns of several dimensions": (
        {
            "nodes": [("Softmax", ["x"], ["s"]), ("Flatten", ["s"], ["f"]), ("MatMul", ["f", "w"], ["y"])],
            "constants": {"w": normal(8, 3)},
            "columns": (2, 4),
        },
        "expected 'x' to have two dimensions, rows and columns, or to be flattened first, received: 3 dimensions",
    ),
    "product along the last of three dimensions": (product(columns=(2, 7)), "two dimensions.*received: 3 dimensions"),
    "rows from columns": (
        {
            "nodes": [("Reshape", ["x", "shape"], ["r"]), ("MatMul", ["r", "w"], ["y"])],
            "constants": {"shape": np.array([-1, 7]), "w": normal(7, 4)},
            "columns": (2, 7),
        },
        "expected 7 columns of 'x', as its layers have, received: 14",
    ),
    "second output of a normalization": (
        {"nodes": [("LayerNormalization", ["x", "g"], ["n", "y"])], "constants": {"g": normal(7)}},
        r"expected the first output of node 'LayerNormalization_0' \(LayerNormalization\) alone.*received: 'y'",
    ),
    "mask of a dropout": (
        {"nodes": [("Dropout", ["x"], ["d", "m"]), ("Cast", ["m"], ["y"], {"to": FLOAT})], "constants": {}},
        r"expected the first output of node 'Dropout_0' \(Dropout\) alone.*received: 'm'",
    ),
    "shift of a normalization that is no constant": (
        {"nodes": [("LayerNormalization", ["x", "g", "x"], ["y"])], "constants": {"g": normal(7)}},
        r"node 'LayerNormalization_0' \(LayerNormalization\) as a layer has it",
    ),
    "constant output": ({"nodes": [("Relu", ["w"], ["y"])], "constants": {"w": normal(7, 4)}}, "received: "),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_graphs_are_named(name, save):
    graph, message = OTHERS[name]
    path = save(**graph)
    with pytest.raises(ValueError, match=message) as raised:
        fastnn.from_onnx(path)
    assert "expected an ONNX file of a multilayer perceptron, received: " in str(raised.value)
    assert str(path) in str(raised.value)


# ---- bad files -------------------------------------------------------------------------------------------------------


def test_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        fastnn.from_onnx(tmp_path / "missing")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        fastnn.from_onnx(tmp_path)


FILES = {
    "empty": b"",
    "png": b"\x89PNG\r\n\x1a\n",
    "zip": b"PK\x03\x04" + b"x" * 99,
    "text": b"hello",
    "eights": b"\x08" * 50,
    "version, then noise": b"\x08\x07" + b"\xff" * 50,
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_other_files(content, path):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"expected an ONNX file.*model\.onnx"):
        fastnn.from_onnx(path)


@pytest.mark.filterwarnings("ignore")
def test_broken_files(path):
    """Cut anywhere, and with any byte changed: a ValueError, or a model where the change was in a weight or a name."""
    fastnn.to_onnx(cases.classifier("three strings", "float32"), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    read = 0
    for trial in range(400):
        content = bytearray(whole)
        if trial % 2:
            content = content[: rng.integers(len(whole))]
        else:
            for place in rng.integers(len(whole), size=rng.integers(1, 4)):
                content[place] = rng.integers(256)
        path.write_bytes(content)
        with contextlib.suppress(ValueError):
            assert isinstance(fastnn.from_onnx(path), fastnn.Sequential)
            read += 1
    assert 0 < read < 200


def test_weights_beside_the_file(tmp_path):
    """The form that large models have."""
    fastnn.to_onnx(cases.layer_model("Dense", "float32"), tmp_path / "whole.onnx")
    model = onnx.load(tmp_path / "whole.onnx")
    onnx.save(model, tmp_path / "apart.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    x = cases.rows("float32")
    whole, apart = (fastnn.from_onnx(tmp_path / name) for name in ("whole.onnx", "apart.onnx"))
    np.testing.assert_array_equal(whole.predict(x), apart.predict(x))
    as_bytes = fastnn.from_onnx(os.fsencode(tmp_path / "apart.onnx"))
    np.testing.assert_array_equal(whole.predict(x), as_bytes.predict(x))
    assert [type(layer) for layer in apart.layers] == [layers.Dense] * len(apart.layers)
