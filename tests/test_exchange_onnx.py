"""to_onnx: ONNX Runtime computes what the model does, for every layer and activation; errors where it cannot."""

import copy
import sys

import numpy as np
import pytest

import fastnn
from fastnn import layers
from tests import exchange_cases as cases

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


def run(path, x):
    """Outputs of ONNX Runtime by name; the file passes onnx's own checks, shapes included."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"input": x}), strict=True))


@pytest.mark.parametrize("name", cases.activation_cases())
def test_activations(name, dtype, path):
    model = cases.activation_model(cases.activation_cases()[name], dtype)
    if dtype == "float64" and name == "gelu":  # ONNX Runtime has no Erf in double
        with pytest.raises(ValueError, match=r"in float64, received: 'gelu'; a dtype='float32' model"):
            fastnn.to_onnx(model, path)
        assert not path.exists()
        return
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    cases.check_close(run(path, x)["output"], model.predict(x))


@pytest.mark.parametrize("name", cases.layer_names())
def test_layers(name, dtype, path):
    model = cases.layer_model(name, dtype)
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    cases.check_close(run(path, x)["output"], model.predict(x))


@pytest.mark.parametrize("count", [1, 2, 33])
def test_any_number_of_rows(count, path):
    model = cases.activation_model("softmax", "float32")
    fastnn.to_onnx(model, path)
    x = cases.rows("float32", count)
    cases.check_close(run(path, x)["output"], model.predict(x))


@pytest.mark.parametrize("kind", cases.LABELS)
def test_classifiers(kind, dtype, path):
    model = cases.classifier(kind, dtype)
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    made = run(path, x)
    wanted = model.predict(x)
    assert made["label"].tolist() == wanted.tolist()
    assert len(np.unique(wanted)) > 1 or kind == "one"
    cases.check_close(made["probabilities"], model.predict_proba(x))


def test_one_half_is_the_first_class(path):
    model = copy.deepcopy(cases.classifier("two strings", "float32"))
    for array in model.coefs_ + model.intercepts_:
        array[...] = 0
    fastnn.to_onnx(model, path)
    x = cases.rows("float32")
    assert run(path, x)["label"].tolist() == model.predict(x).tolist() == [model.classes_[0]] * len(x)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.filterwarnings("ignore:.*converged")
def test_regressors(outputs, loss, dtype, path):
    x = cases.rows(dtype)
    model = fastnn.MLPRegressor(loss, (12,), max_iter=5, random_state=0).fit(
        x, np.abs(x[:, :outputs] if outputs > 1 else x[:, 0])
    )
    fastnn.to_onnx(model, path)
    cases.check_close(run(path, x)["output"], model.predict(x).reshape(len(x), outputs))


@pytest.mark.filterwarnings("ignore:.*converged")
@pytest.mark.parametrize("scaler", ["StandardScaler", "MinMaxScaler"])
@pytest.mark.parametrize("settings", [{}, {"with_mean": False}, {"with_std": False}])
def test_pipelines(scaler, settings, dtype, path):
    preprocessing, pipeline = pytest.importorskip("sklearn.preprocessing"), pytest.importorskip("sklearn.pipeline")
    x = (cases.rows("float64") * 3 + 5).astype(dtype)
    settings = settings if scaler == "StandardScaler" else {}
    scale = getattr(preprocessing, scaler)(**settings)
    model = pipeline.make_pipeline(scale, "passthrough", fastnn.MLPClassifier((8,), max_iter=10, random_state=0))
    model.fit(x, cases.labels("three strings"))
    fastnn.to_onnx(model, path)
    made = run(path, x)
    cases.check_close(made["probabilities"], model.predict_proba(x))
    assert made["label"].tolist() == model.predict(x).tolist()


@pytest.mark.filterwarnings("ignore:.*converged")
def test_other_pipelines_are_refused(path):
    preprocessing, pipeline = pytest.importorskip("sklearn.preprocessing"), pytest.importorskip("sklearn.pipeline")
    x = cases.rows("float32")
    for scaler in (preprocessing.PolynomialFeatures(), preprocessing.MinMaxScaler(clip=True)):
        model = pipeline.make_pipeline(scaler, fastnn.MLPRegressor(max_iter=2)).fit(x, x[:, 0])
        with pytest.raises(ValueError, match=r"expected StandardScaler or MinMaxScaler .*, received: '\w+', "):
            fastnn.to_onnx(model, path)
    assert not path.exists()


def test_rows_of_several_dimensions_are_flat(path):
    stack = [layers.Flatten(), layers.Dense(5, "tanh")]
    model = cases.filled(fastnn.Sequential([fastnn.Input((3, 4)), *stack], seed=0))
    fastnn.to_onnx(model, path)
    x = np.random.default_rng(0).normal(size=(6, 3, 4)).astype("float32")
    cases.check_close(run(path, x.reshape(6, 12))["output"], model.predict(x))


def test_what_the_file_says(path):
    fastnn.to_onnx(cases.layer_model("Dense", "float32"), path)
    model = onnx.load(path)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    assert (model.producer_name, model.producer_version) == ("fastnn", fastnn.__version__)
    columns = [d.dim_value or d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert columns == ["rows", cases.INPUTS]


# ---- bad input -------------------------------------------------------------------------------------------------------


def test_without_onnx(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    model = cases.layer_model("Dense", "float32")
    with pytest.raises(ImportError, match=r'pip install "fastnn-mlp\[onnx\]"'):
        fastnn.to_onnx(model, path)
    with pytest.raises(ImportError, match=r'pip install "fastnn-mlp\[onnx\]"'):
        fastnn.from_onnx(path)


def test_models_that_cannot_be_written(path):
    with pytest.raises(TypeError, match="expected a Sequential, MLPClassifier or MLPRegressor of fastnn, received: 3"):
        fastnn.to_onnx(3, path)
    with pytest.raises(ValueError, match="width of the input"):
        fastnn.to_onnx(fastnn.Sequential([layers.Dense(3)]), path)
    with pytest.raises(ValueError, match="not fitted"):
        fastnn.to_onnx(fastnn.MLPClassifier(), path)
    model = cases.layer_model("Dense", "float32")
    model.layers[0].kernel[0, 0] = np.nan
    with pytest.raises(ValueError, match="parameters are finite, received: NaN"):
        fastnn.to_onnx(model, path)

    class Own(layers.Dense):
        pass

    with pytest.raises(ValueError, match=r"expected layers among Dense, .*received: 'own' \(Own\)"):
        fastnn.to_onnx(fastnn.Sequential([fastnn.Input((2,)), Own(3)]), path)
    assert not path.exists()


@pytest.mark.filterwarnings("ignore:.*converged")
def test_labels_beyond_64_bits(path):
    y = np.array([2**63 + 5, 3] * 32, dtype=np.uint64)
    model = fastnn.MLPClassifier((3,), max_iter=2).fit(cases.rows("float32"), y)
    with pytest.raises(ValueError, match=r"expected integer labels of .*, received: \[3, 9223372036854775813\]"):
        fastnn.to_onnx(model, path)
    assert not path.exists()


def test_scikit_learns_own_are_named(path):
    neural_network = pytest.importorskip("sklearn.neural_network")
    with pytest.raises(TypeError, match=r"fastnn\.from_sklearn takes it over first"):
        fastnn.to_onnx(neural_network.MLPClassifier(), path)


def test_models_that_are_too_large(path, monkeypatch):
    from fastnn.exchange import onnx_writer

    monkeypatch.setattr(onnx_writer, "MOST_BYTES", 100)
    with pytest.raises(ValueError, match="expected a model of at most 100 bytes"):
        fastnn.to_onnx(cases.layer_model("Dense", "float32"), path)


@pytest.mark.parametrize("write", [fastnn.to_onnx, fastnn.to_c])
def test_paths_that_cannot_be_written(write, tmp_path):
    model = cases.layer_model("Dense", "float32")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        write(model, tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write(model, tmp_path / "nowhere" / "model")
    assert not list(tmp_path.iterdir())
