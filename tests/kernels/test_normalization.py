"""csrc/kernels/normalize.inc.h against its twins: awkward shapes and layouts, in place, added to what is there."""

import numpy as np
import pytest

from fastnn._core import normalization as kernels
from fastnn.testing import reference

EPSILON = 1e-3


def shapes(heights, widths):
    return [(rows, 10) for rows in heights] + [(3, width) for width in widths]


def magnitude(*arrays):
    """A bound on the size of sums and products of these: what a rounding is relative to."""
    return np.prod([np.abs(np.asarray(array, dtype=np.float64)).max(initial=1.0) for array in arrays])


@pytest.fixture
def draw(rng, block, dtype):
    """draw(rows, width): (x, dy, out), guarded; vectors of columns come from draw.vector(width)."""

    def make(rows, width):
        x = block(rng.standard_normal((rows, width)) + 1)
        return x, block(rng.standard_normal((rows, width))), block(np.full((rows, width), 7.0))

    make.vector = lambda width, low=-1.0, high=1.0: rng.uniform(low, high, width).astype(dtype)
    return make


def test_blocks_without_parameters(draw, within, heights, widths):
    for rows, width in shapes(heights, widths):
        x, other, out = draw(rows, width)
        assert kernels.add(x, other, out=out) is out
        within(out, reference.add(x, other), np.abs(x) + np.abs(other))
        assert np.array_equal(kernels.add(x), x)
        within(kernels.affine(x, 0.5, -2.0), reference.affine(x, 0.5, -2.0), 2 + np.abs(x))
        expected = reference.penalize(x, other, 0.25, 0.5)
        within(kernels.penalize(x, other, 0.25, 0.5), expected, 2 * (1 + np.abs(x) + np.abs(expected)))


def test_penalty_at_zero(dtype):
    x = np.array([[0.0, -0.0, 2.0, -2.0]], dtype=dtype)
    assert kernels.penalize(x, np.zeros_like(x), 1.0, 0.0).tolist() == [[0.0, 0.0, 1.0, -1.0]]


def test_sums_of_columns(draw, within, heights, widths):
    for rows, width in shapes(heights, widths):
        x, dy, _ = draw(rows, width)
        mean, variance = draw.vector(width), draw.vector(width, 0.1, 2.0)
        size = (rows + 8) * magnitude(x, x) * 4
        within(kernels.column_squares(x, mean), reference.column_squares(x, mean), size)
        expected = reference.column_products(dy, x, mean, variance, EPSILON)
        within(kernels.column_products(dy, x, mean, variance, EPSILON), expected, (rows + 8) * magnitude(x, dy) * 8)
        assert np.array_equal(
            kernels.prelu_products(dy, x)[:1], kernels.prelu_products(dy[:, :1].copy(), x[:, :1].copy())
        )
        within(kernels.prelu_products(dy, x), reference.prelu_products(dy, x), (rows + 2) * magnitude(x, dy))


@pytest.mark.parametrize("given", [(), ("gamma",), ("beta",), ("gamma", "beta")])
def test_normalize(given, draw, within, heights, widths):
    for rows, width in shapes(heights, widths):
        x, dy, out = draw(rows, width)
        mean, variance = draw.vector(width), draw.vector(width, 0.1, 2.0)
        vectors = {name: draw.vector(width) for name in given}
        y = kernels.normalize(x, mean, variance, EPSILON, **vectors, out=out)
        assert y is out
        within(y, reference.normalize(x, mean, variance, EPSILON, **vectors), 8 * magnitude(x) * 4)
        gamma = vectors.get("gamma")
        expected = reference.normalize_backward(dy, x, mean, variance, EPSILON, gamma)
        within(kernels.normalize_backward(dy, x, mean, variance, EPSILON, gamma), expected, 6 * magnitude(dy) * 4)


def test_normalize_backward_of_a_batch(draw, within, dtype, heights, widths):
    for rows, width in shapes(heights, widths):
        if not rows:
            continue
        x, dy, onto = draw(rows, width)
        mean = np.asarray(x, dtype=np.float64).mean(axis=0).astype(dtype)
        variance = np.asarray(x, dtype=np.float64).var(axis=0).astype(dtype)
        gamma = draw.vector(width)
        products = kernels.column_products(dy, x, mean, variance, EPSILON)
        sums = (np.asarray(dy, dtype=np.float64).sum(axis=0).astype(dtype), products)
        # the statistics are rounded, and at one row all but epsilon cancels: its root is 1/30
        size = 300 * (rows + 8) * magnitude(dy, x)
        expected = reference.normalize_backward(dy, x, mean, variance, EPSILON, gamma, batch_statistics=True)
        within(kernels.normalize_backward(dy, x, mean, variance, EPSILON, gamma, sums), expected, size)
        before = np.array(onto, dtype=np.float64)
        assert kernels.normalize_backward(dy, x, mean, variance, EPSILON, gamma, sums, onto=onto) is onto
        within(onto, before + expected, size + 10)


def test_layer_norm(draw, within, heights, widths):
    for rows, width in shapes(heights, widths):
        if not width:
            continue
        x, dy, onto = draw(rows, width)
        gamma, beta = draw.vector(width), draw.vector(width)
        # a row of one column has no variance: everything cancels but epsilon
        size = 40 * magnitude(x, x, dy) * (30 if width < 4 else 1)
        for vectors in ({}, {"gamma": gamma}, {"gamma": gamma, "beta": beta}):
            y, statistics = kernels.layer_norm(x, EPSILON, **vectors)
            expected, twins = reference.layer_norm(x, EPSILON, **vectors)
            within(y, expected, size)
            within(statistics.reshape(rows, 2), twins, 40 * magnitude(twins))
        within(kernels.row_products(dy, x, statistics), reference.row_products(dy, x, EPSILON), (rows + 8) * size)
        expected = reference.layer_norm_backward(dy, x, EPSILON, gamma)
        within(kernels.layer_norm_backward(dy, x, statistics, gamma), expected, 30 * size)
        before = np.array(onto, dtype=np.float64)
        kernels.layer_norm_backward(dy, x, statistics, gamma, onto=onto)
        within(onto, before + expected, 30 * size + 10)


def test_prelu(draw, within, heights, widths):
    for rows, width in shapes(heights, widths):
        x, dy, out = draw(rows, width)
        slopes = draw.vector(width)
        within(kernels.prelu(x, slopes, out=out), reference.prelu(x, slopes), np.abs(x))
        expected = reference.prelu_backward(dy, x, slopes)
        within(kernels.prelu_backward(dy, x, slopes), expected, np.abs(dy))
        before = np.array(out, dtype=np.float64)
        kernels.prelu_backward(dy, x, slopes, onto=out)
        within(out, before + expected, 2 * (np.abs(before) + np.abs(dy)))


def test_a_row_alone_has_the_same_bits(rng, dtype):
    x = rng.standard_normal((7, 37)).astype(dtype)
    vector = rng.uniform(0.5, 1.5, 37).astype(dtype)
    whole = kernels.normalize(x, vector, vector, EPSILON, vector, vector)
    rows, _ = kernels.layer_norm(x, EPSILON, vector, vector)
    for row in range(7):
        part = x[row : row + 1]
        assert np.array_equal(kernels.normalize(part, vector, vector, EPSILON, vector, vector)[0], whole[row])
        assert np.array_equal(kernels.layer_norm(part, EPSILON, vector, vector)[0][0], rows[row])


def test_columns_in_parts_have_the_same_bits(rng, dtype):
    x, dy = rng.standard_normal((2, 9, 70)).astype(dtype)
    vector = rng.uniform(0.5, 1.5, 70).astype(dtype)
    whole = kernels.column_products(dy, x, vector, vector, EPSILON)
    for part in (slice(0, 3), slice(3, 64), slice(64, 70)):
        alone = kernels.column_products(dy[:, part], x[:, part], vector[part].copy(), vector[part].copy(), EPSILON)
        assert np.array_equal(alone, whole[part])


def test_errors(dtype):
    x = np.ones((2, 3), dtype=dtype)
    with pytest.raises(ValueError, match=r"mean: expected shape \(3,\), received: \(2,\)"):
        kernels.normalize(x, np.ones(2, dtype=dtype), np.ones(3, dtype=dtype), 0.1)
    with pytest.raises(ValueError, match=r"statistics: expected shape \(4,\), received: \(2,\)"):
        kernels.row_products(x, x, np.ones(2, dtype=dtype))
