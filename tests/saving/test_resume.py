"""Checkpoints in one process: k epochs, and n - k more of another model give the bits of n epochs at once."""

import pickle

import pytest

import fastnn
from fastnn import callbacks, layers, optimizers
from tests.saving.models import LAYERS, OPTIMIZERS, X, Y, compiled, fit, layer, outcome, state


def cut_and_whole(make, told=lambda: [], path=None, epochs=7, at=3, **settings):
    """(model, history) of a fit at once, and of one that went on from the checkpoint after `at` epochs."""
    settings = {"batch_size": 48, "verbose": 0, "validation_data": (X[:50], Y[:50])} | settings
    whole, cut, resumed = make(), make(), make()
    history = whole.fit(X, Y, epochs=epochs, callbacks=told(), **settings)
    cut.fit(X, Y, epochs=at, callbacks=[callbacks.ModelCheckpoint(path), *told()], **settings)
    went_on = resumed.fit(X, Y, epochs=epochs, callbacks=told(), resume=path, **settings)
    return outcome(whole, history), outcome(resumed, went_on)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name, path):
    whole, resumed = cut_and_whole(lambda: compiled(OPTIMIZERS[name](), layers.Dropout(0.2)), path=path)
    assert resumed == whole


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name, path, dtype):
    whole, resumed = cut_and_whole(lambda: compiled("adam", layer(name), dtype=dtype), path=path)
    assert resumed == whole


@pytest.mark.parametrize("at", range(1, 8))
def test_early_stopping(path, at):
    """Patience, best weights, and that it had stopped: it does so in epoch 5."""

    class Values(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["value"] = [5, 4, 6, 6, 6, 6, 6, 6, 6][epoch]

    def told():
        return [Values(), callbacks.EarlyStopping("value", patience=3, restore_best_weights=True)]

    whole, resumed = cut_and_whole(lambda: compiled("adam"), told, path, epochs=9, at=at)
    assert whole[1] == [0, 1, 2, 3, 4]
    assert resumed == whole


def test_a_rate_that_was_changed_goes_on(path):
    def told():
        def halve(epoch, logs):
            if epoch == 1:
                model.optimizer.learning_rate /= 2

        return [callbacks.LambdaCallback(on_epoch_end=halve)]

    model = whole = compiled("adam")
    whole.fit(X, Y, epochs=5, verbose=0, callbacks=told())
    model = cut = compiled("adam")
    cut.fit(X, Y, epochs=3, verbose=0, callbacks=[*told(), callbacks.ModelCheckpoint(path)])
    model = resumed = compiled("adam")
    resumed.fit(X, Y, epochs=5, verbose=0, callbacks=told(), resume=path)
    assert resumed.optimizer.learning_rate == 0.0005
    assert state(resumed) == state(whole)


def test_schedules(path):
    def make():
        return compiled(optimizers.SGD(lambda step: 0.1 / (1 + step), momentum=0.9))

    whole, resumed = cut_and_whole(make, path=path)
    assert resumed == whole


def test_a_log_of_another_fit_is_not_cut(path, tmp_path):
    log = tmp_path / "log.csv"
    fit(callbacks.CSVLogger(log), callbacks.ModelCheckpoint(path), epochs=2)
    lines = log.read_text().splitlines()
    log.write_text("epoch,loss\n" + "0,0.123456789\n" * 9)
    fit(callbacks.CSVLogger(log), epochs=3, resume=path)
    assert log.read_text().splitlines()[:10] == ["epoch,loss", *["0,0.123456789"] * 9]
    log.unlink()
    fit(callbacks.CSVLogger(log), epochs=3, resume=path)
    assert log.read_text().splitlines()[0] == lines[0]
    assert len(log.read_text().splitlines()) == 2


def test_observers_may_be_left_out(path, tmp_path):
    told = [callbacks.CSVLogger(tmp_path / "log"), callbacks.GradientMonitor(), callbacks.History()]
    fit(*told, callbacks.ModelCheckpoint(path), epochs=2)
    fit(epochs=3, resume=path)  # no warning


def test_callbacks_are_pickled_without_the_model():
    stop = callbacks.EarlyStopping("loss")
    fit(stop, epochs=1)
    assert stop.model is not None
    assert pickle.loads(pickle.dumps(stop)).model is None


def test_no_seed(path):
    """The model that goes on has other random numbers of its own, and takes the checkpoint's."""
    first = compiled("adam", layers.Dropout(0.5), seed=None)
    second = compiled("adam", layers.Dropout(0.5), seed=None)
    checkpoint = callbacks.ModelCheckpoint(path.with_suffix(".{epoch}"))
    first.fit(X, Y, epochs=4, verbose=0, callbacks=[checkpoint])
    second.fit(X, Y, epochs=1, verbose=0)
    second.fit(X, Y, epochs=4, verbose=0, resume=path.with_suffix(".2"))
    assert state(second) == state(first)


def test_it_comes_after_the_others(path):
    """The state of a callback behind it in the list is that of the epoch's end."""

    class Counter(callbacks.Callback):
        count = 0

        def on_epoch_end(self, epoch, logs=None):
            self.count += 1

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    compiled().fit(X, Y, epochs=3, verbose=0, callbacks=[callbacks.ModelCheckpoint(path), Counter()])
    counter = Counter()
    history = compiled().fit(X, Y, epochs=5, verbose=0, callbacks=[counter], resume=path)
    assert counter.count == 5
    assert history.epoch == [0, 1, 2, 3, 4]
    with pytest.warns(UserWarning, match="has the state of a Counter, which is not among the callbacks"):
        compiled().fit(X, Y, epochs=4, verbose=0, resume=path)


class Broken(callbacks.Callback):
    def get_state(self):
        return {"one": 1}

    def set_state(self, state):
        raise KeyError("other")


def test_a_state_that_does_not_fit(path):
    compiled().fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.ModelCheckpoint(path), Broken()])
    with pytest.raises(ValueError, match=r"expected a state of Broken in .*model.safetensors"):
        compiled().fit(X, Y, epochs=2, verbose=0, callbacks=[Broken()], resume=path)


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (lambda: callbacks.EarlyStopping("loss"), "best", "x"),
        (lambda: callbacks.EarlyStopping("loss"), "wait", [1]),
        (lambda: callbacks.EarlyStopping("loss", restore_best_weights=True), "best_weights", [[0.0]]),
        (lambda: callbacks.EarlyStopping("loss", restore_best_weights=True), "best_weights", 3),
        (lambda: callbacks.ReduceLROnPlateau("loss"), "best", True),
        (lambda: callbacks.ReduceLROnPlateau("loss"), "cooldown_counter", -1),
        (lambda: callbacks.StopOnSmallChange(), "before", "x"),
        (lambda: callbacks.StopOnSmallChange(), "wait", None),
        (lambda: callbacks.ModelCheckpoint("x", "loss", save_best_only=True), "best", [0.5]),
    ],
)
def test_a_damaged_state_raises_before_training(make, name, value, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Damaged(type(make())):
        def get_state(self):
            return super().get_state() | {name: value}

    damaged = make()
    damaged.__class__, Damaged.__name__ = Damaged, type(damaged).__name__
    compiled().fit(X, Y, epochs=1, verbose=0, callbacks=[damaged, callbacks.ModelCheckpoint(path)])
    model = compiled()
    before = model.parameters.copy()
    with pytest.raises(ValueError, match=f"expected a state of {Damaged.__name__} in .*model.safetensors"):
        model.fit(X, Y, epochs=2, verbose=0, callbacks=[make()], resume=path)
    assert (model.parameters == before).all()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: compiled("sgd"), r"expected the optimizer of the checkpoint .*optimizers.Adam.* received: .*SGD"),
        (lambda: compiled(optimizers.Adam(beta_1=0.5)), r"config.beta_1 0.9, received: 0.5"),
        (lambda: compiled(optimizers.Adam(lambda step: 0.1)), r"the learning_rate of the checkpoint"),
        (lambda: compiled("adam", layers.Dropout(0.1)), r"the layers of the checkpoint"),
        (lambda: compiled("adam", units=25), r"0.config.units 24, received: 25"),
        (lambda: compiled("adam", seed=4), r"seed of the checkpoint .*3, received: 4"),
        (lambda: compiled("adam", dtype="float64"), r"dtype of the checkpoint"),
    ],
)
def test_another_model(path, other, message):
    compiled("adam").fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.ModelCheckpoint(path)])
    model = other()
    before = state(model)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, epochs=2, verbose=0, resume=path)
    assert state(model) == before
    assert model.history.epoch == []


def test_what_is_no_checkpoint(path):
    model = compiled()
    model.save(path, include_optimizer=True)
    with pytest.raises(ValueError, match=r"cannot load '.*model.safetensors': it is no checkpoint"):
        model.fit(X, Y, verbose=0, resume=path)
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        model.fit(X, Y, verbose=0, resume=path.with_name("elsewhere"))
    with pytest.raises(ValueError, match="expected `initial_epoch` to be left to the checkpoint"):
        model.fit(X, Y, verbose=0, resume=path, initial_epoch=1)


def test_an_unbuilt_model_stays_so(path):
    compiled("adam").fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.ModelCheckpoint(path)])
    model = fastnn.Sequential([layers.Dense(1)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="the layers of the checkpoint"):
        model.fit(X, Y[:, 0], verbose=0, resume=path)
    assert not model.built


def test_a_checkpoint_is_a_model(path):
    model = compiled(metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.ModelCheckpoint(path)])
    loaded = fastnn.load(path)
    assert state(loaded) == state(model)
    assert loaded.history.history == model.history.history
    assert state(model)[0] == state(loaded)[0]
