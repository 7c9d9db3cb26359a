import numpy as np
import pytest

import fastnn
from fastnn import callbacks

X = np.linspace(-1, 1, 40).reshape(20, 2)
Y = X.sum(axis=1)


def compiled():
    model = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def model():
    return compiled()


class Recorder(callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("train begin")

    def on_train_end(self, logs=None):
        self.calls.append("train end")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} begin")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} end: {', '.join(logs)}")


class BatchRecorder(Recorder):
    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(f"batch {batch} begin")

    def on_train_batch_end(self, batch, logs=None):
        assert np.isfinite(logs["loss"])
        self.calls.append(f"batch {batch} end")


def test_order_of_the_hooks(model):
    recorder = BatchRecorder()
    model.fit(X, Y, batch_size=16, validation_data=(X, Y), verbose=0, callbacks=[recorder])
    assert recorder.calls == [
        "train begin",
        "epoch 0 begin",
        "batch 0 begin",
        "batch 0 end",
        "batch 1 begin",
        "batch 1 end",
        "epoch 0 end: loss, val_loss",
        "train end",
    ]
    assert recorder.model is model
    assert recorder.params["steps"] == 2


def test_batch_hooks_change_nothing(model):
    other = fastnn.Sequential([fastnn.layers.Dense(1)], seed=0)
    other.compile("sgd", "mse")
    with_hooks = model.fit(X, Y, epochs=3, batch_size=3, verbose=0, callbacks=[BatchRecorder()])
    without = other.fit(X, Y, epochs=3, batch_size=3, verbose=0, callbacks=[Recorder()])
    assert with_hooks.history == without.history
    assert model.parameters.tobytes() == other.parameters.tobytes()


def test_stop_training(model):
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 2

    history = model.fit(X, Y, epochs=5, batch_size=4, verbose=0, callbacks=[Stop()])
    assert history.epoch == [0]
    assert model.iterations == 3


def test_losses_of_many_steps_at_once(model):
    """The hook that costs nothing sees each step's loss once, in order."""

    class Losses(callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen, self.steps = [], []

        def on_train_batches_end(self, batch, losses):
            self.seen += losses.tolist()
            self.steps.append(batch)

    single = []
    each = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: single.append(logs["loss"]))
    many, few = Losses(), Losses()
    assert not callbacks.CallbackList([many], None, {}).wants_batches
    model.fit(X, Y, batch_size=3, epochs=4, verbose=0, callbacks=[many])
    compiled().fit(X, Y, batch_size=3, epochs=4, verbose=0, callbacks=[few, each])
    assert many.seen == few.seen == single
    assert many.steps[-1] == 6
    assert few.steps == 4 * list(range(7))


def test_lambda_callback(model):
    epochs, batches = [], []
    model.fit(
        X,
        Y,
        epochs=2,
        batch_size=10,
        verbose=0,
        callbacks=callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: epochs.append(epoch),
            on_train_batch_end=lambda batch, logs: batches.append(batch),
        ),
    )
    assert epochs == [0, 1]
    assert batches == [0, 1, 0, 1]
    with pytest.raises(TypeError, match="on_epoch_end=3"):
        callbacks.LambdaCallback(on_epoch_end=3)


def test_only_callbacks_are_taken(model):
    with pytest.raises(TypeError, match="Callback objects, received: 'stop'"):
        model.fit(X, Y, callbacks=["stop"])
    assert not model.built


class Values(callbacks.Callback):
    """Puts given numbers into the logs, ahead of EarlyStopping."""

    def __init__(self, values, name="value"):
        super().__init__()
        self.values, self.name = values, name

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


@pytest.mark.parametrize(
    ("values", "options", "epochs", "best"),
    [
        ([3, 2, 1, 0], {}, 4, 3),
        ([3, 2, 2, 0], {}, 3, 1),
        ([3, 4, 2, 5, 6, 7], {"patience": 2}, 5, 2),
        ([1, 2, 3, 3], {"mode": "max"}, 4, 2),
        ([1, 1.5, 2.5, 2.6], {"mode": "max", "min_delta": 0.9}, 2, 0),
        ([3, 2, 9, 9, 1, 1], {"start_from_epoch": 4}, 6, 4),
        ([9, 8, 7, 6], {"baseline": 5, "patience": 3}, 4, 3),
    ],
)
def test_early_stopping(model, values, options, epochs, best):
    stop = callbacks.EarlyStopping("value", **options)
    history = model.fit(X, Y, epochs=len(values), verbose=0, callbacks=[Values(values), stop])
    assert len(history.epoch) == epochs
    assert stop.best_epoch == best


def test_auto_mode_knows_accuracy(model):
    stop = callbacks.EarlyStopping("accuracy")
    values = Values([0.1, 0.2, 0.1, 0.3], "accuracy")
    assert len(model.fit(X, Y, epochs=4, verbose=0, callbacks=[values, stop]).epoch) == 3


def test_best_weights_come_back(model):
    kept = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()))
    stop = callbacks.EarlyStopping("value", patience=1, restore_best_weights=True)
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[Values([2, 1, 3, 3]), keep, stop])
    assert stop.stopped_epoch == 2
    for now, best in zip(model.get_weights(), kept[1], strict=True):
        np.testing.assert_array_equal(now, best)


def test_an_unknown_monitor_warns(model):
    with pytest.warns(UserWarning, match="'val_loss', which is not in the logs: loss") as caught:
        model.fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping()])
    assert caught[0].filename == __file__


def test_arguments():
    with pytest.raises(ValueError, match="received: patience=-1"):
        callbacks.EarlyStopping(patience=-1)
    with pytest.raises(ValueError, match="'auto', 'min', 'max', received: mode='up'"):
        callbacks.EarlyStopping(mode="up")


def resumed(make, values, at, epochs):
    """(callback, model) of a fit that was cut in two after `at` epochs, the state carried over; then of a whole fit."""

    class Restore(callbacks.Callback):
        def on_train_begin(self, logs=None):
            second.set_state(state)

    def fit(model, callback, first, last, *more):
        model.fit(X, Y, epochs=last, initial_epoch=first, verbose=0, callbacks=[Values(values), callback, *more])

    cut, model = compiled(), compiled()
    whole, first, second = make(), make(), make()
    fit(model, whole, 0, epochs)
    fit(cut, first, 0, at)
    state = first.get_state()
    fit(cut, second, at, epochs, Restore())
    return second, cut, whole, model


def test_early_stopping_is_resumed():
    def make():
        return callbacks.EarlyStopping("value", patience=3)

    second, cut, whole, model = resumed(make, [5, 4, 6, 6, 6, 6, 6, 6], 4, 8)
    assert (second.best, second.best_epoch, second.stopped_epoch) == (4, 1, 4)
    assert (whole.best, whole.best_epoch, whole.stopped_epoch) == (4, 1, 4)
    assert cut.parameters.tobytes() == model.parameters.tobytes()


def test_best_weights_outlive_an_interruption(model):
    stop = callbacks.EarlyStopping("value", restore_best_weights=True, patience=9)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[Values([2, 1, 3]), stop])
    other = callbacks.EarlyStopping("value", restore_best_weights=True)
    other.set_state(stop.get_state())
    for kept, best in zip(other.best_weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, best)
    assert callbacks.EarlyStopping().get_state() == {"best_epoch": 0, "stopped_epoch": 0, "wait": 0}


def test_history_is_resumed(model):
    history = model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
    other = callbacks.History()
    other.set_state(history.get_state())
    assert other.epoch == history.epoch
    assert other.history == history.history
    assert callbacks.Callback().get_state() == {}


def test_nan_is_never_the_best(model):
    stop = callbacks.EarlyStopping("value", patience=2)
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[Values([float("nan"), 3, 2, 1]), stop])
    assert (stop.best, stop.best_epoch) == (1, 3)


def test_each_is_told_once_of_an_end_that_is_interrupted(model):
    ended = []

    def end(name):
        def told(logs):
            ended.append(name)
            if name == "second":
                raise KeyboardInterrupt

        return callbacks.LambdaCallback(on_train_end=told)

    told = [end(name) for name in ("first", "second", "third")]
    for _ in range(2):  # and again in the next fit
        ended.clear()
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y, verbose=0, callbacks=told)
        assert ended == ["first", "second", "third"]
