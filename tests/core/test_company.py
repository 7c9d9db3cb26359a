"""Trainings under way at once in one process: each has an even part of its threads."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

import fastnn
from fastnn._core import company
from fastnn._core.teams import Teams
from tests.core.networks import network, problem, run, trainer


@pytest.fixture
def four(monkeypatch):
    monkeypatch.setattr(company, "default_threads", lambda: 4)


def test_alone_a_training_may_have_all(four):
    assert company.allowed(4) == 4
    with company.under_way(), company.under_way():  # one in the other's callback
        assert company.allowed(4) == 4
        assert company.allowed(2) == 2


def test_in_company_each_has_its_part(four):
    parties = 3
    barrier = Barrier(parties)

    def train(_):
        with company.under_way():
            barrier.wait(60)
            found = company.allowed(4), company.allowed(1)
            barrier.wait(60)
        return found

    with ThreadPoolExecutor(parties) as pool:
        for found in pool.map(train, range(parties)):
            assert found == (1, 1)
    assert company.allowed(4) == 4


def test_who_trains_without_saying_so_counts_too(four):
    """A single step beside another thread's fit."""
    with ThreadPoolExecutor(1) as pool, company.under_way():
        assert pool.submit(company.allowed, 4).result() == 2


def test_it_ends_with_an_error(four):
    with pytest.raises(KeyboardInterrupt), company.under_way():
        raise KeyboardInterrupt
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(company.allowed, 4).result() == 4


FORK = """
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fastnn._core import company

company.default_threads = lambda: 4
with company.under_way():
    child = os.fork()
    if child == 0:
        with ThreadPoolExecutor(1) as pool:
            os._exit(pool.submit(company.allowed, 4).result())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_is_alone():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["4"]


@pytest.mark.parametrize("face", ["Sequential", "MLPClassifier", "lbfgs"])
def test_fits_say_that_they_are_under_way(face, monkeypatch):
    seen = []
    counted = company.allowed

    def allowed(most):
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(counted, 4).result())
        return counted(most)

    monkeypatch.setattr(company, "default_threads", lambda: 4)
    monkeypatch.setattr("fastnn._core.trainer.allowed", allowed)
    X = np.linspace(-1, 1, 40).reshape(-1, 2)
    y = np.arange(20) % 2
    if face == "Sequential":
        model = fastnn.Sequential([fastnn.layers.Dense(1, activation="sigmoid")])
        model.compile(loss="binary_crossentropy")
        model.fit(X, y, epochs=1, verbose=0)
    else:
        solver = {"solver": "lbfgs", "tol": 1e9} if face == "lbfgs" else {"n_iter_no_change": 1, "tol": 10}
        fastnn.MLPClassifier((2,), **solver).fit(X, y)
    assert seen
    assert set(seen) == {2}


def test_the_engine_keeps_to_it(monkeypatch):
    sizes = []

    class Asked(Teams):
        def next(self, steps, allowed=None):
            answer = super().next(steps, allowed)
            sizes.append(answer[1])
            return answer

    monkeypatch.setattr("fastnn._core.trainer.Teams", Asked)
    plan, parameters = network("float32", [200, 128, 10], ["relu", "softmax"])
    x, y, _, _ = problem("float32", 512, 200, 10)
    trained = trainer(plan, parameters, loss="categorical_crossentropy_from_logits", batch_size=128, threads=2)
    trained.bind(x, y)
    for most in (2, 1):
        monkeypatch.setattr("fastnn._core.trainer.allowed", lambda threads, most=most: min(threads, most))
        run(trained, np.arange(512), 128)
        assert sizes[-1] == most
