"""'lbfgs' is to the same bits for any number of BLAS's threads, and leaves their number as it was."""

import os
import subprocess
import sys
from contextlib import ExitStack

import numpy as np
import pytest

from fastnn import MLPRegressor, blas, lbfgs

threadpoolctl = pytest.importorskip("threadpoolctl")
pytest.importorskip("scipy.optimize")


def sizes():
    """How many threads each BLAS has."""
    return {info["num_threads"] for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"}


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_the_same_bits_for_any_number_of_threads():
    X = np.random.default_rng(0).normal(size=(300, 200))
    models = []
    for threads in (1, 2):
        with threadpoolctl.threadpool_limits(threads, "blas"):
            model = MLPRegressor(hidden_layer_sizes=(100,), solver="lbfgs", random_state=0, max_iter=10)
            models.append(model.fit(X, X[:, 0] + X[:, 1] ** 2))
            assert sizes() == {threads}
    for mine, other in zip(models[0].coefs_, models[1].coefs_, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.filterwarnings("ignore:Training interrupted")
def test_the_number_comes_back_after_an_interrupt(monkeypatch):
    def interrupt(self, packed):
        assert sizes() == {1}
        raise KeyboardInterrupt

    monkeypatch.setattr(lbfgs.Objective, "__call__", interrupt)
    with threadpoolctl.threadpool_limits(2, "blas"):
        MLPRegressor(solver="lbfgs", random_state=0).fit(np.eye(3), np.arange(3.0))
        assert sizes() == {2}


def test_fits_that_overlap():
    """As of threads: the first comes first out."""
    with threadpoolctl.threadpool_limits(2, "blas"), ExitStack() as late:
        with blas.on_one_thread():
            late.enter_context(blas.on_one_thread())
        assert sizes() == {1}
        late.close()
        assert sizes() == {2}


FORK = """
import os, signal, threading, time
from fastnn import blas

def hold():
    with blas._lock:
        held.set()
        time.sleep(0.2)

held = threading.Event()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    with blas.on_one_thread():
        os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
thread.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_does_not_wait_for_a_thread_of_the_parent():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0"]
