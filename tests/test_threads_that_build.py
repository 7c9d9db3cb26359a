"""A network that several Python threads make, fit and predict with at once is one network."""

import threading

import numpy as np
import pytest

import fastnn
from fastnn import MLPRegressor, binding, layers

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = X.sum(axis=1)
A_WHILE = 0.2  # long enough for another thread to come as far as it can


@pytest.mark.parametrize("columns", [3, 2])
def test_a_prediction_waits_for_who_builds(columns):
    """And if its rows do not fit what was built then, it leaves that alone."""
    helpers, drawn, raised = [], [], []

    def attempt():
        try:
            model.predict(X[:, :columns])
        except ValueError as error:
            raised.append(error)

    def initializer(shape):
        drawn.append(shape)
        if len(drawn) == 1:
            helpers.append(threading.Thread(target=attempt))
            helpers[0].start()
            helpers[0].join(A_WHILE)
        return np.full(shape, 0.1)

    model = fastnn.Sequential([layers.Dense(1, kernel_initializer=initializer)], seed=0)
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=3, verbose=0)
    helpers[0].join()
    assert drawn == [(3, 1)]
    assert len(raised) == 3 - columns
    assert np.isclose(model.evaluate(X, Y, verbose=0), np.mean((model.predict(X)[:, 0] - Y) ** 2), rtol=1e-5)


def test_an_evaluation_beside_a_first_fit_makes_no_optimizer_state_of_its_own(monkeypatch):
    """The thread that evaluates is kept where it has seen no state, until the fit has made some, or it waits anyway."""

    def made():
        model = fastnn.Sequential([fastnn.Input((3,)), layers.Dense(1)], seed=0)
        model.compile(fastnn.optimizers.Adagrad(0.1), "mse")
        return model

    alone, model = made(), made()
    entered, begun = threading.Event(), threading.Event()
    helper = threading.Thread(target=model.evaluate, args=(X, Y), kwargs={"verbose": 0})
    first = fastnn.optimizers.Adagrad.first_states

    def first_states(self):
        if threading.current_thread() is helper:
            entered.set()
            begun.wait(A_WHILE)
        return first(self)

    monkeypatch.setattr(fastnn.optimizers.Adagrad, "first_states", first_states)
    helper.start()
    assert entered.wait(60)
    join = fastnn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: (begun.set(), helper.join()))
    for _ in range(2):
        model.fit(X, Y, verbose=0, callbacks=[join])
        alone.fit(X, Y, verbose=0)
    assert model.parameters.tobytes() == alone.parameters.tobytes()


def test_a_prediction_during_a_new_fit_of_an_estimator(monkeypatch):
    """The thread that predicts is kept where it makes a network until the fit has made its own, or it waits anyway."""

    def fitted(times=1):
        made = MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0, tol=10, n_iter_no_change=1)
        for _ in range(times):
            made.fit(X, Y)
        return made

    right, model = fitted(), fitted()
    entered, adopted, helpers = threading.Event(), threading.Event(), []
    initialize, make, adopt = model._initialize, binding.Binding.__init__, binding.Binding.adopt

    def initialize_beside(*arguments):
        initialize(*arguments)
        helpers.append(threading.Thread(target=model.predict, args=(X,)))
        helpers[0].start()
        entered.wait(A_WHILE)

    def make_late(self, recipe):
        make(self, recipe)
        if threading.current_thread() in helpers:
            entered.set()
            adopted.wait(A_WHILE)

    def adopt_and_tell(self, *lists):
        adopt(self, *lists)
        adopted.set()
        if threading.current_thread() not in helpers:
            helpers[0].join(A_WHILE)

    monkeypatch.setattr(model, "_initialize", initialize_beside)
    monkeypatch.setattr(binding.Binding, "__init__", make_late)
    monkeypatch.setattr(binding.Binding, "adopt", adopt_and_tell)
    model.fit(X, Y)
    helpers[0].join()
    assert model.predict(X).tobytes() == right.predict(X).tobytes()
