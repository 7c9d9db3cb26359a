"""What all tests share: element types, awkward sizes and layouts, guarded arrays, and error bounds."""

import signal

import numpy as np
import pytest

from fastnn._core import targets

# name: (elements between a 64-byte boundary and the array, elements between rows)
LAYOUTS = {"aligned": (0, 0), "unaligned": (1, 0), "padded": (1, 5)}


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return request.param


@pytest.fixture
def rng():
    return np.random.default_rng(20260131)


@pytest.fixture
def ctrl_c():
    """SIGINT is answered, also where the shell started this process with it ignored, as in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def widths(dtype):
    """Widths around everything that a kernel's loops distinguish."""
    lanes, _, columns = targets.tile(dtype)
    around = {
        size + delta
        for size in (lanes // 4, lanes // 2, lanes, 3 * lanes // 2, 2 * lanes, columns)
        for delta in (-1, 0, 1)
    } - {-1}
    return sorted(around | {0, 1, 2, 3, 10, 31, 67})


@pytest.fixture
def heights(dtype):
    """Numbers of rows around a product's tile."""
    rows = targets.tile(dtype)[1]
    return sorted({0, 1, 2, 3, rows - 1, rows, rows + 1, 2 * rows + 1, 37})


def guarded(values, dtype, layout):
    """A copy of 1-D or 2-D `values` in an array of its own whose other elements are NaN; returns view and check.

    NaN around an input shows what reads it, `check` what writes there.
    """
    values = np.asarray(values, dtype=dtype)
    offset, gap = LAYOUTS[layout]
    rows, width = values.shape if values.ndim == 2 else (1, values.size)
    stride = width + gap
    slack = 64 + rows * stride + 64
    buffer = np.full(slack + 64, np.nan, dtype=dtype)
    start = (-buffer.ctypes.data % 64) // buffer.itemsize + 64 + offset
    view = np.lib.stride_tricks.as_strided(
        buffer[start:], values.shape, (stride * buffer.itemsize, buffer.itemsize)[-values.ndim :]
    )
    view[...] = values
    outside = np.ones(buffer.size, dtype=bool)
    for row in range(rows):
        outside[start + row * stride : start + row * stride + width] = False
    before = buffer[outside].tobytes()

    def check():
        assert buffer[outside].tobytes() == before, "written outside the array"

    return view, check


@pytest.fixture
def block(dtype, layout):
    """block(values): a guarded copy in this test's dtype and layout; all guards are checked at the end."""
    checks = []

    def make(values):
        view, check = guarded(values, dtype, layout)
        checks.append(check)
        return view

    yield make
    for check in checks:
        check()


@pytest.fixture
def within(dtype):
    """within(actual, expected, size): |actual - expected| is at most `size` roundings' worth, element by element.

    `size` is the number of relative roundings of the operation times the magnitude that is rounded. Below the
    normal numbers a rounding is absolute.
    """
    info = np.finfo(dtype)

    def check(actual, expected, size):
        actual, expected = np.asarray(actual), np.asarray(expected)
        assert actual.shape == expected.shape
        bound = np.broadcast_to(np.asarray(size, dtype=np.float64) * info.eps + 4 * float(info.tiny), expected.shape)
        error = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
        worst = np.argmax(error - bound) if error.size else None
        assert worst is None or (error <= bound).all(), (
            f"element {np.unravel_index(worst, error.shape)}: expected {expected.ravel()[worst]!r} "
            f"within {bound.ravel()[worst]!r}, received {actual.ravel()[worst]!r}"
        )

    return check
