"""csrc/kernels/vmath.inc.h: exp, log, tanh and sigmoid within 2 ulp."""

import numpy as np
import pytest

from fastnn._core import arrays
from fastnn.testing import reference

NAMES = list(reference.ELEMENTWISE)
ULP = 2


def ulps(actual, expected, dtype):
    """|actual - expected| in units in the last place of `expected`; infinity counts as the number after the largest."""
    info = np.finfo(dtype)
    with np.errstate(over="ignore"):
        rounded = expected.astype(dtype)
    unit = np.spacing(np.minimum(np.abs(rounded), info.max)).astype(expected.dtype)
    after_largest = np.ldexp(expected.dtype.type(1), info.maxexp)
    error = np.abs(
        np.clip(actual.astype(expected.dtype), -after_largest, after_largest)
        - np.clip(expected, -after_largest, after_largest)
    )
    both_nan = np.isnan(actual) & np.isnan(expected)
    return np.where(both_nan, 0, error / unit)


def assert_close(name, x, oracle=None):
    y = arrays.elementwise(name, x)
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        error = ulps(y, (oracle or reference.ELEMENTWISE[name])(x), x.dtype)
    good = error <= ULP  # False for NaN too
    worst = np.argmax(np.where(good, error, np.inf))
    assert good.all(), f"{name}({x[worst]!r}) = {y[worst]!r} is {error[worst]} ulp off"


@pytest.mark.parametrize("name", NAMES)
def test_random_arguments(name, dtype, rng):
    """Over the range where the function moves, and over all exponents."""
    info = np.finfo(dtype)
    exponents = rng.integers(info.minexp - info.nmant, info.maxexp, 200_000)
    ranges = [
        rng.uniform(-1, 1, 200_000),
        rng.uniform(-20, 20, 200_000),
        rng.uniform(-info.maxexp, info.maxexp, 200_000),
        np.ldexp(rng.uniform(-1, 1, 200_000), exponents),
    ]
    for values in ranges:
        x = values.astype(dtype)
        assert_close(name, np.abs(x) if name == "log" else x)


@pytest.mark.parametrize("name", NAMES)
def test_special_arguments(name, dtype):
    info = np.finfo(dtype)
    edges = [0.0, info.smallest_subnormal, info.tiny, info.eps, 0.5, 1.0, 1.5, 2.0, 1e3, info.max, np.inf]
    edges += [np.log(float(info.max)), -np.log(float(info.tiny)), -np.log(float(info.smallest_subnormal))]
    x = np.array(edges, dtype=dtype)
    zero, infinity = np.array([0, np.inf], dtype=dtype)
    with np.errstate(over="ignore", under="ignore"):
        x = np.unique(np.concatenate([x, np.nextafter(x, zero), np.nextafter(x, infinity)]))
    assert_close(name, x)
    assert_close(name, -x)
    assert np.isnan(arrays.elementwise(name, np.full(19, np.nan, dtype=dtype))).all()


def test_exact_values(dtype):
    def of(name, *x):
        return arrays.elementwise(name, np.array(x, dtype=dtype)).tolist()

    assert of("exp", 0, -np.inf, np.inf) == [1, 0, np.inf]
    assert of("log", 1, 0, np.inf) == [0, -np.inf, np.inf]
    assert np.isnan(of("log", -1)).all()
    assert of("tanh", 0, -np.inf, np.inf) == [0, -1, 1]
    assert of("sigmoid", 0, -np.inf, np.inf) == [0.5, 0, 1]
    minus_zero = arrays.elementwise("tanh", np.array([-0.0], dtype=dtype))
    assert np.signbit(minus_zero).all()


def test_tanh_ends_at_one(dtype):
    """A number above would turn the sign of the derivative, (1 - y)(1 + y)."""
    y = arrays.elementwise("tanh", np.linspace(3, 20, 400_000).astype(dtype))
    assert y.max() == y[-1] == 1


@pytest.mark.parametrize("name", NAMES)
def test_bits_do_not_depend_on_the_place(name, block, rng):
    for n in (0, 1, 3, 15, 16, 17, 31, 33, 67):
        x = block(rng.uniform(0.1, 5, n))
        out = block(np.zeros(n))
        assert arrays.elementwise(name, x, out=out) is out
        alone = [arrays.elementwise(name, x[i : i + 1])[0] for i in range(n)]
        assert out.tolist() == alone
        assert arrays.elementwise(name, x, out=x).tolist() == alone


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_float32(name):
    """All 2^32 arguments, against float64, whose own error is below 2^-28 ulp of float32."""

    def oracle(x):
        x = x.astype(np.float64)
        if name == "sigmoid":
            e = np.exp(-np.abs(x))
            return np.where(x >= 0, 1, e) / (1 + e)
        return getattr(np, name)(x)

    chunk = 1 << 14  # its float64 copies stay in cache and are no fresh pages of the system's: three times as fast
    for start in range(0, 1 << 32, chunk):
        x = np.arange(start, start + chunk, dtype=np.uint64).astype(np.uint32).view(np.float32)
        assert_close(name, x, oracle)


def test_unknown_name(dtype):
    with pytest.raises(ValueError, match="received: 'sin'"):
        arrays.elementwise("sin", np.ones(3, dtype=dtype))
