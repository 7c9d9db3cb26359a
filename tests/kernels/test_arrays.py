"""csrc/kernels/reduce.inc.h against its twin."""

import numpy as np
import pytest

from fastnn._core import arrays
from fastnn.testing import reference

LENGTHS = [*range(0, 70), 127, 128, 129, 1000, 4099]


def test_column_sums_is_a_chain_down_each_column(block, dtype, rng, heights, widths):
    for rows, width in [(rows, 10) for rows in heights] + [(37, width) for width in widths]:
        x = block(rng.standard_normal((rows, width)))
        chain = np.zeros(width, dtype=dtype)
        for row in x:
            chain += row
        assert np.array_equal(arrays.column_sums(x), chain)
        np.testing.assert_allclose(chain, reference.column_sums(x), rtol=0, atol=rows**2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["sum_of_squares", "sum_of_magnitudes"])
def test_sums_in_double(name, block, rng):
    for n in LENGTHS:
        x = block(rng.standard_normal(n) * 100)
        total = getattr(arrays, name)(x)
        assert isinstance(total, float)
        # n roundings of a sum of positive terms, here and in the twin
        np.testing.assert_allclose(total, getattr(reference, name)(x), rtol=2 * max(n, 1) * 2**-53)


@pytest.mark.parametrize("name", ["sum_of_squares", "sum_of_magnitudes"])
def test_sums_do_not_overflow_in_float32(name):
    big = np.full(5, 3e38, dtype=np.float32)
    np.testing.assert_allclose(getattr(arrays, name)(big), getattr(reference, name)(big), rtol=1e-15)


def test_sums_depend_on_length_alone(dtype, rng):
    x = rng.standard_normal(1003).astype(dtype)
    shifted = np.empty(1004, dtype=dtype)[1:]
    shifted[:] = x
    assert arrays.sum_of_squares(x) == arrays.sum_of_squares(shifted)
    assert arrays.sum_of_magnitudes(x) == arrays.sum_of_magnitudes(shifted)


def test_accumulate(block, dtype, rng):
    for n in LENGTHS:
        x, y = block(rng.standard_normal(n)), block(rng.standard_normal(n))
        exact = reference.accumulate(x, y).astype(dtype)  # one rounding; of a sum that float64 holds, for float32
        expected = x + y if dtype == "float64" else exact
        arrays.accumulate(x, y)
        assert np.array_equal(y, expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_first_not_finite(value, block, dtype, rng):
    for n in (*range(1, 40), 300):
        x = block(rng.standard_normal(n) * (np.finfo(dtype).max / 8))
        assert arrays.first_not_finite(x) == n
        for position in {0, n // 2, n - 1}:
            x[n - 1] = value
            x[position] = value
            assert arrays.first_not_finite(x) == position == reference.first_not_finite(x)
            x[[n - 1, position]] = 0
    assert arrays.first_not_finite(np.empty(0, dtype=dtype)) == 0


@pytest.mark.parametrize("source", ["float32", "float64", "uint8"])
def test_gather(source, block, dtype, rng, widths):
    for width in widths:
        wide = rng.integers(0, 256, (11, width + 3)) * (1 if source == "uint8" else 0.1)
        x = wide.astype(source)[:, 2 : 2 + width]
        for index in (None, np.array([3, 3, 10, 0, 7]), np.empty(0, dtype=np.int64)):
            expected = reference.gather(x, index).astype(dtype)
            out = block(np.zeros(expected.shape))
            assert arrays.gather(x, index, out=out, dtype=dtype) is out
            assert np.array_equal(out, expected)
            assert np.array_equal(arrays.gather(x, index, dtype=dtype), expected)


def test_errors(dtype):
    x = np.ones((2, 3), dtype=dtype)
    with pytest.raises(IndexError, match=r"index: expected rows in \[0, 2\)"):
        arrays.gather(x, np.array([0, 2]), dtype=dtype)
    with pytest.raises(TypeError, match="index: expected an int64 array"):
        arrays.gather(x, np.array([0.0]), dtype=dtype)
    with pytest.raises(TypeError, match="x: expected a float32, float64 or uint8 array"):
        arrays.gather(x.astype(np.int64), dtype=dtype)
    with pytest.raises(ValueError, match="y: expected shape"):
        arrays.accumulate(x[0], np.ones(2, dtype=dtype))
