"""The same bits whatever the number of threads, the slices of an epoch, the batch that a row stands in."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fastnn._core import engine
from tests.core.networks import network, predict, problem, run, trainer

ROOT = Path(__file__).resolve().parents[2]
LOSS = "categorical_crossentropy_from_logits"
NETWORKS = {
    "narrow": ([10, 32, 1], ["relu", "sigmoid"], "binary_crossentropy_from_logits"),
    "wide": ([301, 130, 10], ["relu", "softmax"], LOSS),
    "deep": ([64, 96, 64, 48, 40], ["tanh", "sigmoid", "relu", "softmax"], LOSS),
    "rowwise": ([64, 96, 64, 7], ["softmax", "tanh", "softmax"], LOSS),
    "wide, twice": ([131, 257, 190, 33, 7], ["gelu", "tanh", "relu", "softmax"], LOSS),
    "wide end": ([40, 64, 300], ["relu", "softmax"], LOSS),
    "in pieces": ([520, 901, 460, 7], ["tanh", "relu", "softmax"], LOSS),
    "rowwise, in pieces": ([64, 60, 1500, 700, 7], ["tanh", "softmax", "relu", "softmax"], LOSS),
}


def trained_network(dtype, name, threads, batch, rows=700, optimizer="adam", slices=1, dropout=0.2):
    widths, activations, loss = NETWORKS[name]
    plan, parameters = network(dtype, widths, activations, dropout=dropout, l1=1e-4, l2=1e-3)
    x, y, _, weight = problem(dtype, rows, widths[0], widths[-1])
    numbers = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    trained = trainer(
        plan, parameters, optimizer, loss=loss, numbers=numbers, batch_size=batch, threads=threads, seed=3
    )
    trained.bind(x, y, weight)
    losses = []
    for epoch in range(2):
        order = np.random.default_rng(epoch).permutation(rows).astype(np.int64)
        steps = -(-rows // batch)
        cuts = [min(rows, -(-steps * part // slices) * batch) for part in range(slices + 1)]
        for start, stop in itertools.pairwise(cuts):
            losses += run(trained, order, batch, 0.01, start=start, stop=stop).tolist()
    return trained, parameters.tobytes(), losses


def fitted(*arguments, **options):
    trained, *results = trained_network(*arguments, **options)
    return trained.threads, *results


@pytest.mark.parametrize("batch", [33, 256, 700])
@pytest.mark.parametrize("name", [name for name in NETWORKS if "pieces" not in name])
def test_threads_do_not_change_a_bit(monkeypatch, dtype, name, batch):
    alone = fitted(dtype, name, 1, batch)
    used = set()
    for threads in (2, 3):
        team, parameters, losses = fitted(dtype, name, threads, batch)
        used.add(team)
        assert parameters == alone[1]
        assert losses == alone[2]
    if name == "wide" and batch > 33:
        assert used == {2, 3}, "the work was given to fewer threads: this test would prove nothing"


@pytest.mark.parametrize(
    ("name", "batch", "phases"),
    [("in pieces", 100, 7 * 4), ("in pieces", 510, 2 * 4), ("rowwise, in pieces", 510, 5 + 3)],
)
def test_threads_that_take_each_other_s_pieces_do_not_change_a_bit(dtype, name, batch, phases):
    """Products by halves, by columns and by rows, on the way there and back, and the updates."""
    alone = fitted(dtype, name, 1, batch)
    for threads in (2, 3):
        trained, *results = trained_network(dtype, name, threads, batch)
        assert trained.threads == threads
        assert trained.shared_phases == phases
        assert results == [*alone[1:]]


TAKES_ALL = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from tests.core.test_repeatability import fitted
for name in ("in pieces", "rowwise, in pieces"):
    alone, *teams = (fitted("float32", name, threads, 510)[1:] for threads in (1, 2, 3))
    assert teams == [alone, alone], name
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="keeps a process on one CPU")
def test_a_thread_that_takes_all_of_another_s_pieces_does_not_change_a_bit():
    """On one CPU: who runs makes everybody's part of a phase, before the others have begun theirs."""
    subprocess.run([sys.executable, "-c", TAKES_ALL], check=True, cwd=ROOT)


def test_threads_do_not_change_a_penalty_on_what_flows_by(dtype):
    """It reads whole rows of values that two threads make by halves."""
    widths, batch, results = [131, 257, 190, 7], 96, []
    x, y, _, _ = problem(dtype, 200, widths[0], widths[-1])
    plain, _ = network(dtype, widths, ["relu", "tanh", "softmax"])
    ops = []
    for op in plain.ops:
        ops += [op, ("activity", 0.01, 0.02)] if op[1] in ("relu", "tanh") else [op]
    for threads in (1, 2, 3):
        _, parameters = network(dtype, widths, ["relu", "tanh", "softmax"])
        plan = engine.Plan(dtype, widths[0], ops, [(0, parameters.size, 0.0, 0.0, True)])
        trained = trainer(plan, parameters, loss=LOSS, batch_size=batch, threads=threads)
        trained.bind(x, y)
        losses = run(trained, np.arange(200), batch)
        assert np.isfinite(losses).all()
        results.append((losses.tolist(), parameters.tobytes()))
    assert results[1] == results[0]
    assert results[2] == results[0]


@pytest.mark.parametrize("rows", [128, 200, 263, 5000])
def test_a_batch_in_groups_has_the_bits_of_the_same_batch_by_layers(dtype, rows):
    """gradients(inputs=True) goes by layers, gradients() by groups: the order of the sums must be the same."""
    plan, parameters = network(dtype, [4, 32, 16, 4], ["tanh", "tanh", "softmax"])
    x, y, _, _ = problem(dtype, rows, 4, 4)
    trained = trainer(plan, parameters, loss=LOSS, batch_size=rows, threads=2)
    assert trained.threads == 2, "one thread goes by layers: this test would prove nothing"
    by_groups, by_layers = trained.gradients(x, y), trained.gradients(x, y, inputs=True)
    assert by_groups[0] == by_layers[0]
    assert by_groups[1].tobytes() == by_layers[1].tobytes()


@pytest.mark.parametrize("batch", [32, 700])
def test_slices_do_not_change_a_bit(dtype, batch):
    whole = fitted(dtype, "deep", 2, batch, rows=1500)
    assert fitted(dtype, "deep", 2, batch, rows=1500, slices=3)[1:] == whole[1:]


@pytest.mark.parametrize(
    "options", [{}, {"l2": 1e-2}, {"numbers": {"weight_decay": 0.1}}], ids=["plain", "l2", "decay"]
)
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(
    "widths", [[1041, 261, 10], [645, 301, 303, 10], [64, 96, 64, 40], [33, 129, 3], [10, 32, 1], [3, 5]], ids=str
)
def test_batches_of_one_have_the_same_bits_step_by_step(dtype, widths, threads, options):
    """Under plain descent the first kernel's update goes on with the next row's product, but not past a slice's end."""
    activations = [*["relu", "tanh", "sigmoid"][: len(widths) - 2], "sigmoid"]
    x, y, _, weight = problem(dtype, 40, widths[0], widths[-1])
    order = np.random.default_rng(2).permutation(40).astype(np.int64)
    results = []
    for team, slices in ((1, 40), (threads, 1), (threads, 7)):
        plan, parameters = network(dtype, widths, activations, l2=options.get("l2", 0.0))
        trained = trainer(
            plan,
            parameters,
            loss="binary_crossentropy_from_logits",
            batch_size=1,
            threads=team,
            numbers=options.get("numbers"),
        )
        assert trained.threads == team or widths[0] < 600, "too little work for threads: this test would prove nothing"
        trained.bind(x, y, weight)
        cuts = [40 * part // slices for part in range(slices + 1)]
        losses = [run(trained, order, 1, 0.05, start=start, stop=stop) for start, stop in itertools.pairwise(cuts)]
        results.append((parameters.tobytes(), np.concatenate(losses).tobytes()))
    assert results[1] == results[0]
    assert results[2] == results[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_has_the_same_bits_alone_and_in_any_batch(dtype, name):
    widths, activations, _ = NETWORKS[name]
    plan, parameters = network(dtype, widths, activations)
    x, _, _, _ = problem(dtype, 1111, widths[0], widths[-1])
    together = engine.predict(plan, parameters, x, np.empty((1111, widths[-1]), dtype))
    for threads in (1, 2, 3, 5):
        assert predict(plan, parameters, x, threads).tobytes() == together.tobytes()
        assert plan.pool[-1].workspace.sets == (1 if name == "narrow" else threads)
    for rows in (1, 2, 3, 5, 13, 64, 65, 500):
        for start in (0, 17, 1111 - rows):
            part = x[start : start + rows]
            out = engine.predict(plan, parameters, part, np.empty((rows, widths[-1]), dtype))
            assert out.tobytes() == together[start : start + rows].tobytes()
    ready = engine.Predictor(plan, parameters, 7)
    assert ready(x[100:107]).tobytes() == together[100:107].tobytes()
    assert engine.Predictor(plan, parameters, 1111)(x).tobytes() == together.tobytes(), "in several blocks"


def test_the_callers_denormals_are_left_alone(dtype):
    plan, parameters = network(dtype, [64, 96, 10], ["tanh", "softmax"])
    x, y, _, _ = problem(dtype, 256, 64, 10)
    trained = trainer(plan, parameters, loss=LOSS, batch_size=128, threads=2)
    trained.bind(x, y)
    run(trained, np.arange(256), 128)
    predict(plan, parameters, x, 2)
    smallest = np.array([np.finfo(dtype).tiny], dtype)
    assert (smallest / 2)[0] > 0
