"""GradientMonitor: its numbers are those of the model, and it warns of what it is for, and of nothing else."""

import warnings

import numpy as np
import pytest

import fastnn
from fastnn import initializers, layers
from fastnn.callbacks import Callback, GradientMonitor

X = np.random.default_rng(0).normal(size=(300, 4))
Y = X[:, 0] > 0


def network(depth, activation, initializer="glorot_uniform", **options):
    hidden = [layers.Dense(16, activation, kernel_initializer=initializer, **options) for _ in range(depth)]
    model = fastnn.Sequential([*hidden, layers.Dense(1, "sigmoid")], seed=0)
    model.compile("adam", "binary_crossentropy")
    return model


def watch(model, epochs=1, **options):
    monitor = GradientMonitor(**options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[monitor])
    return monitor, [str(warning.message) for warning in caught]


def test_twenty_sigmoid_layers_vanish_and_twenty_of_relu_do_not():
    monitor, said = watch(network(20, "sigmoid"), epochs=2)
    assert len(said) == 1  # once a fit
    assert said[0].startswith("gradients vanish in epoch 1")
    first, last = (np.sqrt(monitor.states[0][place].mean_square) for place in (0, -1))
    assert said[0].endswith(f"is {first:.3g} in layer 'dense' and {last:.3g} in layer 'dense_20'")
    assert watch(network(20, "relu", "he_normal"))[1] == []


def test_gradients_that_explode():
    model = network(6, "linear", initializers.RandomNormal(stddev=3.0))
    model.build((4,))
    model.layers[0].kernel[...] = 1e-9  # what reaches the last layer is small, what comes back is large
    model.compile(fastnn.optimizers.SGD(0.0), "binary_crossentropy")
    _, said = watch(model)
    assert any(text.startswith("gradients explode") for text in said)


@pytest.mark.parametrize("probe", [None, (X[100:], Y[100:])])
def test_the_numbers_are_the_models(probe):
    class Weights(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.before = self.model.get_weights()

    model, before = network(2, "relu"), Weights()
    model.build((4,))
    first = [np.linalg.norm(layer.kernel) for layer in model.layers]  # biases are 0
    monitor = GradientMonitor(probe)
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[monitor, before])
    x, y = (X, Y) if probe is None else probe
    gradients, weights = model.gradients(x[:256], y[:256])[1], model.get_weights()
    for index, state in enumerate(monitor.states[1]):
        own = slice(2 * index, 2 * index + 2)
        flat = [np.concatenate([a.ravel() for a in arrays[own]]) for arrays in (gradients, weights, before.before)]
        assert state.gradient == pytest.approx(np.linalg.norm(flat[0]), rel=1e-5)
        assert state.weights == pytest.approx(np.linalg.norm(flat[1]), rel=1e-5)
        assert state.update == pytest.approx(np.linalg.norm(flat[1] - flat[2]), rel=1e-5)
        assert state.mean_square == pytest.approx(np.mean(flat[0] ** 2), rel=1e-4)
        assert state.growth == pytest.approx(state.weights / first[index], rel=1e-5)
    assert monitor.update_ratios[1] == pytest.approx(monitor.states[1][0].update / monitor.states[1][-1].update)
    assert monitor.states[1][0].dead == np.all(model.activations(x[:256])[0] == 0, axis=0).mean()


def test_it_does_not_change_the_fit():
    watched, alone = network(2, "tanh"), network(2, "tanh")
    watch(watched, epochs=3)
    alone.fit(X, Y, epochs=3, verbose=0)
    assert watched.parameters.tobytes() == alone.parameters.tobytes()
    assert watched.training.probe_rows == (None, None)


def test_dead_and_saturated_units_and_zeros():
    dead = network(1, "relu", bias_initializer=initializers.Constant(-1000.0))
    state = watch(dead)[0].states[0][0]
    assert (state.dead, np.isnan(state.saturated)) == (1.0, True)
    for activation in ("sigmoid", "tanh"):
        full = network(1, activation, bias_initializer=initializers.Constant(100.0))
        assert watch(full)[0].states[0][0].saturated == 1.0
    frozen = network(1, "tanh")
    frozen.compile(fastnn.optimizers.SGD(0.0), "binary_crossentropy")
    assert watch(frozen)[0].states[0][0].zeros == 16  # the biases


def test_only_what_learns_is_looked_at():
    stack = [
        layers.BatchNormalization(center=False, scale=False),
        layers.Residual([layers.Dense(4, trainable=False)]),
        layers.Dense(8, "relu"),
        layers.Residual([layers.Dense(8, trainable=False), layers.BatchNormalization(beta_initializer="ones")]),
        layers.Dense(4, trainable=False),
        layers.Dense(1, "sigmoid"),
    ]
    model = fastnn.Sequential(stack, seed=0)
    model.compile("adam", "binary_crossentropy")
    monitor, said = watch(model)
    assert said == []
    (states,) = monitor.states
    assert [state.layer for state in states] == ["dense", "residual_1", "dense_2"]
    norms = model.layers[3].layers[1]
    assert states[1].weights == pytest.approx(np.linalg.norm([norms.gamma, norms.beta]))
    gradients = model.gradients(X[:256], Y[:256])[1]
    of_norms = np.concatenate([gradients[index] for index in (8, 9)])
    assert states[1].mean_square == pytest.approx(np.mean(of_norms**2))


def test_sparse_rows_need_a_probe():
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(X.astype(np.float32))
    with pytest.raises(ValueError, match="probe"):
        network(1, "relu").fit(sparse, Y, verbose=0, callbacks=[GradientMonitor()])
    monitor = GradientMonitor((sparse, Y))
    network(1, "relu").fit(sparse, Y, verbose=0, callbacks=[monitor])
    assert monitor.states[0][0].gradient > 0


@pytest.mark.parametrize("arguments", [{"probe": X}, {"ratio": 1.0}])
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match="expected"):
        GradientMonitor(**arguments)
