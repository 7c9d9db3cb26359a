"""csrc/kernels/product.inc.h and fastnn/_core/dense.pyx against their twins."""

import numpy as np
import pytest

from fastnn._core import activations, dense, targets
from fastnn.testing import reference

DEPTHS = [0, 1, 2, 17, 255, 256, 257, 511, 512, 513, 600, 1030]  # around the depth of a block


def shapes(heights, widths):
    """(B, I, O): each dimension around what the loops distinguish, the others small and odd."""
    around = [(b, 5, 37) for b in heights] + [(7, 5, o) for o in widths] + [(7, i, 5) for i in widths]
    around += [(b, 150, 19) for b in heights]  # several panels, of which rows carry the next one
    return around + [(7, i, 19) for i in DEPTHS] + [(65, 300, 33), (130, 9, 70), (70, 1040, 130), (190, 530, 1100)]


def product_size(a, b, bias=0.0):
    """A chain of k fused multiply-adds, and the twin's: k roundings each of a partial sum of magnitudes."""
    return (a.shape[1] + 2) * (np.abs(np.float64(a)) @ np.abs(np.float64(b)) + np.abs(bias))


def test_forward(block, within, rng, heights, widths):
    for b, i, o in shapes(heights, widths):
        x, w, bias = block(rng.standard_normal((b, i))), block(rng.standard_normal((i, o))), rng.standard_normal(o)
        bias = np.ascontiguousarray(block(bias))
        out = block(np.zeros((b, o)))
        y = dense.forward(x, w, bias, out=out)
        assert y is out
        within(y, reference.dense_forward(x, w, bias), product_size(x, w, np.float64(bias)))
        within(dense.forward(x, w), reference.dense_forward(x, w), product_size(x, w))


def test_input_gradient(block, within, rng, heights, widths):
    for b, i, o in shapes(heights, widths):
        dy, w = block(rng.standard_normal((b, o))), block(rng.standard_normal((i, o)))
        dx = dense.input_gradient(dy, w, out=block(np.zeros((b, i))))
        within(dx, reference.dense_input_gradient(dy, w), product_size(dy, w.T))


def test_weight_gradient(block, within, rng, heights, widths):
    for b, i, o in shapes(heights, widths):
        x, dy = block(rng.standard_normal((b, i))), block(rng.standard_normal((b, o)))
        dw = dense.weight_gradient(x, dy, out=block(np.zeros((i, o))))
        within(dw, reference.dense_weight_gradient(x, dy), product_size(x.T, dy))


def test_transposed(block, rng, heights, widths):
    for m, n in [(m, n) for m in (*heights, 7, 8, 9, 16, 17, 33) for n in widths]:
        x = block(rng.standard_normal((m, n)))
        assert np.array_equal(dense.transposed(x, out=block(np.zeros((n, m)))), reference.transposed(x))
        if x.size:
            dy = block(rng.standard_normal((5, n)))
            weights, turned = np.ascontiguousarray(x), np.ascontiguousarray(dense.transposed(x))
            assert dense.forward(dy, turned).tobytes() == dense.input_gradient(dy, weights).tobytes()


def test_rank_one_product(block, within, rng, heights, widths):
    for i, o in [(i, o) for i in (*heights, 7, 8, 9, 16, 24) for o in widths]:
        w, x, dy, following, bias = (block(rng.standard_normal(shape)) for shape in ((i, o), i, o, i, o))
        before = w.copy()
        y = dense.rank_one_product(w, x, dy, following, bias)
        moved, expected = reference.rank_one_product(before, x, dy, following, bias)
        within(w, moved, 2 * (np.abs(np.float64(before)) + np.abs(np.outer(np.float64(x), np.float64(dy)))))
        within(
            y,
            expected,
            3 * product_size(following[np.newaxis], np.abs(before) + np.abs(np.outer(x, dy)), np.float64(bias))[0],
        )
        if w.size:
            row, weights = np.ascontiguousarray(following)[np.newaxis], np.ascontiguousarray(w)
            assert y.tobytes() == dense.forward(row, weights, np.ascontiguousarray(bias)).tobytes()
            assert dense.rank_one_product(w, 0 * x, dy, following).tobytes() == dense.forward(row, weights).tobytes()


def test_whole_numbers_are_exact(dtype, rng, heights, widths):
    """Sums of small integers have no rounding: every element must be exactly right."""
    for b, i, o in shapes(heights, widths):
        x = rng.integers(-8, 9, (b, i)).astype(dtype)
        w = rng.integers(-8, 9, (i, o)).astype(dtype)
        dy = rng.integers(-8, 9, (b, o)).astype(dtype)
        bias = rng.integers(-8, 9, o).astype(dtype)
        assert np.array_equal(dense.forward(x, w, bias), reference.dense_forward(x, w, bias))
        assert np.array_equal(dense.input_gradient(dy, w), reference.dense_input_gradient(dy, w))
        assert np.array_equal(dense.weight_gradient(x, dy), reference.dense_weight_gradient(x, dy))


@pytest.mark.parametrize(
    ("rows", "row_bytes", "outputs"),
    [(70, 4096, 130), (70, 8192, 67), (300, 4224, 1550), (300, 8192, 150), (260, 8320, 4140)],
)
def test_rows_of_x_pages_apart(dtype, rng, rows, row_bytes, outputs):
    """Such an X^T is copied before it is multiplied, beside it panels of a dY whose rows are as far apart."""
    inputs = row_bytes // np.dtype(dtype).itemsize
    x = rng.integers(-8, 9, (rows, inputs)).astype(dtype)
    dy = rng.integers(-8, 9, (rows, outputs)).astype(dtype)
    assert np.array_equal(dense.weight_gradient(x, dy), reference.dense_weight_gradient(x, dy))


@pytest.mark.parametrize(
    ("rows", "row_bytes", "inputs"),
    [
        *((16, 2048, 40), (70, 8192, 300), (31, 8448, 1030), (40, 8232, 70), (200, 2048, 376)),
        *((290, 4096, 300), (390, 3000, 130), (290, 16384, 264)),
        *((100, 4096, 1100), (100, 1400, 900), (97, 4224, 1000), (33, 4112, 50)),
    ],
)
def test_rows_of_w_far_apart(dtype, rng, rows, row_bytes, inputs):
    """Rows whole pages apart, or many that begin within a line, or very many. Tiles ask for panels of such a W and take
    along the next where panels are copied, which blocks of rows share.

    Likewise of such a dY, whose columns threads divide.
    """
    outputs = row_bytes // np.dtype(dtype).itemsize
    x, w, dy = (
        rng.integers(-8, 9, shape).astype(dtype) for shape in ((rows, inputs), (inputs, outputs), (rows, outputs))
    )
    bias, result = rng.integers(-8, 9, outputs).astype(dtype), np.full((rows, outputs), np.nan, dtype)
    assert np.array_equal(dense.forward(x, w, bias, out=result), reference.dense_forward(x, w, bias))
    assert np.array_equal(dense.input_gradient(dy, w), reference.dense_input_gradient(dy, w))
    for threads in (1, 2, 5):
        assert np.array_equal(dense.weight_gradient(x, dy, threads=threads), reference.dense_weight_gradient(x, dy))


@pytest.mark.parametrize("rows", [1, 3, 8, 15, 16, 17, 31, 32, 33])
@pytest.mark.parametrize(("inputs", "outputs"), [(180, 260), (256, 256), (1000, 187), (130, 2200), (130, 8300)])
def test_few_rows_beside_a_large_kernel(rows, inputs, outputs, dtype, rng):
    """dY W^T is made as W dY^T then, so many columns of the result at a time; chains are those of many rows."""
    dy, w = rng.integers(-8, 9, (rows, outputs)).astype(dtype), rng.integers(-8, 9, (inputs, outputs)).astype(dtype)
    assert np.array_equal(dense.input_gradient(dy, w), reference.dense_input_gradient(dy, w))
    dy, w = rng.standard_normal((70, outputs)).astype(dtype), rng.standard_normal((inputs, outputs)).astype(dtype)
    assert np.array_equal(dense.input_gradient(dy[:rows], w), dense.input_gradient(dy, w)[:rows])
    assert np.array_equal(dense.input_gradient(dy[:rows], w, threads=3), dense.input_gradient(dy, w)[:rows])


@pytest.mark.parametrize("activation", list(targets.ACTIVATIONS))
def test_epilogue_is_the_activation(activation, dtype, rng):
    x, w, bias = (rng.standard_normal(s).astype(dtype) for s in ((23, 11), (11, 37), (37,)))
    alpha = targets.ACTIVATIONS[activation][2]
    y = dense.forward(x, w, bias, activation=activation, alpha=alpha)
    assert y.tobytes() == activations.forward(activation, np.ascontiguousarray(dense.forward(x, w, bias))).tobytes()


@pytest.mark.parametrize(("b", "i", "o"), [(37, 300, 50), (130, 31, 97)])
def test_bits_do_not_depend_on_splits(b, i, o, dtype, rng):
    x, w, dy = (rng.standard_normal(s).astype(dtype) for s in ((b, i), (i, o), (b, o)))
    bias = rng.standard_normal(o).astype(dtype)
    columns = targets.tile(dtype)[2]
    y, dx, dw = dense.forward(x, w, bias), dense.input_gradient(dy, w), dense.weight_gradient(x, dy)
    for threads in (2, 3):
        assert np.array_equal(dense.forward(x, w, bias, threads=threads), y)
        assert np.array_equal(dense.input_gradient(dy, w, threads=threads), dx)
        assert np.array_equal(dense.weight_gradient(x, dy, threads=threads), dw)
    for start, stop in ((0, 1), (3, 10), (b - 1, b)):
        assert np.array_equal(dense.forward(x[start:stop], w, bias), y[start:stop])
        assert np.array_equal(dense.input_gradient(dy[start:stop], w), dx[start:stop])
    part = slice(columns, 2 * columns)
    narrow = np.ascontiguousarray(w[:, part])
    assert np.array_equal(dense.forward(x, narrow, np.ascontiguousarray(bias[part])), y[:, part])
    assert np.array_equal(dense.weight_gradient(x, dy[:, part]), dw[:, part])


def test_nan_stays_in_its_row(dtype):
    x, w = np.ones((9, 20), dtype=dtype), np.ones((20, 21), dtype=dtype)
    x[4, 11] = np.nan
    assert np.isnan(dense.forward(x, w)).all(axis=1).tolist() == [r == 4 for r in range(9)]


def test_errors(dtype):
    x, w = np.ones((2, 3), dtype=dtype), np.ones((3, 4), dtype=dtype)
    with pytest.raises(ValueError, match=r"w: expected shape \(3, any\), received: \(2, 4\)"):
        dense.forward(x, w[:2])
    with pytest.raises(ValueError, match=r"bias: expected shape \(4,\), received: \(3,\)"):
        dense.forward(x, w, np.ones(3, dtype=dtype))
    with pytest.raises(TypeError, match="w: expected dtype"):
        dense.forward(x, w.astype("float32" if dtype == "float64" else "float64"))
    with pytest.raises(ValueError, match="received: 'swish'"):
        dense.forward(x, w, activation="swish")
    with pytest.raises(ValueError, match="threads: expected an integer of at least 1, received: 0"):
        dense.forward(x, w, threads=0)
    before = w.copy()
    for bad in range(4):
        vectors = [np.ones(size + (index == bad), dtype=dtype) for index, size in enumerate((3, 4, 3, 4))]
        with pytest.raises(ValueError, match=rf"{('x', 'dy', 'following', 'bias')[bad]}: expected shape"):
            dense.rank_one_product(w, *vectors)
    assert np.array_equal(w, before)


def test_one_row_through_a_kernel_that_lies_in_memory(dtype):
    """Kernels above 4 MB are read by whole lines; the bits are those of the row in a batch."""
    rng = np.random.default_rng(3)
    inputs, outputs = 1043, 1029
    x = rng.normal(size=(2, inputs)).astype(dtype)
    w = rng.normal(size=(inputs, outputs)).astype(dtype)
    bias = rng.normal(size=outputs).astype(dtype)
    alone, together = dense.forward(x[:1], w, bias), dense.forward(x, w, bias)
    assert alone.tobytes() == together[:1].tobytes()
    expected = reference.dense_forward(x[:1], w, bias)
    assert np.abs(alone - expected).max() <= 1e3 * np.finfo(dtype).eps * np.abs(expected).max()
