"""to_c: the C file compiles without a warning, computes what the model does, and says its size."""

import ctypes
import re
import shutil
import subprocess

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.exchange.c_formulas import number
from tests import exchange_cases as cases

COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)] or [name for name in ["cc"] if shutil.which(name)]
if not COMPILERS:
    pytest.skip("no C compiler", allow_module_level=True)
WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-Wdouble-promotion", "-Wconversion", "-Wshadow"]


class Compiled:
    """The functions of C files in one library."""

    def __init__(self, sources, compiler, dtype):
        self.dtype = dtype
        library = sources[0].with_suffix(f".{compiler}.so")
        flags = [*WARNINGS, "-O1", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, "-o", library, *sources, "-lm"], check=True)
        self.library = ctypes.CDLL(str(library))

    def predict(self, x, outputs, name="predict"):
        y = np.full((len(x), outputs + 1), -7, dtype=self.dtype)  # a column that nothing may touch
        for row, result in zip(np.ascontiguousarray(x), y, strict=True):
            self.library[name](ctypes.c_void_p(row.ctypes.data), ctypes.c_void_p(result.ctypes.data))
        assert (y[:, -1] == -7).all()
        return y[:, :-1]

    def predict_class(self, x):
        return [self.library.predict_class(ctypes.c_void_p(row.ctypes.data)) for row in np.ascontiguousarray(x)]

    def class_names(self, count):
        return [name.decode() for name in (ctypes.c_char_p * count).in_dll(self.library, "class_names")]


@pytest.fixture
def write(tmp_path):
    def compiled(model, dtype, compiler=COMPILERS[0]):
        path = tmp_path / "model.c"
        fastnn.to_c(model, path)
        return Compiled([path], compiler, dtype)

    return compiled


@pytest.fixture(scope="module")
def all_activations(tmp_path_factory):
    """A library with a function for every activation, predict_0 and so on; compiled once for each dtype."""
    libraries = {}

    def compiled(dtype):
        if dtype not in libraries:
            sources = []
            for index, activation in enumerate(cases.activation_cases().values()):
                sources.append(tmp_path_factory.mktemp(dtype) / "model.c")
                fastnn.to_c(cases.activation_model(activation, dtype), sources[-1])
                sources[-1].write_text(re.sub(r"\bpredict\b", f"predict_{index}", sources[-1].read_text()))
            libraries[dtype] = Compiled(sources, COMPILERS[0 if dtype == "float32" else -1], dtype)
        return libraries[dtype]

    return compiled


@pytest.mark.parametrize("name", cases.activation_cases())
def test_activations(name, dtype, all_activations):
    model = cases.activation_model(cases.activation_cases()[name], dtype)
    x = cases.rows(dtype)
    wanted = model.predict(x)
    index = list(cases.activation_cases()).index(name)
    cases.check_close(all_activations(dtype).predict(x, wanted.shape[1], f"predict_{index}"), wanted)


@pytest.mark.parametrize("name", cases.layer_names())
@pytest.mark.parametrize("compiler", COMPILERS)
def test_layers(name, compiler, dtype, write):
    model = cases.layer_model(name, dtype)
    x = cases.rows(dtype)
    wanted = model.predict(x)
    cases.check_close(write(model, dtype, compiler).predict(x, wanted.shape[1]), wanted)


@pytest.mark.parametrize("kind", cases.LABELS)
def test_classifiers(kind, dtype, write):
    model = cases.classifier(kind, dtype)
    x = cases.rows(dtype)
    wanted = model.predict_proba(x)
    made = write(model, dtype, COMPILERS[-1])
    cases.check_close(made.predict(x, wanted.shape[1]), wanted)
    if kind in ("two labels", "several labels"):
        assert not hasattr(made.library, "predict_class")
        return
    names = made.class_names(wanted.shape[1])
    assert [names[index] for index in made.predict_class(x)] == [str(label) for label in model.predict(x)]


def test_nothing_but_activations(write):
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Activation("tanh"), layers.Activation("relu")])
    x = cases.rows("float32")[:, :3]
    cases.check_close(write(model, "float32").predict(x, 3), model.predict(x))


def test_wide_and_deep(write):
    widths = [31, 64, 5, 100, 1, 17]
    stack = [layers.Dense(width, "tanh", use_bias=width != 5) for width in widths]
    model = cases.filled(fastnn.Sequential([fastnn.Input((cases.INPUTS,)), *stack], seed=0))
    x = cases.rows("float32")
    cases.check_close(write(model, "float32").predict(x, 17), model.predict(x))


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 1.0, 1e30, -1.5e-38, 1e-45, 0.1, 1 / 3, 3.4028234663852886e38, 16777216.0]
)
def test_numbers_are_read_back_exactly(value, dtype):
    value = np.dtype(dtype).type(value)
    text = number(value.item(), dtype)
    assert text.endswith("f") == (dtype == "float32")
    assert re.search(r"[.e]", text), "an integer in C"
    assert np.dtype(dtype).type(text.removesuffix("f")).tobytes() == value.tobytes()


def test_weights_are_in_the_file_to_the_bit(write, tmp_path, dtype):
    model = cases.layer_model("Dense", dtype)
    fastnn.to_c(model, tmp_path / "model.c")
    text = (tmp_path / "model.c").read_text()
    found = [
        re.findall(r"[-\d.e]+", body)
        for body in re.findall(r"static const \w+ kernel_\w+\[\d+\] = \{(.*?)\};", text, re.S)
    ]
    wanted = [array.T for array in model.get_weights() if array.ndim == 2]
    assert [np.array(part, dtype=dtype).tobytes() for part in found] == [part.tobytes() for part in wanted]


@pytest.mark.skipif(not shutil.which("nm"), reason="needs nm")
@pytest.mark.parametrize("kind", ["three strings", None])
def test_the_stated_bytes_are_those_of_the_object_file(kind, dtype, write, tmp_path):
    model = cases.classifier(kind, dtype) if kind else cases.layer_model("Dense", dtype)
    path = tmp_path / "model.c"
    fastnn.to_c(model, path)
    stated = re.search(r"Weights: (\d+) bytes, constant. Scratch: (\d+) bytes", path.read_text())
    subprocess.run([COMPILERS[0], *WARNINGS, "-c", "-o", tmp_path / "model.o", path], check=True)
    listed = subprocess.run(["nm", "-S", tmp_path / "model.o"], capture_output=True, text=True, check=True).stdout
    sizes = {"r": 0, "b": 0}  # constants, and memory that is zero at the start
    for _, size, section, _name in (line.split() for line in listed.splitlines() if len(line.split()) == 4):
        sizes[section] = sizes.get(section, 0) + int(size, 16)
    assert (sizes["r"], sizes["b"]) == (int(stated[1]), int(stated[2]))


def test_it_needs_nothing_but_math(write, tmp_path):
    fastnn.to_c(cases.classifier("five integers", "float32"), tmp_path / "model.c")
    text = (tmp_path / "model.c").read_text()
    assert re.findall(r"#\s*include\s+(\S+)", text) == ["<math.h>"]
    assert set(re.findall(r"\b(\w+)\(", text.split("#include")[1])) & {"malloc", "memcpy", "printf", "exp"} == set()
    assert max(map(len, text.splitlines())) <= 150


def test_two_models_in_one_program(tmp_path):
    model = cases.classifier("three strings", "float32")
    fastnn.to_c(model, tmp_path / "a.c")
    (tmp_path / "main.c").write_text(
        "int predict_class(const float *x); int other_class(const float *x);\n"
        "int main(void) { float x[7] = {0}; return predict_class(x) - other_class(x); }\n"
    )
    renamed = ["-Dpredict=other", "-Dpredict_class=other_class", "-Dclass_names=other_names"]
    compiler = [COMPILERS[0], "-std=c99"]
    subprocess.run([*compiler, "-c", "-o", tmp_path / "a.o", tmp_path / "a.c"], check=True)
    subprocess.run([*compiler, *renamed, "-c", "-o", tmp_path / "b.o", tmp_path / "a.c"], check=True)
    objects = [tmp_path / name for name in ("main.c", "a.o", "b.o")]
    subprocess.run([*compiler, "-o", tmp_path / "main", *objects, "-lm"], check=True)
    subprocess.run([tmp_path / "main"], check=True)


def test_unknown_activation_names_itself(tmp_path, monkeypatch):
    from fastnn.exchange import c_formulas

    monkeypatch.delitem(c_formulas.FORMULAS, "tanh")
    with pytest.raises(ValueError, match=r"expected an activation with a formula in C .*, received: 'tanh'"):
        fastnn.to_c(cases.activation_model("tanh", "float32"), tmp_path / "model.c")
    assert not list(tmp_path.iterdir())
