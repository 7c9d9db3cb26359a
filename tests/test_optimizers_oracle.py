"""Weights after 50 steps of every optimizer and option, and the rates of schedules, against Keras 3's."""

import numpy as np
import pytest

import fastnn
from fastnn import optimizers, schedules
from tests.oracle import optimizers as oracle

TOLERANCE = {"float32": 1e-4, "float64": 1e-9}


@pytest.fixture(scope="module")
def stored():
    with np.load(oracle.STORED) as file:
        return dict(file)


def arrays(vector):
    """The network's arrays in one vector of them."""
    ends = np.cumsum([weight.size for weight in oracle.problem()[2]])
    return np.split(vector, ends[:-1])


def trained(case, dtype):
    kind, options, l2 = oracle.CASES[case]
    x, y, weights = oracle.problem()
    penalty = fastnn.regularizers.L2(l2) if l2 else None
    hidden = fastnn.layers.Dense(oracle.WIDTHS[1], "tanh", kernel_regularizer=penalty)
    layers = [fastnn.Input(oracle.WIDTHS[:1]), hidden, fastnn.layers.Dense(oracle.WIDTHS[2])]
    model = fastnn.Sequential(layers, dtype=dtype)
    model.set_weights(weights)
    model.compile(getattr(optimizers, kind)(**options), loss="mse")
    model.fit(x.astype(dtype), y.astype(dtype), batch_size=oracle.BATCH, epochs=1, shuffle=False, verbose=0)
    return model.get_weights()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", oracle.CASES)
def test_trajectories(stored, case, dtype):
    for ours, theirs in zip(trained(case, dtype), arrays(stored[case]), strict=True):
        assert np.linalg.norm(ours.ravel() - theirs) <= TOLERANCE[dtype] * np.linalg.norm(theirs)


def test_every_optimizer_has_a_case():
    assert {kind for kind, _, _ in oracle.CASES.values()} == {kind.__name__ for kind in optimizers.NAMES.values()}


def test_every_case_moves_the_weights(stored):
    """And no two end at the same place: no option is left unread."""
    start = oracle.flat(oracle.problem()[2])
    ends = [stored[case] for case in oracle.CASES]
    assert all(np.linalg.norm(end - start) > 0.02 for end in ends)
    apart = [np.linalg.norm(a - b) for index, a in enumerate(ends) for b in ends[:index]]
    assert min(apart) > 5e-5


@pytest.mark.parametrize("case", oracle.SCHEDULES)
def test_rates(stored, case):
    kind, arguments, options = oracle.SCHEDULES[case]
    schedule = getattr(schedules, kind)(*arguments, **options)
    # Keras computes its cosines in float32
    tight = {"rtol": 1e-6, "atol": 1e-8} if kind.startswith("Cosine") else {"rtol": 1e-12, "atol": 1e-15}
    np.testing.assert_allclose(schedule(np.arange(oracle.RATES)), stored[case], **tight)


@pytest.mark.slow
def test_the_file_is_what_keras_gives(stored):
    pytest.importorskip("keras")
    pytest.importorskip("jax")
    made = oracle.make()
    assert set(stored) == set(made)
    for case, array in made.items():
        exact = "cosine" not in case and "restarts" not in case
        np.testing.assert_allclose(stored[case], array, rtol=1e-9 if exact else 1e-6, atol=1e-12 if exact else 1e-8)
