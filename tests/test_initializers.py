import numpy as np
import pytest

import fastnn
from fastnn import initializers

SHAPE = (400, 100)  # inputs, outputs


def drawn(initializer, seed=0):
    generator = np.random.Generator(np.random.Philox(seed))
    return initializer(SHAPE, "float64", generator)


@pytest.mark.parametrize(
    ("name", "variance", "bound"),
    [
        ("glorot_uniform", 2 / 500, np.sqrt(6 / 500)),
        ("glorot_normal", 2 / 500, None),
        ("he_uniform", 2 / 400, np.sqrt(6 / 400)),
        ("he_normal", 2 / 400, None),
        ("lecun_uniform", 1 / 400, np.sqrt(3 / 400)),
        ("lecun_normal", 1 / 400, None),
        ("fan_in_uniform", 1 / 1200, 1 / np.sqrt(400)),
        ("variance_scaling", 1 / 400, None),
        ("random_normal", 0.05**2, None),
        ("random_uniform", 0.1**2 / 12, 0.05),
        ("truncated_normal", (0.05 * 0.87962566) ** 2, 0.1),
    ],
)
def test_moments(name, variance, bound):
    values = drawn(initializers.get(name))
    assert abs(values.mean()) < 4 * np.sqrt(variance / values.size)
    assert values.var() == pytest.approx(variance, rel=0.03)
    if bound is not None:
        assert 0.99 * bound < np.abs(values).max() <= bound


@pytest.mark.parametrize("distribution", ["truncated_normal", "untruncated_normal", "uniform"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 400), ("fan_out", 100), ("fan_avg", 250)])
def test_variance_scaling(mode, fan, distribution):
    values = drawn(initializers.VarianceScaling(3.0, mode, distribution))
    assert values.var() == pytest.approx(3.0 / fan, rel=0.03)


def test_constants():
    np.testing.assert_array_equal(initializers.get("zeros")((2,)), [0, 0])
    np.testing.assert_array_equal(initializers.get("ones")((2,)), [1, 1])
    np.testing.assert_array_equal(initializers.Constant(0.5)((1, 2)), [[0.5, 0.5]])
    assert initializers.Constant(np.log([2.0])).get_config() == {"value": np.log(2.0)}


@pytest.mark.parametrize("name", initializers.NAMES)
def test_every_name(name):
    initializer = initializers.get(name)
    assert initializer((3, 2)).dtype == np.float32
    np.testing.assert_array_equal(drawn(initializer), drawn(initializer))
    copy = initializers.get({"class_name": type(initializer).__name__, "config": initializer.get_config()})
    np.testing.assert_array_equal(drawn(copy), drawn(initializer))


@pytest.mark.parametrize("shape", [(7, 7), (40, 13), (13, 40), (5, 1), (1, 5)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape, gain):
    kernel = initializers.Orthogonal(gain, seed=3)(shape, "float64")
    assert kernel.shape == shape
    product = kernel.T @ kernel if shape[0] >= shape[1] else kernel @ kernel.T
    np.testing.assert_allclose(product, gain**2 * np.eye(min(shape)), atol=1e-12)


def test_orthogonal_is_uniform():
    """Each entry of a 2 x 2 rotation or reflection has mean 0 and variance 1/2, both kinds are as likely."""
    generator = np.random.Generator(np.random.Philox(0))
    drawn = np.array([initializers.Orthogonal()((2, 2), "float64", generator) for _ in range(2000)])
    assert np.abs(drawn.mean(axis=0)).max() < 4 * np.sqrt(0.5 / 2000)
    np.testing.assert_allclose(drawn.var(axis=0), 0.5, rtol=0.1)
    assert abs(np.linalg.det(drawn).mean()) < 4 / np.sqrt(2000)


@pytest.mark.parametrize(("inputs", "connections", "expected"), [(400, 10, 10), (400, 3, 3), (6, 10, 6)])
def test_sparse(inputs, connections, expected):
    kernel = initializers.Sparse(connections, stddev=2.0, seed=1)((inputs, 300), "float64")
    np.testing.assert_array_equal((kernel != 0).sum(axis=0), expected)
    weights = kernel[kernel != 0]
    assert abs(weights.mean()) < 4 * 2.0 / np.sqrt(weights.size)
    assert weights.std() == pytest.approx(2.0, rel=0.1)
    used = (kernel != 0).sum(axis=1)  # inputs are drawn evenly
    mean = 300 * expected / inputs
    assert np.abs(used - mean).max() <= 6 * np.sqrt(mean)


def test_identity():
    np.testing.assert_array_equal(initializers.get("identity")((3, 2)), np.eye(3, 2))
    np.testing.assert_array_equal(initializers.Identity(3.0)((2, 2)), 3 * np.eye(2))


@pytest.mark.parametrize("name", ["orthogonal", "sparse", "identity"])
def test_kernels_only(name):
    with pytest.raises(ValueError, match=r"shape of a kernel, .* received: shape=\(3,\)"):
        initializers.get(name)((3,))


def test_functions():
    def counting(shape):
        return np.arange(np.prod(shape)).reshape(shape)

    def drawing(shape, dtype=None, generator=None):
        return generator.normal(size=shape).astype(dtype)

    layer = fastnn.layers.Dense(2, kernel_initializer=counting, bias_initializer=drawing)
    fastnn.Sequential([fastnn.Input((3,)), layer], seed=0)
    np.testing.assert_array_equal(layer.kernel, [[0, 1], [2, 3], [4, 5]])
    again = fastnn.layers.Dense(2, kernel_initializer=counting, bias_initializer=drawing)
    fastnn.Sequential([fastnn.Input((3,)), again], seed=0)
    np.testing.assert_array_equal(layer.bias, again.bias)  # the model's seed repeats it
    assert layer.bias.any()


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda shape: np.zeros(3), r"of shape \(2, 1\), received: shape=\(3,\), dtype=float64"),
        (lambda shape: np.full(shape, np.nan), "finite numbers"),
        (lambda shape: np.full(shape, "a"), "dtype=<U1"),
    ],
)
def test_wrong_functions(wrong, text):
    model = fastnn.Sequential([fastnn.layers.Dense(1, kernel_initializer=wrong)])
    with pytest.raises(ValueError, match=text):
        model.build((2,))
    assert not model.built


def test_seeds():
    first, second = initializers.HeNormal(seed=1), initializers.HeNormal(seed=1)
    np.testing.assert_array_equal(first((3, 3)), second((3, 3)))
    np.testing.assert_array_equal(first((3, 3)), first((3, 3)))  # as in Keras
    assert (initializers.HeNormal(seed=2)((3, 3)) != first((3, 3))).any()
    unseeded = initializers.HeNormal()
    assert (unseeded((3, 3)) != unseeded((3, 3))).any()


def test_errors():
    with pytest.raises(ValueError, match="received: n_connections=0"):
        initializers.Sparse(0)
    with pytest.raises(ValueError, match="received: gain='2'"):
        initializers.Orthogonal("2")
    with pytest.raises(TypeError, match=r"a function of the shape, received: 3"):
        initializers.FunctionInitializer(3)
    with pytest.raises(ValueError, match="received: scale=0"):
        initializers.VarianceScaling(0)
    with pytest.raises(ValueError, match="'fan_in', 'fan_out', 'fan_avg', received: mode='fan'"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="received: stddev=-1"):
        initializers.RandomNormal(stddev=-1)
    with pytest.raises(ValueError, match="received: seed=-1"):
        initializers.HeNormal(seed=-1)
    with pytest.raises(ValueError, match=r"expected initializer to be one of 'zeros'.*received: 'glorot'"):
        initializers.get("glorot")


@pytest.mark.parametrize(
    "initializer",
    [lambda shape: np.full(shape, 1e39), initializers.Constant(-1e39), initializers.RandomNormal(stddev=1e39)],
)
def test_values_that_overflow(initializer):
    def built(dtype):
        stack = [fastnn.Input((2,)), fastnn.layers.Dense(2, kernel_initializer=initializer)]
        return fastnn.Sequential(stack, dtype=dtype, seed=0)

    with pytest.raises(ValueError, match="first values of 'kernel' to fit float32"):
        built("float32")
    model = built("float64")
    assert np.isfinite(model.parameters).all()


def test_weights_that_overflow():
    model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)], seed=0)
    before = model.parameters.copy()
    with pytest.raises(ValueError, match="array 1 of model 'sequential' to fit float32"):
        model.set_weights([np.ones((2, 1)), np.array([1e39])])
    assert model.parameters.tobytes() == before.tobytes()
    model.set_weights([np.ones((2, 1)), np.array([np.inf])])
