"""First weights, penalties and constraints against Keras 3's."""

import numpy as np
import pytest

import fastnn
from fastnn import constraints, initializers, regularizers
from tests.oracle import check_stored
from tests.oracle import weights as oracle


def stored(case):
    with np.load(oracle.STORED) as file:
        return file[case]


@pytest.mark.parametrize("case", oracle.INITIALIZERS)
def test_drawn_weights(case):
    """Mean, variance, bounds and deciles; two samples of n numbers differ by their own spread and by no more."""
    kind, arguments = oracle.INITIALIZERS[case]
    drawn = getattr(initializers, kind)(**arguments, seed=5)(oracle.SHAPE, "float64")
    mean, variance, low, *deciles, high = stored(case)
    ours = oracle.described(drawn)
    deviation, n = np.sqrt(variance), drawn.size
    assert abs(ours[0] - mean) < 4 * deviation * np.sqrt(2 / n)
    # a normal distribution's sample variance has a relative deviation of sqrt(2 / n), a uniform's a smaller one
    assert ours[1] == pytest.approx(variance, rel=4 * np.sqrt(4 / n))
    # the share of our weights below each of Keras's deciles is that decile's
    shares = [(drawn < decile).mean() for decile in deciles]
    np.testing.assert_allclose(shares, oracle.SHARES[1:-1], rtol=0, atol=4 * np.sqrt(0.25 * 2 / n))
    # the ends of a sample: close to each other at a bound, far less so where a distribution has none
    unbounded = kind in ("RandomNormal", "Orthogonal") or "untruncated_normal" in arguments.values()
    assert ours[[2, -1]] == pytest.approx([low, high], abs=(1.5 if unbounded else 0.01) * deviation)


@pytest.mark.parametrize("case", oracle.FIXED)
def test_fixed_weights(case):
    kind, arguments = oracle.FIXED[case]
    ours = getattr(initializers, kind)(**arguments)(oracle.FIXED_SHAPE, "float64")
    np.testing.assert_array_equal(ours, stored(case))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", oracle.REGULARIZERS)
def test_penalties_and_their_gradients(case, dtype):
    """In a model, from what the engine adds to loss and gradient where the data add nothing."""
    kind, arguments = oracle.REGULARIZERS[case]
    weights = oracle.weights()
    inputs, units = weights.shape
    layer = fastnn.layers.Dense(
        units, kernel_regularizer=getattr(regularizers, kind)(**arguments), kernel_initializer=lambda shape: weights
    )
    model = fastnn.Sequential([fastnn.Input((inputs,)), layer], dtype=dtype)
    model.compile(loss="mse")
    loss, (slope, _) = model.gradients(np.zeros((2, inputs)), np.zeros((2, units)))
    *expected, penalty = stored(case)
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    assert loss == pytest.approx(penalty, rel=tolerance)
    np.testing.assert_allclose(slope.reshape(-1), expected, rtol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", oracle.CONSTRAINTS)
def test_constraints(case, dtype):
    """The formula, and what a step without a gradient leaves of weights."""
    kind, arguments = oracle.CONSTRAINTS[case]
    weights, constraint = oracle.weights(), getattr(constraints, kind)(**arguments)
    inputs, units = weights.shape
    np.testing.assert_allclose(constraint(weights), stored(case), rtol=1e-12)
    layer = fastnn.layers.Dense(units, kernel_constraint=constraint, kernel_initializer=lambda shape: weights)
    model = fastnn.Sequential([fastnn.Input((inputs,)), layer], dtype=dtype)
    model.compile("sgd", "mse")
    model.train_on_batch(np.zeros((2, inputs)), np.zeros((2, units)))
    np.testing.assert_allclose(layer.kernel, stored(case), rtol=1e-6 if dtype == "float32" else 1e-12)


def test_the_file_is_what_keras_gives():
    check_stored(oracle)
