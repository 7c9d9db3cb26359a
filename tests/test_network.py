import copy
import gc
import pickle

import numpy as np
import pytest

import fastnn
from fastnn import layers, summary

X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)


def network(*given, **options):
    given = given or (layers.Dense(5, "tanh"), layers.Dense(3, "softmax"))
    return fastnn.Sequential([fastnn.Input((4,)), *given], **{"seed": 0, **options})


def by_hand(model, x):
    first, last = (layer.get_weights() for layer in model.layers)
    logits = np.tanh(x @ first[0] + first[1]) @ last[0] + last[1]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict(dtype):
    model = network(dtype=dtype)
    y = model.predict(X)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, by_hand(model, X), rtol=1e-5)
    np.testing.assert_array_equal(model(X), y)
    np.testing.assert_array_equal(model.predict(X, batch_size=7), y)
    one_by_one = np.concatenate([model.predict(row[np.newaxis]) for row in X])
    np.testing.assert_array_equal(one_by_one, y)


def test_predictor_has_the_bits_of_predict():
    model = network()
    predictor = model.predictor(max_rows=2)
    out = np.empty((2, 3), dtype=np.float32)
    assert predictor(X[:2], out) is out
    np.testing.assert_array_equal(out, model.predict(X)[:2])
    np.testing.assert_array_equal(predictor(X[:1]), model.predict(X)[:1])
    model.layers[0].kernel[...] = 0.0  # it reads the present parameters
    np.testing.assert_array_equal(predictor(X[:1]), model.predict(X[:1]))
    with pytest.raises(ValueError, match="received: max_rows=0"):
        model.predictor(0)
    out.flags.writeable = False
    with pytest.raises(ValueError, match=r"out: expected a writeable .* of shape \(2, 3\), not writeable"):
        predictor(X[:2], out)
    swapped = X[:2].dtype.newbyteorder()
    with pytest.raises(ValueError, match=f"received: {swapped}"):
        predictor(X[:2].astype(swapped))


def test_a_predictor_for_more_rows_than_there_are():
    model = network()
    np.testing.assert_array_equal(model.predictor(10**12)(X), model.predict(X))
    with pytest.raises(ValueError, match=r"a positive integer up to \d+, received: max_rows=9223372036854775808"):
        model.predictor(2**63)


@pytest.mark.parametrize("shape", [(2**62,), (2**63,), (2**32, 2**32)])
def test_rows_wider_than_any_memory(shape):
    """The layers need no parameters, so no memory is asked for."""
    with pytest.raises(ValueError, match="`shape` to have at most 1099511627776 numbers, received: shape="):
        fastnn.Sequential([fastnn.Input(shape), layers.Activation("relu")]).predictor()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_predictor_stays_with_its_model(duplicate):
    with pytest.raises(TypeError, match=r"stays with its model, .*; model.predictor\(max_rows\) makes another"):
        duplicate(network().predictor())


def test_activations_of_every_layer():
    model = network(layers.Dense(5, "tanh"), layers.Dropout(0.5), layers.Activation("relu"), layers.Dense(3))
    hidden, dropped, rectified, output = model.activations(X)
    np.testing.assert_allclose(hidden, np.tanh(X @ model.layers[0].kernel), rtol=1e-5)
    np.testing.assert_array_equal(dropped, hidden)
    np.testing.assert_array_equal(rectified, np.maximum(hidden, 0))
    np.testing.assert_array_equal(output, model.predict(X))


@pytest.mark.parametrize("dtype", [np.uint8, np.bool_, np.int64, np.float16, np.float32, np.float64])
def test_types_of_rows(dtype):
    model = network()
    x = np.random.default_rng(0).integers(0, 2, (6, 4)).astype(dtype)
    expected = model.predict(x.astype(np.float32))
    np.testing.assert_array_equal(model.predict(x), expected)
    np.testing.assert_array_equal(model.predict(x.tolist()), expected)
    np.testing.assert_array_equal(model.predict(np.asfortranarray(x)), expected)
    np.testing.assert_array_equal(model.predict(np.repeat(x, 2, axis=1)[:, ::2]), expected)
    np.testing.assert_array_equal(model.predict(np.hstack([x, x])[:, :4]), expected)
    np.testing.assert_array_equal(model.predict(x[::-1]), expected[::-1])
    np.testing.assert_array_equal(model.predict(np.broadcast_to(x[:1], (3, 4))), expected[[0, 0, 0]])
    np.testing.assert_array_equal(model.predict(x.astype(x.dtype.newbyteorder())), expected)


@pytest.mark.parametrize(
    ("x", "error", "text"),
    [
        (np.zeros(4), ValueError, r"shape=\(4,\): use X.reshape\(-1, 1\) for one feature"),
        (np.zeros((2, 2, 4)), ValueError, r"X.reshape\(len\(X\), -1\)"),
        (np.zeros((2, 3)), ValueError, r"expected X of shape \(rows, 4\), received: shape=\(2, 3\)"),
        (np.zeros((0, 4)), ValueError, r"at least one row"),
        (3.0, ValueError, r"shape=\(\)"),
        (np.zeros((2, 4), dtype=complex), TypeError, "dtype=complex128"),
        (np.zeros((2, 4), dtype=object), TypeError, "dtype=object"),
        ([["a"] * 4], TypeError, "dtype=<U1"),
        ([[1, 2], [3]], ValueError, "rectangular"),
        (np.array([[0, 0, 0, 0], [0, 0, np.nan, 0]]), ValueError, r"X\[1, 2\]=nan"),
        (np.array([[0, 0, 0, -np.inf]], dtype=np.float32), ValueError, r"X\[0, 3\]=-inf"),
        (np.array([[0, 1e300, 0, 0]]), ValueError, r"X\[0, 1\]=1e\+300, which overflows float32"),
        (np.ma.masked_less(np.arange(4.0).reshape(1, 4), 2), TypeError, "masked"),
    ],
)
def test_rows_that_do_not_fit(x, error, text):
    with pytest.raises(error, match=text):
        network().predict(x)


def test_building():
    assert network().built
    lazy = fastnn.Sequential([layers.Dense(2)], seed=0)
    assert not lazy.built
    assert lazy.output_shape == (None, None)
    with pytest.raises(ValueError, match=r"add Input\(shape=\(n,\)\) first"):
        lazy.get_weights()
    lazy.predict(X)
    assert lazy.input_shape == (None, 4)
    assert lazy.output_shape == (None, 2)
    early = fastnn.Sequential([layers.Dense(2, input_shape=(4,))], seed=0)
    np.testing.assert_array_equal(early.predict(X), lazy.predict(X))
    late = fastnn.Sequential([layers.Dense(2)], seed=0)
    late.build((None, 4))
    np.testing.assert_array_equal(late.predict(X), lazy.predict(X))
    with pytest.raises(ValueError, match=r"expected input_shape=\(4,\), received: input_shape=\(5,\)"):
        late.build((5,))
    with pytest.raises(ValueError, match="at least one layer"):
        fastnn.Sequential().build((4,))
    with pytest.raises(ValueError, match="dtype='float16'"):
        fastnn.Sequential(dtype="float16")


def test_add_and_pop_keep_values():
    model = network(layers.Dense(5, "tanh"))
    kernel = model.layers[0].get_weights()[0]
    model.add(layers.Dense(3, "softmax"))
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)
    np.testing.assert_array_equal(model.predict(X), network().predict(X))  # as if made at once
    last = model.pop()
    assert model.output_shape == (None, 5)
    assert last.kernel.shape == (5, 3)
    other = fastnn.Sequential([fastnn.Input((5,)), last])
    assert np.isfinite(other.predict(np.ones((1, 5)))).all()
    with pytest.raises(ValueError, match="Input as the first layer"):
        model.add(fastnn.Input((3,)))
    with pytest.raises(TypeError, match="received: 3"):
        model.add(3)


def test_names():
    model = network(layers.Dense(2), layers.Dropout(0.1), layers.Dense(2), layers.Dense(2, name="last"))
    assert [layer.name for layer in model.layers] == ["dense", "dropout", "dense_1", "last"]
    with pytest.raises(ValueError, match="name='last' twice"):
        model.add(layers.Dense(2, name="last"))


def test_names_that_a_model_gave_stay_there():
    first, last, named = layers.Dense(4), layers.Dense(4), layers.Dense(4, name="dense")
    for wrong in ([first, last, "x"], [fastnn.Input((2,)), first, fastnn.Input((2,))]):
        with pytest.raises((TypeError, ValueError)) as caught:
            fastnn.Sequential(wrong)
        assert (first.name, first.owner) == (None, None), caught
    model = network(named, last)
    assert last.name == "dense_1"
    assert model.pop() is last
    assert last.name is None
    assert model.pop().name == "dense"
    model = network(layers.Dense(4))
    model.add(last)
    model.add(copy.deepcopy(last))
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "dense_2"]
    last.name = "mine"
    model.pop()
    assert model.pop().name == "mine"
    first = network(layers.Dense(4)).layers[0]  # of a model that is gone
    assert [layer.name for layer in network(named, first).layers] == ["dense", "dense_1"]


def test_a_layer_outlives_its_model():
    layer = layers.Dense(2)
    model = network(layer)
    kernel = layer.kernel.copy()
    del model
    gc.collect()
    np.testing.assert_array_equal(network(layer).layers[0].kernel, kernel)


def test_weights_are_copies_in_keras_s_order():
    model = network()
    weights = model.get_weights()
    assert [weight.shape for weight in weights] == [(4, 5), (5,), (5, 3), (3,)]
    before = model.predict(X)
    weights[0][...] = 0.0
    np.testing.assert_array_equal(model.predict(X), before)
    model.set_weights(weights)
    np.testing.assert_array_equal(model.layers[0].kernel, 0.0)
    kept = model.parameters.copy()
    for wrong in (weights[:3], [*weights[:3], np.zeros(4)], [*weights[:3], ["a", "b", "c"]]):
        with pytest.raises(ValueError, match="model 'sequential'"):
            model.set_weights(wrong)
        np.testing.assert_array_equal(model.parameters, kept)


def test_weights_may_be_views_of_the_parameters():
    model = network(*(layers.Dense(4, bias_initializer="random_normal") for _ in range(2)))
    first, last = model.layers
    before = model.get_weights()
    model.set_weights([last.kernel, last.bias, first.kernel, first.bias])
    for got, expected in zip(model.get_weights(), before[2:] + before[:2], strict=True):
        np.testing.assert_array_equal(got, expected)
    first.set_weights([first.kernel[::-1].T, first.kernel[0]])
    np.testing.assert_array_equal(first.kernel, before[2][::-1].T)
    np.testing.assert_array_equal(first.bias, before[2][0])


def test_what_a_model_trains_is_what_its_layers_do(tmp_path):
    block = layers.Residual([layers.Dense(3)])
    model = fastnn.Sequential([fastnn.Input((3,)), block, layers.Dense(1), layers.Activation("linear")], seed=0)
    assert model.trainable
    model.compile("sgd", "mse")
    x = np.eye(3)
    for trainable in (False, True):
        model.trainable = trainable
        assert model.trainable is block.layers[0].trainable is trainable
        model.save(tmp_path / "model")
        assert fastnn.load(tmp_path / "model").trainable is trainable
        moving = model.get_weights()
        model.fit(x, [1.0, 2.0, 3.0], verbose=0)  # as was compiled
        assert np.array_equal(model.layers[1].kernel, moving[2]) is trainable
        model.compile("sgd", "mse")
        before = model.get_weights()
        model.fit(x, [1.0, 2.0, 3.0], verbose=0)
        still = [np.array_equal(a, b) for a, b in zip(model.get_weights(), before, strict=True)]
        assert still == [not trainable] * 4
    model.layers[0].trainable = False
    assert model.trainable


def test_summary(capsys):
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4, trainable=False), layers.Dense(2)])
    model.summary()
    printed = capsys.readouterr().out
    assert 'Model: "sequential"' in printed
    assert "Trainable params: 10 (40 B)" in printed
    assert "Non-trainable params: 16" in printed


@pytest.mark.parametrize(
    ("params", "size"), [(255, "1020 B"), (256, "1 KB"), (400, "1.562 KB"), (1 << 18, "1 MB"), (3 << 28, "3 GB")]
)
def test_sizes_in_a_summary(params, size):
    assert summary._size(params * 4) == size


def test_seeds():
    assert network().parameters.tobytes() == network().parameters.tobytes()
    assert network(seed=1).parameters.tobytes() != network().parameters.tobytes()
    assert network(seed=None).parameters.tobytes() != network(seed=None).parameters.tobytes()
    # float64 rounds to the float32 weights
    np.testing.assert_array_equal(network(dtype="float64").parameters.astype(np.float32), network().parameters)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(duplicate):
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    y = np.arange(30) % 3
    model.fit(X, y, verbose=0)
    twin = duplicate(model)
    assert not np.shares_memory(twin.parameters, model.parameters)
    assert model.fit(X, y, epochs=2, verbose=0).history == twin.fit(X, y, epochs=2, verbose=0).history
    assert twin.parameters.tobytes() == model.parameters.tobytes()


def test_not_enough_memory_leaves_the_model_as_it_was():
    model = network()
    before = model.predict(X)
    with pytest.raises(MemoryError, match="cannot allocate"):
        model.add(layers.Dense(1 << 58, use_bias=False))
    assert len(model.layers) == 2
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ["linear", "sigmoid", "softmax"])
def test_predictions_are_written_to_out_and_nowhere_else(activation, dtype):
    """The last activation writes them where they are wanted, in rows without room behind them."""
    rng = np.random.default_rng(0)
    for outputs in (2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 40):
        model = network(layers.Dense(6, "tanh"), layers.Dense(outputs, activation), dtype=dtype)
        for rows in (1, 2, 5, 16, 33):
            x = rng.normal(size=(rows, 4)).astype(dtype)
            around = np.full((rows + 2, outputs), 7, dtype)
            model.predictor(rows)(x, out=around[1:-1])
            assert np.all(around[0] == 7)
            assert np.all(around[-1] == 7)
            assert np.array_equal(around[1:-1], model.activations(x)[-1])
            assert np.array_equal(around[1:-1], model.predict(x))
