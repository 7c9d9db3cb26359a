"""to_onnx, then from_onnx: what fastnn writes comes back as a model that predicts the same."""

import numpy as np
import pytest

import fastnn
from fastnn import layers
from tests import exchange_cases as cases

pytest.importorskip("onnx")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


@pytest.mark.parametrize("name", cases.activation_cases())
def test_own_activations(name, dtype, path):
    if dtype == "float64" and name == "gelu":
        pytest.skip("not written")
    model = cases.activation_model(cases.activation_cases()[name], dtype)
    fastnn.to_onnx(model, path)
    same = fastnn.from_onnx(path)
    assert same.dtype == dtype
    x = cases.rows(dtype)
    np.testing.assert_array_equal(same.predict(x), model.predict(x))
    assert [type(layer) for layer in same.layers] == [type(layer) for layer in model.layers], "found as one activation"


@pytest.mark.parametrize("name", cases.layer_names())
def test_own_layers(name, dtype, path):
    model = cases.layer_model(name, dtype)
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    cases.check_close(fastnn.from_onnx(path).predict(x), model.predict(x))


@pytest.mark.parametrize("kind", cases.LABELS)
def test_own_classifiers(kind, dtype, path):
    model = cases.classifier(kind, dtype)
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    wanted = model.predict_proba(x)
    wanted = wanted[:, 1:] if model.n_outputs_ == 1 else wanted
    np.testing.assert_array_equal(fastnn.from_onnx(path).predict(x), wanted)


def far(dtype):
    """Rows on all scales, and at the numbers of `NEARLY`."""
    sizes = np.concatenate([np.geomspace(1e-6, 1e12, 37), [0.05, 0.2, 90, 99.9, 100, 101, 150]])
    return np.concatenate([-sizes, sizes]).reshape(-1, 1).astype(dtype)


#: Models of one column that are almost another's: their layers, and weights of the first.
NEARLY = {
    "relu with a large limit": (lambda: [layers.ReLU(max_value=100.0)], []),
    "relu with a small threshold": (lambda: [layers.ReLU(threshold=0.05)], []),
    "relu with a probed threshold": (lambda: [layers.ReLU(threshold=0.2, negative_slope=0.1)], []),
    "tiny factor": (lambda: [layers.Rescaling(1e-9), layers.Activation("relu")], []),
    "tiny factor of a product": (lambda: [layers.Rescaling(1e-9), layers.Dense(1, "relu")], []),
    "factor of almost one": (lambda: [layers.Rescaling(1.000008)], []),
    "factor of almost one and relu": (lambda: [layers.Rescaling(1.000008), layers.Activation("relu")], []),
    "relu and factor of almost one": (lambda: [layers.Activation("relu"), layers.Rescaling(1.0000005)], []),
    "tiny slope": (lambda: [layers.LeakyReLU(1e-7)], []),
    "tiny alpha": (lambda: [layers.ELU(1e-7)], []),
    "far mean": (lambda: [layers.BatchNormalization(), layers.Activation("relu")], [[1.3], [0.2], [100.0], [4.0]]),
}


@pytest.mark.parametrize("name", NEARLY)
def test_own_functions_that_are_almost_another(name, dtype, path):
    make, weights = NEARLY[name]
    model = fastnn.Sequential([fastnn.Input((1,)), *make()], dtype=dtype, seed=0)
    model.build()
    if weights:
        model.layers[0].set_weights(weights)
    fastnn.to_onnx(model, path)
    x = far(dtype)
    wanted = model.predict(x)
    made = fastnn.from_onnx(path).predict(x)
    # a scaling of one column becomes x scale + offset: digits are lost where the mean is large
    np.testing.assert_allclose(made, wanted, rtol=3e-7, atol=1e-5 if weights else 0)


def test_own_residual_that_does_nothing(dtype, path):
    model = fastnn.Sequential(
        [fastnn.Input((7,)), layers.Residual([layers.Dropout(0.5)]), layers.Dense(2)], dtype=dtype
    )
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    np.testing.assert_array_equal(fastnn.from_onnx(path).predict(x), model.predict(x))


@pytest.mark.parametrize("name", ["BatchNormalization", "Normalization"])
def test_own_normalizations_behind_a_product(name, dtype, path):
    stack = [layers.Dense(4, use_bias=False), cases.layer(name)]
    model = cases.filled(fastnn.Sequential([fastnn.Input((7,)), *stack], dtype=dtype, seed=0))
    fastnn.to_onnx(model, path)
    x = cases.rows(dtype)
    cases.check_close(fastnn.from_onnx(path).predict(x), model.predict(x))


def test_own_layer_normalization_behind_a_bend(path):
    """Far from the bend it shifts and scales, which a layer normalization does not show."""
    stack = [layers.Rescaling(1.0, 2.0), layers.LeakyReLU(0.5), layers.LayerNormalization()]
    model = fastnn.Sequential([fastnn.Input((7,)), *stack], dtype="float64")
    fastnn.to_onnx(model, path)
    x = cases.rows("float64")
    cases.check_close(fastnn.from_onnx(path).predict(x), model.predict(x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_element_type_of_a_network_without_weights(dtype, tmp_path):
    model = fastnn.Sequential([layers.Input((3,)), layers.LeakyReLU(0.1)], dtype=dtype)
    fastnn.to_onnx(model, tmp_path / "model.onnx")
    assert fastnn.from_onnx(tmp_path / "model.onnx").dtype == dtype
