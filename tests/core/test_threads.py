"""How many threads; forks; predictions from several threads at once."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from fastnn._core import engine, inference, meeting, targets, threads
from tests.core.networks import network, problem


def counted(code="print(threads.default_threads())", **environment):
    names = ("OMP_NUM_THREADS", "FASTNN_NUM_THREADS")
    given = {name: value for name, value in os.environ.items() if name not in names} | environment
    program = f"from fastnn._core import threads\n{code}"
    return subprocess.run([sys.executable, "-c", program], env=given, capture_output=True, text=True, check=True).stdout


def test_the_environment_binds():
    assert int(counted(FASTNN_NUM_THREADS="1")) == 1
    assert int(counted(OMP_NUM_THREADS="1")) == 1
    assert int(counted(OMP_NUM_THREADS="1,2")) == 1
    assert int(counted(FASTNN_NUM_THREADS="nonsense")) == int(counted())
    assert int(counted(FASTNN_NUM_THREADS="1000")) <= os.cpu_count()


def test_threads_bound_to_cores_are_not_fewer():
    """OMP_PROC_BIND narrows the affinity of the thread that asks to one core."""
    assert int(counted(OMP_PROC_BIND="true", OMP_PLACES="cores")) == int(counted(OMP_PROC_BIND="false"))
    assert int(counted(OMP_PROC_BIND="true", OMP_PLACES="cores", OMP_NUM_THREADS="1")) == 1


@pytest.mark.parametrize("target", targets.available())
def test_products_need_little_of_a_stack(target):
    """Of OpenMP's threads and of the one that calls; panels as deep and tiles as many as they get."""
    code = """
import threading
import numpy as np
from fastnn._core import dense

def multiply():
    for dtype in ("float32", "float64"):
        x, w, dy = (np.ones(shape, dtype) for shape in ((600, 784), (784, 2048), (600, 2048)))
        assert dense.forward(x, w, threads=2)[0, 0] == 784
        assert dense.input_gradient(dy, w, threads=2)[0, 0] == 2048
        assert dense.weight_gradient(x, dy, threads=2)[0, 0] == 600
    done.append(True)

done = []
multiply()
threading.stack_size(131072)
thread = threading.Thread(target=multiply)
thread.start()
thread.join()
assert done == [True, True]
"""
    counted(code, OMP_STACKSIZE="128K", FASTNN_TARGET=target)


def test_threadpoolctls_limit_binds():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    if threads.openmp_runtime().startswith("none"):
        pytest.skip("built without OpenMP")
    before = threads.default_threads()
    with threadpoolctl.threadpool_limits(1, user_api="openmp"):
        assert threads.default_threads() == 1
    assert threads.default_threads() == before


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "250000 100000\n"}, 2),
        ({"/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/cpu.max": "50000 100000\n"}, 1),
        ({"/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.max": "800000 100000\n",
          "/sys/fs/cgroup/a/cpu.max": "300000 100000\n"}, 3),
        ({"/proc/self/cgroup": "4:cpu,cpuacct:/x\n", "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "400000\n",
          "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000\n"}, 4),
        ({"/proc/self/cgroup": "4:cpu,cpuacct:/x\n", "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "-1\n",
          "/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000\n"}, None),
    ],
)  # fmt: skip
def test_container_quotas(monkeypatch, files, expected):
    monkeypatch.setattr(threads, "read_text", lambda path: files.get(path, ""))
    assert threads.cpu_quota.__wrapped__() == expected


def test_explain_names_every_bound():
    text = threads.explain()
    assert text.startswith(f"{threads.default_threads()} ")
    for reason in threads.limits():
        assert reason in text


FORKED = """
import os, sys, numpy as np
from fastnn._core import engine, inference, meeting, targets, threads
from tests.core.networks import network, predict, problem, run, trainer

def fit():
    plan, parameters = network("float32", [200, 128, 10], ["relu", "softmax"])
    x, y, _, _ = problem("float32", 512, 200, 10)
    trained = trainer(plan, parameters, loss="categorical_crossentropy_from_logits", batch_size=128, threads=2)
    assert trained.threads == 2
    trained.bind(x, y)
    run(trained, np.arange(512), 128)
    predict(plan, parameters, x, 2)
    return parameters.tobytes()

before = fit()
child = os.fork()
if child == 0:
    os._exit(0 if fit() == before and threads.default_threads() == 1 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or (fit() != before))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_does_not_hang_and_gets_the_same_bits():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], check=True, timeout=60)


def test_few_rows_by_themselves_wake_no_thread(monkeypatch):
    """A thread that sleeps takes longer to come than 10 MFLOP; 500 MFLOP are shared, and passes that follow each other
    when trying has shown that it pays."""
    plan, parameters = network("float32", [64, 128, 10], ["relu", "softmax"])
    monkeypatch.setattr(inference, "default_threads", lambda: 2)
    monkeypatch.setattr(inference, "allowed", lambda most: most)

    def sets(rows, lately, passes=1):
        monkeypatch.setattr(threads, "LATELY_SECONDS", lately)
        found = set()
        for _ in range(passes):
            plan.pool.clear()
            engine.predict(plan, parameters, np.ones((rows, 64), np.float32), np.empty((rows, 10), np.float32))
            found.add(plan.pool[-1].workspace.sets)
        return found

    assert sets(512, 0.0, passes=300) == {1}
    assert sets(30000, 0.0) == {2}
    assert sets(512, 1e18) == {1}
    assert sets(512, 1e18, passes=3000) == {1, 2}
    assert sets(30, 1e18, passes=300) == {1}


def test_several_threads_predict_with_one_model():
    plan, parameters = network("float32", [64, 128, 128, 10], ["relu", "tanh", "softmax"])
    x, _, _, _ = problem("float32", 400, 64, 10)
    expected = engine.predict(plan, parameters, x, np.empty((400, 10), np.float32))
    shared = engine.Predictor(plan, parameters, 8)
    wrong = []

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(400):
            start, rows = rng.integers(0, 390), rng.integers(1, 9)
            part = x[start : start + rows]
            for out in (shared(part), engine.predict(plan, parameters, part, np.empty((rows, 10), np.float32))):
                if out.tobytes() != expected[start : start + rows].tobytes():
                    wrong.append((start, rows))

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_two_threads_meet():
    """What each has read is what the other one has written: 1, 2, ... 50 to each of 7 lines."""
    met, seen = meeting.meet(50, 7)
    assert met in (1, 2)
    assert seen == met * 7 * 50 * 51 / 2
    assert meeting.meet(3) == (met, 0.0)
    with pytest.raises(ValueError, match="expected at least 0, received: 2, -1"):
        meeting.meet(2, -1)
