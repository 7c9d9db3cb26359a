"""What layers beyond Dense do by themselves: shapes, parameters, copies, randomness."""

import copy
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.layers import Dense, Residual


def test_residual_adds_its_input():
    x = np.array([[1.0, 2.0], [-1.0, 0.5]])
    block = Residual([Dense(3, "relu"), Dense(2)])
    y = block(x)
    first, second = block.layers
    np.testing.assert_allclose(y, x + second(first(x)))
    assert block.projection is None
    assert block.count_params() == 9 + 8


def test_residual_projects_where_widths_differ():
    x = np.array([[1.0, 2.0]])
    block = Residual([Dense(3, "tanh")])
    y = block(x)
    assert block.projection.shape == (2, 3)
    np.testing.assert_allclose(y, x @ block.projection + block.layers[0](x))
    assert [array.shape for array in block.get_weights()] == [(2, 3), (3,), (2, 3)]


def test_residual_in_a_model_shares_its_parameters():
    block = Residual([Dense(4, "tanh"), Residual([Dense(4)])])
    model = fastnn.Sequential([fastnn.Input((4,)), block, Dense(1)], seed=1)
    assert model.count_params() == 2 * 20 + 5
    block.layers[0].kernel[...] = 0.5
    assert (model.get_weights()[0] == 0.5).all()
    x = np.eye(4, dtype=np.float32)
    expected = model.predict(x)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert np.array_equal(other.predict(x), expected)
        other.layers[0].layers[1].layers[0].kernel[...] += 1.0
        assert not np.array_equal(other.predict(x), expected)
    assert np.array_equal(model.predict(x), expected)


@pytest.mark.parametrize(
    "made",
    [
        lambda inner: [inner, Residual([inner])],
        lambda inner: [Residual([inner]), inner],
        lambda inner: [Residual([inner]), Residual([Residual([inner])])],
    ],
)
def test_a_layer_within_a_residual_has_one_place_in_a_model(made):
    inner = Dense(4)
    with pytest.raises(ValueError, match=r"a layer of no model, received: '\w+' of model 'sequential'"):
        fastnn.Sequential([fastnn.Input((4,)), *made(inner)])
    fastnn.Sequential([inner])


def test_a_layer_within_a_residual_belongs_to_one_model():
    inner = Dense(4)
    block = Residual([Residual([inner])])
    model = fastnn.Sequential([fastnn.Input((4,)), block])
    for layer in (inner, Residual([inner]), block.layers[0]):
        with pytest.raises(ValueError, match=r"a layer of no model, received: '.*' of model 'sequential'"):
            fastnn.Sequential([layer])
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert [part.owner() for part in copied.parts()] == [copied] * 3
    assert model.pop() is block
    fastnn.Sequential([fastnn.Input((4,)), block])
    fastnn.Sequential([inner])  # that model is gone


def test_a_build_that_fails_leaves_layers_within_as_they_were():
    inner = Dense(3)
    model = fastnn.Sequential([Residual([inner])])
    with pytest.raises(KeyError), model.built_for(3):
        raise KeyError
    assert not inner.built
    assert model.predict(np.ones((1, 2))).shape == (1, 3)


def test_a_copy_of_a_residual_shares_nothing():
    block = Residual([Dense(4, "tanh"), Residual([Dense(4)])])
    model = fastnn.Sequential([fastnn.Input((4,)), block], seed=0)
    twin = copy.copy(block)
    assert all(np.array_equal(a, b) for a, b in zip(twin.get_weights(), block.get_weights(), strict=True))
    for layer in (block.layers[0], block.layers[1].layers[0]):
        assert np.shares_memory(layer.kernel, model.parameters)
    assert not any(np.shares_memory(view, model.parameters) for view in twin.arrays())
    assert all(part.owner is None for part in twin.parts())


def test_residual_config_makes_the_same_layer():
    block = Residual([Dense(4, "tanh", kernel_regularizer="l2"), layers.Dropout(0.5)], name="skip")
    twin = Residual.from_config(block.get_config())
    assert twin.get_config() == block.get_config()
    assert isinstance(twin.layers[1], layers.Dropout)


def test_a_frozen_residual_freezes_its_layers():
    block = Residual([Dense(3)], trainable=False)
    model = fastnn.Sequential([fastnn.Input((2,)), block, Dense(1)], seed=0)
    model.compile("sgd", "mse")
    before = block.get_weights()
    model.fit(np.eye(2), [0.0, 1.0], epochs=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(block.get_weights(), before, strict=True))
    assert not block.layers[0].trainable


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Residual([]), ValueError, r"`layers` to hold at least one layer, received: none"),
        (lambda: Residual([3]), TypeError, r"`layers` to hold layers of fastnn.layers, received: 3"),
        (lambda: Residual([Dense(2)] * 2), ValueError, r"every layer once, received: one of them twice"),
        (lambda: (lambda d: Residual([d, Residual([d])]))(Dense(2)), ValueError, r"every layer once, received: one"),
        (lambda: Residual([fastnn.Input((3,)), Dense(3)]), ValueError, r"`layers` without Input, .*shape=\(3,\)"),
        (lambda: layers.GaussianNoise(-1), ValueError, r"`stddev` to be a number >= 0, received: stddev=-1"),
        (lambda: layers.GaussianDropout(1), ValueError, r"`rate` to be a number >= 0 and < 1, received: rate=1"),
        (lambda: layers.AlphaDropout(2), ValueError, r"received: rate=2"),
        (lambda: layers.RReLU(0.5, 0.25), ValueError, r"`upper` to be a number >= 0.5, received: upper=0.25"),
        (lambda: layers.DropConnect(3, 1.0), ValueError, r"`rate` to be a number >= 0 and < 1"),
    ],
)
def test_arguments_are_checked_when_made(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_rows_of_several_dimensions():
    x = np.arange(24.0).reshape(4, 2, 3)
    stack = [fastnn.Input((2, 3)), layers.Rescaling(0.1), layers.Flatten(), Dense(5), Dense(1)]
    model = fastnn.Sequential(stack, seed=0)
    assert model.input_shape == (None, 2, 3)
    assert model.predict(x).shape == (4, 1)
    assert np.array_equal(model.predict(x), model.predict(x.reshape(4, 6)))
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(4), verbose=0)
    assert [array.shape for array in model.activations(x)] == [(4, 6), (4, 6), (4, 5), (4, 1)]
    with pytest.raises(TypeError, match="X to have no masked values"):
        model.predict(np.ma.masked_less(np.arange(6.0).reshape(1, 2, 3), 1))
    with pytest.raises(ValueError, match=r"at least one row and one feature, received: shape=\(0, 6\)"):
        model.predict(x[:0])
    with pytest.raises(ValueError, match="X to be a rectangular array"):
        model.predict([[[1.0, 2.0, 3.0], [4.0]]])
    unknown = fastnn.Sequential([layers.Flatten(), Dense(1)])
    assert unknown.predict(x).shape == (4, 1)
    with pytest.raises(ValueError, match=r"expected X of shape \(rows, features\), received: shape=\(4, 3, 2\)"):
        model.predict(x.reshape(4, 3, 2))
    with pytest.raises(ValueError, match=r"Flatten\(\) before layer 'dense', .* an Input of shape \(2, 3\)"):
        fastnn.Sequential([fastnn.Input((2, 3)), Dense(2)])


def test_activations_of_every_layer(rng):
    x = rng.normal(size=(6, 3))
    block = Residual([Dense(3, "tanh")])
    stack = [fastnn.Input((3,)), layers.Flatten(), block, layers.BatchNormalization(), layers.Dropout(0.5), Dense(2)]
    model = fastnn.Sequential(stack, dtype="float64")
    made = model.activations(x)
    assert np.array_equal(made[0], x)
    np.testing.assert_allclose(made[1], block(x))
    np.testing.assert_allclose(made[2], made[1] / np.sqrt(1.001))
    assert np.array_equal(made[3], made[2])
    assert np.array_equal(made[4], model.predict(x))


def test_dropconnect_drops_the_share(rng):
    """One step at rate 1 on a linear layer: elements of the kernel that were dropped have no gradient."""
    model = fastnn.Sequential([fastnn.Input((500,)), layers.DropConnect(400, 0.3)], dtype="float64", seed=1)
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    kept = []
    for _ in range(2):
        before = model.layers[0].kernel.copy()
        model.train_on_batch(rng.normal(size=(3, 500)), np.zeros((3, 400)))
        kept.append(model.layers[0].kernel != before)
    for mask in kept:
        assert abs(mask.mean() - 0.7) < 5 * np.sqrt(0.21 / mask.size)
    both = (kept[0] & kept[1]).mean()  # drawn anew for each batch
    assert abs(both - 0.49) < 5 * np.sqrt(0.25 / kept[0].size)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: layers.GaussianNoise(0.5, seed=seed),
        lambda seed: layers.GaussianDropout(0.5, seed=seed),
        lambda seed: layers.AlphaDropout(0.5, seed=seed),
        lambda seed: layers.DropConnect(3, 0.5, seed=seed, kernel_initializer="ones"),
    ],
)
def test_a_layers_seed_repeats_its_draws(make, rng):
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))

    def fitted(seed):
        model = fastnn.Sequential([fastnn.Input((3,)), make(seed), Dense(1, kernel_initializer="ones")])
        model.compile("sgd", "mse")
        model.fit(x, y, epochs=3, shuffle=False, verbose=0)
        return model.parameters

    assert np.array_equal(fitted(7), fitted(7))
    assert not np.array_equal(fitted(7), fitted(8))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_activity_penalties_are_keras_means(reduction):
    """Keras divides a layer's penalty by the rows of the batch, whatever the loss divides by."""
    dense = Dense(2, kernel_initializer="ones", activity_regularizer=fastnn.regularizers.L1L2(0.5, 0.25))
    model = fastnn.Sequential([fastnn.Input((1,)), dense])
    model.compile("sgd", fastnn.losses.MeanSquaredError(reduction=reduction))
    x, weight = np.array([[1.0], [-3.0]]), [1.0, 4.0]
    y = np.repeat(x, 2, axis=1)  # what the layer makes of x: the loss is the penalty
    penalty = (0.5 * (1 + 1 + 3 + 3) + 0.25 * (1 + 1 + 9 + 9)) / 2
    assert np.isclose(model.evaluate(x, y, sample_weight=weight, verbose=0), penalty)
    kernel, bias = dense.kernel.copy(), dense.bias.copy()
    assert np.isclose(model.train_on_batch(x, y, sample_weight=weight), penalty)
    rate, slope = 0.01, 0.5 * np.sign(y) + 0.5 * y
    np.testing.assert_allclose(dense.kernel, kernel - rate * (x * slope).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(dense.bias, bias - rate * slope.mean(axis=0), rtol=1e-6)
    bad = fastnn.Sequential([fastnn.Input((1,)), Dense(1, "sigmoid", activity_regularizer="l2")])
    bad.compile("sgd", None)
    with pytest.raises(ValueError, match=r"no activity_regularizer on the last layer, whose sigmoid"):
        bad.compile("sgd", "binary_crossentropy")


@pytest.mark.parametrize("rows", [2, 300])
def test_activity_is_penalized_where_a_batch_weighs_nothing(rows):
    """The loss of such a batch is 0 by any reduction; its rows have the penalty all the same, as in Keras."""
    x = np.linspace(-1, 2, 2 * rows).reshape(-1, 1)
    weight = np.repeat([0.0, 1.0], rows)  # either reduction divides the second batch's loss by its rows
    trained = []
    for reduction in ("sum_over_batch_size", "mean_with_sample_weight"):
        dense = Dense(2, kernel_initializer="ones", activity_regularizer="l2", kernel_regularizer="l1")
        model = fastnn.Sequential([fastnn.Input((1,)), dense, Dense(1, kernel_initializer="ones")], dtype="float64")
        model.compile("sgd", fastnn.losses.MeanSquaredError(reduction=reduction))
        fitted = model.fit(x, x, batch_size=rows, epochs=2, sample_weight=weight, shuffle=False, verbose=0)
        trained.append([*fitted.history["loss"], *model.parameters])
    np.testing.assert_allclose(trained[1], trained[0], rtol=1e-12)
