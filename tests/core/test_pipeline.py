"""Steps of two threads that each have some of the layers: the bits of a single thread's."""

import itertools

import numpy as np
import pytest

import fastnn._core.trainer
from fastnn._core import engine
from tests.core.networks import problem, run, trainer

LABELS = "sparse_categorical_crossentropy_from_logits"
#: Kinds of layers behind each Dense layer, and how the network begins.
KINDS = {
    "plain": {},
    "dropout": {"dropout": 0.3},
    "noisy input": {"first": [("gaussian_noise", 0.1, 0.0, 90)], "dropout": 0.2},
    "normalized": {"layer_norm": True},
    "slopes": {"activation": None, "prelu": True},
    "saved inputs": {"activation": "gelu"},
    "rowwise": {"activation": "softmax"},
    "penalties": {"l1": 1e-3, "l2": 1e-2},
    "frozen": {"frozen": 2},
    "mostly frozen": {"frozen": 6},
}


def network(
    dtype, widths, first=(), activation="tanh", dropout=0.0, layer_norm=False, prelu=False, l1=0.0, l2=0.0, frozen=0
):
    """(plan, parameters) of Dense layers, each with what the arguments say behind it, and softmax at the end."""
    ops, segments, offset = list(first), [], 0

    def place(size, *penalties):
        nonlocal offset
        segments.append((offset, size, *(penalties or (0.0, 0.0)), True))
        offset += size
        return offset - size

    for index, (inputs, units) in enumerate(itertools.pairwise(widths)):
        ops.append(("dense", units, place(inputs * units, l1, l2), place(units), index >= frozen))
        if index == len(widths) - 2:
            ops.append(("activation", "softmax", 0.0))
            break
        if layer_norm:
            ops.append(("layer_norm", place(units), place(units), 1e-3, index >= frozen))
        if prelu:
            ops.append(("prelu", place(units), index >= frozen))
        if activation:
            ops.append(("activation", activation, 0.0))
        if dropout:
            ops.append(("dropout", dropout, index))
    plan = engine.Plan(dtype, widths[0], ops, segments)
    parameters = engine.allocate(plan.n_parameters, dtype)
    parameters[:] = np.random.default_rng(0).normal(scale=0.3, size=parameters.size)
    return plan, parameters


@pytest.fixture
def team(monkeypatch):
    """Set how many threads every step gets, whatever its work."""

    class Fixed:
        size = 1

        @classmethod
        def like_last(cls, work, first, most, now):
            return cls()

        def next(self, steps, most):
            return steps, min(Fixed.size, most)

        def took(self, size, steps, seconds):
            pass

        def keep(self, work, now):
            pass

    monkeypatch.setattr(fastnn._core.trainer, "Teams", Fixed)
    return Fixed


def fitted(team, threads, dtype, widths, batch, rows, slices=1, weighted=True, optimizer="adam", **kinds):
    team.size = threads
    plan, parameters = network(dtype, widths, **kinds)
    x, _, labels, weight = problem(dtype, rows, widths[0], widths[-1])
    numbers = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    trained = trainer(plan, parameters, optimizer, loss=LABELS, numbers=numbers, batch_size=batch, threads=3, seed=5)
    trained.bind(x, labels, weight if weighted else None)
    order = np.random.default_rng(1).permutation(rows).astype(np.int64)
    outputs, losses = np.zeros((rows, widths[-1]), dtype), []
    cuts = [min(rows, -(-rows // batch) * part // slices * batch) for part in range(slices + 1)]
    for start, stop in itertools.pairwise(cuts):
        losses += run(trained, order, batch, 0.01, outputs[start:stop], start, stop).tolist()
    assert trained.iterations == -(-rows // batch)
    return trained, parameters.tobytes(), losses, outputs.tobytes()


@pytest.mark.parametrize("rows", [320, 333, 321])  # the last batch: whole, of 13 rows, of one
@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_has_the_bits_of_one_thread(team, dtype, kind, rows):
    widths = [23, 64, 48, 37, 64, 33, 64, 7]
    alone = fitted(team, 1, dtype, widths, 32, rows, **KINDS[kind])
    for threads in (2, 3):  # three go by layers
        together = fitted(team, threads, dtype, widths, 32, rows, **KINDS[kind])
        assert together[0].pipeline[0] >= 2, "no pipeline: this test would prove nothing"
        assert together[1:] == alone[1:]
    sliced = fitted(team, 2, dtype, widths, 32, rows, slices=4, **KINDS[kind])
    assert sliced[1:] == alone[1:]


@pytest.mark.parametrize(
    ("widths", "batch"),
    [([64, 64, 10], 31), ([5, 24, 24, 2], 64), ([64, 50, 50, 10], 16), *(([64] * 21, rows) for rows in (8, 9, 31, 64))],
    ids=str,
)
def test_short_and_long_pipelines(team, dtype, widths, batch):
    alone = fitted(team, 1, dtype, widths, batch, 10 * batch + 3, weighted=False)
    together = fitted(team, 2, dtype, widths, batch, 10 * batch + 3, weighted=False)
    second, forward, backward = together[0].pipeline
    assert 2 <= second < len(widths)
    assert 1 <= forward <= max(1, batch // 8)
    assert 1 <= backward <= max(1, batch // 8)
    assert together[1:] == alone[1:]


@pytest.mark.parametrize("inputs", [False, True])
def test_gradients(team, dtype, inputs):
    """The backward pass of the first thread goes on to the rows of X, or ends at its first layer."""
    plan, parameters = network(dtype, [20, 64, 64, 64, 64, 5])
    x, _, labels, _ = problem(dtype, 40, 20, 5)
    trained = trainer(plan, parameters, loss=LABELS, threads=2)
    results = []
    for threads in (1, 2):
        team.size = threads
        loss, *gradients = trained.gradients(x, labels, inputs=inputs)
        results.append((loss, *(gradient.tobytes() for gradient in gradients)))
    assert results[0] == results[1]


def test_work_is_shared_evenly():
    """A wide first layer is half of the work: all others are the second thread's."""
    plan, parameters = network("float32", [256, 64, 64, 64, 64, 10])
    assert trainer(plan, parameters, loss=LABELS, threads=2, batch_size=32).pipeline[0] == 2
    plan, parameters = network("float32", [8, 64, 64, 64, 64, 64, 10])
    assert trainer(plan, parameters, loss=LABELS, threads=2, batch_size=32).pipeline[0] == 4


def test_where_there_is_none(dtype):
    def pipeline(plan, parameters, **options):
        options = {"loss": LABELS, "threads": 2, "batch_size": 32} | options
        return trainer(plan, parameters, **options).pipeline

    deep = [64] * 9
    assert pipeline(*network(dtype, deep))[0] > 0
    assert pipeline(*network(dtype, deep), threads=1)[0] == 0
    assert pipeline(*network(dtype, [784, 128, 10])) == (0, 0, 0)  # the second thread would have nothing to do
    assert pipeline(*network(dtype, [512] * 5)) == (0, 0, 0)  # nor do wide layers gain
    assert pipeline(*network(dtype, deep), batch_size=1)[0] == 0
    assert pipeline(*network(dtype, deep), flat={"clip": "global_norm", "limit": 1.0})[0] == 0
    dense = [("dense", 64, 4160 * layer, 4160 * layer + 4096, True) for layer in range(9)]
    parts = [(0, 40000, 0.0, 0.0, True)]
    norm = ("batch_norm", 38000, 38064, 38128, 38192, 1e-3, 0.9, True)
    for ops in ([*dense, norm], [("residual", [op], []) for op in dense]):
        plan = engine.Plan(dtype, 64, ops, parts)
        assert pipeline(plan, engine.allocate(plan.n_parameters, dtype)) == (0, 0, 0)
