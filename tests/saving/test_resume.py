"""Checkpoints: k epochs, a new process, and n - k more give the bits of n epochs at once."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import ChainMap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import fastnn
from fastnn import callbacks, layers, optimizers
from tests.saving.models import LAYERS, OPTIMIZERS, X, Y, compiled, layer, state
from tests.saving.worker import CASES, CUT, EPOCHS, OPTIONS, build, train

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def outcome(model, history):
    return state(model), history.epoch, history.history


# ---- in new processes, with 1, 2 and 3 threads on either side ------------------------------------------------------


def worker(folder, part, threads, cases):
    command = [sys.executable, "-W", "error", "-m", "tests.saving.worker", str(folder), part, str(threads), cases]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    return json.loads(done.stdout)


def digests(folder, cases):
    """What came out: {threads before, threads after: {case: digest}}; (n, None) was trained at once."""

    def cut(first, second):
        own = folder / str(first)
        own.mkdir()
        begun = worker(own, "begin", first, cases)
        return {(first, None): begun, (first, second): worker(own, "go on", second, cases)}

    with ThreadPoolExecutor() as pool:
        return dict(ChainMap(*pool.map(cut, (1, 2, 3), (2, 3, 1))))


def check_digests(found, names):
    for name in names:
        seen = {threads: digest[name] for threads, digest in found.items()}
        assert len(set(seen.values())) == 1, (name, seen)


def test_new_processes_go_on(tmp_path):
    check_digests(digests(tmp_path, "CASES"), CASES)


@pytest.mark.slow
def test_new_processes_go_on_with_every_option(tmp_path):
    check_digests(digests(tmp_path, "OPTIONS"), OPTIONS)


def test_that_it_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert set(OPTIMIZERS) == {*OPTIONS, *CASES} & set(OPTIMIZERS)
    before = build("Adam")
    model, _, _ = train("Adam", epochs=EPOCHS)
    assert not np.array_equal(before.parameters, model.parameters)
    other, _, _ = train("Adam", epochs=CUT)
    assert not np.array_equal(other.parameters, model.parameters)


# ---- in one process --------------------------------------------------------------------------------------------------


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


# ---- kill -9 ---------------------------------------------------------------------------------------------------------

LONG = """
import sys
from fastnn import callbacks
from tests.saving.test_resume import fit_long
class Slow(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("step", flush=True)
        sys.stdin.readline()
fit_long(sys.argv[1], Slow())
"""


def fit_long(folder, *told, **settings):
    """Four steps an epoch; a checkpoint after every second epoch, a line of the log after each."""
    model = compiled("adam", layers.BatchNormalization(), layers.Dropout(0.3))
    told = [
        *(*told, callbacks.CSVLogger(Path(folder) / "log.csv")),
        callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1e9),
        callbacks.EarlyStopping("loss", min_delta=1e9, patience=4, restore_best_weights=True),
        callbacks.ModelCheckpoint(Path(folder) / "checkpoint", every=2),
    ]
    history = model.fit(X, Y, epochs=7, batch_size=50, verbose=0, callbacks=told, **settings)
    return *outcome(model, history), (Path(folder) / "log.csv").read_text()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("epochs", [2, 3])
def test_killed_in_the_middle_of_an_epoch(epochs, tmp_path):
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    cut.mkdir()
    whole.mkdir()
    command = [sys.executable, "-c", LONG, str(cut)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        for _ in range(4 * epochs + 2):  # some epochs, and half of the next
            assert running.stdout.readline() == "step\n"
            running.stdin.write("\n")
            running.stdin.flush()
        assert running.stdout.readline() == "step\n"
        running.send_signal(signal.SIGKILL)
    assert len((cut / "log.csv").read_text().splitlines()) == 1 + epochs
    resumed = fit_long(cut, resume=cut / "checkpoint")
    assert resumed == fit_long(whole)
    assert resumed[1] == [0, 1, 2, 3, 4], "early stopping"


# ---- ModelCheckpoint's arguments -------------------------------------------------------------------------------------


class Values(callbacks.Callback):
    def __init__(self, *values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["value"] = self.values[epoch]


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def fit(*told, epochs=6, **settings):
    model = compiled("sgd")
    model.fit(X, Y, epochs=epochs, verbose=0, callbacks=list(told), **settings)
    return model


def test_every_and_keep(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "{epoch:02d}-{value:.1f}.st", every=2, keep=2)
    fit(Values(*range(7)), checkpoint, epochs=7)
    assert names(tmp_path) == ["04-3.0.st", "06-5.0.st"]
    assert checkpoint.written == [str(tmp_path / "04-3.0.st"), str(tmp_path / "06-5.0.st")]


def test_keep_after_a_resumption(tmp_path):
    """What the interrupted training wrote is counted, what others wrote is left alone."""
    (tmp_path / "mine.st").write_text("mine")
    told = [callbacks.ModelCheckpoint(tmp_path / "at-{epoch}.st", keep=2) for _ in range(2)]
    fit(told[0], epochs=3)
    fit(told[1], epochs=4, resume=tmp_path / "at-3.st")
    assert names(tmp_path) == ["at-3.st", "at-4.st", "mine.st"]


def test_it_removes_its_own_files_only(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(tmp_path / "at-{epoch}.st", keep=1)
    others = [str(tmp_path / "mine.st"), str(tmp_path / "at-x" / "y.st"), "/etc/at-1.st", 5, None]
    checkpoint.set_state({"written": [str(tmp_path / "at-1.st"), *others]})
    assert checkpoint.written == [str(tmp_path / "at-1.st")]


@pytest.mark.parametrize(("mode", "expected"), [("auto", [1, 2, 5]), ("min", [1, 2, 5]), ("max", [1, 4])])
def test_save_best_only(tmp_path, mode, expected):
    values = Values(3, 2, 2, 4, 1, float("nan"))
    fit(values, callbacks.ModelCheckpoint(tmp_path / "{epoch}", "value", save_best_only=True, mode=mode))
    assert names(tmp_path) == [str(epoch) for epoch in expected]


def test_the_best_is_resumed(tmp_path):
    def told():
        return [Values(3, 1, 2, 2, 0.5), callbacks.ModelCheckpoint(tmp_path / "{epoch}", "value", save_best_only=True)]

    fit(*told(), epochs=3)
    fit(*told(), epochs=5, resume=tmp_path / "2")
    assert names(tmp_path) == ["1", "2", "5"]


def test_threshold(tmp_path):
    checkpoint = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}", "value", save_best_only=True, initial_value_threshold=1.5
    )
    fit(Values(3, 2, 1, 0.5, 1), checkpoint, epochs=5)
    assert names(tmp_path) == ["3", "4"]
    assert checkpoint.best == 0.5


def test_weights_only(path, capsys):
    model = fit(callbacks.ModelCheckpoint(path, save_weights_only=True, verbose=1), epochs=1)
    assert fastnn.load(path).parameters.tobytes() == model.parameters.tobytes()
    assert capsys.readouterr().out == f"Epoch 1: saved {path}\n"
    with pytest.raises(ValueError, match="it is no checkpoint"):
        fit(resume=path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "there/"}, "expected `filepath` to name a file"),
        *(
            ({"filepath": path}, r'filled in with epoch and keys of the logs, as in "\{epoch:03d\}"')
            for path in (
                "a{",
                "a}",
                "a{}",
                "a{0}{epoch.real}",
                "a{epoch[0]}",
                "a{epoch:s}",
                "a{epoch:x}{loss:q}",
                "{loss!r:f}",
            )
        ),
        ({"filepath": "a", "save_freq": 100}, '`save_freq` to be "epoch", with `every`'),
        ({"filepath": "a", "every": 0}, "`every` to be a positive integer"),
        ({"filepath": "a", "keep": 0}, "`keep` to be a positive integer"),
        ({"filepath": "a", "mode": "best"}, "`mode` to be one of"),
        ({"filepath": "a", "initial_value_threshold": "x"}, "`initial_value_threshold` to be a number"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.ModelCheckpoint(**arguments)


def test_bad_names_in_the_path(tmp_path):
    epochs = []
    began = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    with pytest.raises(ValueError, match=r"filled in with epoch, loss, received: .*\{val_loss\}"):
        fit(callbacks.ModelCheckpoint(tmp_path / "{val_loss}", every=3), began)
    assert epochs == [0]  # though no file is due yet
    with pytest.raises(ValueError, match=r"filled in with epoch, loss, received: .*\{loss:03d\}"):
        fit(callbacks.ModelCheckpoint(tmp_path / "{loss:03d}", every=3), began)
    assert epochs == [0, 0]


def test_names_in_the_path(tmp_path):
    """What another callback adds to the logs may be a whole number, or a word."""
    path = tmp_path / "{epoch:02x}{{}} {value:03d} {word:s} {loss!s:.2}"
    word = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(word="of"))
    fit(Values(7), word, callbacks.ModelCheckpoint(path), epochs=1)
    assert next(tmp_path.iterdir()).name.startswith("01{} 007 of ")


def test_missing_folders_are_made(tmp_path):
    fit(callbacks.ModelCheckpoint(tmp_path / "new" / "at {epoch}" / "model"), epochs=2)
    assert [path.parent.name for path in sorted(tmp_path.glob("new/*/model"))] == ["at 1", "at 2"]
    (tmp_path / "file").touch()
    began = Values()
    with pytest.raises(OSError, match="file"):
        fit(began, callbacks.ModelCheckpoint(tmp_path / "file" / "{epoch}" / "model"))
    assert began.model.iterations == 0
