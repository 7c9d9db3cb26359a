import functools

import numpy as np
import pytest

import fastnn
from fastnn import initializers, layers, losses, regularizers
from fastnn.testing.gradcheck import check_gradients

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(7, 4))
VALUES = GENERATOR.normal(size=(7, 3))
COUNTS = GENERATOR.poisson(2.0, size=(7, 3)).astype(float)
BITS = GENERATOR.integers(0, 2, (7, 3)).astype(float)
LABELS = GENERATOR.integers(0, 3, 7)
ONE_HOT = np.eye(3)[LABELS]

PAIRS = [
    ("linear", "mse", VALUES),
    ("linear", "mae", VALUES),
    ("linear", losses.Huber(0.5), VALUES),
    ("linear", "log_cosh", VALUES),
    ("linear", losses.Quantile(0.8), VALUES),
    ("linear", "hinge", BITS),
    ("tanh", "squared_hinge", 2 * BITS - 1),
    ("softmax", "kl_divergence", np.abs(VALUES) / np.abs(VALUES).sum(axis=1, keepdims=True)),
    ("sigmoid", losses.MultilabelCrossentropy(label_smoothing=0.1), BITS),
    ("softmax", losses.SparseCategoricalCrossentropy(label_smoothing=0.1), LABELS),
    ("tanh", "half_squared_error", VALUES[:, :1]),  # of one output: else scikit-learn's value and gradient differ
    ("softmax", "mse", VALUES),
    ("exponential", "poisson", COUNTS),
    ("exponential", "half_poisson_deviance", COUNTS[:, :1]),
    ("sigmoid", "binary_crossentropy", BITS),
    ("softmax", "binary_crossentropy", BITS),
    ("linear", losses.BinaryCrossentropy(from_logits=True), BITS),
    ("softmax", "categorical_crossentropy", ONE_HOT),
    ("linear", losses.CategoricalCrossentropy(from_logits=True), ONE_HOT),
    ("softmax", "sparse_categorical_crossentropy", LABELS),
    ("linear", losses.SparseCategoricalCrossentropy(from_logits=True), LABELS),
]


#: Every activation that has a derivative.
TRAINABLE = [name for name in fastnn.activations.NAMES if fastnn.activations.differentiable(name)]
OTHER_FORMS = [
    functools.partial(fastnn.activations.gelu, approximate=True),
    functools.partial(fastnn.activations.relu, negative_slope=0.3, max_value=0.5, threshold=0.1),
    functools.partial(fastnn.activations.relu, max_value=0.5),
]


def model_of(*given, loss="mse", **options):
    model = fastnn.Sequential([fastnn.Input((4,)), *given], dtype="float64", seed=1)
    model.compile(loss=loss, **options)
    return model


def width(y):
    return y.shape[1] if y.ndim == 2 else 3


@pytest.mark.parametrize(("activation", "loss", "y"), PAIRS)
def test_losses(activation, loss, y):
    model = model_of(layers.Dense(5, "tanh"), layers.Dense(width(y), activation), loss=loss)
    report = check_gradients(model, X, y)
    assert report.checked == model.count_params()
    assert report.max_relative_error < 1e-6, report
    assert check_gradients(model, X, y, sample_weight=np.arange(7.0)).max_relative_error < 1e-6


@pytest.mark.parametrize("activation", [*TRAINABLE, *OTHER_FORMS])
def test_activations(activation):
    model = model_of(layers.Dense(5, activation), layers.Activation("tanh"), layers.Dropout(0.5), layers.Dense(3))
    assert check_gradients(model, X, VALUES).max_relative_error < 1e-6


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize("hidden", TRAINABLE)
@pytest.mark.parametrize(("activation", "loss", "y"), PAIRS)
def test_every_activation_with_every_loss_at_every_depth(activation, loss, y, hidden, depth):
    """`depth` dense layers, all but the last with the activation `hidden`; small weights tame exp of exp of exp."""
    weights = initializers.RandomNormal(stddev=0.05 if hidden == "exponential" else 0.4)
    stack = [
        layers.Dense(5, hidden, kernel_initializer=weights, bias_initializer="random_normal") for _ in range(depth - 1)
    ]
    model = model_of(*stack, layers.Dense(width(y), activation), loss=loss)
    report = check_gradients(model, X, y, max_parameters=30, seed=depth)
    assert report.max_relative_error < 2e-6, report


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


@pytest.mark.parametrize(("activation", "loss", "y"), PAIRS)
def test_gradient_of_the_input(activation, loss, y):
    model = model_of(layers.Dense(5, "tanh"), layers.Dense(width(y), activation), loss=loss)
    weight = np.arange(1.0, 8.0)
    _, _, gradient = model.gradients(X, y, weight, inputs=True)
    numeric = np.empty_like(X)
    for place in np.ndindex(X.shape):
        above, below = X.copy(), X.copy()
        above[place] += 1e-5
        below[place] -= 1e-5
        numeric[place] = (model.gradients(above, y, weight)[0] - model.gradients(below, y, weight)[0]) / 2e-5
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-8)


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


def test_float32_is_refused():
    model = fastnn.Sequential([layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="received: dtype='float32'"):
        check_gradients(model, X, VALUES[:, 0])


def test_no_derivative():
    sign = functools.partial(fastnn.activations.sign, zero=-1)
    with pytest.raises(ValueError, match="layer 'dense' with activation='sign'; tanh"):
        model_of(layers.Dense(5, sign), layers.Dense(3))
