"""csrc/kernels/flat.inc.h against its twins."""

import numpy as np
import pytest

from fastnn._core import optimizers
from fastnn.testing import reference

LENGTHS = [*range(0, 70), 127, 128, 129, 1000]


@pytest.mark.parametrize(("lower", "upper"), [(-0.5, 0.75), (-np.inf, np.inf), (-np.inf, 0.25)])
def test_clip(lower, upper, block, dtype, rng):
    for n in LENGTHS:
        x = block(rng.standard_normal(n))
        x[n // 2 : n // 2 + 1] = np.nan
        expected = np.clip(x * np.dtype(dtype).type(0.3), lower, upper)
        np.testing.assert_allclose(expected, reference.clip(x, 0.3, lower, upper), rtol=2 * np.finfo(dtype).eps)
        optimizers.clip(x, 0.3, lower, upper)
        np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("momentum", [0.0, 0.7, 1.0])
def test_average(momentum, block, within, rng):
    for n in LENGTHS:
        x, y = block(rng.standard_normal(n)), block(rng.standard_normal(n))
        expected, size = reference.average(x, y, momentum), 2 * (np.abs(x) + np.abs(y))
        optimizers.average(x, y, momentum)
        within(y, expected, size)


def test_squares_of_columns(block, rng, heights, widths):
    for rows, width in [(rows, 10) for rows in heights] + [(37, width) for width in widths]:
        x = block(rng.standard_normal((rows, width)) * 100)
        squares = optimizers.squares_of_columns(x)
        assert squares.dtype == np.float64
        np.testing.assert_allclose(squares, reference.squares_of_columns(x), rtol=2 * (rows + 1) * 2**-53)


def test_squares_of_columns_do_not_overflow_in_float32():
    big = np.full((3, 20), 3e38, dtype=np.float32)
    np.testing.assert_allclose(optimizers.squares_of_columns(big), reference.squares_of_columns(big), rtol=1e-15)


def test_scale_columns(block, dtype, rng, heights, widths):
    for rows, width in [(rows, 10) for rows in heights] + [(37, width) for width in widths]:
        x, factors = block(rng.standard_normal((rows, width))), block(rng.standard_normal(width))
        expected = reference.scale_columns(x, factors)
        optimizers.scale_columns(x, factors)
        np.testing.assert_array_equal(x, expected.astype(dtype))


def test_errors(dtype):
    x, other = np.ones((2, 3), dtype), np.ones(3, "float32" if dtype == "float64" else "float64")
    with pytest.raises(TypeError, match=f"factors: expected dtype {dtype}"):
        optimizers.scale_columns(x, other)
    with pytest.raises(ValueError, match=r"factors: expected shape \(3,\), received: \(2,\)"):
        optimizers.scale_columns(x, np.ones(2, dtype))
    with pytest.raises(ValueError, match=r"x: expected shape \(any, any\), received: \(2,\)"):
        optimizers.squares_of_columns(np.ones(2, dtype))
    with pytest.raises(ValueError, match=r"y: expected shape \(3,\), received: \(2,\)"):
        optimizers.average(np.ones(3, dtype), np.ones(2, dtype), 0.5)
    with pytest.raises(TypeError, match="x: expected a float32 or float64 array"):
        optimizers.clip([1.0], 1.0, 0.0, 1.0)
