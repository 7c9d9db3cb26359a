"""Normalization layers: against stored results of Keras 3, their statistics, and what they do at the edges."""

import numpy as np
import pytest

import fastnn
from fastnn import layers
from tests.oracle import layers as oracle

#: Keras normalizes in float32 whatever the type; tests/kernels and the gradient checks hold float64 to its own digits.
TOLERANCE = 2e-5


@pytest.fixture(scope="module")
def stored():
    with np.load(oracle.STORED) as file:
        return dict(file)


def trained(kind, dtype):
    """(model of one normalization layer, trained at rate 0 on the batches, what it made of the last of them)."""
    x, _, gamma, beta = oracle.inputs()
    model = fastnn.Sequential([fastnn.Input((oracle.WIDTH,)), kind], dtype=dtype)
    model.layers[0].gamma[...], model.layers[0].beta[...] = gamma, beta
    made = []
    model.compile(fastnn.optimizers.SGD(0.0), "mse", metrics=[lambda y, outputs: made.append(outputs.copy()) or 0.0])
    for batch in x:
        model.train_on_batch(batch, np.zeros_like(batch))
    return model, made[-1]


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=TOLERANCE, atol=10 * TOLERANCE)


def gradients_for(model, dy, x):
    """Gradients of sum(y dy) by those of a mean squared error with targets y - dy n / 2."""
    y = model_outputs(model, x)
    _, parts, dx = model.gradients(x, y - dy * y.size / 2, inputs=True, training=True)
    return parts, dx


def model_outputs(model, x):
    layer = model.layers[0]
    if isinstance(layer, layers.LayerNormalization):
        return model.predict(x)
    x = np.asarray(x, dtype=np.float64)
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + layer.epsilon) * layer.gamma + layer.beta


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batch_normalization_is_kerass(dtype, stored):
    x, dy, _, _ = oracle.inputs()
    model, outputs = trained(layers.BatchNormalization(momentum=0.9), dtype)
    close(outputs, stored["batch_y"])
    close(model.layers[0].moving_mean, stored["batch_mean"])
    close(model.layers[0].moving_variance, stored["batch_variance"])
    close(model.predict(x[-1]), stored["batch_inference"])
    before = model.parameters.copy()
    (dgamma, dbeta, dmean, dvariance), dx = gradients_for(model, dy, x[-1])
    assert np.array_equal(model.parameters, before), "gradients moved the statistics"
    for actual, name in ((dgamma, "dgamma"), (dbeta, "dbeta")):
        close(actual, stored[f"batch_{name}"])
    # a constant column: everything cancels but epsilon, whose root is 1/30
    np.testing.assert_allclose(dx, stored["batch_dx"], rtol=0, atol=1000 * TOLERANCE)
    assert not dmean.any()
    assert not dvariance.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layer_normalization_is_kerass(dtype, stored):
    x, dy, _, _ = oracle.inputs()
    model, outputs = trained(layers.LayerNormalization(), dtype)
    close(outputs, stored["layer_y"])
    (dgamma, dbeta), dx = gradients_for(model, dy, x[-1])
    for actual, name in ((dgamma, "dgamma"), (dbeta, "dbeta"), (dx, "dx")):
        close(actual, stored[f"layer_{name}"])


@pytest.mark.slow
def test_the_stored_results_are_kerass(stored):
    pytest.importorskip("keras")
    for name, array in oracle.make().items():
        np.testing.assert_allclose(array, stored[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_constant_column_and_a_batch_of_one():
    model = fastnn.Sequential([fastnn.Input((2,)), layers.BatchNormalization(), layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    x = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    model.fit(x, x[:, 0], batch_size=2, epochs=3, verbose=0)  # the last batch has one row
    model.fit(x, x[:, 0], batch_size=1, epochs=2, verbose=0)
    assert np.isfinite(model.parameters).all()
    assert np.isfinite(model.predict(x)).all()


def test_a_frozen_layer_uses_and_keeps_its_statistics():
    model = fastnn.Sequential([fastnn.Input((2,)), layers.BatchNormalization(trainable=False), layers.Dense(1)], seed=0)
    model.layers[0].moving_mean[...] = [1.0, 2.0]
    model.compile("sgd", "mse")
    before = model.layers[0].get_weights()
    model.fit(np.eye(2), [0.0, 1.0], epochs=2, verbose=0)
    for array, kept in zip(model.layers[0].get_weights(), before, strict=True):
        assert np.array_equal(array, kept)


def test_statistics_count_as_not_trainable():
    lines = []
    model = fastnn.Sequential([fastnn.Input((3,)), layers.BatchNormalization(), layers.Dense(1)])
    model.summary(lines.append)
    assert "Total params: 16 (64 B)" in lines
    assert "Trainable params: 10 (40 B)" in lines
    assert "Non-trainable params: 6 (24 B)" in lines
    assert [weight.shape for weight in model.get_weights()] == [(3,)] * 4 + [(3, 1), (1,)]


def test_normalization_adapts_before_and_in_a_model():
    x = np.array([[1.0, 7.0, 0.0], [3.0, 7.0, 4.0]])
    layer = layers.Normalization()
    layer.adapt(x)
    model = fastnn.Sequential([layer, layers.Dense(1, kernel_initializer="ones")], dtype="float64")
    model.build((3,))
    np.testing.assert_allclose(model.predict(x), [[-2.0], [2.0]])
    np.testing.assert_allclose(model.layers[0].mean, [2.0, 7.0, 2.0])
    layer.adapt(2 * x)
    np.testing.assert_allclose(model.predict(2 * x), [[-2.0], [2.0]])
    model.compile("adam", "mse")
    before = layer.get_weights()
    model.fit(x, [0.0, 1.0], epochs=3, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), before, strict=True))


def test_adapted_statistics_do_not_get_lost_in_a_model_of_another_width():
    layer = layers.Normalization()
    layer.adapt(np.array([[1.0, 7.0, 0.0], [3.0, 7.0, 4.0]]))
    with pytest.raises(ValueError, match=r"rows of 3 columns, as `adapt` saw them, received: 4"):
        fastnn.Sequential([fastnn.Input((4,)), layer, layers.Dense(1)])
    model = fastnn.Sequential([layer, layers.Dense(1)])
    with pytest.raises(ValueError, match=r"rows of 3 columns, as `adapt` saw them, received: 2"):
        model.predict(np.ones((5, 2)))
    assert model.predict(np.ones((5, 3))).shape == (5, 1)
    np.testing.assert_allclose(layer.mean, [2.0, 7.0, 2.0])


def test_normalization_of_given_numbers():
    layer = layers.Normalization(mean=[1.0, 2.0], variance=4.0)
    np.testing.assert_allclose(layer([[3.0, 2.0]]), [[1.0, 0.0]])
    again = layers.Normalization.from_config(layer.get_config())
    np.testing.assert_allclose(again([[3.0, 2.0]]), [[1.0, 0.0]])
    with pytest.raises(ValueError, match=r"expected both mean and variance or none"):
        layers.Normalization(mean=1.0)
    with pytest.raises(ValueError, match=r"no negative variance, received: variance=-1"):
        layers.Normalization(mean=1.0, variance=-1)
    with pytest.raises(ValueError, match=r"`mean` to be a number or of shape \(3,\)"):
        fastnn.Sequential([fastnn.Input((3,)), layers.Normalization(mean=[1, 2], variance=[1, 2])])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.BatchNormalization(momentum=1.5), r"`momentum` to be a number >= 0 and <= 1, received: momen"),
        (lambda: layers.BatchNormalization(epsilon=0), r"`epsilon` to be a number > 0, received: epsilon=0"),
        (lambda: layers.BatchNormalization(axis=0), r"`axis` to be -1, the columns of a row, received: axis=0"),
        (lambda: layers.LayerNormalization(epsilon=-1), r"received: epsilon=-1"),
        (lambda: layers.Rescaling("a"), r"`scale` to be a number, received: scale='a'"),
    ],
)
def test_arguments_are_checked_when_made(make, text):
    with pytest.raises(ValueError, match=text):
        make()
