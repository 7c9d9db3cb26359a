"""csrc/kernels/noise.inc.h against its twins: draws at any place, moments over a million draws, splits."""

import numpy as np
import pytest

from fastnn._core import random, targets
from fastnn.testing import reference

PARAMETERS = {
    "gaussian_noise": (0.5, 0.0),
    "gaussian_dropout": (0.5, 0.0),
    "alpha_dropout": (0.25, 0.0),
    "rrelu": (0.125, 0.375),
}
KEY = 0x0123456789ABCDEF
MILLION = (1000, 1000)


@pytest.fixture(params=targets.NOISES)
def name(request):
    return request.param


def drawn(name, x, **options):
    a, b = PARAMETERS[name]
    return random.noise(name, x, a, b, KEY, 9, 2, **options)


def test_against_the_twins(name, block, within, rng, heights, widths):
    a, b = PARAMETERS[name]
    for rows, width in [(rows, 10) for rows in heights] + [(3, width) for width in widths]:
        x, dy = block(rng.standard_normal((rows, width))), block(rng.standard_normal((rows, width)))
        place = {"first_row": 12, "row_stride": width + 7, "first_column": 5}
        u = reference.draws((rows, width), KEY, 9, 2, **place)
        out = block(np.zeros((rows, width)))
        y = drawn(name, x, **place, out=out)
        assert y is out
        # 64: the conditioning of log near 1 and of the polynomial, in roundings
        within(y, reference.noise_forward(name, x, a, b, u), 64 * (3 + np.abs(x)))
        dx = drawn(name, dy, **place, backward=True, saved=y)
        within(dx, reference.noise_backward(name, x, dy, a, b, u), 64 * (1 + 3 * np.abs(dy)))
        assert np.array_equal(drawn(name, dy, **place, backward=True, saved=y, out=dy), dx)


def test_any_split_draws_the_same(name, dtype, rng):
    x = rng.standard_normal((9, 70)).astype(dtype)
    whole = drawn(name, x)
    for rows in (slice(0, 4), slice(4, 9)):
        for columns in (slice(0, 33), slice(33, 70)):
            place = {"first_row": rows.start, "row_stride": 70, "first_column": columns.start}
            assert np.array_equal(drawn(name, x[rows, columns], **place), whole[rows, columns])


def test_normal_numbers(dtype):
    """Moments, tails, and the quantiles themselves, over a million draws."""
    z = random.noise("gaussian_noise", np.zeros(MILLION, dtype=dtype), 1.0, 0.0, KEY, 0, 0).astype(np.float64)
    # five standard errors of each moment of a million normal numbers
    assert abs(z.mean()) < 5e-3
    assert abs(z.var() - 1) < 5 * np.sqrt(2) * 1e-3
    assert abs((z**3).mean()) < 5 * np.sqrt(15) * 1e-3
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96) * 1e-3
    for bound, share in ((1.0, 0.31731), (2.0, 0.0455003), (3.0, 0.0026998), (4.0, 6.334e-5)):
        assert abs((np.abs(z) > bound).mean() - share) < 5 * np.sqrt(share * 1e-6)
    assert np.abs(z).max() < 5.5


def test_normal_numbers_are_quantiles():
    special = pytest.importorskip("scipy.special")
    u = (np.arange(2**24, step=4093) + 0.5) * 2.0**-24
    exact = special.ndtri(u)
    error = np.abs(reference.normals(u - 2.0**-25) - exact) / np.maximum(np.abs(exact), 1e-6)
    assert error.max() < 4e-7


def test_gaussian_dropout_keeps_the_mean(dtype):
    rate = 0.2
    a = np.sqrt(rate / (1 - rate))
    y = random.noise("gaussian_dropout", np.full(MILLION, 2, dtype=dtype), a, 0.0, KEY, 0, 0).astype(np.float64)
    assert abs(y.mean() - 2) < 5 * 2 * a * 1e-3
    assert abs(y.std() - 2 * a) < 5 * 2 * a * 1e-3


def test_alpha_dropout_keeps_mean_and_variance(dtype):
    z = random.noise("gaussian_noise", np.zeros(MILLION, dtype=dtype), 1.0, 0.0, KEY, 0, 0)
    y = random.noise("alpha_dropout", z, 0.3, 0.0, KEY, 0, 1).astype(np.float64)
    assert abs(y.mean()) < 5e-3
    assert abs(y.var() - 1) < 1e-2
    values, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() * 1e-6 - 0.3) < 5 * np.sqrt(0.21) * 1e-3
    scale = (0.7 * (1 + 0.3 * reference.random.SELU_LIMIT**2)) ** -0.5
    assert np.isclose(values[counts.argmax()], scale * reference.random.SELU_LIMIT * 0.7, rtol=1e-6)


def test_rrelu_draws_slopes_evenly(dtype):
    slopes = -random.noise("rrelu", np.full(MILLION, -1, dtype=dtype), 0.125, 0.375, KEY, 0, 0).astype(np.float64)
    assert slopes.min() >= 0.125
    assert slopes.max() <= 0.375
    assert abs(slopes.mean() - 0.25) < 5 * 0.25 / np.sqrt(12) * 1e-3
    assert abs(slopes.std() - 0.25 / np.sqrt(12)) < 1e-3
    positive = np.ones((2, 3), dtype=dtype)
    assert np.array_equal(random.noise("rrelu", positive, 0.125, 0.375, KEY, 0, 0), positive)


def test_errors(dtype):
    x = np.ones((2, 3), dtype=dtype)
    with pytest.raises(ValueError, match=r"expected one of gaussian_noise, .*, received: 'salt'"):
        random.noise("salt", x, 0, 0, 0, 0, 0)
    with pytest.raises(ValueError, match=r"saved: expected the output of the forward pass, which rrelu needs"):
        random.noise("rrelu", x, 0.1, 0.2, 0, 0, 0, backward=True)
