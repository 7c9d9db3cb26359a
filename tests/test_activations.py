import functools

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
}


def test_every_kernel_has_its_declaration():
    assert list(activations.NAMES) == list(targets.ACTIVATIONS)
    assert set(activations.RANGES) == set(activations.NAMES) == set(FORMULAS)


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
    low, high = activations.RANGES[name]
    assert ((result >= low) & (result <= high)).all()


def test_integers_become_float64():
    assert activations.relu([-1, 2]).dtype == np.float64
    with pytest.raises(TypeError, match="received: dtype=complex128"):
        activations.relu([1j])


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("tanh") is activations.tanh
    assert activations.get(activations.tanh) is activations.tanh
    with pytest.raises(ValueError, match=r"'sigmoid', 'tanh'.*received: 'sigmoit'"):
        activations.get("sigmoit")
    with pytest.raises(TypeError, match=r"functools.partial"):
        activations.get(np.tanh)


def test_sign_takes_its_value_at_zero():
    sign = functools.partial(fastnn.activations.sign, zero=-1)
    assert activations.kernel(activations.get(sign)) == ("sign", -1.0)
    assert activations.kernel(activations.sign) == ("sign", 0.0)
    np.testing.assert_array_equal(fastnn.layers.Activation(sign)([[0.0, 2.0]]), [[-1, 1]])


def test_what_has_no_derivative():
    assert [name for name in activations.NAMES if not activations.differentiable(name)] == ["sign"]
