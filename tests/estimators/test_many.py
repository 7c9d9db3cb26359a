"""fit_many: the results of separate fits, a network a thread, errors."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastnn
from fastnn import MLPClassifier, MLPRegressor, team
from fastnn.epoch import Epoch
from tests.estimators.side_by_side import make_task

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def grid():
    return [
        MLPClassifier((9,), max_iter=8, random_state=seed, alpha=alpha, early_stopping=seed == 1)
        for seed in range(3)
        for alpha in (1e-4, 1.0)
    ]


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_results_of_separate_fits(n_jobs):
    _, _, X, y = make_task("several")
    weight = np.linspace(0.5, 2, len(y))
    models = grid()
    made = fastnn.fit_many(iter(models), X, y, sample_weight=weight, n_jobs=n_jobs)
    assert all(mine is given for mine, given in zip(made, models, strict=True))
    for mine, alone in zip(made, grid(), strict=True):
        alone.fit(X, y, sample_weight=weight)
        assert mine.loss_curve_ == alone.loss_curve_
        np.testing.assert_array_equal(mine.predict_proba(X), alone.predict_proba(X))


def test_data_is_checked_once(monkeypatch):
    """For all estimators of a class; what the checks teach belongs to each. A fit on other data checks its own."""
    _, _, X, y = make_task("several")
    seen, check = [], MLPClassifier._validate_input

    def counting(self, X, y, purpose, reset):
        seen.append(y)
        return check(self, X, y, purpose, reset)

    class Nested(fastnn.callbacks.Callback):
        def on_train_begin(self, logs):
            self.inner = MLPClassifier((3,), max_iter=1).fit(X[:, :2], y > 0)

    monkeypatch.setattr(MLPClassifier, "_validate_input", counting)
    nested = Nested()
    models = [*grid(), MLPClassifier((3,), max_iter=1, callbacks=[nested])]
    fastnn.fit_many([*models, MLPRegressor(hidden_layer_sizes=(3,), max_iter=1)], X, y)
    assert sum(labels is y for labels in seen) == 1
    assert all(model.n_features_in_ == X.shape[1] and len(model.classes_) == len(set(y)) for model in models)
    assert nested.inner.n_features_in_ == 2
    assert len(nested.inner.classes_) == 2


def test_a_network_a_thread(monkeypatch):
    """Two fits are under way at once, each with one thread of the engine."""
    _, _, X, y = make_task("number")
    met, sizes, run = threading.Barrier(2), [], Epoch.run

    def meeting(self, rows, told):
        met.wait(timeout=30)
        sizes.append(team.size(None))
        return run(self, rows, told)

    monkeypatch.setattr(Epoch, "run", meeting)
    monkeypatch.setattr(team.threads, "default_threads", lambda: 2)
    fastnn.fit_many([MLPRegressor(max_iter=2, random_state=seed) for seed in range(2)], X, y)
    assert sizes == [1] * 4
    assert team.size(None) == 2


@pytest.mark.parametrize("late", [False, True], ids=["", "late"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_interrupt_ends_it_soon(solver, late, monkeypatch, ctrl_c):
    """Two fits are under way, far from their ends: both are usable. The others are as they were, also where the main
    thread is late to say that no more are to begin."""
    if solver == "lbfgs":
        pytest.importorskip("scipy")
    _, _, X, y = make_task("several")
    monkeypatch.setattr(team.threads, "default_threads", lambda: 2)
    met, heed = threading.Barrier(2), team.heed
    seen = threading.local()

    def interrupt():
        seen.calls = getattr(seen, "calls", 0) + 1
        if seen.calls == 4:
            if met.wait(timeout=30) == 0:
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            # 'lbfgs' may converge before a busy main thread answers
            assert team._local.interrupted.wait(timeout=30)
        heed()

    if late:
        shutdown = ThreadPoolExecutor.shutdown

        def shut_down_late(*given, **options):
            time.sleep(0.2)
            shutdown(*given, **options)

        monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shut_down_late)
    monkeypatch.setattr(team, "heed", interrupt)
    endless = {"solver": solver, "max_iter": 20000, "max_fun": 20000, "tol": 0.0, "n_iter_no_change": np.inf}
    models = [MLPClassifier((5,), random_state=seed, alpha=0, **endless) for seed in range(4)]
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="Training interrupted by user"):
        fastnn.fit_many(models, X, y)
    for model in models[:2]:
        assert model.stop_reason_ == "interrupted"
        assert model.predict(X).shape == y.shape
    assert not any(hasattr(model, "coefs_") for model in models[2:])
    assert team.size(None) == 2


def test_errors():
    _, _, X, y = make_task("several")
    model = MLPClassifier((3,), max_iter=2)
    with pytest.raises(TypeError, match="expected estimators of fastnn, received: 5"):
        fastnn.fit_many([model, 5], X, y)
    with pytest.raises(ValueError, match="expected each estimator once"):
        fastnn.fit_many([model, model], X, y)
    assert not hasattr(model, "coefs_")
    with pytest.raises(ValueError, match="'alpha' parameter"):
        fastnn.fit_many([model, MLPClassifier(alpha=-1)], X, y)
    assert fastnn.fit_many([], X, y) == []
    for wrong in (None, 5):
        with pytest.raises(TypeError, match=f"expected a list of estimators, received: {wrong}"):
            fastnn.fit_many(wrong, X, y)
    model = MLPClassifier((3,), max_iter=2)
    for wrong in (1.5, True, "2"):
        with pytest.raises(TypeError, match=f"`n_jobs` to be None or an integer, received: n_jobs={wrong!r}"):
            fastnn.fit_many([model], X, y, n_jobs=wrong)
    assert not hasattr(model, "coefs_")
