"""Where arithmetic could go wrong: saturated outputs, columns without spread, batches of one row, weights of zero."""

import numpy as np
import pytest

import fastnn
from fastnn import constraints, layers, losses, optimizers
from fastnn.layers import Activation, BatchNormalization, Dense, LayerNormalization
from tests.test_layer_gradients import NETWORKS, network

#: Rows of logits: right and wrong, certain and undecided.
LOGITS = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 1000.0], [-1000.0, -1000.0, -1000.0], [0.0, 1e3, -1e3]])
BITS = np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
LABELS = np.array([0, 0, 1, 2])
ONE_HOT = np.eye(3)[LABELS]


def binary(truth):
    return np.logaddexp(0.0, LOGITS) - truth * LOGITS, 1.0 / (1.0 + np.exp(np.minimum(-LOGITS, 700.0))) - truth


def categorical(truth):
    shifted = LOGITS - LOGITS.max(axis=1, keepdims=True)
    sums = np.exp(shifted).sum(axis=1, keepdims=True)
    return (truth * (np.log(sums) - shifted)).sum(axis=1, keepdims=True), np.exp(shifted) / sums - truth


def smooth(truth, classes):
    return 0.9 * truth + 0.1 / classes


#: Last activation, loss, truth, and from the logits (each element's loss or row's, its derivative).
FUSED = {
    **{
        f"{name}{', logits' if logits else ''}{', smoothed' if smoothing else ''}": (
            "linear" if logits else activation,
            make(label_smoothing=smoothing, **({"from_logits": True} if logits else {})),
            truth,
            formula(smooth(as_values, classes) if smoothing else as_values),
        )
        for name, make, activation, truth, as_values, formula, classes in (
            ("binary", losses.BinaryCrossentropy, "sigmoid", BITS, BITS, binary, 2),
            ("multilabel", losses.MultilabelCrossentropy, "sigmoid", BITS, BITS, binary, 2),
            ("categorical", losses.CategoricalCrossentropy, "softmax", ONE_HOT, ONE_HOT, categorical, 3),
            ("sparse", losses.SparseCategoricalCrossentropy, "softmax", LABELS, ONE_HOT, categorical, 3),
        )
        for logits in (False, True)
        for smoothing in (0.0, 0.1)
        if not (logits and name == "multilabel")  # always of a sigmoid layer
    }
}


def judged(loss, truth, *given, dtype, x=LOGITS):
    """(model, loss, gradient of the input) after these layers."""
    model = fastnn.Sequential([fastnn.Input((x.shape[1],)), *given], dtype=dtype)
    model.compile("sgd", loss)
    value, _, gradient = model.gradients(x, truth, inputs=True)
    return model, value, gradient


@pytest.mark.parametrize("case", FUSED)
def test_saturated_cross_entropy_is_exact(case, dtype):
    """Logits of +-1000 through an activation layer, and as a Dense layer's outputs: no clipping, no overflow."""
    activation, loss, truth, (rows, slopes) = FUSED[case]
    per_row = rows.mean(axis=1) if loss.mean_of_outputs else rows.sum(axis=1)
    slopes = slopes / (len(rows) * (rows.shape[1] if loss.mean_of_outputs else 1))
    tolerance = 10 * float(np.finfo(dtype).eps)
    _, value, gradient = judged(loss, truth, Activation(activation), dtype=dtype)
    assert value == pytest.approx(per_row.mean(), rel=tolerance)
    np.testing.assert_allclose(gradient, slopes, rtol=tolerance, atol=tolerance)

    model, value, gradient = judged(
        loss, truth, Dense(3, activation, kernel_initializer="identity"), dtype=dtype, x=LOGITS
    )
    assert value == pytest.approx(per_row.mean(), rel=tolerance)
    np.testing.assert_allclose(gradient, slopes, rtol=tolerance, atol=tolerance)
    model.fit(LOGITS, truth, epochs=3, verbose=0)
    assert np.isfinite(model.parameters).all()
    assert model.parameters.any()


@pytest.mark.parametrize(
    ("activation", "loss", "truth"),
    [
        ("softmax", "binary_crossentropy", BITS),
        ("softmax", losses.BinaryCrossentropy(label_smoothing=0.1), BITS),
        ("softmax", "kl_divergence", ONE_HOT),
        ("softmax", "kl_divergence", smooth(ONE_HOT, 3)),
        ("hard_sigmoid", "binary_crossentropy", BITS),
    ],
)
def test_saturated_probabilities_are_finite(activation, loss, truth, dtype):
    """Where the loss takes probabilities of 0 and 1 it keeps away from log(0), as Keras does."""
    model, value, gradient = judged(loss, truth, Activation(activation), dtype=dtype)
    assert np.isfinite(value)
    assert 0.0 < value < 1001.0
    assert np.isfinite(gradient).all()
    assert np.isfinite(model.evaluate(LOGITS, truth, verbose=0))


@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization])
def test_no_spread(kind, dtype, rng):
    """A column, or a row, of one value is normalized to beta, and no gradient goes back through it."""
    x = rng.normal(size=(8, 5))
    lines = x if kind is LayerNormalization else x.T
    lines[2] = 7.0
    model, value, gradient = judged("mse", rng.normal(size=(8, 5)), kind(), dtype=dtype, x=x)
    model.set_weights([np.full(5, 2.0), np.full(5, 0.5), *model.get_weights()[2:]])
    value, slopes, gradient = model.gradients(x, np.zeros((8, 5)), inputs=True, training=True)
    assert np.isfinite(value)
    assert all(np.isfinite(slope).all() for slope in slopes)
    assert np.isfinite(gradient).all()
    flat = gradient if kind is LayerNormalization else gradient.T
    assert np.abs(flat[2]).max() < 1e-4 * np.abs(flat).max()
    before = model.get_weights()
    model.fit(x, x, batch_size=8, epochs=20, verbose=0)
    assert np.isfinite(model.parameters).all()
    assert np.isfinite(model.predict(x)).all()
    if kind is BatchNormalization:  # 0.99 of the variance is left in each step
        assert model.get_weights()[3][2] == pytest.approx(before[3][2] * 0.99**20, rel=1e-5)


def test_a_batch_of_one_through_batch_normalization(dtype):
    """It has no spread at all: outputs are beta."""
    model = fastnn.Sequential([fastnn.Input((3,)), BatchNormalization()], dtype=dtype)
    model.compile(optimizers.SGD(0.5), "mse")
    loss = model.train_on_batch([[5.0, -2.0, 1e3]], [[1.0, 2.0, 3.0]])
    assert loss == pytest.approx((1 + 4 + 9) / 3, rel=1e-6)
    np.testing.assert_allclose(model.get_weights()[1], [1 / 3, 2 / 3, 1.0], rtol=1e-6)


@pytest.mark.parametrize("rows", [1, 9, 17])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_last_batch_of_one(name, rows, dtype, rng):
    """fit takes it as a step of its own: bit for bit what steps over the batches do, for every kind of layer."""
    x, y = rng.normal(size=(rows, 5)), rng.normal(size=(rows, 3))
    fitted, stepped = network(name, dtype), network(name, dtype)
    fitted.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    for begin in range(0, rows, 4):
        stepped.train_on_batch(x[begin : begin + 4], y[begin : begin + 4])
    np.testing.assert_array_equal(fitted.parameters, stepped.parameters)
    assert np.isfinite(fitted.parameters).all()
    assert fitted.iterations == -(-rows // 4)
    assert np.isfinite(fitted.predict(x)).all()


def test_batches_of_one(dtype, rng):
    """Stochastic gradient descent: as many steps as rows, those of gradients of one row."""
    x, y = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    model = fastnn.Sequential([Dense(3, "tanh"), Dense(2)], dtype=dtype, seed=0)
    model.compile(optimizers.SGD(0.1), "mse")
    model.build((4,))
    weights = model.get_weights()
    copy = fastnn.Sequential([Dense(3, "tanh"), Dense(2)], dtype=dtype)
    copy.build((4,))
    copy.compile(loss="mse")
    for row in range(6):
        copy.set_weights(weights)
        slopes = copy.gradients(x[row : row + 1], y[row : row + 1])[1]
        weights = [weight - 0.1 * slope for weight, slope in zip(weights, slopes, strict=True)]
    model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    assert model.iterations == 6
    for ours, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("optimizer", optimizers.NAMES)
def test_weights_of_zero(optimizer, dtype, rng):
    """Nothing divides by a norm, a spread or a moment of 0: the first loss is ln(classes), all stays finite."""
    given = [
        Dense(6, kernel_initializer="zeros", kernel_regularizer="l1_l2", kernel_constraint=constraints.MaxNorm(1.0)),
        BatchNormalization(),
        Activation("tanh"),
        layers.Residual([Dense(6, "relu", kernel_initializer="zeros")]),
        LayerNormalization(),
        layers.PReLU(),
        Dense(4, "softmax", kernel_initializer="zeros"),
    ]
    model = fastnn.Sequential([fastnn.Input((3,)), *given], dtype=dtype)
    model.compile(optimizers.NAMES[optimizer](global_clipnorm=1.0), "sparse_categorical_crossentropy")
    x, y = rng.normal(size=(32, 3)), rng.integers(0, 4, 32)
    value, slopes = model.gradients(x, y, training=True)
    assert value == pytest.approx(np.log(4), rel=1e-6)
    assert all(np.isfinite(slope).all() for slope in slopes)
    before = model.parameters.copy()
    with pytest.warns(UserWarning, match="zero"):
        model.fit(x, y, epochs=3, verbose=0)
    assert np.isfinite(model.parameters).all()
    assert not np.array_equal(model.parameters, before)  # the last bias learns how often each class occurs
