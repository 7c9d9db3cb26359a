import functools
import math

import numpy as np
import pytest

import fastnn
from fastnn import activations
from fastnn._core import targets

FORMULAS = {
    "linear": lambda z: z,
    "sign": np.sign,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
    "exponential": np.exp,
    "heaviside": lambda z: np.heaviside(z, 0.5),
    "piecewise_linear": lambda z: np.clip(z + 0.5, 0, 1),
    "hard_sigmoid": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    "hard_tanh": lambda z: np.clip(z, -1, 1),
    "softsign": lambda z: z / (1 + abs(z)),
    "relu6": lambda z: np.clip(z, 0, 6),
    "leaky_relu": lambda z: np.maximum(0.2 * z, z),
    "elu": lambda z: np.where(z > 0, z, np.exp(z) - 1),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(z) - 1)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "gelu": lambda z: 0.5 * z * (1 + np.vectorize(math.erf)(z / np.sqrt(2))),
    "silu": lambda z: z / (1 + np.exp(-z)),
    "swish": lambda z: z / (1 + np.exp(-z)),
    "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
}


def test_every_kernel_has_its_declaration():
    assert set(activations.RANGES) == set(targets.ACTIVATIONS)
    assert set(activations.NAMES) == set(FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4), ()])
def test_values(name, dtype, shape):
    z = np.random.default_rng(0).normal(size=shape).astype(dtype)
    if shape == () and name == "softmax":
        return
    result = activations.get(name)(z)
    assert result.shape == shape
    assert result.dtype == dtype
    np.testing.assert_allclose(result, FORMULAS[name](z.astype(np.float64)), rtol=1e-6, atol=1e-7)
    low, high = activations.RANGES[activations.kernel(activations.get(name))[0]]
    assert ((result >= low) & (result <= high)).all()


def test_integers_become_float64():
    assert activations.relu([-1, 2]).dtype == np.float64
    with pytest.raises(TypeError, match="received: dtype=complex128"):
        activations.relu([1j])


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("tanh") is activations.tanh
    assert activations.get(activations.tanh) is activations.tanh
    with pytest.raises(ValueError, match=r"'sigmoid', .*'tanh'.*received: 'sigmoit'"):
        activations.get("sigmoit")
    with pytest.raises(TypeError, match=r"functools.partial"):
        activations.get(np.tanh)


def test_sign_takes_its_value_at_zero():
    sign = functools.partial(fastnn.activations.sign, zero=-1)
    assert activations.kernel(activations.get(sign)) == ("sign", -1.0)
    assert activations.kernel(activations.sign) == ("sign", 0.0)
    np.testing.assert_array_equal(fastnn.layers.Activation(sign)([[0.0, 2.0]]), [[-1, 1]])


def test_what_has_no_derivative():
    assert [name for name in activations.NAMES if not activations.differentiable(name)] == ["heaviside", "sign"]


@pytest.mark.parametrize(
    ("given", "kernel"),
    [
        ({}, ("relu", 0.0)),
        ({"negative_slope": 0.1}, ("leaky_relu", 0.1)),
        ({"max_value": 6}, ("relu_clipped", 0.0, 6.0, 0.0)),
        ({"threshold": 1}, ("relu_clipped", 0.0, np.inf, 1.0)),
        ({"negative_slope": 0.1, "max_value": 2.0, "threshold": 1.0}, ("relu_general", 0.1, 2.0, 1.0)),
    ],
)
def test_relu_takes_the_plainest_kernel(given, kernel):
    relu = functools.partial(activations.relu, **given)
    assert activations.kernel(activations.get(relu)) == kernel
    z = np.linspace(-3, 9, 25)
    slope, start, limit = given.get("negative_slope", 0), given.get("threshold", 0), given.get("max_value", np.inf)
    expected = np.where(z > start, np.minimum(z, limit), slope * (z - start))
    np.testing.assert_allclose(relu(z), expected, rtol=1e-15, atol=0)
    np.testing.assert_allclose(fastnn.layers.Dense(1, relu, kernel_initializer="ones")(z[:, None])[:, 0], expected)


def test_gelu_has_two_forms():
    z = np.linspace(-6, 6, 41)
    form = functools.partial(activations.gelu, approximate=True)
    expected = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    np.testing.assert_allclose(form(z), expected, rtol=1e-10, atol=1e-15)
    assert np.abs(form(z) - activations.gelu(z)).max() > 1e-4


def test_softmax_of_any_axis():
    z = np.arange(12.0).reshape(3, 4) ** 1.5
    np.testing.assert_allclose(activations.softmax(z, axis=0), activations.softmax(z.T).T)
    with pytest.raises(ValueError, match="`axis` to be one of the 2 of x, received: axis=2"):
        activations.softmax(z, axis=2)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: functools.partial(activations.leaky_relu, negative_slope=-1), ValueError, ">= 0, received: .*=-1"),
        (lambda: functools.partial(activations.elu, alpha=np.nan), ValueError, "`alpha` to be a number >= 0"),
        (lambda: functools.partial(activations.relu, max_value=-2.0), ValueError, "received: max_value=-2.0"),
        (lambda: functools.partial(activations.relu, threshold="a"), ValueError, "received: threshold='a'"),
        (lambda: functools.partial(activations.heaviside, zero=2), ValueError, "<= 1, received: zero=2"),
        (lambda: functools.partial(activations.gelu, approximate=1.5), ValueError, "True or False"),
        (lambda: functools.partial(activations.softmax, axis=0), ValueError, "the last one, -1 or 1"),
        (
            lambda: functools.partial(activations.relu, slope=1),
            TypeError,
            "by name, negative_slope, max_value, threshold",
        ),
        (lambda: functools.partial(activations.leaky_relu, 0.1), TypeError, "by name, negative_slope"),
    ],
)
def test_arguments_are_checked_when_a_layer_is_made(make, error, text):
    with pytest.raises(error, match=text):
        fastnn.layers.Dense(2, make())


def test_layers():
    z = np.linspace(-3, 9, 25)[None]
    same = np.testing.assert_array_equal
    same(fastnn.layers.ReLU(6.0, 0.5, 1.0)(z), activations.relu(z, 0.5, 6.0, 1.0))
    same(fastnn.layers.LeakyReLU()(z), activations.leaky_relu(z, 0.3))
    same(fastnn.layers.ELU(0.5)(z), activations.elu(z, 0.5))
    same(fastnn.layers.Softmax()(z), activations.softmax(z))
    assert fastnn.layers.ReLU(6.0).get_config()["max_value"] == 6.0
    with pytest.raises(ValueError, match="negative_slope"):
        fastnn.layers.LeakyReLU(-0.1)
