"""Callbacks that stop a fit, set its learning rate, or log it."""

import numpy as np
import pytest

import fastnn
from fastnn import callbacks
from tests.test_callbacks import Values, X, Y, compiled, resumed

NAN = float("nan")


@pytest.fixture
def model():
    return compiled()


# ---- learning rate ---------------------------------------------------------------------------------------------------

VALUES = [5, 4, 4, 4, 3.9995, 3.99, 3.99, 3.99, 3.99, 3.99, 2, 2, 2, 2, 2, 2]
#: The rates that Keras 3's callback has at the end of these epochs, as 1 / rate.
KERAS_RATES = [
    ({"patience": 2}, [1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 8, 8, 8, 16, 16, 32]),
    ({"patience": 2, "cooldown": 2}, [1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 8, 8, 8]),
    ({"patience": 1, "min_lr": 0.3}, [1, 1, 1, 2, *12 * [1 / 0.3]]),
    ({"patience": 2, "min_delta": 0.5}, [1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 16, 32, 32, 64]),
    ({"patience": 3, "mode": "max"}, [1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8, 16, 16, 16]),
    ({"patience": 0}, [1, 1, 1, 2, 4, 4, 4, 8, 16, 32, 64, 64, 128, 256, 512, 1024]),
]


def reduced(model, values=VALUES, **options):
    model.optimizer.learning_rate = 1.0
    reduce = callbacks.ReduceLROnPlateau("value", factor=0.5, **options)
    history = model.fit(X, Y * 0, epochs=len(values), verbose=0, callbacks=[Values(values), reduce])
    return history.history["learning_rate"]


@pytest.mark.parametrize(("options", "expected"), KERAS_RATES)
def test_reduce_on_plateau_as_keras_does(model, options, expected):
    rates = reduced(model, **options)
    np.testing.assert_allclose(rates, 1.0 / np.array(expected), rtol=1e-12)


def test_reduce_on_plateau_is_resumed():
    def make():
        return callbacks.ReduceLROnPlateau("value", patience=3, cooldown=2, factor=0.5)

    second, cut, whole, model = resumed(make, VALUES, 8, 16)
    assert second.get_state() == whole.get_state()
    assert cut.optimizer.learning_rate == model.optimizer.learning_rate < 0.01


def test_learning_rate_scheduler(model, capsys):
    schedule = callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1), verbose=1)
    rates = model.fit(X, Y, epochs=3, verbose=0, callbacks=[schedule]).history["learning_rate"]
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.1 / 3])
    assert model.optimizer.learning_rate == pytest.approx(0.1 / 3)
    assert capsys.readouterr().out.splitlines()[1] == "Epoch 2: learning rate 0.05"
    other = compiled()
    other.fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)])
    builtin = compiled()
    builtin.fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.LearningRateScheduler(max)])
    assert builtin.optimizer.learning_rate == 1.0  # the second epoch's number
    assert other.optimizer.learning_rate == 0.0025


@pytest.mark.parametrize("callback", [callbacks.ReduceLROnPlateau("loss"), callbacks.LearningRateScheduler(min)])
def test_a_schedule_of_steps_cannot_be_set(callback):
    model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    model.compile(fastnn.optimizers.SGD(lambda step: 0.1), "mse")
    with pytest.raises(ValueError, match=f"a number as learning rate for {type(callback).__name__}"):
        model.fit(X, Y, verbose=0, callbacks=[callback])
    assert model.iterations == 0


# ---- stopping --------------------------------------------------------------------------------------------------------


def diverging():
    model = compiled()
    model.optimizer.learning_rate = 1e30
    return model


def test_terminate_on_nan(capsys):
    model = diverging()
    with pytest.warns(RuntimeWarning, match="in epoch 1"):
        history = model.fit(X, Y, batch_size=4, epochs=5, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert history.epoch == [0]
    assert capsys.readouterr().out == "Step 1: the loss is inf, training ends\n"


def test_terminate_on_nan_raises():
    ended = []
    tell = callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(True))
    with pytest.raises(RuntimeError, match="Step 1: the loss is inf"):
        diverging().fit(X, Y, batch_size=4, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True), tell])
    assert not ended


def test_finite_losses_go_on(model):
    assert len(model.fit(X, Y, epochs=3, verbose=0, callbacks=[callbacks.TerminateOnNaN()]).epoch) == 3


@pytest.mark.parametrize(
    ("threshold", "values", "name", "mode", "epochs"),
    [
        (1.0, [3, 2, 1, 0], "value", "auto", 3),
        (0.9, [0.5, 0.8, 0.9, 1.0], "accuracy", "auto", 3),
        (0.9, [0.5, 0.95, 0.9, 1.0], "value", "max", 2),
        (0.0, [3, 2, NAN, 1], "value", "min", 4),
    ],
)
def test_stop_at_training_metric(model, threshold, values, name, mode, epochs):
    stop = callbacks.StopAtTrainingMetric(threshold, name, mode)
    assert len(model.fit(X, Y, epochs=4, verbose=0, callbacks=[Values(values, name), stop]).epoch) == epochs


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        ({"min_delta": 0.5, "patience": 1}, 3),
        ({"min_delta": 0.5, "patience": 2}, 6),
        ({"min_delta": 0.1, "patience": 1, "relative": True}, 3),
        ({"min_delta": 0.02, "patience": 1, "relative": True}, 5),
    ],
)
def test_stop_on_small_change_of_epochs(model, options, epochs):
    stop = callbacks.StopOnSmallChange(every="epoch", **options)
    values = Values([20, 10, 9.6, 5, 5.05, 5.05, 9], "loss")
    assert not stop.wants_batches
    assert len(model.fit(X, Y, epochs=7, verbose=0, callbacks=[values, stop]).epoch) == epochs


def test_stop_on_small_change_of_steps(model):
    losses = []
    seen = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
    stop = callbacks.StopOnSmallChange(1e-3, patience=3)
    model.fit(X, Y, batch_size=20, shuffle=False, epochs=10**4, verbose=0, callbacks=[seen, stop])
    changes = np.abs(np.diff(losses))
    assert (changes[-3:] <= 1e-3).all()
    assert changes[-4] > 1e-3  # the loss falls ever slower
    assert model.iterations == len(losses)


# ---- logging ---------------------------------------------------------------------------------------------------------


def test_csv_logger(model, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("old\n")
    logger = callbacks.CSVLogger(path, separator=";")
    history = model.fit(X, Y, epochs=3, validation_data=(X, Y), verbose=0, callbacks=[logger]).history
    lines = [line.split(";") for line in path.read_text().splitlines()]
    assert lines[0] == ["epoch", "loss", "val_loss"]
    for epoch, line in enumerate(lines[1:]):
        assert [float(value) for value in line] == [epoch, history["loss"][epoch], history["val_loss"][epoch]]
    assert len(lines) == 4


@pytest.mark.parametrize("how", ["append", "state"])
def test_csv_logger_goes_on(how, model, tmp_path):
    path = tmp_path / "log.csv"
    first, second = callbacks.CSVLogger(path), callbacks.CSVLogger(path, append=how == "append")
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[first])

    class Restore(callbacks.Callback):
        def on_train_begin(self, logs=None):
            if how == "state":
                second.set_state(first.get_state())

    model.fit(X, Y, epochs=4, initial_epoch=2, verbose=0, callbacks=[second, Restore()])
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "0", "1", "2", "3"]
    with pytest.warns(UserWarning, match="no columns for: val_loss"):
        model.fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])


def test_csv_logger_fails_before_training(model, tmp_path):
    with pytest.raises(FileNotFoundError):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.CSVLogger(tmp_path / "none" / "log.csv")])
    assert model.iterations == 0


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: callbacks.ReduceLROnPlateau(factor=1.0), "received: factor=1.0"),
        (lambda: callbacks.ReduceLROnPlateau(factor=-0.1), "received: factor=-0.1"),
        (lambda: callbacks.ReduceLROnPlateau(min_lr=-1), "received: min_lr=-1"),
        (lambda: callbacks.ReduceLROnPlateau(cooldown=-1), "received: cooldown=-1"),
        (lambda: callbacks.LearningRateScheduler(0.1), "received: schedule=0.1"),
        (lambda: callbacks.StopAtTrainingMetric("low"), "received: threshold='low'"),
        (lambda: callbacks.StopOnSmallChange(-1.0), "received: min_delta=-1.0"),
        (lambda: callbacks.StopOnSmallChange(patience=0), "received: patience=0"),
        (lambda: callbacks.StopOnSmallChange(every="batch"), "'step', 'epoch', received: every='batch'"),
        (lambda: callbacks.CSVLogger("log.csv", separator="::"), "received: separator='::'"),
    ],
)
def test_wrong_arguments(make, text):
    with pytest.raises((TypeError, ValueError), match=text):
        make()
