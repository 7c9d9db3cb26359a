import functools

import numpy as np
import pytest

import fastnn
from fastnn import layers, losses, regularizers
from fastnn.testing.gradcheck import check_gradients

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(7, 4))
VALUES = GENERATOR.normal(size=(7, 3))


def model_of(*given, loss="mse", **options):
    model = fastnn.Sequential([fastnn.Input((4,)), *given], dtype="float64", seed=1)
    model.compile(loss=loss, **options)
    return model


@pytest.mark.parametrize("over_batch", [False, True])
@pytest.mark.parametrize("reduction", losses.REDUCTIONS)
def test_penalties_and_means(reduction, over_batch):
    layer = layers.Dense(
        3, kernel_regularizer=regularizers.L1L2(0.1, 0.2), bias_regularizer="l2", bias_initializer="random_normal"
    )
    model = model_of(layer, loss=losses.MeanSquaredError(reduction=reduction), penalty_over_batch=over_batch)
    assert check_gradients(model, X, VALUES, np.arange(7.0)).max_relative_error < 1e-6


def test_frozen_layers_and_no_bias():
    model = model_of(layers.Dense(5, "tanh", use_bias=False), layers.Dense(3, trainable=False), layers.Dense(3))
    report = check_gradients(model, X, VALUES)
    assert report.max_relative_error < 1e-6
    assert report.checked == 4 * 5 + (3 * 3 + 3)  # all but the frozen layer's


def test_a_wrong_gradient_is_found():
    model = model_of(layers.Dense(3))
    right = model.gradients

    def wrong(*args, **options):
        loss, (kernel, bias) = right(*args, **options)
        kernel[2, 1] *= 1.01
        return loss, [kernel, bias]

    model.gradients = wrong
    report = check_gradients(model, X, VALUES)
    assert report.parameter == "dense.kernel[2, 1]"
    assert report.max_relative_error == pytest.approx(0.01, rel=0.1)


def test_sampling_and_restoring():
    model = model_of(layers.Dense(3))
    before = model.parameters.copy()
    assert check_gradients(model, X, VALUES, max_parameters=4).checked == 4
    np.testing.assert_array_equal(model.parameters, before)


def test_fourth_order():
    """Of (exp(p) - 1)^2: steps of 0.01 leave an error of their square, or of their fourth power."""
    model = fastnn.Sequential([fastnn.Input((1,)), layers.Dense(1, "exponential", use_bias=False)], dtype="float64")
    model.compile(loss="mse")
    model.set_weights([np.array([[0.5]])])
    second, fourth = (
        check_gradients(model, [[1.0]], [1.0], epsilon=0.01, order=order).max_relative_error for order in (2, 4)
    )
    fifth = 32 * np.exp(1.0) - 2 * np.exp(0.5)  # derivative; the third has 8 in place of 32
    slope = 2 * np.exp(0.5) * (np.exp(0.5) - 1)
    assert second == pytest.approx((8 * np.exp(1.0) - 2 * np.exp(0.5)) * 0.01**2 / 6 / slope, rel=0.01)
    assert fourth == pytest.approx(fifth * 0.01**4 / 30 / slope, rel=0.01)
    with pytest.raises(ValueError, match="one of 2, 4, received: order=3"):
        check_gradients(model, [[1.0]], [1.0], order=3)


def test_float32_is_refused():
    model = fastnn.Sequential([layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="received: dtype='float32'"):
        check_gradients(model, X, VALUES[:, 0])


def test_no_derivative():
    sign = functools.partial(fastnn.activations.sign, zero=-1)
    with pytest.raises(ValueError, match="layer 'dense' with activation='sign'; tanh"):
        model_of(layers.Dense(5, sign), layers.Dense(3))
