"""csrc/kernels/random.inc.h against its twin: integer arithmetic, so every bit must agree."""

import numpy as np
import pytest

from fastnn._core import random
from fastnn.testing import reference

KEY = 0x0123456789ABCDEF


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [  # Random123's known answers for philox4x32-10 (tests/kat_vectors)
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_the_twin_is_philox(counter, key, words):
    assert reference.philox(np.array([counter], dtype=np.uint32), key)[0].tolist() == words


@pytest.mark.parametrize("first", [0, 1, 3, 1000003, 2**34 - 40])
@pytest.mark.parametrize("n", [0, 1, 3, 4, 5, 31, 32, 33, 63, 64, 65, 257])
def test_uniform(n, first, dtype):
    u = random.uniform(n, key=KEY, step=2**40 + 7, layer=3, first=first, dtype=dtype)
    assert u.dtype == dtype
    assert np.array_equal(u, reference.uniform(n, key=KEY, step=2**40 + 7, layer=3, first=first))


def test_uniform_in_parts(dtype):
    whole = random.uniform(200, key=5, dtype=dtype)
    for cut in (1, 2, 3, 4, 5, 31, 64, 199):
        parts = [random.uniform(cut, key=5, dtype=dtype), random.uniform(200 - cut, key=5, first=cut, dtype=dtype)]
        assert np.array_equal(np.concatenate(parts), whole)


def test_uniform_is_uniform(dtype):
    u = random.uniform(100_000, key=11, dtype=dtype).astype(np.float64)
    assert u.min() >= 0
    assert u.max() < 1
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    # chi-squared with 99 degrees of freedom: mean 99, standard deviation 14
    assert abs(((counts - 1000) ** 2 / 1000).sum() - 99) < 5 * 14.1


def test_streams_differ():
    streams = [{}, {"key": 1}, {"key": 2**32}, {"step": 1}, {"step": 2**32}, {"layer": 1}, {"first": 4}]
    draws = {random.uniform(8, **stream).tobytes() for stream in streams}
    assert len(draws) == len(streams)


@pytest.mark.parametrize("n", [0, 1, 2, 255, 256, 257, 1000])
def test_permutation(n):
    order = random.permutation(n, key=KEY, step=2**40 + 7, layer=3)
    assert order.dtype == np.int64
    assert np.array_equal(order, reference.permutation(n, key=KEY, step=2**40 + 7, layer=3))
    assert np.array_equal(np.sort(order), np.arange(n))


def test_every_order_is_as_likely():
    orders = [random.permutation(4, key=3, step=step).tobytes() for step in range(24_000)]
    counts = np.unique(orders, return_counts=True)[1]
    assert counts.size == 24
    # chi-squared with 23 degrees of freedom: standard deviation 6.8
    assert abs(((counts - 1000) ** 2 / 1000).sum() - 23) < 5 * 6.8


def test_every_number_comes_to_every_place():
    places = np.array([random.permutation(300, key=5, step=step)[[0, 17, 299]] for step in range(6000)])
    for place in places.T:
        counts = np.bincount(place, minlength=300)
        # 299 degrees of freedom: standard deviation 24.5
        assert abs(((counts - 20) ** 2 / 20).sum() - 299) < 5 * 24.5


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_dropout(rate, block, within, dtype, rng, heights, widths):
    exact = float(np.dtype(dtype).type(rate))  # the kernel's rate is of the element type
    for rows, width in [(rows, 10) for rows in heights] + [(3, width) for width in widths]:
        x, out = block(rng.standard_normal((rows, width)) + 5), block(np.zeros((rows, width)))
        position = {"first_row": 12, "row_stride": width + 7, "first_column": 5}
        y = random.dropout(x, rate, KEY, 9, 2, **position, out=out)
        assert y is out
        expected = reference.dropout(x, exact, KEY, 9, 2, **position)
        assert np.array_equal(y == 0, expected == 0)
        within(y, expected, 3 * np.abs(expected))  # 1 - rate, its reciprocal, the product
        assert random.dropout(x, rate, KEY, 9, 2, **position, out=x).tobytes() == y.tobytes()


def test_dropout_does_not_depend_on_splits(dtype, rng):
    x = rng.standard_normal((9, 37)).astype(dtype)
    whole = random.dropout(x, 0.4, 1, 2, 3)
    for r in range(9):
        for columns in (slice(0, 5), slice(5, 37), slice(36, 37)):
            part = np.ascontiguousarray(x[r : r + 1, columns])
            y = random.dropout(part, 0.4, 1, 2, 3, first_row=r, row_stride=37, first_column=columns.start)
            assert np.array_equal(y, whole[r : r + 1, columns])


@pytest.mark.parametrize("n", [0, 1, 2, 3, 64, 65, 1198, 70_001])
def test_shuffle_as_numpy(n):
    """NumPy's orders, one after the other, and its draws from then on; of any bit generator."""
    for kind in (np.random.MT19937, np.random.PCG64):
        theirs, mine = (np.random.RandomState(kind(n)) for _ in range(2))
        expected, order = np.arange(n), np.arange(n)
        for _ in range(3):
            theirs.shuffle(expected)
            random.shuffle_as_numpy(order, mine._bit_generator)
            assert np.array_equal(order, expected)
        assert mine.randint(2**31) == theirs.randint(2**31)


def test_errors(dtype):
    x = np.ones((2, 3), dtype=dtype)
    with pytest.raises(ValueError, match=r"rate: expected a number in \[0, 1\), received: 1"):
        random.dropout(x, 1, 0, 0, 0)
    with pytest.raises(ValueError, match=r"received: -1"):
        random.uniform(3, key=-1)
    with pytest.raises(ValueError, match=r"dtype: expected 'float32' or 'float64', received: 'float16'"):
        random.uniform(3, dtype="float16")
