"""Every kind of layer in small networks: gradients by central differences, the same bits for any number of threads."""

import numpy as np
import pytest

import fastnn
from fastnn import layers, training
from fastnn.initializers import Constant
from fastnn.layers import Activation, BatchNormalization, Dense, LayerNormalization, PReLU, Residual
from fastnn.regularizers import L1L2
from fastnn.testing.gradcheck import check_gradients

NETWORKS = {
    "batch": lambda: [Dense(6), BatchNormalization(), Activation("tanh"), Dense(3)],
    "batch of the input": lambda: [BatchNormalization(), Dense(6, "sigmoid"), Dense(3)],
    "batch without beta": lambda: [Dense(6, "tanh"), BatchNormalization(center=False), Dense(3)],
    "batch without gamma": lambda: [Dense(6, "tanh"), BatchNormalization(scale=False), Dense(3)],
    "batch around softmax": lambda: [
        *(Dense(6), BatchNormalization(), Activation("softmax"), BatchNormalization(), Dense(3))
    ],
    "batch, frozen": lambda: [Dense(6), BatchNormalization(trainable=False), Activation("tanh"), Dense(3)],
    "batch with penalties": lambda: [Dense(6), BatchNormalization(gamma_regularizer="l2"), Dense(3)],
    "layer": lambda: [Dense(6, "tanh"), LayerNormalization(), Dense(3)],
    "layer without gamma": lambda: [LayerNormalization(scale=False), Dense(6, "tanh"), Dense(3)],
    "layer without beta": lambda: [LayerNormalization(center=False), Dense(6, "tanh"), Dense(3)],
    "learned slopes": lambda: [Dense(6), PReLU(Constant(0.25)), Dense(3)],
    "dropout": lambda: [Dense(6, "tanh"), layers.Dropout(0.4, seed=1), Dense(3)],
    "noise": lambda: [layers.GaussianNoise(0.3), Dense(6, "tanh"), layers.GaussianNoise(0.4), Dense(3)],
    "normal factors": lambda: [layers.GaussianDropout(0.3), Dense(6, "tanh"), layers.GaussianDropout(0.4), Dense(3)],
    "alpha dropout": lambda: [Dense(6, "tanh"), layers.AlphaDropout(0.4), Dense(3)],
    "randomized slopes": lambda: [Dense(6), layers.RReLU(0.2, 0.6), Dense(3)],
    "dropped weights": lambda: [layers.DropConnect(6, 0.4, activation="tanh"), layers.DropConnect(3, 0.3)],
    "skip": lambda: [Dense(6, "tanh"), Residual([Dense(6, "tanh")]), Dense(3)],
    "skip, projected": lambda: [
        *(Dense(6, "tanh"), Residual([Dense(4, "tanh"), Dense(7)]), Activation("tanh"), Dense(3))
    ],
    "skip, normalized first": lambda: [
        Residual([BatchNormalization(), Activation("tanh"), Dense(5)]),
        Residual([LayerNormalization(), Activation("tanh"), Dense(5), layers.Dropout(0.3)]),
        Dense(3),
    ],
    "skip in a skip": lambda: [
        Residual([Residual([Activation("tanh")]), Residual([PReLU(Constant(0.2)), Dense(8, "sigmoid")])]),
        Dense(3),
    ],
    "skip last": lambda: [Residual([Dense(3)])],
    "skip of noise alone": lambda: [Dense(6, "tanh"), Residual([layers.Dropout(0.5)]), Dense(3)],
    "skip of softmax": lambda: [Dense(6), Residual([Activation("softmax"), BatchNormalization()]), Dense(3)],
    "activity": lambda: [
        Dense(6, "tanh", activity_regularizer=L1L2(0.1, 0.2)),
        layers.Dropout(0.2),
        Dense(3, activity_regularizer="l2"),
    ],
    "given statistics": lambda: [
        layers.Rescaling(2.0, 0.5),
        layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0, 5.0], variance=2.0),
        Dense(6, "tanh"),
        layers.Rescaling(0.5),
        Dense(3),
    ],
}


def network(name, dtype):
    model = fastnn.Sequential([fastnn.Input((5,)), *NETWORKS[name]()], dtype=dtype, seed=3)
    model.compile(fastnn.optimizers.Adam(0.01), "mse")
    return model


@pytest.fixture(params=NETWORKS)
def name(request):
    return request.param


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_gradients(name, training, rng):
    x, y = rng.normal(size=(9, 5)), rng.normal(size=(9, 3))
    model = network(name, "float64")
    before = model.parameters.copy()
    assert check_gradients(model, x, y, training=training).max_relative_error < 1e-6
    *_, analytic = model.gradients(x, y, inputs=True, training=training)
    numeric = np.empty_like(x)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += 1e-5
        below[place] -= 1e-5
        difference = model.gradients(above, y, training=training)[0] - model.gradients(below, y, training=training)[0]
        numeric[place] = difference / 2e-5
    np.testing.assert_allclose(analytic, numeric, rtol=0, atol=1e-6 * np.abs(analytic).max())
    assert np.array_equal(model.parameters, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_do_not_depend_on_threads(name, dtype, rng, monkeypatch):
    x, y = rng.normal(size=(1500, 5)), rng.normal(size=(1500, 3))
    made = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(training.threads, "default_threads", lambda threads=threads: threads)
        model = network(name, dtype)
        for batch_size in (40, 1400):  # by layers and by groups; the last batch is smaller
            model.fit(x, y, batch_size=batch_size, epochs=2, verbose=0)
        made.append(model.parameters.copy())
    assert np.isfinite(made[0]).all()
    for other in made[1:]:
        assert np.array_equal(made[0], other)
    alone = model.predict(x[3:4])
    assert np.array_equal(alone[0], model.predict(x)[3])


def test_training_does_what_gradients_say(name, rng):
    """One step of plain gradient descent moves weights by the gradient that the step would see."""
    x, y = rng.normal(size=(9, 5)), rng.normal(size=(9, 3))
    model = network(name, "float64")
    model.compile(fastnn.optimizers.SGD(0.5), "mse")
    loss, gradients = model.gradients(x, y, training=True)
    before = model.get_weights()
    assert np.isclose(model.train_on_batch(x, y), loss, rtol=1e-12)
    for (_, weight), old, new, gradient in zip(model.declared(), before, model.get_weights(), gradients, strict=True):
        if weight.trainable:
            np.testing.assert_allclose(new, old - 0.5 * gradient, rtol=1e-9, atol=1e-12)
