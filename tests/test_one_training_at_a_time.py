"""A model has one optimizer's state and one call at a time that trains it; others may read it meanwhile."""

import copy
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastnn
from fastnn import layers, pace

X = np.random.default_rng(0).normal(size=(640, 3)).astype(np.float32)
Y = X.sum(axis=1)


def regression(units=4, inputs=3):
    model = fastnn.Sequential([fastnn.Input((inputs,)), layers.Dense(units, "tanh"), layers.Dense(1)], seed=0)
    model.compile("adam", "mse")
    return model


class At(fastnn.callbacks.Callback):
    """Calls a function at the end of each epoch."""

    def __init__(self, function):
        self.function = function

    def on_epoch_end(self, epoch, logs=None):
        self.function()


@pytest.mark.parametrize("inner", ["fit", "train_on_batch"])
def test_training_within_a_fit_is_refused(inner):
    model = regression()
    call = {
        "fit": lambda: model.fit(X, Y, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(X[:32], Y[:32]),
    }[inner]
    with pytest.raises(RuntimeError, match="one fit or train_on_batch of a model at a time"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[At(call)])
    assert model.iterations == 20
    alone = regression()
    alone.fit(X, Y, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.parameters, alone.parameters)
    call()
    assert np.isfinite(model.parameters).all()


@pytest.mark.parametrize("change", ["add", "pop", "compile"])
def test_changes_within_a_fit_are_refused(change):
    model, alone = regression(), regression()
    given = {"add": (layers.Dense(1),), "pop": (), "compile": ("sgd", "mse")}[change]
    said = []

    def call():
        with pytest.raises(RuntimeError, match=f"expected `{change}` before or after a fit .* in a callback"):
            getattr(model, change)(*given)
        said.append(change)

    model.fit(X, Y, epochs=3, verbose=0, callbacks=[At(call)])
    alone.fit(X, Y, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.parameters, alone.parameters)
    assert said == [change] * 3
    getattr(model, change)(*given)
    assert given == () or change == "compile" or model.layers[-1] is given[0]


def test_training_in_another_thread_is_refused():
    model, refused = regression(), []

    def train():
        with pytest.raises(RuntimeError, match="in a callback or another thread"):
            model.fit(X, Y, verbose=0)
        refused.append(True)

    def run():
        other = threading.Thread(target=train)
        other.start()
        other.join()

    model.fit(X, Y, epochs=1, verbose=0, callbacks=[At(run)])
    assert refused == [True]


def test_reading_within_a_fit_changes_nothing():
    model, alone, another = regression(), regression(), regression()

    def read():
        twin = copy.deepcopy(model)
        twin.add(layers.Dense(1))
        twin.compile("sgd", "mse")
        model.set_weights(model.get_weights())
        model.evaluate(X, Y, verbose=0)
        model.gradients(X[:5], Y[:5])
        model.predict(X)
        another.train_on_batch(X[:32], Y[:32])

    model.fit(X, Y, epochs=3, verbose=0, callbacks=[At(read)])
    alone.fit(X, Y, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.parameters, alone.parameters)
    assert model.iterations == alone.iterations == 60
    assert another.iterations == 3


def test_the_count_of_a_fit_under_way_is_its_own():
    model = regression()
    model.fit(X, Y, verbose=0)
    running = model.training.trainer(32)
    running.iterations = 27  # as in the middle of a slice, which another thread does not wait for
    assert model.training.trainer(x=X) is running
    assert running.iterations == 27


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_ctrl_c_in_train_on_batch_counts_the_step_that_was_taken(ctrl_c):
    model = regression(512, 64)
    x, y = np.ones((100000, 64), np.float32), np.ones(100000, np.float32)
    model.train_on_batch(x[:10], y[:10])
    before = model.parameters.copy()

    def train():
        while True:
            model.train_on_batch(x, y)

    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        train()
    trainer = model.training._made[0]
    assert model.iterations == trainer.iterations
    assert model.iterations == 1 or not np.array_equal(model.parameters, before)
    with pytest.raises(ValueError, match="received: no data"):  # the caller's arrays are let go of
        trainer.run(np.arange(10), 0, 10, np.zeros(1), np.zeros(1))


def test_who_asks_for_the_end_before_an_epoch_gets_it_after(monkeypatch):
    class Stop(fastnn.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    monkeypatch.setattr(pace, "SLICE_SECONDS", 1e-12)  # slices of a step
    model = regression()
    history = model.fit(X, Y, epochs=5, verbose=0, callbacks=[Stop()])
    assert model.iterations == 40
    assert len(history.epoch) == 2


FORKED = """
import os, sys, threading
import numpy as np
import fastnn
from fastnn import layers

X = np.random.default_rng(0).normal(size=(640, 3)).astype(np.float32)
Y = X.sum(axis=1)
reached, over = threading.Event(), threading.Event()

class At(fastnn.callbacks.Callback):
    def __init__(self, function):
        self.function = function

    def on_epoch_end(self, epoch, logs=None):
        self.function()

def fitted(*callbacks):
    model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)], seed=0)
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0, callbacks=callbacks)
    return model

def wait():
    reached.set()
    over.wait()

def right(model):
    model.fit(X, Y, epochs=2, verbose=0)
    model.compile("sgd", "mse")
    return np.array_equal(model.parameters, alone.parameters) and np.array_equal(model.predict(X), alone.predict(X))

def refused(model):
    try:
        model.fit(X, Y, verbose=0)
    except RuntimeError:
        return True

def code_of_child(check, model):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if check(model) else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

alone = fitted()
alone.fit(X, Y, epochs=2, verbose=0)
models, codes = [], []

class Kept(At):
    def set_model(self, model):
        super().set_model(model)
        models.append(model)

thread = threading.Thread(target=fitted, args=(Kept(wait),))
thread.start()
reached.wait()
codes.append(code_of_child(right, models[0]))
over.set()
thread.join()
fitted(Kept(lambda: codes.append(code_of_child(refused, models[1]))))
print(*codes)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_may_train_what_a_thread_of_the_parent_trains():
    """That thread is not there; the one that forks within its own fit still is in it."""
    command = [sys.executable, "-W", "ignore", "-c", FORKED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["0", "0"]
