"""csrc/kernels/sparse.inc.h against its twins: awkward shapes, empty rows, repeated columns, rows by an index."""

import numpy as np
import pytest

from fastnn._core import sparse
from fastnn._core.data import Compressed
from fastnn.testing import reference


def random_rows(rng, rows, width, dtype, elements=4):
    counts = rng.integers(0, elements + 1, rows) if width else np.zeros(rows, dtype=int)
    starts = np.concatenate([[0], np.cumsum(counts)])
    columns = rng.integers(0, max(width, 1), starts[-1]).astype(np.int32)
    return Compressed(rng.normal(size=starts[-1]).astype(dtype), columns, starts, width)


@pytest.mark.parametrize("with_bias", [False, True])
def test_product(with_bias, rng, dtype, within, heights, widths):
    for rows, width in [(rows, 10) for rows in heights] + [(5, width) for width in widths]:
        for inputs in (1, 9, 50):
            x = random_rows(rng, rows, inputs, dtype)
            w = rng.uniform(-1, 1, (inputs, width)).astype(dtype)
            bias = rng.uniform(-1, 1, width).astype(dtype) if with_bias else None
            expected = reference.sparse_product(x.values, x.columns, x.starts, w, bias)
            within(sparse.product(x, w, bias), expected, 6 * (1 + np.abs(x.values).sum()))


def test_gradient(rng, dtype, within, widths):
    for width in widths:
        for inputs, rows in ((1, 3), (9, 40), (50, 7)):
            x = random_rows(rng, rows, inputs, dtype)
            index = rng.integers(0, rows, 2 * rows)
            dy = rng.uniform(-1, 1, (2 * rows, width)).astype(dtype)
            expected = reference.sparse_gradient(x.values, x.columns, x.starts, inputs, dy, index)
            within(sparse.gradient(x, dy, index), expected, 10 * (1 + 2 * np.abs(x.values).sum()))


def test_slices_share_the_arrays(rng, dtype):
    x = random_rows(rng, 20, 9, dtype)
    w = rng.normal(size=(9, 5)).astype(dtype)
    part = x[3:11]
    assert part.shape == (8, 9)
    assert np.shares_memory(part.values, x.values)
    assert np.array_equal(sparse.product(part, w), sparse.product(x, w)[3:11])
    assert x[5:5].shape == (0, 9)
    counts = np.diff(x.starts)
    assert x.most_elements(3) == np.sort(counts)[-3:].sum()


def test_errors(dtype):
    values, columns = np.ones(2, dtype=dtype), np.zeros(2, dtype=np.int32)
    with pytest.raises(TypeError, match=r"float32 or float64 values in int32 columns, received: .*, int64"):
        Compressed(values, columns.astype(np.int64), [0, 2], 3)
    with pytest.raises(ValueError, match=r"as many columns as values"):
        Compressed(values, columns[:1], [0, 2], 3)
    x = Compressed(values, columns, [0, 2], 3)
    with pytest.raises(ValueError, match=r"w: expected shape \(3, any\), received: \(2, 2\)"):
        sparse.product(x, np.ones((2, 2), dtype=dtype))
    with pytest.raises(ValueError, match=r"index: expected rows of \[0, 1\), received: 1 to 1"):
        sparse.gradient(x, np.ones((1, 2), dtype=dtype), [1])
