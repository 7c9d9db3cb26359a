import numpy as np
import pytest

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
        assert np.abs(values).max() <= bound


@pytest.mark.parametrize("distribution", ["truncated_normal", "untruncated_normal", "uniform"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 400), ("fan_out", 100), ("fan_avg", 250)])
def test_variance_scaling(mode, fan, distribution):
    values = drawn(initializers.VarianceScaling(3.0, mode, distribution))
    assert values.var() == pytest.approx(3.0 / fan, rel=0.03)


def test_constants():
    np.testing.assert_array_equal(initializers.get("zeros")((2,)), [0, 0])
    np.testing.assert_array_equal(initializers.get("ones")((2,)), [1, 1])
    np.testing.assert_array_equal(initializers.Constant(0.5)((1, 2)), [[0.5, 0.5]])


@pytest.mark.parametrize("name", initializers.NAMES)
def test_every_name(name):
    initializer = initializers.get(name)
    assert initializer((3, 2)).dtype == np.float32
    np.testing.assert_array_equal(drawn(initializer), drawn(initializer))
    copy = initializers.get({"class_name": type(initializer).__name__, "config": initializer.get_config()})
    np.testing.assert_array_equal(drawn(copy), drawn(initializer))


def test_seeds():
    first, second = initializers.HeNormal(seed=1), initializers.HeNormal(seed=1)
    np.testing.assert_array_equal(first((3, 3)), second((3, 3)))
    np.testing.assert_array_equal(first((3, 3)), first((3, 3)))  # as in Keras
    assert (initializers.HeNormal(seed=2)((3, 3)) != first((3, 3))).any()
    unseeded = initializers.HeNormal()
    assert (unseeded((3, 3)) != unseeded((3, 3))).any()


def test_errors():
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
