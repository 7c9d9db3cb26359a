"""csrc/kernels/optimizer.inc.h against its twin."""

import itertools

import numpy as np
import pytest

from fastnn._core import optimizers, targets
from fastnn.testing import reference

NAMES = list(targets.OPTIMIZERS)
NUMBERS = {
    "rate": 0.03, "gradient_rate": 0.02, "momentum": 0.9, "rho": 0.9, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7,
}  # fmt: skip
PENALTIES = {
    "plain": {},
    "l2": {"l2": 0.02},
    "l1": {"l1": 0.01},
    "decay": {"weight_decay": 0.004},
    "all": {"l1": 0.01, "l2": 0.02, "weight_decay": 0.004},
}
# states that are running means of squares, and those that are of both signs
SQUARES = {
    "adagrad": [0], "adadelta": [0, 1], "rmsprop": [0], "rmsprop_momentum": [0], "rmsprop_centered": [0],
    "rmsprop_centered_momentum": [0], "adam": [1], "amsgrad": [1, 2], "adamax": [1], "nadam": [1],
}  # fmt: skip
MEANS = {
    "rmsprop_momentum": [1], "rmsprop_centered": [1], "rmsprop_centered_momentum": [1, 2], "adam": [0], "amsgrad": [0],
    "adamax": [0], "nadam": [0], "lion": [0],
}  # fmt: skip
ROUNDINGS = 10  # the longest formula's, its constants' among them


def arguments(name, n, rng):
    """g, w and states as they may be in training: a mean square is not negative; some weights are exactly 0."""
    g, w, *states = rng.standard_normal((2 + targets.OPTIMIZERS[name][1], n))
    w[::7] = 0
    for slot in SQUARES.get(name, []):
        states[slot] = states[slot] ** 2
    if name.startswith("rmsprop_centered"):
        states[0] += 2 * states[-1] ** 2  # a mean of squares, so at least the mean's square
    return g, w, *states


def magnitude(name, g, w, *states, l1=0.0, l2=0.0, weight_decay=0.0):
    """What is rounded on the way: the twin's results where all terms have one sign, so that nothing cancels."""
    g, w, *states = (np.abs(np.float64(x)) for x in (g, w, *states))
    for slot in MEANS.get(name, []):
        states[slot] = -states[slot]
    results = reference.update(name, -(g + l2 * w + l1), w * (1 + weight_decay), *states, **NUMBERS)
    return [np.abs(result) for result in results]


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", NAMES)
def test_update(name, penalty, block, within, rng, widths):
    penalties = PENALTIES[penalty]
    for n in widths:
        g, w, *states = (block(x) for x in arguments(name, n, rng))
        expected = reference.update(name, g, w, *states, **NUMBERS, **penalties)
        sizes = magnitude(name, g, w, *states, **penalties)
        before = g.tobytes()
        optimizers.update(name, g, w, *states, **NUMBERS, **penalties)
        assert g.tobytes() == before
        for actual, wanted, size in zip((w, *states), expected, sizes, strict=True):
            within(actual, wanted, ROUNDINGS * size)


@pytest.mark.parametrize("penalty", ["plain", "all"])
@pytest.mark.parametrize("name", NAMES)
def test_elements_do_not_depend_on_their_place(name, penalty, dtype, rng):
    n = 67
    arrays = [x.astype(dtype) for x in arguments(name, n, rng)]
    whole = [x.copy() for x in arrays]
    optimizers.update(name, *whole, **NUMBERS, **PENALTIES[penalty])
    for cuts in (range(0, n + 1), (0, 5, 38, n)):
        split = [x.copy() for x in arrays]
        for start, stop in itertools.pairwise(cuts):
            optimizers.update(name, *(x[start:stop] for x in split), **NUMBERS, **PENALTIES[penalty])
        assert [x.tobytes() for x in split] == [x.tobytes() for x in whole]


def test_store_leaves_parameters_alone(dtype, rng):
    g, w = rng.standard_normal((2, 33)).astype(dtype)
    stored, before = np.zeros_like(g), w.copy()
    optimizers.update("store", g, w, stored)
    assert np.array_equal(stored, g)
    optimizers.update("store", g, w, stored, weight_decay=0.5, l2=1.0)
    assert np.array_equal(w, before)
    np.testing.assert_allclose(stored, g + w, rtol=0, atol=4 * np.finfo(dtype).eps)


def test_zero_weights_have_no_l1_gradient(dtype):
    g = np.zeros(11, dtype=dtype)
    w = np.zeros(11, dtype=dtype)
    w[1], w[9], w[10] = 2, -3, -0.0
    stored = np.empty_like(g)
    optimizers.update("store", g, w, stored, l1=0.5)
    assert stored.tolist() == [0, 0.5, 0, 0, 0, 0, 0, 0, 0, -0.5, 0]


def test_first_adam_step_is_the_learning_rate(dtype):
    """With both bias corrections Adam's first step has the rate's length, whatever the gradient."""
    g = np.array([1e-3, -5.0, 300.0], dtype=dtype)
    w, m, v = np.zeros((3, 3), dtype=dtype)
    rate = 0.1 * np.sqrt(1 - 0.999) / (1 - 0.9)
    optimizers.update("adam", g, w, m, v, rate=rate, epsilon=0.0)
    # 1 - 0.999 in double and in the element type differ by a rounding, the rest of the step adds a few
    np.testing.assert_allclose(w, [-0.1, 0.1, -0.1], rtol=8 * np.finfo(dtype).eps)


def test_adam_at_rest_stays(dtype):
    g, w, m, v = np.zeros((4, 21), dtype=dtype)
    w[:] = 3
    optimizers.update("adam", g, w, m, v)
    assert (w == 3).all()


def test_nan_gradient_reaches_the_parameter(dtype):
    for name, (_, slots) in targets.OPTIMIZERS.items():
        arrays = np.ones((2 + slots, 9), dtype=dtype)
        arrays[0, 4] = np.nan
        optimizers.update(name, *arrays)
        seen = arrays[2] if name == "store" else arrays[1]
        assert np.isnan(seen).tolist() == [i == 4 for i in range(9)]


def test_errors(dtype):
    g, w, s = np.ones((3, 4), dtype=dtype)
    with pytest.raises(ValueError, match=r"expected one of store, .*, received: 'adamx'"):
        optimizers.update("adamx", g, w)
    with pytest.raises(ValueError, match="states: expected 2 arrays for 'adam', received: 1"):
        optimizers.update("adam", g, w, s)
    with pytest.raises(ValueError, match=r"w: expected shape \(4,\), received: \(3,\)"):
        optimizers.update("sgd", g, w[:3])
    with pytest.raises(ValueError, match="contiguous"):
        optimizers.update("sgd", g[:2], w[::2])


@pytest.mark.parametrize("gaps", [(2, 7), (0, 0)], ids=["gaps", "no gaps"])
@pytest.mark.parametrize("penalty", ["plain", "all"])
@pytest.mark.parametrize("name", NAMES)
def test_rows_in_one_call(name, penalty, gaps, dtype, rng, widths):
    """Rows in one call are rows one by one, and what lies between them stays: whole vectors may go across rows."""
    for rows, width in [(rows, width) for rows in (1, 2, 5) for width in widths if width]:
        gradient, *parts = (x.astype(dtype).reshape(rows, width) for x in arguments(name, rows * width, rng))
        padded = [np.pad(x, ((0, 0), gaps), constant_values=0.5) for x in parts]
        wide_gradient = np.pad(gradient, ((0, 0), (0, 3)), constant_values=np.nan)[:, :width]
        between = slice(gaps[0], gaps[0] + width)
        optimizers.update(name, wide_gradient, *(x[:, between] for x in padded), **NUMBERS, **PENALTIES[penalty])
        for row in range(rows):
            optimizers.update(name, gradient[row], *(x[row] for x in parts), **NUMBERS, **PENALTIES[penalty])
        for part, whole in zip(parts, padded, strict=True):
            assert whole.tobytes() == np.pad(part, ((0, 0), gaps), constant_values=0.5).tobytes()


def test_states_have_the_strides_of_the_parameters():
    g, w = np.zeros((2, 3)), np.zeros((2, 3))
    with pytest.raises(ValueError, match="expected the strides of w"):
        optimizers.update("momentum", g, w, np.zeros((2, 5))[:, :3])


def test_adam_without_decay_forgets_at_once(dtype):
    """beta_1 = beta_2 = 0 leave the gradient and its square, however large they were before."""
    g, w = np.full(9, 1e-3, dtype), np.zeros(9, dtype)
    mean, square = np.full(9, 1e6, dtype), np.full(9, 1e20, dtype)
    optimizers.update("adam", g, w, mean, square, rate=0.5, beta_1=0.0, beta_2=0.0, epsilon=1e-8)
    np.testing.assert_array_equal(mean, g)
    np.testing.assert_allclose(square, g * g, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_allclose(w, -0.5, rtol=1e-4)


def test_adam_stands_still_where_the_mean_square_overflows(dtype):
    g, w = np.full(9, 1e200 if dtype == "float64" else 1e25, dtype), np.ones(9, dtype)
    mean, square = np.zeros(9, dtype), np.zeros(9, dtype)
    for _ in range(2):
        optimizers.update("adam", g, w, mean, square, rate=0.1)
    assert np.isinf(square).all()
    np.testing.assert_array_equal(w, 1)


def quotients(n, d):
    """n / d as Adam's kernel makes them: gradients n, no momentum, mean squares d^2 that stay, weights of 0."""
    g, w, m, v = n.copy(), np.zeros_like(n), np.zeros_like(n), d * d
    optimizers.update("adam", g, w, m, v, rate=-1.0, beta_1=0.0, beta_2=1.0, epsilon=0.0)
    return w


@pytest.mark.parametrize("size", [1, 7, 8, 64, 200_003])
def test_quotients_are_exact(size, dtype):
    rng = np.random.default_rng(size)
    information = np.finfo(dtype)
    digits, reach = information.nmant + 1, information.maxexp // 4
    for kind in range(4):
        n, d = (np.ldexp(rng.uniform(0.5, 1, size), rng.integers(-reach, reach, size)).astype(dtype) for _ in range(2))
        if kind == 1:  # near powers of two, where a last bit is most easily wrong
            d = np.ldexp(1 - rng.integers(1, 9, size) * information.epsneg, rng.integers(-reach, reach, size)).astype(
                dtype
            )
        elif kind == 2:  # results just beside the middle of two numbers
            n = (d * np.ldexp(rng.integers(1 << (digits - 1), 1 << digits, size) + 0.5, -digits)).astype(dtype)
        elif kind == 3:
            n[::3] = 0
        n *= rng.choice(np.array([-1, 1], dtype), size)
        np.testing.assert_array_equal(quotients(n, d), n / d)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("padding", [0, 30])
def test_quotients_that_are_no_numbers(padding, dtype):
    root = np.sqrt(np.finfo(dtype).max)
    g = np.append(np.array([0, 1, -2, 4 * root, -8 * root, np.inf, -np.inf, np.nan], dtype), np.full(padding, 3, dtype))
    w, m, v = (np.zeros_like(g) for _ in range(3))
    optimizers.update("adam", g, w, m, v, rate=-1.0, beta_1=0.0, beta_2=0.0, epsilon=0.0)  # g / sqrt(g^2)
    np.testing.assert_array_equal(w, g / np.sqrt(g * g))
    m = np.append(np.array([0, 1, -1, np.nan], dtype), np.full(padding, 3, dtype))
    w, g, v = (np.zeros_like(m) for _ in range(3))
    wanted = m / v
    optimizers.update("adam", g, w, m, v, rate=-1.0, beta_1=1.0, beta_2=1.0, epsilon=0.0)  # m / 0
    np.testing.assert_array_equal(w, wanted)


def roots(x):
    """What adadelta takes off a weight: sqrt(x) / sqrt(1) times a gradient of 1."""
    w, g, ones, states = np.zeros_like(x), np.ones_like(x), np.ones_like(x), x.copy()
    optimizers.update("adadelta", g, w, ones, states, rate=-1.0, rho=1.0, epsilon=0.0)
    return w


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_roots_are_right_to_the_bit(dtype, rng):
    """Of every exponent, next to squares and to squares of what lies in the middle of two numbers, and of no number."""
    limits = np.finfo(dtype)
    exponents = np.arange(np.log2(float(limits.smallest_subnormal)), limits.maxexp)
    x = np.concatenate([
        np.ldexp(rng.uniform(1, 2, (64, len(exponents))), exponents.astype(int)).ravel(),
        np.ldexp(np.outer(1 + limits.eps * np.arange(4), np.ones(len(exponents))), exponents.astype(int)).ravel(),
    ]).astype(dtype)  # fmt: skip
    near = rng.uniform(1, 2, 4096).astype(dtype)
    special = np.array([0.0, np.inf, np.nan, -1.0, limits.max], dtype)
    x = np.concatenate([x, near * near, near * (near + limits.eps), special]).astype(dtype)
    np.testing.assert_array_equal(roots(x), np.sqrt(x))
    for alone in (0.0, 2.0**-130, np.inf, -1.0):  # one that a method has to leave out, among those that it has not
        x = np.full(67, 2, dtype)
        x[33] = alone
        np.testing.assert_array_equal(roots(x), np.sqrt(x))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_roots_of_every_float32():
    chunk = 1 << 16
    for start in range(0, 0x7F800001, chunk):
        x = np.arange(start, start + chunk, dtype=np.uint32).view(np.float32)
        np.testing.assert_array_equal(roots(x), np.sqrt(x))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["rmsprop_centered", "rmsprop_centered_momentum", "adam", "amsgrad", "nadam"])
def test_no_step_where_squares_overflow(name, dtype):
    """That of the mean, too: infinity less infinity is no variance. In kernel and twin."""
    g, w, *states = np.zeros((2 + targets.OPTIMIZERS[name][1], 9), dtype)
    g[:], w[:] = np.finfo(dtype).max / 4, 1
    twin = np.float64(w), *map(np.float64, states)
    for _ in range(9):
        optimizers.update(name, g, w, *states, **NUMBERS)
        if dtype == "float64":
            twin = reference.update(name, g, *twin, **NUMBERS)
    np.testing.assert_array_equal(w, 1)
    np.testing.assert_array_equal(twin[0], 1)
