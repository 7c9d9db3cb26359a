"""csrc/kernels/activation.inc.h against its twin."""

import numpy as np
import pytest

from fastnn._core import activations, targets
from fastnn.testing import reference

NAMES = list(targets.ACTIVATIONS)
DIFFERENTIABLE = [name for name in NAMES if name not in ("sign", "heaviside")]
BY_ELEMENT = [name for name in NAMES if name != "softmax"]
#: Straight lines, whose values need no rounding; those of the others are composed of functions within 2 ulp.
EXACT = ("linear", "heaviside", "sign", "relu", "relu6", "relu_clipped", "hard_tanh")
#: Numbers for those that have some.
NUMBERS = {"relu_clipped": {"max_value": 2.0, "threshold": 0.5}}
NUMBERS["relu_general"] = {"alpha": 0.25, **NUMBERS["relu_clipped"]}


def saved_by(name, z, y):
    """What the derivative is a formula of."""
    return z if name in reference.SAVES_INPUT else y


def forward_size(name, z, y):
    """Roundings of y: 2 ulp of a function and 1 of its twin; for softmax also those of z - max z and the quotient."""
    if name in EXACT:
        return 0
    if name == "softmax":
        return np.abs(y) * (8 + np.ptp(np.asarray(z, np.float64), axis=1, keepdims=True) + z.shape[1] * 2**-29)
    z = np.asarray(z, np.float64)
    if name in ("gelu", "mish", "silu"):
        return 6 * np.abs(y)
    if name == "gelu_tanh":  # the argument of the tail's exponential is rounded
        return (4 + 2 * np.abs(z) * (1.6 + 0.08 * z**2)) * np.abs(y)
    return 3 * np.abs(y) + (np.abs(z) if name == "piecewise_linear" else 0)


def backward_size(name, y, dy, dz):
    if name in EXACT:
        return 0
    if name in reference.SAVES_INPUT or name in ("elu", "selu"):  # f' is a sum that is 0 somewhere
        return 4 * (np.abs(dz) + np.abs(dy))
    if name == "softmax":
        mean = (np.abs(dy) * y).sum(axis=1, keepdims=True)
        return 4 * y * (np.abs(dy) + mean)
    return 4 * np.abs(dz)


@pytest.mark.parametrize("name", NAMES)
def test_forward(name, block, within, rng, heights, widths):
    for rows, width in [(rows, 10) for rows in heights] + [(3, width) for width in widths]:
        z = block(3 * rng.standard_normal((rows, width)))
        out = block(np.zeros((rows, width)))
        y = activations.forward(name, z, out=out, **NUMBERS.get(name, {}))
        assert y is out
        expected = reference.activation_forward(name, z, **NUMBERS.get(name, {}))
        if width:
            within(y, expected, forward_size(name, z, expected))
        in_place = activations.forward(name, z, out=z, **NUMBERS.get(name, {}))
        assert in_place.tobytes() == y.tobytes()


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_backward(name, block, within, dtype, rng, heights, widths):
    for rows, width in [(rows, 10) for rows in heights] + [(3, width) for width in widths]:
        z = 2 * rng.standard_normal((rows, width))
        numbers = NUMBERS.get(name, {})
        saved = block(saved_by(name, z, reference.activation_forward(name, z, **numbers)))
        dy = block(rng.standard_normal((rows, width)))
        out = block(np.zeros((rows, width)))
        dz = activations.backward(name, saved, dy, out=out, **numbers)
        assert dz is out
        expected = reference.activation_backward(name, saved, dy, **numbers)
        within(dz, expected, backward_size(name, np.float64(saved), np.float64(dy), expected))
        assert activations.backward(name, saved, dy, out=dy, **numbers).tobytes() == dz.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_rows_do_not_depend_on_the_batch(name, dtype, rng):
    z = rng.standard_normal((13, 29)).astype(dtype)
    dy = rng.standard_normal((13, 29)).astype(dtype)
    y = activations.forward(name, z)
    for r in range(13):
        assert activations.forward(name, z[r : r + 1]).tobytes() == y[r].tobytes()
    if name in DIFFERENTIABLE:
        saved = saved_by(name, z, y)
        dz = activations.backward(name, saved, dy)
        for r in range(13):
            assert activations.backward(name, saved[r : r + 1], dy[r : r + 1]).tobytes() == dz[r].tobytes()


@pytest.mark.parametrize("name", BY_ELEMENT)
def test_elements_do_not_depend_on_their_place(name, dtype, rng):
    z = rng.standard_normal((2, 37)).astype(dtype)
    dy = rng.standard_normal((2, 37)).astype(dtype)
    y = activations.forward(name, z)
    narrow = activations.forward(name, np.ascontiguousarray(z.T))
    assert np.array_equal(narrow.T, y)
    if name in DIFFERENTIABLE:
        saved = saved_by(name, z, y)
        dz = activations.backward(name, saved, dy)
        narrow = activations.backward(name, np.ascontiguousarray(saved.T), np.ascontiguousarray(dy.T))
        assert np.array_equal(narrow.T, dz)


@pytest.mark.parametrize("name", NAMES)
def test_nan_goes_through(name, dtype):
    z = np.zeros((1, 19), dtype=dtype)
    for column in (0, 7, 18):
        z[...] = 0
        z[0, column] = np.nan
        y = activations.forward(name, z)
        assert np.isnan(y[0, column])
        assert np.isnan(y).sum() == (19 if name == "softmax" else 1)


@pytest.mark.parametrize("name", BY_ELEMENT)
def test_far_from_zero(name, dtype):
    """At 1000 and infinity no infinity meets a 0: values and derivatives are the twin's."""
    z = np.array([[-np.inf, -1000.0, -40.0, -0.0, 0.0, 40.0, 1000.0, np.inf]], dtype=dtype)
    if name == "exponential":
        z = z[:, :-2]
    numbers, one, tiny = NUMBERS.get(name, {}), np.ones_like(z), np.finfo(dtype).tiny
    y, expected = activations.forward(name, z, **numbers), reference.activation_forward(name, z, **numbers)
    np.testing.assert_allclose(y, expected.astype(dtype), rtol=2000 * np.finfo(dtype).eps, atol=40 * tiny)
    if name in DIFFERENTIABLE:
        saved = saved_by(name, z, y)
        dz = activations.backward(name, saved, one, **numbers)
        expected = reference.activation_backward(name, saved, one, **numbers)
        np.testing.assert_allclose(dz, expected, rtol=0, atol=4 * np.finfo(dtype).eps * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("zero", [0.0, -1.0, 0.5])
def test_sign_at_zero(zero, dtype):
    z = np.array([[-np.inf, -2.0, -0.0, 0.0, 1e-30, np.inf]], dtype=dtype)
    assert activations.forward("sign", z, alpha=zero).tolist() == [[-1, -1, zero, zero, 1, 1]]


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_saturation(name, dtype):
    y = activations.forward(name, np.array([[-1000.0, 1000.0, -np.inf, np.inf]], dtype=dtype))
    low = 0 if name == "sigmoid" else -1
    assert y.tolist() == [[low, 1, low, 1]]
    assert not activations.backward(name, y, np.ones_like(y)).any()


def test_softmax_extremes(dtype):
    z = np.array([[1000, -1000, 1000], [-1000, -1001, -np.inf], [-np.inf, 3, -np.inf]], dtype=dtype)
    y = activations.forward("softmax", z)
    e = np.exp(-1.0)
    np.testing.assert_allclose(y[0], [0.5, 0, 0.5], rtol=0)
    np.testing.assert_allclose(y[1], [1 / (1 + e), e / (1 + e), 0], rtol=4 * np.finfo(dtype).eps)
    assert y[2].tolist() == [0, 1, 0]


def test_softmax_sums_to_one(dtype, rng):
    y = activations.forward("softmax", (30 * rng.standard_normal((50, 100))).astype(dtype))
    np.testing.assert_allclose(y.astype(np.float64).sum(axis=1), 1, rtol=4 * np.finfo(dtype).eps)


def test_sign_has_no_derivative(dtype):
    z = np.ones((1, 1), dtype=dtype)
    with pytest.raises(ValueError, match="expected a differentiable one, received: 'sign'"):
        activations.backward("sign", z, z)


def test_errors(dtype):
    z = np.ones((2, 3), dtype=dtype)
    with pytest.raises(ValueError, match=r"expected one of linear, .*, received: 'sine'"):
        activations.forward("sine", z)
    with pytest.raises(ValueError, match=r"out: expected shape \(2, 3\), received: \(3, 2\)"):
        activations.forward("relu", z, out=np.ones((3, 2), dtype=dtype))
    with pytest.raises(TypeError, match="z: expected a float32 or float64 array, received: int64"):
        activations.forward("relu", np.ones((2, 3), dtype=np.int64))
    with pytest.raises(ValueError, match="z: expected contiguous rows"):
        activations.forward("relu", np.ones((3, 2), dtype=dtype).T)
    with pytest.raises(TypeError, match="dy: expected dtype"):
        activations.backward("relu", z, z.astype("float32" if dtype == "float64" else "float64"))


@pytest.mark.parametrize("name", reference.activations.STRAIGHT)
def test_not_even_infinity_goes_back_where_it_is_flat(name, dtype):
    z, numbers = np.linspace(-9, 9, 19, dtype=dtype)[np.newaxis], NUMBERS.get(name, {})
    saved = z if name in reference.activations.SAVES_INPUT else activations.forward(name, z, **numbers)
    dz = activations.backward(name, saved, np.full_like(z, np.inf), **numbers)
    np.testing.assert_array_equal(dz, reference.activation_backward(name, saved, np.full_like(z, np.inf), **numbers))
