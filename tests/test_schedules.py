"""Schedules: the shapes that their names promise, wrong arguments, configurations, and what a model does with them."""

import inspect
import json

import numpy as np
import pytest

import fastnn
from fastnn import optimizers, schedules

STEPS = np.arange(200)
MADE = {
    "cosine": schedules.CosineDecay(0.5, 50, alpha=0.1),
    "cosine, warmup": schedules.CosineDecay(0.0, 50, warmup_target=0.5, warmup_steps=20),
    "restarts": schedules.CosineDecayRestarts(0.5, 10, t_mul=3.0, m_mul=0.5),
    "exponential": schedules.ExponentialDecay(0.5, 20, 0.5),
    "inverse time": schedules.InverseTimeDecay(0.5, 20, 0.5),
    "linear": schedules.LinearDecay(0.5, 50, 0.1),
    "warmup": schedules.LinearWarmup(schedules.StepDecay(0.5, 30), 20),
    "one cycle": schedules.OneCycle(0.5, 100),
    "one cycle, lines": schedules.OneCycle(0.5, 100, linear=True),
    "piecewise": schedules.PiecewiseConstantDecay([10, 30], [0.5, 0.2, 0.1]),
    "polynomial": schedules.PolynomialDecay(0.5, 50, 0.1, power=2.0),
    "polynomial, root": schedules.PolynomialDecay(0.5, 50, 0.1, power=0.7),
    "step": schedules.StepDecay(0.5, 30),
}
PUBLIC = {getattr(schedules, name) for name in schedules.__all__ if name not in ("Schedule", "get")}


def test_every_schedule_is_here():
    assert {type(schedule) for schedule in MADE.values()} == PUBLIC


@pytest.mark.parametrize(
    ("name", "end", "last"),
    [("cosine", 50, 0.05), ("linear", 50, 0.1), ("polynomial", 50, 0.1), ("piecewise", 31, 0.1)],
)
def test_ends(name, end, last):
    rates = MADE[name](STEPS)
    assert rates[0] == 0.5
    np.testing.assert_allclose(rates[end:], last, rtol=1e-12)
    assert (rates[:end] > last).all()


@pytest.mark.parametrize("name", ["cosine", "exponential", "inverse time", "linear", "polynomial"])
def test_smooth_ones_fall_at_every_step(name):
    rates = MADE[name](STEPS[:51])
    assert (np.diff(rates) < 0).all()
    assert np.abs(np.diff(rates)).max() < 0.05


def test_stairs_fall_at_their_edges_only():
    edges = np.flatnonzero(np.diff(MADE["step"](STEPS))) + 1
    np.testing.assert_array_equal(edges, [30, 60, 90, 120, 150, 180])
    np.testing.assert_array_equal(MADE["step"](edges), 0.5 ** np.arange(2, 8))
    np.testing.assert_array_equal(np.flatnonzero(np.diff(MADE["piecewise"](STEPS))), [10, 30])
    for kind in (schedules.ExponentialDecay, schedules.InverseTimeDecay):
        smooth, stairs = kind(0.5, 30, 0.5)(STEPS), kind(0.5, 30, 0.5, staircase=True)(STEPS)
        np.testing.assert_allclose(stairs, smooth[STEPS // 30 * 30], rtol=1e-12)


@pytest.mark.parametrize("name", ["warmup", "cosine, warmup"])
def test_warmup_is_a_line_to_the_top(name):
    rates = MADE[name](STEPS)
    np.testing.assert_allclose(rates[:21], np.linspace(0, 0.5, 21), rtol=1e-12)
    assert (np.diff(rates[20:]) <= 0).all()


def test_warmup_goes_over_to_the_schedule_s_own_steps():
    np.testing.assert_array_equal(MADE["warmup"](STEPS[20:]), schedules.StepDecay(0.5, 30)(STEPS[:-20]))
    of_function = schedules.LinearWarmup(lambda step: 1.0 / (1 + step), 4)
    np.testing.assert_allclose(of_function([0, 2, 4, 5]), [0, 0.5, 1, 0.5])
    np.testing.assert_allclose(schedules.LinearWarmup(0.3, 3)([0, 1, 3, 100]), [0, 0.1, 0.3, 0.3])
    np.testing.assert_allclose(schedules.LinearWarmup(0.3, 4, 0.1)([0, 1, 4, 9]), [0.1, 0.15, 0.3, 0.3])


def test_restarts():
    """Cosines of 10, 30, 90 steps, each from half the height of the one before."""
    rates = MADE["restarts"](STEPS)
    starts = np.flatnonzero(np.diff(rates) > 0) + 1
    np.testing.assert_array_equal(starts, [10, 40, 130])
    np.testing.assert_allclose(rates[[0, *starts]], [0.5, 0.25, 0.125, 0.0625], rtol=1e-9)
    np.testing.assert_allclose(rates[[5, 25, 85]], [0.25, 0.125, 0.0625], rtol=1e-9)


@pytest.mark.parametrize("t_mul", [1.0, 1.1, 1.5, 2.0, 3.0])
def test_restarts_are_found_exactly(t_mul):
    start, length = 0.0, 7.0
    schedule = schedules.CosineDecayRestarts(1.0, 7, t_mul=t_mul)
    for _ in range(12):
        if start == int(start):
            assert schedule(start) == pytest.approx(1.0, abs=1e-9)
        assert schedule(start + 0.01 * length) > 0.99
        assert schedule(start + 0.99 * length) < 0.01
        start, length = start + length, length * t_mul


@pytest.mark.parametrize("name", ["one cycle", "one cycle, lines"])
def test_one_cycle(name):
    """Up over 30 of 100 steps, from a 25th; down to a 10000th of that."""
    rates = MADE[name](STEPS)
    np.testing.assert_allclose(rates[[0, 29]], [0.02, 0.5], rtol=1e-12)
    np.testing.assert_allclose(rates[99:], 2e-6, rtol=1e-9)
    assert (np.diff(rates[:30]) > 0).all()
    assert (np.diff(rates[29:100]) < 0).all()


@pytest.mark.parametrize("name", MADE)
def test_a_step_and_an_array_of_steps(name):
    schedule = MADE[name]
    rates = schedule(STEPS.reshape(2, 100))
    assert rates.shape == (2, 100)
    assert rates.dtype == np.float64
    assert (rates >= 0).all()
    alone = [schedule(int(step)) for step in STEPS]
    assert all(isinstance(rate, float) for rate in alone)
    np.testing.assert_array_equal(rates.ravel(), alone)
    np.testing.assert_array_equal(optimizers.SGD(schedule).rates(10, 5), alone[10:15])


@pytest.mark.parametrize("name", MADE)
def test_configurations(name):
    schedule = MADE[name]
    config = schedule.get_config()
    assert list(config) == list(inspect.signature(type(schedule)).parameters)
    written = json.loads(json.dumps({"class_name": type(schedule).__name__, "config": config}))
    again = schedules.get(written)
    assert type(again) is type(schedule)
    np.testing.assert_array_equal(again(STEPS), schedule(STEPS))
    optimizer = optimizers.Adam.from_config(optimizers.Adam(schedule).get_config())
    np.testing.assert_array_equal(optimizer.rates(0, 200), schedule(STEPS))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: schedules.CosineDecay(-0.1, 10), "received: initial_learning_rate=-0.1"),
        (lambda: schedules.CosineDecay(0.1, 0), "received: decay_steps=0"),
        (lambda: schedules.CosineDecay(0.1, 10, alpha=1.5), "received: alpha=1.5"),
        (lambda: schedules.CosineDecay(0.1, 10, warmup_steps=5), "expected a warmup_target.*received: None"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), "received: t_mul=0.5"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, m_mul=-1), "received: m_mul=-1"),
        (lambda: schedules.ExponentialDecay(np.nan, 10, 0.5), "received: initial_learning_rate=nan"),
        (lambda: schedules.ExponentialDecay(0.1, 2.5, 0.5), "received: decay_steps=2.5"),
        (lambda: schedules.InverseTimeDecay(0.1, 10, -0.5), "received: decay_rate=-0.5"),
        (lambda: schedules.LinearDecay("fast", 10), "received: initial_learning_rate='fast'"),
        (lambda: schedules.LinearWarmup(0.1, 0), "received: warmup_steps=0"),
        (lambda: schedules.LinearWarmup("cosine", 5), "received: schedule='cosine'"),
        (lambda: schedules.OneCycle(0.1, 1), "received: total_steps=1"),
        (lambda: schedules.OneCycle(0.1, 10, warmup_fraction=1.0), "received: warmup_fraction=1.0"),
        (lambda: schedules.OneCycle(0.1, 10, final_divisor=0), "received: final_divisor=0"),
        (lambda: schedules.PiecewiseConstantDecay([5, 5], [1, 2, 3]), r"`boundaries` to rise, received"),
        (lambda: schedules.PiecewiseConstantDecay([5, 9], [1, 2]), "received: 2 boundaries, 2 values"),
        (lambda: schedules.PolynomialDecay(0.1, 10, power=0), "received: power=0"),
        (lambda: schedules.StepDecay(0.1, -3), "received: decay_steps=-3"),
        (lambda: schedules.get({"class_name": "Cosine", "config": {}}), "received: 'Cosine'"),
    ],
)
def test_wrong_arguments_raise_when_made(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def model(rate):
    made = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)], dtype="float64", seed=1)
    made.compile(optimizers.SGD(rate, momentum=0.5), loss="mse")
    return made


def fitted(made, epochs=2):
    x = np.random.default_rng(2).normal(size=(40, 3))
    made.fit(x, np.sin(x[:, :2]), batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return made.get_weights()


def test_a_function_is_a_rate_as_well():
    schedule = schedules.ExponentialDecay(0.1, 3, 0.5)
    asked = []

    def rate(step):
        asked.append(step)
        return 0.1 * 0.5 ** (step / 3)

    for ours, theirs in zip(fitted(model(rate)), fitted(model(schedule)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    assert sorted(set(asked)) == list(range(10))


def test_steps_go_on_over_fits():
    schedule = schedules.StepDecay(0.1, 5)
    whole, parts = model(schedule), model(schedule)
    fitted(parts, 1)
    for ours, theirs in zip(fitted(parts, 1), fitted(whole, 2), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", MADE)
def test_a_file_keeps_them(tmp_path, name):
    saved = model(MADE[name])
    fitted(saved, 1)
    saved.save(tmp_path / "model.safetensors", include_optimizer=True)
    loaded = fastnn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.optimizer.rates(0, 200), MADE[name](STEPS))
    for ours, theirs in zip(fitted(loaded, 1), fitted(saved, 1), strict=True):
        np.testing.assert_array_equal(ours, theirs)
