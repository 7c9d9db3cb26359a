import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest

import fastnn
from fastnn import layers, pace, training
from fastnn.pace import Pace

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(50, 4)).astype(np.float32)
Y = X.sum(axis=1)
LABELS = (np.arange(50) % 3).astype(np.int64)


def regression(*given, optimizer="sgd", metrics=None, **options):
    model = fastnn.Sequential([*(given or (layers.Dense(6, "tanh"), layers.Dense(1)))], **{"seed": 0, **options})
    model.compile(optimizer, "mse", metrics)
    return model


def classifier(**options):
    model = fastnn.Sequential([layers.Dense(6, "tanh"), layers.Dense(3, "softmax")], seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", **options)
    return model


@pytest.mark.parametrize("metrics", [None, ["mae", "r2_score"]])
def test_an_epoch_by_hand(metrics):
    """Batches in order, an incomplete last one, weights, history: against plain NumPy."""
    model = regression(layers.Dense(1), optimizer=fastnn.optimizers.SGD(0.1), metrics=metrics, dtype="float64")
    model.build((4,))
    w, b = (array.copy() for array in model.get_weights())
    x, y, weight = X.astype(np.float64), Y[:, None].astype(np.float64), np.linspace(0.5, 1.5, 50)
    total, made = 0.0, []
    for start in range(0, 50, 16):
        part = slice(start, start + 16)
        f = x[part] @ w + b
        made.append(f)
        error, rows = f - y[part], len(f)
        total += np.sum(weight[part] * error.ravel() ** 2)
        d = 2 * error * weight[part, None] / rows
        w -= 0.1 * x[part].T @ d
        b -= 0.1 * d.sum(axis=0)
    history = model.fit(x, y, batch_size=16, shuffle=False, sample_weight=weight, verbose=0).history
    np.testing.assert_allclose(history["loss"], [total / 50], rtol=1e-12)
    np.testing.assert_allclose(model.layers[0].kernel, w, rtol=1e-12)
    np.testing.assert_allclose(model.layers[0].bias, b, rtol=1e-12)
    assert model.iterations == 4
    if metrics:
        np.testing.assert_allclose(history["mae"], [np.abs(np.concatenate(made) - y).mean()], rtol=1e-9)


def test_learning_with_metrics_and_validation():
    model = classifier(metrics=["accuracy"])
    y = X[:, :3].argmax(axis=1)
    history = model.fit(X, y, epochs=300, validation_data=(X, y), verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["val_accuracy"][-1] > 0.9
    scores = model.evaluate(X, y, verbose=0, return_dict=True)
    assert scores["loss"] == history["val_loss"][-1]
    assert model.evaluate(X, y, verbose=0) == [scores["loss"], scores["accuracy"]]
    assert model.loss(y, model.predict(X)) == pytest.approx(scores["loss"], rel=1e-4)


def test_repeatable_and_resumable():
    once, parts = (regression(layers.Dense(5, "relu"), layers.Dropout(0.3), layers.Dense(1)) for _ in range(2))
    whole = once.fit(X, Y, epochs=6, verbose=0).history["loss"]
    pieces = [parts.fit(X, Y, epochs=end, initial_epoch=end - 2, verbose=0).history["loss"] for end in (2, 4, 6)]
    assert whole == [loss for piece in pieces for loss in piece]
    assert once.parameters.tobytes() == parts.parameters.tobytes()


@pytest.mark.parametrize("batch_size", [1, 7, 25, 50, 64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batch_sizes(batch_size, dtype):
    """One row, mini-batches with and without a rest, the whole set and more: against plain NumPy."""
    model = regression(layers.Dense(1), optimizer=fastnn.optimizers.SGD(0.01), dtype=dtype)
    model.build((4,))
    w, b = (array.astype(np.float64) for array in model.get_weights())
    losses = []
    for start in range(0, 50, batch_size):
        x, y = (array[start : start + batch_size].astype(np.float64) for array in (X, Y[:, None]))
        error = x @ w + b - y
        losses += [np.square(error).sum()]
        w -= 0.02 * x.T @ error / len(x)
        b -= 0.02 * error.mean(axis=0)
    history = model.fit(X, Y, batch_size=batch_size, shuffle=False, verbose=0).history
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(history["loss"], [sum(losses) / 50], rtol=tolerance)
    np.testing.assert_allclose(model.layers[0].kernel, w, rtol=tolerance)
    np.testing.assert_allclose(model.layers[0].bias, b, rtol=tolerance)
    assert model.iterations == -(-50 // batch_size)


def test_seeded_dropout_alone_is_repeatable():
    def losses(seed):
        given = (layers.Dropout(0.5, seed=seed), layers.Dense(1, kernel_initializer="ones"))
        return regression(*given, seed=None).fit(X, Y, shuffle=False, verbose=0).history

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_frozen_layers_stay():
    model = regression()
    model.build((4,))
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    frozen, free = (layer.get_weights()[0] for layer in model.layers)
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel, frozen)
    assert (model.layers[1].kernel != free).any()


def test_types_of_data_train_alike():
    x = GENERATOR.integers(0, 2, (50, 4))
    expected = regression().fit(x.astype(np.float32), Y, verbose=0).history
    for dtype in (np.uint8, np.bool_, np.int64, np.float16, np.float64):
        assert regression().fit(x.astype(dtype), Y, verbose=0).history == expected
    assert regression().fit(x.tolist(), Y.tolist(), verbose=0).history == expected


def test_a_memmap_is_not_copied(tmp_path):
    rows = np.memmap(tmp_path / "x", dtype=np.float32, mode="w+", shape=X.shape)
    rows[...] = X
    model = regression()
    dataset = model.training.dataset(rows, Y)
    assert np.shares_memory(dataset.x, rows)
    assert model.fit(rows, Y, verbose=0).history == regression().fit(X, Y, verbose=0).history


BAD = [
    ({"x": X[:0], "y": Y[:0]}, "at least one row"),
    ({"x": X[:, 0]}, "reshape"),
    ({"y": Y[:-1]}, "as many rows as X, 50, received"),
    ({"y": None}, "received: y=None"),
    ({"y": np.where(np.arange(50) == 7, np.inf, Y)}, r"y\[7, 0\]=inf"),
    ({"x": np.where(np.arange(200).reshape(50, 4) == 6, np.nan, X)}, r"X\[1, 2\]=nan"),
    ({"sample_weight": np.ones(3)}, "sample_weight to have as many rows as X"),
    ({"sample_weight": -np.ones(50)}, "sample_weight to be >= 0, received: -1.0 in row 0"),
    ({"sample_weight": np.zeros(50)}, "received: all zeros"),
    ({"batch_size": 0}, "received: batch_size=0"),
    ({"epochs": -1}, "received: epochs=-1"),
    ({"epochs": 1.5}, "received: epochs=1.5"),
    ({"verbose": 3}, "received: verbose=3"),
]


@pytest.mark.parametrize(("wrong", "text"), BAD)
@pytest.mark.parametrize("built", [False, True])
def test_errors_leave_the_model_as_it_was(wrong, text, built):
    model = regression()
    if built:
        model.fit(X, Y, verbose=0)
    before = model.parameters.copy() if built else None
    with pytest.raises((ValueError, TypeError), match=text):
        model.fit(**{"x": X, "y": Y, "verbose": 0, **wrong})
    assert model.built == built
    if built:
        assert model.parameters.tobytes() == before.tobytes()
        assert model.iterations == 2


def test_compile_errors_keep_what_was_compiled():
    model = fastnn.Sequential([fastnn.Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"model.compile"):
        model.fit(X, Y)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="sensible pairs"):
        model.compile("sgd", "binary_crossentropy")
    assert isinstance(model.loss, fastnn.losses.MeanSquaredError)
    model.compile()
    with pytest.raises(ValueError, match="expected a loss"):
        model.fit(X, Y)


def test_sign_cannot_be_trained_through():
    model = regression(layers.Dense(3, "sign"), layers.Dense(1))
    with pytest.raises(ValueError, match="layer 'dense' with activation='sign'"):
        model.fit(X, Y)
    assert not model.built


def test_dropout_cannot_be_last():
    with pytest.raises(ValueError, match="received: 'dropout', which draws random numbers"):
        regression(layers.Dense(1), layers.Dropout(0.5)).fit(X, Y)


def test_a_model_without_layers():
    model = fastnn.Sequential()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="at least one layer"):
        model.fit(X, Y)


def test_results_do_not_depend_on_the_number_of_threads(monkeypatch):
    def trained(count):
        monkeypatch.setattr(training.threads, "default_threads", lambda: count)
        model = regression(layers.Dense(64, "relu"), layers.Dropout(0.2), layers.Dense(1), optimizer="adam")
        model.fit(np.tile(X, (20, 8)), np.tile(Y, 20), batch_size=200, epochs=2, verbose=0)
        return model.parameters.tobytes()

    assert trained(1) == trained(2) == trained(3)


def test_divergence_warns_once_and_names_epoch_and_rate():
    model = regression(layers.Dense(1), optimizer=fastnn.optimizers.SGD(1e30))
    with pytest.warns(RuntimeWarning, match="in epoch 1, at a learning rate of 1e") as caught:
        model.fit(X, Y, epochs=4, verbose=0)
    assert [warning.filename for warning in caught] == [__file__]


def test_zero_kernels_in_a_hidden_layer_warn():
    model = regression(layers.Dense(3, "tanh", kernel_initializer="zeros"), layers.Dense(1))
    with pytest.warns(UserWarning, match="hidden layer 'dense' is all zeros") as caught:
        model.fit(X, Y, verbose=0)
    assert caught[0].filename == __file__


def test_learning_rate_schedule_and_setting():
    model = regression(layers.Dense(1), optimizer=fastnn.optimizers.SGD(lambda step: 0.1 if step < 2 else 0.0))
    model.fit(X, Y, verbose=0)
    kernel = model.layers[0].get_weights()[0]
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)
    with pytest.raises(TypeError, match=r"expected a schedule as learning_rate, .* received: learning_rate=0.1"):
        model.optimizer.learning_rate = 0.1
    model.optimizer.learning_rate = lambda step: 0.1
    model.fit(X, Y, verbose=0)
    assert (model.layers[0].kernel != kernel).any()


def test_train_on_batch_is_a_step_of_fit():
    fitted, stepped = classifier(metrics=["accuracy"]), classifier(metrics=["accuracy"])
    history = fitted.fit(X, LABELS, batch_size=50, shuffle=False, verbose=0).history
    scores = stepped.train_on_batch(X, LABELS, return_dict=True)
    assert scores == {name: values[0] for name, values in history.items()}
    assert stepped.parameters.tobytes() == fitted.parameters.tobytes()
    smaller = stepped.train_on_batch(X[:7], LABELS[:7])
    assert len(smaller) == 2
    assert stepped.iterations == 2


def test_one_line_an_epoch(capsys):
    regression(metrics=["mae"]).fit(X, Y, epochs=2, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("Epoch 2/2 - ")
    for name in ("loss: ", "mae: ", "val_loss: ", "val_mae: "):
        assert name in lines[0]
    regression().fit(X, Y, verbose=0)
    assert capsys.readouterr().out == ""


def test_slices_adapt_to_the_time_they_take():
    pace = Pace()
    pace.took(1, 1e-6)
    assert pace.units == 8
    pace.took(8, 0.8)
    assert pace.units == 1
    assert list(Pace(3).slices(0)) == []
    stops = [stop for _, stop in Pace(2).slices(5)]
    assert stops[0] == 2
    assert stops[-1] == 5


def test_slices_that_take_the_time_they_should_stay_as_they_are(monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(pace, "SLICE_SECONDS", 1.0)
    monkeypatch.setattr(pace.time, "perf_counter", lambda: float(next(clock)))
    assert list(Pace(4).slices(14)) == [(0, 4), (4, 8), (8, 12), (12, 14)]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_ctrl_c_is_answered_and_callbacks_end(ctrl_c):
    ended = []
    model = regression(layers.Dense(256, "relu"), layers.Dense(256, "relu"), layers.Dense(1))
    x, y = np.zeros((20000, 64), dtype=np.float32), np.zeros(20000)
    pressed = []

    def press():
        pressed.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1.0, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            x,
            y,
            epochs=10**6,
            verbose=0,
            callbacks=[fastnn.callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(True))],
        )
    assert time.perf_counter() - pressed[0] < 0.5
    assert ended == [True]
    assert model.iterations == model.training._made[0].iterations
    assert np.isfinite(model.parameters).all()


def test_not_enough_memory_leaves_the_weights(monkeypatch):
    model = regression()
    model.build((4,))
    before = model.parameters.copy()

    def refuse(*args, **options):
        raise MemoryError("cannot allocate 1,000 bytes")

    monkeypatch.setattr(training.engine, "Trainer", refuse)
    with pytest.raises(MemoryError, match="1,000 bytes"):
        model.fit(X, Y, verbose=0)
    assert model.parameters.tobytes() == before.tobytes()
    assert model.iterations == 0
