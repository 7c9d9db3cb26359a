import copy
import functools
import json
import re

import numpy as np
import pytest

import fastnn
from fastnn import layers


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.Dense(-3), r"`units` to be a positive integer, received: units=-3"),
        (lambda: layers.Dense(2.5), r"received: units=2.5"),
        (lambda: layers.Dense(True), r"received: units=True"),
        (lambda: layers.Dense(3, "rellu"), r"received: 'rellu'"),
        (lambda: layers.Dense(3, name=""), r"received: name=''"),
        (lambda: layers.Dense(3, kernel_initializer="glorot"), r"received: 'glorot'"),
        (lambda: layers.Dense(3, kernel_regularizer="l3"), r"received: 'l3'"),
        (lambda: layers.Dense(3, input_shape=()), r"`input_shape` to be \(features,\), received"),
        (lambda: layers.Input((0,)), r"received: shape=0"),
        (lambda: layers.Dropout(1.0), r"`rate` to be a number >= 0 and < 1, received: rate=1.0"),
        (lambda: layers.Dropout(-0.1), r"received: rate=-0.1"),
        (lambda: layers.Dropout(0.5, seed=-1), r"received: seed=-1"),
    ],
)
def test_arguments_are_checked_when_made(make, text):
    with pytest.raises(ValueError, match=text):
        make()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("use_bias", [True, False])
def test_dense_alone(dtype, use_bias):
    layer = layers.Dense(3, "tanh", use_bias=use_bias, bias_initializer="random_normal")
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(dtype)
    y = layer(x)
    assert y.dtype == dtype
    bias = layer.bias if use_bias else 0.0
    np.testing.assert_allclose(y, np.tanh(x @ layer.kernel + bias), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer(x), y)
    with pytest.raises(ValueError, match=r"expected x of shape \(rows, 4\), received: shape=\(5, 3\)"):
        layer(x[:, :3])


def test_views_are_writable_and_contiguous():
    layer = layers.Dense(3)
    model = fastnn.Sequential([fastnn.Input((2,)), layer])
    assert layer.kernel.shape == (2, 3)
    assert layer.kernel.flags.c_contiguous
    layer.kernel[...] = 1.0
    layer.bias[...] = 2.0
    np.testing.assert_array_equal(model.predict([[1.0, 1.0]]), [[4.0, 4.0, 4.0]])
    assert np.shares_memory(layer.kernel, model.parameters)


def test_weights_of_a_layer():
    layer = layers.Dense(2)
    with pytest.raises(ValueError, match="no parameters before its input width is known"):
        layer.get_weights()
    layer(np.zeros((1, 3)))
    assert layer.count_params() == 8
    kernel, bias = layer.get_weights()
    kernel += 1.0  # a copy
    assert (layer.kernel != kernel).all()
    layer.set_weights([kernel, bias])
    np.testing.assert_array_equal(layer.kernel, kernel)
    with pytest.raises(ValueError, match=r"array 1 .* shape \(2,\) .*received: shape=\(3,\)"):
        layer.set_weights([np.zeros((3, 2)), np.zeros(3)])
    np.testing.assert_array_equal(layer.kernel, kernel)  # nothing was changed
    with pytest.raises(ValueError, match="2 arrays, received: 1"):
        layer.set_weights([kernel])


def test_a_layer_alone_brings_its_values_into_a_model():
    layer = layers.Dense(2)
    y = layer(np.ones((1, 3), dtype=np.float32))
    model = fastnn.Sequential([layer])
    np.testing.assert_array_equal(model.predict(np.ones((1, 3))), y)


def test_a_layer_belongs_to_one_model():
    layer = layers.Dense(2)
    model = fastnn.Sequential([layer])
    with pytest.raises(ValueError, match="'dense' of model 'sequential'"):
        fastnn.Sequential([layer])
    with pytest.raises(ValueError, match="of model"):
        model.add(layer)
    assert fastnn.Sequential([copy.deepcopy(layer)]).layers[0] is not layer


def test_a_layer_of_a_built_model_keeps_its_arguments():
    inner = layers.Dense(3, "tanh")
    model = fastnn.Sequential([layers.Dense(3), layers.Residual([inner]), layers.Dropout(0.5)], seed=0)
    inner.activation = fastnn.activations.relu  # not yet built
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    expected = model.predict(x)
    for layer, change in (
        (model.layers[0], {"units": 4}),
        (inner, {"activation": fastnn.activations.tanh}),
        (model.layers[2], {"rate": 0.1}),
    ):
        (name,) = change
        before = getattr(layer, name)
        with pytest.raises(AttributeError, match=rf"stay as its model was built with, received: {name}=.*a new layer"):
            setattr(layer, name, change[name])
        assert getattr(layer, name) == before
        layer.trainable, layer.name = False, f"the {name}"
    np.testing.assert_array_equal(copy.deepcopy(model).predict(x), expected)
    alone = model.pop()
    alone.rate = 0.1
    model.layers[0].note = "what is no argument"


def test_dropout_and_activation():
    x = np.array([[-1.0, 2.0]])
    np.testing.assert_array_equal(layers.Dropout(0.9)(x), x)
    np.testing.assert_array_equal(layers.Activation("relu")(x), [[0.0, 2.0]])
    assert layers.Dropout(0.5).ops(2, (), 3) == [("dropout", 0.5, 3)]
    assert layers.Dropout(0.5, seed=1).ops(2, (), 3) == layers.Dropout(0.5, seed=1).ops(2, (), 4)


def test_config_makes_the_same_layer():
    layer = layers.Dense(3, "relu", kernel_regularizer=fastnn.regularizers.L2(0.5), name="first", trainable=False)
    twin = layers.Dense.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()
    assert twin.kernel_regularizer.l2 == 0.5
    assert "units=3" in repr(layer)


PARTIAL = functools.partial(fastnn.activations.leaky_relu, negative_slope=0.1)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(4, PARTIAL),
        layers.Dense(4, functools.partial(fastnn.activations.relu, max_value=1.0, threshold=0.25)),
        layers.Dense(4, functools.partial(fastnn.activations.gelu, approximate=True)),
        layers.Activation(functools.partial(fastnn.activations.elu, alpha=0.5)),
        layers.DropConnect(4, 0.2, activation=PARTIAL),
        layers.Residual([layers.Dense(3, PARTIAL), layers.Activation(PARTIAL)]),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_arguments_of_activations_are_configuration(layer, tmp_path):
    """Through JSON and through a file the layer stays what it is; without the argument it would not be."""
    config = layer.get_config()
    twin = type(layer).from_config(json.loads(json.dumps(config)))
    assert twin.get_config() == config
    assert "functools.partial(" in repr(layer) or isinstance(layer, layers.DropConnect)
    assert "0x" not in repr(layer)
    x = np.linspace(-2, 2, 30).reshape(10, 3)
    made = []
    for one in (layer, twin):
        model = fastnn.Sequential([fastnn.Input((3,)), one], seed=0, dtype="float64")
        made.append(model.predict(x))
    model.save(tmp_path / "model.safetensors")
    made.append(fastnn.load(tmp_path / "model.safetensors").predict(x))
    np.testing.assert_array_equal(made[1], made[0])
    np.testing.assert_array_equal(made[2], made[0])
    plain = json.loads(re.sub(r'"config": {"(negative|max|approx|alpha)[^}]*}', '"config": {}', json.dumps(config)))
    assert plain != config
    model = fastnn.Sequential([fastnn.Input((3,)), type(layer).from_config(plain)], seed=0, dtype="float64")
    assert not np.array_equal(model.predict(x), made[0])
