"""Finite differences over combinations: activation x loss x kind of hidden block x depth, as in training.

By default every activation meets every loss, and each of both every block of every depth; the whole product is slow.
"""

import functools
import itertools
import zlib

import numpy as np
import pytest

import fastnn
from fastnn import activations, initializers, layers, losses
from fastnn.layers import Activation, Dense
from fastnn.testing.gradcheck import check_gradients

ROWS, INPUTS, UNITS, OUTPUTS = 6, 4, 5, 3
GENERATOR = np.random.default_rng(11)
X = GENERATOR.normal(size=(ROWS, INPUTS))
VALUES = GENERATOR.normal(size=(ROWS, OUTPUTS))
COUNTS = GENERATOR.poisson(2.0, (ROWS, OUTPUTS)).astype(float)
BITS = GENERATOR.integers(0, 2, (ROWS, OUTPUTS)).astype(float)
LABELS = GENERATOR.integers(0, OUTPUTS, ROWS)
ONE_HOT = np.eye(OUTPUTS)[LABELS]
SHARES = np.abs(VALUES) / np.abs(VALUES).sum(axis=1, keepdims=True)

#: Every loss, in each form that has a kernel of its own: last activation, loss, truth.
LOSSES = {
    "mean_squared_error": ("linear", losses.MeanSquaredError(), VALUES),
    "mean_squared_error of shares": ("softmax", losses.MeanSquaredError(), SHARES),
    "half_squared_error": ("linear", losses.HalfSquaredError(), VALUES[:, :1]),  # of more, scikit-learn's gradient
    "mean_absolute_error": ("linear", losses.MeanAbsoluteError(), VALUES),
    "huber": ("linear", losses.Huber(0.5), VALUES),
    "log_cosh": ("linear", losses.LogCosh(), VALUES),
    "quantile": ("linear", losses.Quantile(0.8), VALUES),
    "poisson": ("exponential", losses.Poisson(), COUNTS),
    "poisson of softplus": ("softplus", losses.Poisson(), COUNTS),
    "half_poisson_deviance": ("exponential", losses.HalfPoissonDeviance(), COUNTS[:, :1]),
    "binary_crossentropy": ("sigmoid", losses.BinaryCrossentropy(), BITS),
    "binary_crossentropy of probabilities": ("softmax", losses.BinaryCrossentropy(label_smoothing=0.1), BITS),
    "binary_crossentropy of logits": ("linear", losses.BinaryCrossentropy(from_logits=True), BITS),
    "multilabel_crossentropy": ("sigmoid", losses.MultilabelCrossentropy(label_smoothing=0.1), BITS),
    "categorical_crossentropy": ("softmax", losses.CategoricalCrossentropy(label_smoothing=0.1), ONE_HOT),
    "categorical_crossentropy of logits": ("linear", losses.CategoricalCrossentropy(from_logits=True), ONE_HOT),
    "sparse_categorical_crossentropy": ("softmax", losses.SparseCategoricalCrossentropy(label_smoothing=0.1), LABELS),
    "sparse_categorical_crossentropy of logits": (
        *("linear", losses.SparseCategoricalCrossentropy(from_logits=True), LABELS),
    ),
    "hinge": ("linear", losses.Hinge(), BITS),
    "squared_hinge": ("tanh", losses.SquaredHinge(), 2 * BITS - 1),
    "kl_divergence": ("softmax", losses.KLDivergence(), SHARES),
}
#: Every activation that has a derivative, in each form that has a kernel of its own.
ACTIVATIONS = {
    **{name: name for name in activations.NAMES if activations.differentiable(name) and name != "swish"},  # = silu
    "gelu, tanh": functools.partial(activations.gelu, approximate=True),
    "relu, clipped": functools.partial(activations.relu, max_value=1.5),
    "relu, general": functools.partial(activations.relu, negative_slope=0.3, max_value=1.5, threshold=0.1),
}
#: A hidden block of UNITS outputs, of an activation and what makes kernels and biases.
BLOCKS = {
    "plain": lambda f, start: [Dense(UNITS, f, **start)],
    "dropout": lambda f, start: [Dense(UNITS, f, **start), layers.Dropout(0.4)],
    "DropConnect": lambda f, start: [layers.DropConnect(UNITS, 0.3, activation=f, **start)],
    "batch normalization": lambda f, start: [Dense(UNITS, **start), layers.BatchNormalization(), Activation(f)],
    "layer normalization": lambda f, start: [Dense(UNITS, **start), layers.LayerNormalization(), Activation(f)],
    "residual": lambda f, start: [layers.Residual([Dense(UNITS, f, **start)])],
    "PReLU": lambda f, start: [Dense(UNITS, f, **start), layers.PReLU(initializers.Constant(0.3))],
}
DEPTHS = (1, 2, 3)
TOLERANCE = 1e-6
ATTEMPTS = 10
#: Steps and orders of the differences, one of which must do: rounding asks for a long step, a kink nearby for a short
#: one, strong curvature for the fourth order.
DIFFERENCES = ((1e-5, 2), (1e-4, 2), (1e-6, 2), (3e-5, 4))
#: Deviation of weights: small ones tame exp of exp of exp, large ones reach the bends of flat functions.
SPREADS = {"exponential": 0.05, "sigmoid": 2.0, "hard_sigmoid": 2.0, "softmax": 2.0}


def covering():
    """Every activation with every loss; among these cases, every block of every depth with each of both."""
    return [
        (activation, loss, list(BLOCKS)[(i + j) % len(BLOCKS)], DEPTHS[(i + j // len(BLOCKS)) % len(DEPTHS)])
        for i, activation in enumerate(ACTIVATIONS)
        for j, loss in enumerate(LOSSES)
    ]


def network(activation, loss, block, depth):
    """`depth` blocks and an output layer, float64, compiled; the loss reaches the first kernel."""
    seeds = itertools.count(zlib.crc32(f"{activation}, {loss}, {block}, {depth}".encode()))
    for _ in range(ATTEMPTS):
        model, truth = drawn(activation, loss, block, depth, seeds)
        value, gradients = model.gradients(X, truth, training=True)
        assert np.isfinite(value)
        if gradients[0].any():  # not so where every unit of a layer is flat for every row
            return model, truth
    raise AssertionError(f"no gradient in the first kernel of {ATTEMPTS} networks")


def drawn(activation, loss, block, depth, seeds):
    """A network with weights from the next of these seeds."""
    last, function, truth = LOSSES[loss]
    stack = [fastnn.Input((INPUTS,))]
    for _ in range(depth):
        spread = SPREADS.get(activation, 0.5)
        start = {
            "kernel_initializer": initializers.RandomNormal(stddev=spread, seed=next(seeds)),
            "bias_initializer": initializers.RandomNormal(stddev=spread, seed=next(seeds)),
        }
        stack += BLOCKS[block](ACTIVATIONS[activation], start)
    stack.append(Dense(truth.shape[1] if truth.ndim == 2 else OUTPUTS, last))
    model = fastnn.Sequential(stack, dtype="float64", seed=next(seeds))
    model.compile(loss=function)
    return model, truth


def largest_error(activation, loss, block, depth):
    """Of a sample of the case's parameters, on the next step's masks."""
    model, truth = network(activation, loss, block, depth)
    for step, order in DIFFERENCES:
        report = check_gradients(
            *(model, X, truth), epsilon=step, order=order, max_parameters=12, seed=depth, training=True
        )
        if report.max_relative_error < TOLERANCE:
            break
    return report


@pytest.mark.parametrize(("activation", "loss", "block", "depth"), covering())
def test_covering_design(activation, loss, block, depth):
    report = largest_error(activation, loss, block, depth)
    assert report.checked == 12
    assert report.max_relative_error < TOLERANCE, report


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_whole_product(activation, block):
    reports = {case: largest_error(activation, case[0], block, case[1]) for case in itertools.product(LOSSES, DEPTHS)}
    wrong = {case: report for case, report in reports.items() if not report.max_relative_error < TOLERANCE}
    assert not wrong


@pytest.mark.parametrize("loss", LOSSES)
def test_sample_weights_and_the_gradient_of_the_input(loss):
    model, truth = network("tanh", loss, "plain", 1)
    weights = np.arange(float(ROWS))
    report = check_gradients(model, X, truth, weights)
    assert report.checked == model.count_params()
    assert report.max_relative_error < TOLERANCE, report
    *_, gradient = model.gradients(X, truth, weights, inputs=True)
    numeric = np.empty_like(X)
    for place in np.ndindex(X.shape):
        above, below = X.copy(), X.copy()
        above[place] += 1e-5
        below[place] -= 1e-5
        numeric[place] = (model.gradients(above, truth, weights)[0] - model.gradients(below, truth, weights)[0]) / 2e-5
    assert not gradient[0].any()  # of weight 0
    np.testing.assert_allclose(gradient, numeric, rtol=0, atol=TOLERANCE * np.abs(gradient).max())


def test_what_is_covered():
    cases = covering()
    for places, kinds in (
        ((0, 1), (ACTIVATIONS, LOSSES)),
        ((0, 2, 3), (ACTIVATIONS, BLOCKS, DEPTHS)),
        ((1, 2, 3), (LOSSES, BLOCKS, DEPTHS)),
    ):
        assert {tuple(case[place] for place in places) for case in cases} == set(itertools.product(*kinds))


def test_every_name_is_in_the_battery():
    used = {type(loss) for _, loss, _ in LOSSES.values()}
    assert used == set(losses.NAMES.values())
    differentiable = {name for name in activations.NAMES if activations.differentiable(name)}
    assert differentiable - set(ACTIVATIONS) == {"swish"}
    assert activations.NAMES["swish"] is activations.NAMES["silu"]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_wrong_gradient_is_found(block):
    """One derivative that is 1 % off, in any array of the first block, is seen, and by how much."""
    model, truth = network("tanh", "mean_squared_error", block, 1)
    right = model.gradients
    places = [np.unravel_index(np.abs(array).argmax(), array.shape) for array in right(X, truth, training=True)[1]]
    for array, place in enumerate(places):

        def wrong(*args, array=array, place=place, **options):
            value, gradients = right(*args, **options)
            gradients[array][place] *= 1.01
            return value, gradients

        size = right(X, truth, training=True)[1][array]
        if np.abs(size).max() < 1e-9:  # a bias in front of a batch's mean, and moving statistics
            continue
        model.gradients = wrong
        assert check_gradients(model, X, truth, training=True).max_relative_error == pytest.approx(0.01, rel=0.2)
